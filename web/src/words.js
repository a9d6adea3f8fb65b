// What images of the two kinds are called, and what makes the second kind: every report sets them once, before
// it writes a word.

export const words = { clean: "clean", challenged: "challenged", condition: "challenge", conditions: "challenges" };

export const speakOf = (clean, challenged, condition = "challenge", conditions = "challenges") => Object.assign(words, { clean, challenged, condition, conditions });
