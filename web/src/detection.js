// The report of experiments that judge detectors: paper's four methods, one-class detectors, or a run
// that has not finished.
import { h } from "./dom.js";
import { count, metricValue, percent, plural } from "./format.js";
import { chooserBar, group, runChooser } from "./layout.js";
import { Model } from "./model.js";
import { Scores } from "./scores.js";
import { State } from "./state.js";
import { summarySection } from "./summary.js";
import { heatMapCard } from "./heat_map.js";
import { thresholdCard } from "./threshold.js";
import { precisionCard, rocCard } from "./curves.js";
import { samplesSection } from "./samples.js";
import { framesSection } from "./frames.js";
import { fingerprintSection } from "./fingerprint.js";
import { trainingCard } from "./training.js";
import { calibrationCard } from "./calibration.js";
import { driftCard } from "./drift.js";
import { speakOf, words } from "./words.js";

class DetectionModel extends Model {
  constructor(data) {
    super(data);
    this.scores = new Scores(data.curves ?? []);
    this.byCell = new Map(data.cells.map((cell) => [`${cell.method} ${cell.type} ${cell.level}`, cell]));
  }

  /// Of the conditions whose AUROC has an interval, how many intervals include 0.5; null where none has one.
  unsure(method) {
    const intervals = this.cells.filter((cell) => cell.method === method).map((cell) => this.interval(cell)).filter(Boolean);
    return intervals.length ? { unsure: intervals.filter(([low, high]) => low <= 0.5 && high >= 0.5).length, all: intervals.length } : null;
  }

  cell(method, type, level) { return this.byCell.get(`${method} ${type} ${level}`); }
  trainingLog(state) { return this.training.find((run) => run.run === state.run) ?? this.training[0]; }
  calibrationCurves(state) { return this.calibration.filter((curve) => curve.run === state.run); }

  conditionName(type, level) {
    if (type === "all") return level === "all" || this.levels_averaged ? `all ${words.conditions}` : `all ${words.conditions} at level ${level}`;
    if (this.levels_averaged) return this.typeName(type);
    if (this.levels.length === 1 && this.levels[0] === 0) return this.typeName(type);
    return level === "all" ? `${this.typeName(type)}, all levels` : `${this.typeName(type)}, level ${level}`;
  }
}

const intervalText = (model, row) => {
  const interval = model.interval(row);
  return interval ? ` (${interval.map((end) => end.toFixed(3)).join(" to ")})` : "";
};

/// How many conditions can't be told from guessing.
function unsureText(model, method) {
  const counts = model.unsure(method);
  if (!counts) return "";
  if (counts.all === 1) return counts.unsure ? " Its interval includes 0.5, which is guessing." : "";
  return ` The ${percent(model.intervals.confidence, 0)} interval of its AUROC includes 0.5, which is guessing, in ${counts.unsure || "none"} of ${counts.all} conditions.`;
}

function headline(model) {
  if (!model.cells.length) return null;
  const best = model.bestMethod("auroc");
  const auroc = (row) => model.value(row, "auroc");
  const types = model.types.map(({ type }) => [auroc(model.row(best, type)), type]).filter(([value]) => value !== undefined).sort((a, b) => b[0] - a[0]);
  const mean = auroc(model.row(best, null));
  const strength = mean >= 0.95 ? `tells ${words.challenged} images from clean ones almost without error`
    : mean >= 0.85 ? `tells most ${words.challenged} images from clean ones`
    : mean >= 0.65 ? `tells ${words.challenged} images from clean ones somewhat better than guessing`
    : `hardly tells ${words.challenged} images from clean ones`;
  const parts = [h("b", model.methods[best]), model.methods.length > 1 ? ", the best detector here, " : " ", `${strength}: AUROC ${mean.toFixed(3)}${intervalText(model, model.row(best, null))} on average.`];
  if (types.length > 1) {
    const [easy, hard] = [types[0], types[types.length - 1]];
    parts.push(` Easiest for it is ${model.typeName(easy[1])} (${easy[0].toFixed(3)}), hardest ${model.typeName(hard[1])} (${hard[0].toFixed(3)}).`);
  }
  parts.push(unsureText(model, best));
  return parts;
}

/// "12", or "8 to 12".
function outlierCounts(model) {
  const counts = model.cells.map((cell) => cell.n_out);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? count(least) : `${count(least)} to ${count(most)}`;
}

