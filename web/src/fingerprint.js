// Mean absolute gradient by filter, clean against challenged: the trace the paper reads.
import { axis, chartCard, legend, tip, tooltip } from "./chart.js";
import { h } from "./dom.js";
import { number, tick } from "./format.js";
import { colours } from "./theme.js";

const MAX_LAYERS = 4;

const LOSSES = { bce: "reconstruction loss", kld: "latent loss", elbo: "whole loss" };

function rowOf(layer, type, level) {
  const rows = layer.rows.filter((row) => row.type !== -1 && (type === "all" || row.type === type) && (level === "all" || row.level === level));
  if (!rows.length) return null;
  return rows[0].values.map((_, i) => rows.reduce((sum, row) => sum + row.values[i], 0) / rows.length);
}

function layerCard(model, state, layer) {
  const clean = layer.rows.find((row) => row.type === -1)?.values;
  const title = `${layer.layer}, ${LOSSES[layer.loss] ?? layer.loss}`;
  function option() {
    const challenged = rowOf(layer, state.type, state.level);
    if (!clean || !challenged) return null;
    const c = colours();
    const bars = (name, values, color) => ({ type: "bar", name, data: values, itemStyle: { color, borderRadius: [2, 2, 0, 0] }, barGap: "10%", barCategoryGap: "32%", emphasis: { disabled: true } });
    return {
      grid: { left: 52, right: 12, top: 34, bottom: 40 },
      legend: legend({ top: 0, left: 0, itemHeight: 10 }),
      xAxis: axis({ type: "category", data: clean.map((_, i) => i + 1), name: "filter", nameGap: 24, splitLine: { show: false } }),
      yAxis: axis({ type: "value", splitNumber: 4, axisLabel: { formatter: tick } }),
      tooltip: tooltip({ trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { color: c.line, opacity: 0.35 } }, formatter: (items) => tip(`filter ${items[0].name}`, [...items.map((item) => [item.seriesName, number(item.value)]), items[0].value > 0 && ["change", `× ${number(items[1].value / items[0].value, 2)}`]]) }),
      series: [bars("clean", clean, c.clean), bars("challenged", challenged, c.challenged)],
    };
  }
  const card = chartCard({
    id: `fingerprint-${layer.layer}-${layer.loss}`.replace(/[^\w-]/g, "-"), title, option, height: () => 290,
    lead: () => {
      const challenged = rowOf(layer, state.type, state.level);
      if (!clean || !challenged) return "";
      // A filter that hardly ever gets a gradient says nothing.
      const floor = 0.01 * Math.max(...clean);
      const change = (i) => (clean[i] < floor ? 0 : Math.abs(Math.log(challenged[i] / clean[i])));
      const top = clean.reduce((best, _, i) => (change(i) > change(best) ? i : best), 0);
      return `${model.conditionName(state.type, state.level)}: filter ${top + 1} changes most, to ${number(challenged[top] / clean[top], 2)} times its gradient on clean images.`;
    },
    csv: () => [["layer", "loss", "type", "level", "filter", "mean_absolute_gradient"], ...layer.rows.flatMap((row) => row.values.map((value, i) => [layer.layer, layer.loss, row.type === -1 ? "clean" : model.typeName(row.type), row.type === -1 ? "" : row.level, i + 1, value]))],
  });
  state.on(["type", "level"], card.update);
  return card;
}

export function fingerprintSection(model, state) {
  const cards = model.fingerprints.slice(0, MAX_LAYERS).map((layer) => layerCard(model, state, layer));
  const more = model.fingerprints.length - cards.length;
  return {
    element: h("section.group", { id: "fingerprint" },
      h("div.intro", h("h2", "The gradient’s fingerprint"), h("p", "How strongly an image would change each filter of the model if the model were trained on it, on average over the images. What the model knows changes little; the detectors read the rest.", more > 0 ? ` ${more} more layers are in fingerprints.json.` : "")),
      h("div.pair", cards.map((card) => card.element))),
    update: () => cards.forEach((card) => card.update()),
  };
}
