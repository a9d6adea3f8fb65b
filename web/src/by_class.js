// A metric by known class, the scores beside one another, with the spread between repetitions.
import { axis, chartCard, legend, tip, tooltip } from "./chart.js";
import { choice } from "./dom.js";
import { METRICS, metricValue, plural, tick } from "./format.js";
import { colours, seriesStyle } from "./theme.js";

const ICONS = ["circle", "triangle", "rect", "diamond"];
const SHAPES = {
  circle: (x, y, r) => ({ type: "circle", shape: { cx: x, cy: y, r } }),
  triangle: (x, y, r) => ({ type: "polygon", shape: { points: [[x, y - 1.15 * r], [x + 1.1 * r, y + 0.85 * r], [x - 1.1 * r, y + 0.85 * r]] } }),
  rect: (x, y, r) => ({ type: "rect", shape: { x: x - 0.9 * r, y: y - 0.9 * r, width: 1.8 * r, height: 1.8 * r } }),
  diamond: (x, y, r) => ({ type: "polygon", shape: { points: [[x, y - 1.2 * r], [x + 1.2 * r, y], [x, y + 1.2 * r], [x - 1.2 * r, y]] } }),
};
const RADIUS = 4.5, APART = 9;

export function byClassCard(model, state) {
  const metric = choice("Metric", model.metrics.map((key) => [key, METRICS[key].name]), state.metric, (value) => state.set({ metric: value }));
  const rows = [...[...model.types].reverse(), { type: null, name: "mean" }];  // the mean on top
  const icon = (method) => ICONS[method % ICONS.length];

  /// The legend takes two rows on a phone.
  const top = () => (window.innerWidth < 560 ? 56 : 34);

  /// [value, row, deviation] of a method.
  const points = (method) => rows.map(({ type }, y) => {
    const row = model.row(method, type);
    return [model.value(row, state.metric), y, model.deviation(row, state.metric) ?? 0];
  }).filter(([value]) => value !== undefined);

  function range(all) {
    const low = Math.min(...all.map(([value, , deviation]) => value - deviation));
    const high = Math.max(...all.map(([value, , deviation]) => value + deviation));
    const step = high - low > 0.4 ? 10 : 20;
    return [Math.max(0, Math.floor(step * low - 0.1) / step), Math.min(1, Math.ceil(step * high + 0.1) / step), 1 / step];
  }

  function draw(method) {
    const shift = APART * (method - (model.methods.length - 1) / 2);
    const { color } = seriesStyle(method);
    return (_, api) => {
      const at = (value) => api.coord([value, api.value(1)]);
      const [x, row] = at(api.value(0));
      const y = row + shift;
      const deviation = api.value(2);
      const [left] = at(api.value(0) - deviation), [right] = at(api.value(0) + deviation);
      const line = (shape) => ({ type: "line", shape, style: { stroke: color, lineWidth: 1.5 } });
      const whisker = deviation > 0 ? [line({ x1: left, x2: right, y1: y, y2: y }), line({ x1: left, x2: left, y1: y - 3, y2: y + 3 }), line({ x1: right, x2: right, y1: y - 3, y2: y + 3 })] : [];
      return { type: "group", children: [...whisker, { ...SHAPES[icon(method)](x, y, RADIUS), style: { fill: color } }] };
    };
  }

  function option() {
    const c = colours();
    const all = model.methods.map((_, method) => points(method));
    if (!all.flat().length) return null;
    const [low, high, interval] = range(all.flat());
    const percents = METRICS[state.metric].percent;
    const { short } = METRICS[state.metric];
    return {
      grid: { left: 74, right: 20, top: top(), bottom: 44 },
      legend: legend({ top: 0, left: 0, itemWidth: 10, itemHeight: 10, data: model.methods.map((name, i) => ({ name, icon: icon(i) })) }),
      xAxis: axis({ type: "value", min: low, max: high, interval, name: percents ? `${short}, %` : short, nameGap: 26, axisLabel: { formatter: (v) => tick(percents ? 100 * v : v) } }),
      yAxis: axis({ type: "category", data: rows.map(({ name }) => name), splitLine: { show: true, interval: 0 }, axisLabel: { interval: 0, formatter: (name) => (name === "mean" ? "{mean|mean}" : name), rich: { mean: { fontWeight: 700, color: c.ink } }, color: c.ink } }),
      tooltip: tooltip({ trigger: "item", formatter: ({ data }) => tip(rows[data[1]].name, model.methods.map((name, i) => {
        const row = model.row(i, rows[data[1]].type);
        const deviation = model.deviation(row, state.metric);
        const interval = model.interval(row, state.metric);
        return [name, metricValue(state.metric, model.value(row, state.metric)) + (deviation === undefined ? "" : ` ± ${metricValue(state.metric, deviation)}`) + (interval ? ` (${interval.map((end) => metricValue(state.metric, end)).join(" to ")})` : "")];
      })) }),
      series: model.methods.map((name, method) => ({ type: "custom", name, data: all[method], encode: { x: 0, y: 1 }, itemStyle: { color: seriesStyle(method).color }, renderItem: draw(method), clip: true, cursor: "pointer" })),
    };
  }

  const card = chartCard({
    id: "by-class", title: "Every class", controls: [metric.element], option,
    lead: () => {
      const m = METRICS[state.metric];
      return `${m.name}: further to the ${m.good === 1 ? "right" : "left"} is better. ${model.runs.length > 1 ? `Marks are means of ${plural(model.runs.length, "repetition")}, bars their standard deviation.` : "One repetition: differences smaller than those between seeds mean nothing."} Press a class to look at it below.`;
    },
    height: () => 50 + top() + rows.length * (APART * model.methods.length + 12),
    csv: () => [["class", "method", state.metric, "deviation"], ...model.table.map((row) => [row.type ?? "mean", model.methods[row.method], model.value(row, state.metric), model.deviation(row, state.metric) ?? ""])],
    onready: (chart) => chart.on("click", ({ data }) => { if (data && rows[data[1]].type !== null) state.set({ type: rows[data[1]].type }); }),
  });
  state.on(["metric"], () => { metric.set(state.metric); card.update(); });
  return card;
}
