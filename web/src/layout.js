// How a report's sections are laid out.
import { choice, h } from "./dom.js";

export const group = (title, explanation, ...cards) =>
  h("section.group", h("div.intro", h("h2", title), explanation ? h("p", explanation) : null), ...cards);

/// The bar of what the charts show: [label, state's key, [[value, text], ...]] each; values that are no
/// words are numbers.
export function chooserBar(state, choosers) {
  const known = (options, text) => options.find(([value]) => String(value) === text)[0];
  const elements = choosers.map(([label, key, options]) => {
    const chooser = choice(label, options, state[key], (text) => state.set({ [key]: known(options, text) }));
    state.on([key], () => chooser.set(state[key]));
    return chooser.element;
  });
  return h("nav.choosers", { "aria-label": "What the charts show" }, elements);
}

/// The repetitions to choose from, where there are several.
export const runChooser = (model) => {
  const runs = [...new Set(model.scores.detectors.map((detector) => detector.run))];
  return runs.length > 1 ? [["Repetition", "run", runs.map((run) => [run, `repetition ${run + 1}`])]] : [];
};
