// The summary table: detectors by challenge types or known classes, the paper's row where it tested them.
import { choice, fill, h } from "./dom.js";
import { METRICS, metricValue } from "./format.js";
import { saveCsv } from "./download.js";

const MAX_COLUMNS = 16;

/// `said`: title; head, of the column of names; over, what the figures are means over.
export function summarySection(model, state, said) {
  const table = h("table.figures");
  const lead = h("p.lead");
  const types = model.types.length <= MAX_COLUMNS ? model.types : [];
  const metric = choice("Metric", model.metrics.map((key) => [key, METRICS[key].name]), state.metric, (value) => state.set({ metric: value }));

  function best(type) {
    const sign = METRICS[state.metric].good === 1 ? 1 : -1;
    const values = model.methods.map((_, i) => model.value(model.row(i, type), state.metric)).filter((v) => v !== undefined);
    return sign * Math.max(...values.map((v) => sign * v));
  }

  function cell(method, type, bestValue) {
    const row = model.row(method, type);
    const value = model.value(row, state.metric);
    const deviation = model.deviation(row, state.metric);
    const isBest = model.methods.length > 1 && value !== undefined && metricValue(state.metric, value) === metricValue(state.metric, bestValue);
    return h("td", { class: isBest ? "best" : null }, value === undefined ? "–" : metricValue(state.metric, value),
      deviation === undefined ? null : h("small", `±${metricValue(state.metric, deviation)}`));
  }

  function paperRow(method) {
    const figures = model.paper[model.methods[method]];
    if (state.metric !== "accuracy" || model.kind !== "ood" || !figures || !types.some(({ type }) => figures[type] !== undefined)) return null;
    const known = types.map(({ type }) => figures[type]);
    const mean = known.every((value) => value !== undefined) ? known.reduce((a, b) => a + b, 0) / known.length : undefined;
    const show = (value) => h("td", value === undefined ? "" : value.toFixed(1));
    return h("tr.paper", h("th", { scope: "row" }, "paper, CURE-TSR"), known.map(show), show(mean));
  }

  function rows() {
    const columns = [...types.map(({ type }) => type), null];
    const bests = columns.map(best);
    return model.methods.map((name, method) => [
      h("tr", h("th", { scope: "row" }, name), columns.map((type, i) => cell(method, type, bests[i]))),
      paperRow(method),
    ]);
  }

  function update() {
    const m = METRICS[state.metric];
    fill(lead, `${m.name}${m.percent ? " in percent" : ""}${said.over}: ${m.says}.`,
      model.methods.length > 1 ? " The best of each column is bold." : "",
      model.runs.length > 1 ? ` ± is the standard deviation between ${model.runs.length} repetitions.` : "");
    fill(table,
      h("thead", h("tr", h("th", { scope: "col" }, said.head), types.map(({ name }) => h("th", { scope: "col" }, name)), h("th", { scope: "col" }, "mean"))),
      h("tbody", rows()));
    if (table.querySelector(".paper")) lead.append(" The paper’s figures are on CURE-TSR’s traffic signs: other images, other challenges.");
    metric.set(state.metric);
  }

  function csv() {
    return [["method", ...types.map(({ name }) => name), "mean"],
      ...model.methods.map((name, method) => [name, ...[...types.map(({ type }) => type), null].map((type) => model.value(model.row(method, type), state.metric))])];
  }

  state.on(["metric"], update);
  const element = h("section.card", { id: "summary" },
    h("header", h("h3", said.title), h("div.controls", metric.element)), lead,
    h("div.scroll", { tabindex: 0, role: "region", "aria-label": "Summary table" }, table),
    h("footer", h("button.quiet", { type: "button", onclick: () => saveCsv(`summary-${state.metric}`, csv()) }, "CSV")));
  return { element, update };
}
