// Strips of the images that GradCon judges worst: as the model sees them, rebuilt, the difference.
import { fill, h } from "./dom.js";
import { number } from "./format.js";
import { panel } from "./samples.js";

const PANELS = ["image", "rebuilt", "error map"];

export function mistakesCard(model, state, threshold) {
  const lists = h("div");
  const lead = h("p.lead");

  function verdict(score, known) {
    const limit = threshold?.current()?.threshold;
    if (limit === undefined || score === undefined) return null;
    const alarm = score > limit;
    return h("dd.verdict", alarm === known ? (known ? "false alarm" : "missed") : known ? "passes" : "found");
  }

  function strip(sample) {
    const known = sample.label === sample.type;
    const score = model.sampleScore(state.method, sample);
    const name = `class ${sample.label}`;
    return h("figure.strip",
      h("figcaption", h("b", name), h("span.path", { title: sample.path }, h("bdi", sample.path))),
      h("div.panels.three", PANELS.map((what, i) => h("div", panel(sample.image, i, PANELS.length, `${what}, ${name}`), h("span", what)))),
      h("dl.scores", h(known ? "div.is-clean" : "div.is-challenged", h("dt", model.methods[state.method]), h("dd", number(score, 4)), verdict(score, known)),
        h("div", h("dt", "error"), h("dd", number(sample.error, 4))), h("div", h("dt", "cosine"), h("dd", number(sample.cosine)))));
  }

  const list = (title, samples) => samples.length ? [h("h4", title), h("div.strips.small", samples.map(strip))] : null;

  function update() {
    const samples = model.samples.filter((sample) => sample.type === state.type);
    const kind = (known) => samples.filter((sample) => (sample.label === sample.type) === known);
    fill(lists, list(`Images of class ${state.type} with the highest scores`, kind(true)), list("Images of other classes with the lowest scores", kind(false)));
    fill(lead, samples.length ? `Chosen by GradCon’s score in the first repetition, out of all test images. In the error map black stands for no difference, yellow for half the range and more. The verdicts are those of the threshold above.` : "No picture was kept of this choice.");
  }

  state.on(["method", "type", "run"], update);
  let waiting = 0;
  threshold?.onMove(() => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(update); });
  return { element: h("section.card", { id: "mistakes" }, h("header", h("h3", "Mistakes to look at")), lead, lists), update };
}
