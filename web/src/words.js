// What images of the two kinds are called: every report sets them once, before it writes a word.

export const words = { clean: "clean", challenged: "challenged" };

export const speakOf = (clean, challenged) => Object.assign(words, { clean, challenged });
