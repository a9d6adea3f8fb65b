// The report of GradCon's experiment: each class in turn is the one that is known.
import { h } from "./dom.js";
import { count, metricValue, percent, plural } from "./format.js";
import { chooserBar, group, runChooser } from "./layout.js";
import { Model } from "./model.js";
import { ClassScores } from "./scores.js";
import { State } from "./state.js";
import { summarySection } from "./summary.js";
import { byClassCard } from "./by_class.js";
import { thresholdCard } from "./threshold.js";
import { precisionCard, rocCard } from "./curves.js";
import { calibrationCard } from "./calibration.js";
import { mistakesCard } from "./mistakes.js";
import { trainingCard } from "./training.js";
import { speakOf } from "./words.js";

const NAMES = { gradcon: "GradCon", reconstruction: "reconstruction alone", gradient: "gradient alone" };

class GradConModel extends Model {
  constructor(data) {
    super({ ...data, methods: data.methods.map((name) => (Object.hasOwn(NAMES, name) ? NAMES[name] : name)) });
    this.methodKeys = data.methods;
    this.scores = new ClassScores(data.curves);
    this.levels = [0];
    this.paper = {};
  }

  conditionName(type) { return `images of other classes than ${type}`; }
  ofChoice(list, state) { return list.filter((item) => item.type === state.type && item.run === state.run); }
  trainingLog(state) { return this.ofChoice(this.training, state)[0] ?? null; }
  calibrationCurves(state) { return this.ofChoice(this.calibration, state); }
  /// What the method says of a sample.
  sampleScore(method, sample) {
    return { gradcon: sample.score, reconstruction: sample.error, gradient: -sample.cosine }[this.methodKeys[method]];
  }
}

function headline(model) {
  const mean = (method) => model.value(model.row(method, null), "auroc");
  const main = Math.max(0, model.methodKeys.indexOf("gradcon"));
  if (mean(main) === undefined) return null;
  const others = model.methods.map((name, i) => [name, mean(i), i]).filter(([, , i]) => i !== main);
  const better = others.filter(([, value]) => mean(main) > value);
  const strength = better.length === others.length ? "tells a known class from the others better than either of its parts"
    : better.length ? `beats ${better[0][0]}, but not ${others.find(([, value]) => value >= mean(main))[0]}` : "is no better than its parts here";
  const parts = [h("b", model.methods[main]), others.length === 2 ? ` ${strength}: ` : ": ", `AUROC ${mean(main).toFixed(3)} on average`,
    others.length ? `, against ${others.map(([name, value]) => `${value.toFixed(3)} by ${name}`).join(" and ")}.` : "."];
  const byClass = model.types.map(({ type }) => [model.value(model.row(main, type), "auroc"), type]).filter(([value]) => value !== undefined).sort((a, b) => b[0] - a[0]);
  if (byClass.length > 1) {
    const [easy, hard] = [byClass[0], byClass[byClass.length - 1]];
    parts.push(` Easiest to know is class ${easy[1]} (${easy[0].toFixed(3)}), hardest class ${hard[1]} (${hard[0].toFixed(3)}).`);
  }
  return parts;
}

function tiles(model) {
  const row = (method) => model.row(method, null);
  const shown = model.methods.map((name, i) => [`AUROC, ${name}`, metricValue("auroc", model.value(row(i), "auroc")), spread(model, row(i))]).slice(0, 3);
  return model.n_in ? [...shown, ["Detectors", count(model.detectors), `${plural(model.types.length, "class", "classes")}, ${plural(model.runs.length, "repetition")}; each on ${count(model.n_in)} known images and ${count(model.n_out)} foreign ones`]] : shown;
}

function spread(model, row) {
  const deviation = model.deviation(row, "auroc");
  return deviation === undefined ? `mean of ${plural(model.types.length, "class", "classes")}` : `± ${metricValue("auroc", deviation)} between repetitions`;
}

export function gradconReport(data) {
  speakOf("known", "foreign");
  const model = new GradConModel(data);
  const first = data.curves[0] ?? data.training[0];
  const state = new State({
    method: Math.max(0, data.methods.indexOf("gradcon")), type: first?.type ?? data.types[0]?.type, level: "all",
    run: first?.run ?? data.runs[0] ?? 0, metric: "auroc",
  });
  const cards = [];
  const add = (card) => { cards.push(card); return card.element; };
  const content = [];
  if (!data.table.length) return { headline: null, tiles: [], content, handles: { state, model } };
  content.push(group("Three scores compared", "In turn, each class was the only one that an autoencoder got to know. Then images of that class, the known ones, were mixed with images of the others, the foreign ones. GradCon scores an image by how badly it is rebuilt and by how little its gradient agrees with those of training; beside it stand these two parts alone.",
    add(byClassCard(model, state)), add(summarySection(model, state, { title: "Scores by known class", head: "Score", over: "" }))));
  content.push(chooserBar(state, [
    ["Score", "method", model.methods.map((name, i) => [i, name])],
    ["Known class", "type", model.types.map(({ type, name }) => [type, name])],
    ...runChooser(model),
  ]));
  const threshold = model.scores.detectors.length ? thresholdCard(model, state) : null;
  if (threshold) {
    content.push(group("Choosing a threshold", `An image that scores above the threshold is called foreign. The detector’s own was set on known images that it had not learned from${typeof data.options.false_alarms === "number" ? `, for ${percent(data.options.false_alarms, 0)} false alarms` : ""}.`,
      add(threshold), h("div.pair", add(rocCard(model, state, threshold)), add(precisionCard(model, state, threshold)))));
  }
  if (data.calibration.length) {
    content.push(group("Does a threshold keep its promise?", "A threshold can be set from known images alone, for a rate of false alarms that one can live with. Does it hold on known images that the detector has never seen?",
      add(calibrationCard(model, state))));
  }
  if (data.samples.length) {
    content.push(group("The worst mistakes", "Nothing teaches more about a detector: the known images that GradCon finds strangest, and the foreign ones that it takes for its own.",
      add(mistakesCard(model, state, threshold))));
  }
  if (data.training.length) content.push(group("How the autoencoders learned", null, add(trainingCard(model, state))));
  return { headline: headline(model), tiles: tiles(model), content, ready: () => cards.forEach((card) => card.update()), handles: { state, model, threshold } };
}
