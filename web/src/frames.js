// The photographs of the highest scores, each beside the map of where it is out of distribution.
import { fill, h } from "./dom.js";
import { number } from "./format.js";
import { panel } from "./samples.js";
import { words } from "./words.js";

const PANELS = ["photograph", "map"];
const CLEAN = -1;  // the type of clean photographs

export function framesSection(model, state, threshold) {
  const list = h("div.strips");
  const lead = h("p.lead");

  const ranks = new Map();  // of a photograph within its condition
  for (const frame of model.frames) {
    const key = `${frame.type} ${frame.level}`;
    frame.rank = ranks.get(key) ?? 0;
    ranks.set(key, frame.rank + 1);
  }

  const isCrowded = () => state.type === "all" && ranks.size > 3;

  /// Of all conditions together the first of each; of a chosen one all, and the clean ones to compare.
  function isShown({ type, level, rank }) {
    if (isCrowded() && rank > 0) return false;
    if (type === CLEAN) return true;
    return (state.type === "all" || type === state.type) && (state.level === "all" || model.levels_averaged || level === state.level);
  }

  function verdict(frame) {
    const limit = threshold?.current()?.threshold;
    const alarm = limit === undefined ? frame.out_of_distribution : frame.score > limit;
    return frame.type === CLEAN ? (alarm ? "false alarm" : "passes") : alarm ? "found" : "missed";
  }

  function strip(frame) {
    const clean = frame.type === CLEAN;
    const name = clean ? words.clean : model.conditionName(frame.type, frame.level);
    const wide = { aspectRatio: `${frame.width} / ${frame.height}`, imageRendering: "auto" };
    const panels = PANELS.map((what, i) => {
      const element = panel(frame.image, i, PANELS.length, `${what}, ${name}`);
      Object.assign(element.style, wide);
      return h("div", element, h("span", what));
    });
    return h("figure.strip",
      h("figcaption", h("b", name), h("span.path", { title: frame.path }, h("bdi", frame.path))),
      h("div.panels.two", panels),
      h("dl.scores", h(clean ? "div.is-clean" : "div.is-challenged", h("dt", "score"), h("dd", number(frame.score)), h("dd.verdict", verdict(frame))),
        h("div", h("dt", "p"), h("dd", number(frame.p_value)))));
  }

  const colours = h("div.heat-scale", h("span", "p 1"), h("i", { "aria-hidden": "true" }), h("span", "0.001"));

  function update() {
    const shown = model.frames.filter(isShown);
    fill(list, shown.map(strip));
    const others = shown.some(({ type }) => type !== CLEAN);
    fill(lead, "Those of the highest scores; of the clean photographs, the nearest to a false alarm. A tile’s heat is its p-value among tiles of clean photographs.",
      others ? "" : " Of this choice no other picture was kept.",
      isCrowded() ? ` Choose one of the ${words.conditions} above to see more of it.` : "");
  }

  state.on(["type", "level"], update);
  let waiting = 0;
  threshold?.onMove(() => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(update); });
  const element = h("section.group", { id: "frames" },
    h("div.intro", h("h2", "The worst photographs, and where"), h("p", "Each photograph was judged tile by tile at its own resolution. The map shows which tiles look unlike those of clean photographs.")),
    h("section.card", h("header", h("h3", "Photographs and their maps"), h("div.controls", colours)), lead, list));
  return { element, update };
}
