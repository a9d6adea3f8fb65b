// What was run, folded away.
import { h } from "./dom.js";
import { duration, plural, time } from "./format.js";

const text = (value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));

function seedText(options) {
  const seeds = Object.entries({
    autoencoder: options.training?.seed, classifiers: options.classifier?.seed,
    challenges: options.challenge_seed, run: options.seed,
  }).filter(([, seed]) => seed !== undefined && seed !== null && typeof seed !== "object");
  return seeds.map(([name, seed]) => `${name} ${seed}`).join(", ");
}

/// Facts that have a place of their own, best first; null ones are left out.
function mainFacts(data) {
  const options = data.options ?? {};
  const record = data.record ?? {};
  const trained = options.training && `${plural(options.training.epochs, "epoch")} of batch ${options.training.batch}, learning rate ${options.training.learning_rate}, β ${options.training.beta}`;
  const aligned = options.command === "gradcon benchmark" && `${plural(options.epochs, "epoch")} of batch ${options.batch}, learning rate ${options.learning_rate}, alignment ${options.alignment}${options.latent ? `, ${plural(options.latent, "latent variable")}` : ""}`;
  const classes = Array.isArray(options.classes) ? options.classes.join(", ") : null;
  // Files of 0.1.0 say stand_in.
  const against = options.trained_against ?? options.stand_in;
  const against_level = options.trained_against_level ?? options.stand_in_level;
  const learn_from = against && `clean images against ${against}, level ${against_level}`;
  const made = options.challenges_made_in_memory === undefined ? null
    : options.challenges_made_in_memory ? `made in memory from the clean images${options.strength === "pixels" ? ", sizes in pixels" : ""}` : "read from the data’s RealChallenge folder";
  return [
    ["Command", record.command_line ?? (options.command && `gradspace ${options.command}`), true],
    ["Data", options.data ?? options.path ?? options.database ?? options.references, true],
    ["Autoencoder", trained || aligned || (options.model && `${options.model}, as it was given`) || null],
    ["Known classes", classes],
    ["Weight of the gradient", options.gradient_weight],
    ["Detectors learn from", learn_from],
    ["Challenged images", made],
    ["Repetitions", options.runs],
    ["Seeds", seedText(options)],
    ["Started", record.started && time(record.started)],
    ["Finished", record.finished && time(record.finished)],
    ["Version", data.version && `gradspace ${data.version}`],
  ].filter(([, value]) => value !== undefined && value !== null && value !== "");
}

function stageTable(stages) {
  const done = stages.filter((stage) => !stage.skipped && typeof stage.seconds === "number");
  if (!done.length) return null;
  // "run 0: extract 09_03-test" counts as "extract".
  const sums = new Map();
  for (const stage of done) {
    const name = String(stage.stage).replace(/^run \d+: /, "").split(" ")[0];
    sums.set(name, (sums.get(name) ?? 0) + stage.seconds);
  }
  const skipped = stages.length - done.length;
  return [
    h("dt", "Time"),
    h("dd", [...sums].map(([name, seconds]) => `${name} ${duration(seconds)}`).join(", "),
      skipped ? `; ${plural(skipped, "stage")} had been done before` : ""),
  ];
}

export function details(data) {
  const facts = mainFacts(data);
  if (!facts.length) return null;
  return h("details.run",
    h("summary", "What was run"),
    h("dl", facts.map(([label, value, code]) => [h("dt", label), h("dd", code ? h("code", text(value)) : text(value))]),
      Array.isArray(data.record?.stages) ? stageTable(data.record.stages) : null),
    h("details.options", h("summary", "All options"), h("pre", JSON.stringify(data.options, null, 2))));
}
