// Strips of pictures: clean, challenged, reconstruction, error map, with the chosen detector's scores.
import { choice, fill, h } from "./dom.js";
import { number } from "./format.js";

const PANELS = ["clean", "challenged", "rebuilt", "error map"];
const MAX_STRIPS = 60;

/// One of `panels` pictures of a strip.
export function panel(uri, place, panels, label) {
  const element = h("div.panel", { role: "img", "aria-label": label });
  element.style.backgroundImage = `url("${uri}")`;
  element.style.backgroundPosition = `${(100 * place) / (panels - 1)}% 0`;
  element.style.backgroundSize = `${100 * panels}% 100%`;
  return element;
}

export function samplesSection(model, state, threshold) {
  const list = h("div.strips");
  const lead = h("p.lead");
  const own = new Map();  // a sample's number within its condition
  for (const sample of model.samples) {
    const key = `${sample.type} ${sample.level}`;
    sample.number = own.get(key) ?? 0;
    own.set(key, sample.number + 1);
  }
  const most = Math.max(...own.values());
  const which = most > 1 ? choice("Picture", Array.from({ length: most }, (_, i) => [i, i + 1]), state.sample, (value) => state.set({ sample: Number(value) })) : null;

  function shown() {
    const fitting = model.samples.filter((sample) => sample.number === state.sample && (state.type === "all" || sample.type === state.type) && (state.level === "all" || model.levels_averaged || sample.level === state.level));
    // Of all challenges at all levels, one each: the middle level says most.
    if (state.type === "all" && state.level === "all" && !model.levels_averaged) {
      const middle = model.levels[Math.floor(model.levels.length / 2)];
      return fitting.filter((sample) => sample.level === middle);
    }
    return fitting.slice(0, MAX_STRIPS);
  }

  function scoreText(image) {
    const score = image.scores?.[state.method];
    return score === undefined || score === null ? null : score;
  }

  function caption(sample) {
    const before = scoreText(sample.clean), after = scoreText(sample.challenged);
    if (before === null || after === null) return null;
    const limit = threshold?.current()?.threshold;
    const verdict = (score) => (limit === undefined ? "" : score > limit ? "alarm" : "passes");
    return h("dl.scores",
      h("div.is-clean", h("dt", "clean"), h("dd", number(before)), h("dd.verdict", verdict(before))),
      h("div.is-challenged", h("dt", "challenged"), h("dd", number(after)), h("dd.verdict", verdict(after))));
  }

  function strip(sample) {
    const condition = `${model.typeName(sample.type)}, level ${sample.level}`;
    return h("figure.strip",
      h("figcaption", h("b", condition), h("span.path", { title: sample.challenged.path }, h("bdi", sample.challenged.path))),
      h("div.panels", PANELS.map((name, i) => h("div", panel(sample.image, i, PANELS.length, `${name}, ${condition}`), h("span", name)))),
      caption(sample));
  }

  function update() {
    const strips = shown();
    fill(list, strips.map(strip));
    const scored = model.samples.some((sample) => sample.challenged.scores);
    fill(lead, strips.length ? `The model knows clean images only: what it can’t rebuild shows in the error map, black for none, yellow for half the range and more.${scored ? ` Below, the scores that ${model.methods[state.method]} gives to both images, and its verdict at the threshold above.` : ""}`
      : "No picture was kept of this choice.");
  }

  state.on(["method", "type", "level", "sample"], update);
  let waiting = 0;
  threshold?.onMove(() => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(update); });
  const element = h("section.group", { id: "samples" },
    h("div.intro", h("h2", "What the model sees"), h("p", "The same test image clean and challenged, as the autoencoder gets it, and what becomes of it.")),
    h("section.card", h("header", h("h3", "Sample images"), h("div.controls", which?.element ?? null)), lead, list));
  return { element, update };
}
