// The summary table: detectors by challenge types or known classes, the paper's row where it tested them. Its
// columns sort it.
import { choice, fill, h } from "./dom.js";
import { METRICS, metricValue, percent } from "./format.js";
import { saveCsv } from "./download.js";

const MAX_COLUMNS = 16;

/// The order of the table's rows: by a column's figures, best or worst first, by name, or as they come.
class Order {
  constructor(column) {
    this.column = column;  // a type, null for the mean, "name", or undefined: as they come
    this.turned = false;
  }

  press(column) {
    this.turned = this.column === column && !this.turned;
    this.column = column;
  }

  /// `value(method)` is larger for better.
  sorted(names, value) {
    const methods = names.map((_, i) => i);
    if (this.column === undefined) return methods;
    const sign = this.turned ? -1 : 1;
    if (this.column === "name") return methods.sort((a, b) => sign * names[a].localeCompare(names[b], "en"));
    const known = methods.filter((method) => value(method) !== undefined);
    // Who has no figure comes last, whichever way.
    return [...known.sort((a, b) => sign * (value(b) - value(a)) || a - b), ...methods.filter((method) => value(method) === undefined)];
  }
}

/// `said`: title; head, of the column of names; over, what the figures are means over; sorted, whether the best
/// come first.
export function summarySection(model, state, said) {
  const table = h("table.figures");
  const lead = h("p.lead");
  const types = model.types.length <= MAX_COLUMNS ? model.types : [];
  const columns = [...types, { type: null, name: "mean" }];
  const metric = choice("Metric", model.metrics.map((key) => [key, METRICS[key].name]), state.metric, (value) => state.set({ metric: value }));
  const order = new Order(said.sorted ? null : undefined);
  const unsure = (method) => model.unsure?.(method);

  const sign = () => (METRICS[state.metric].good === 1 ? 1 : -1);
  const value = (method, type) => model.value(model.row(method, type), state.metric);

  function best(type) {
    const values = model.methods.map((_, method) => value(method, type)).filter((v) => v !== undefined);
    return sign() * Math.max(...values.map((v) => sign() * v));
  }

  function cell(method, type, bestValue) {
    const row = model.row(method, type);
    const figure = model.value(row, state.metric);
    const deviation = model.deviation(row, state.metric);
    const interval = model.interval(row, state.metric);
    const isBest = model.methods.length > 1 && figure !== undefined && metricValue(state.metric, figure) === metricValue(state.metric, bestValue);
    return h("td", { class: isBest ? "best" : null }, figure === undefined ? "–" : metricValue(state.metric, figure),
      deviation === undefined ? null : h("small", `±${metricValue(state.metric, deviation)}`),
      interval ? h("small.interval", interval.map((end) => metricValue(state.metric, end)).join(" to ")) : null);
  }

  function paperRow(method) {
    const figures = model.paper[model.methods[method]];
    if (state.metric !== "accuracy" || model.kind !== "ood" || !figures || !types.some(({ type }) => figures[type] !== undefined)) return null;
    const known = types.map(({ type }) => figures[type]);
    const mean = known.every((figure) => figure !== undefined) ? known.reduce((a, b) => a + b, 0) / known.length : undefined;
    const show = (figure) => h("td", figure === undefined ? "" : figure.toFixed(1));
    return h("tr.paper", h("th", { scope: "row" }, "paper, CURE-TSR"), known.map(show), show(mean));
  }

  function unsureCell(method) {
    const counts = unsure(method);
    return h("td", counts ? `${counts.unsure} of ${counts.all}` : "–");
  }

  const showsUnsure = () => state.metric === "auroc" && model.methods.some((_, method) => unsure(method));
  const presentOrder = () => order.sorted(model.methods, (method) => { const figure = value(method, order.column); return figure === undefined ? undefined : sign() * figure; });

  function rows() {
    const bests = columns.map(({ type }) => best(type));
    return presentOrder().map((method) => [
      h("tr", h("th", { scope: "row" }, model.methods[method]), columns.map(({ type }, i) => cell(method, type, bests[i])), showsUnsure() ? unsureCell(method) : null),
      paperRow(method),
    ]);
  }

  /// Pressed, it sorts by its column: best first, then worst first.
  function head(column, text) {
    const chosen = order.column === column;
    const up = column === "name" ? !order.turned : order.turned === (sign() === 1);
    const sortedBy = chosen ? (up ? "ascending" : "descending") : null;
    return h("th", { scope: "col", "aria-sort": sortedBy },
      h("button.sort", { type: "button", onclick: () => { order.press(column); update(); focusHead(column); } }, text,
        h("span.arrow", { "aria-hidden": "true" }, chosen ? (up ? "▲" : "▼") : "")));
  }

  /// The table's head is made anew when it sorts; whoever pressed a key stays where they were.
  function focusHead(column) {
    const place = column === "name" ? 0 : 1 + columns.findIndex(({ type }) => type === column);
    table.querySelectorAll("button.sort")[place].focus();
  }

  function update() {
    const m = METRICS[state.metric];
    fill(lead, `${m.name}${m.percent ? " in percent" : ""}${said.over}: ${m.says}.`,
      model.methods.length > 1 ? ` The best of each column is bold${order.column === null && !order.turned ? "; the best mean comes first" : ""}; press a column’s head to sort by it.` : "",
      model.runs.length > 1 ? ` ± is the standard deviation between ${model.runs.length} repetitions.` : "",
      state.metric === "auroc" && model.intervals ? ` Under each figure stands its ${percent(model.intervals.confidence, 0)} interval over the choice of test images${model.intervals.runs ? " and of repetitions" : ""} (bootstrap, ${model.intervals.resamples} resamples)${showsUnsure() ? "; the last column counts the conditions whose interval includes 0.5, which is guessing" : ""}.` : "");
    fill(table,
      h("thead", h("tr", head("name", said.head), columns.map(({ type, name }) => head(type, name)), showsUnsure() ? h("th", { scope: "col" }, "with 0.5") : null)),
      h("tbody", rows()));
    if (table.querySelector(".paper")) lead.append(" The paper’s figures are on CURE-TSR’s traffic signs: other images, other challenges.");
    metric.set(state.metric);
  }

  function csv() {
    const withIntervals = state.metric === "auroc" && model.intervals;
    const ends = (row) => { const interval = model.interval(row, state.metric); return interval ?? ["", ""]; };
    return [["method", ...columns.flatMap(({ name }) => (withIntervals ? [name, `${name}, low`, `${name}, high`] : [name]))],
      ...presentOrder().map((method) => [model.methods[method], ...columns.flatMap(({ type }) => { const row = model.row(method, type); return withIntervals ? [model.value(row, state.metric), ...ends(row)] : [model.value(row, state.metric)]; })])];
  }

  state.on(["metric"], update);
  const element = h("section.card", { id: "summary" },
    h("header", h("h3", said.title), h("div.controls", metric.element)), lead,
    h("div.scroll", { tabindex: 0, role: "region", "aria-label": "Summary table" }, table),
    h("footer", h("button.quiet", { type: "button", onclick: () => saveCsv(`summary-${state.metric}`, csv()) }, "CSV")));
  return { element, update };
}