function tiles(model) {
  if (!model.cells.length) return [];
  const best = model.bestMethod("auroc");
  const all = model.row(best, null);
  const cell = model.cells[0];
  return [
    ["AUROC", metricValue("auroc", model.value(all, "auroc")), `${model.methods[best]}, mean of all`],
    ["Right decisions", percent(model.value(all, "accuracy")), "balanced, at its own threshold"],
    ["False alarms", percent(model.value(all, "fpr95_ood_positive")), `to find 95 % of the ${words.challenged}`],
    ["Images", count(cell.n_in), `clean, against ${outlierCounts(model)} in each of ${plural(new Set(model.cells.map((c) => `${c.type} ${c.level}`)).size, "condition")}`],
  ];
}

const choosers = (model) => [
  ["Detector", "method", model.methods.map((name, i) => [i, name])],
  [words.condition[0].toUpperCase() + words.condition.slice(1), "type", [["all", `all ${words.conditions}`], ...model.types.map(({ type, name }) => [type, name])]],
  ...(model.levels.length > 1 ? [["Level", "level", [["all", "all levels"], ...model.levels.map((level) => [level, `level ${level}`])]]] : []),
  ...runChooser(model),
];

const isEvaluation = (data) => data.options?.command === "evaluate";

/// What was compared, and how the table is headed.
function comparison(data) {
  if (isEvaluation(data)) {
    return ["How well it tells them apart", "The detector looked at clean images and at sets of others, and gave each image a score. The table says how well the scores keep each set apart from the clean images.", { title: "AUROC and more by set", head: "Detector", over: "" }];
  }
  return ["Detectors compared", "Every detector looked at clean images and at challenged ones, made worse in one way at one strength, and gave each a score. These tables say how well the scores keep the two apart.",
    { title: "Detectors by challenge", head: "Detector", over: ", mean over levels", sorted: data.kind === "one-class" }];
}

/// The chart of a stream, or why there is none.
function driftElement(data, model, state, add) {
  if (data.drift?.curves.length) return add(driftCard(model, state));
  return data.drift?.absent ? h("section.card", { id: "drift" }, h("header", h("h3", "Drift of a stream")), h("p.lead", `There is no figure: ${data.drift.absent}.`)) : null;
}

export function detectionReport(data) {
  if (isEvaluation(data)) speakOf("clean", "outlying", "outliers", "outliers");
  const model = new DetectionModel(data);
  const proposed = data.methods.indexOf("proposed");
  const state = new State({
    method: proposed >= 0 ? proposed : data.methods.length ? model.bestMethod("auroc") : 0,
    type: "all", level: "all", run: data.runs[0] ?? 0,
    metric: data.kind === "ood" && !isEvaluation(data) ? "accuracy" : "auroc", sample: 0,
  });
  const cards = [];
  const add = (card) => { if (card) cards.push(card); return card?.element ?? null; };
  const content = [];
  if (model.cells.length) {
    const [title, explanation, said] = comparison(data);
    content.push(group(title, explanation, add(summarySection(model, state, said))));
    content.push(chooserBar(state, choosers(model)));
    content.push(group("Where it works", `Choose ${isEvaluation(data) ? words.conditions : "a detector and a challenge"} above, or press a cell of the map: the charts below follow.`,
      add(heatMapCard(model, state))));
  }
  const threshold = model.scores.detectors.length ? thresholdCard(model, state) : null;
  if (threshold) {
    content.push(group("Choosing a threshold", `An image that scores above the threshold is called out of distribution. A low threshold finds more of the ${words.challenged} images and raises more false alarms.`,
      add(threshold), h("div.pair", add(rocCard(model, state, threshold)), add(precisionCard(model, state, threshold)))));
  }
  if (data.calibration?.length) {
    content.push(group("Does a threshold keep its promise?", "A threshold can be set from clean images alone, for a rate of false alarms that one can live with. Does it hold on clean images that the detector has never seen?",
      add(calibrationCard(model, state)),
      driftElement(data, model, state, add)));
  } else if (data.drift) {
    content.push(group("A stream that gets worse", null, driftElement(data, model, state, add)));
  }
  if (data.frames?.length) content.push(add(framesSection(model, state, threshold)));
  if (data.samples?.length) content.push(add(samplesSection(model, state, threshold)));
  if (data.fingerprints?.length) content.push(add(fingerprintSection(model, state)));
  if (data.training.length) {
    content.push(group("How the autoencoder learned", null, add(trainingCard(model, state))));
  }
  return {
    headline: headline(model), tiles: tiles(model), content,
    ready: () => cards.forEach((card) => card.update()),
    handles: { state, model, threshold },
  };
}
