// Types by levels for one detector and one metric; a press on a cell chooses the condition.
import { axis, chartCard, tip, tooltip } from "./chart.js";
import { choice } from "./dom.js";
import { METRICS, count, metricValue, percent } from "./format.js";
import { colours, divergingColour } from "./theme.js";
import { words } from "./words.js";

const MAX_LABELLED = 40;
const VISIBLE = 30;

/// 1 as good as can be, 0 as guessing, -1 always wrong.
function goodness(metric, value) {
  const { good, chance } = METRICS[metric];
  const distance = good === 1 ? value - chance : chance - value;
  return distance >= 0 ? distance / Math.abs(good - chance) : distance / Math.max(0.05, 1 - Math.abs(good - chance));
}

export function heatMapCard(model, state) {
  const metric = choice("Metric", model.metrics.map((key) => [key, METRICS[key].name]), state.metric, (value) => state.set({ metric: value }));
  const types = [...model.types].reverse();  // the first on top
  const columns = [...model.levels.map((level) => [level, model.levels_averaged ? "mean of levels" : level === 0 ? "all images" : `level ${level}`]), ...(model.levels.length > 1 ? [["all", "mean"]] : [])];

  const valueOf = (type, level) => {
    const row = level === "all" ? model.row(state.method, type) : model.cell(state.method, type, level);
    return [row, model.value(row, state.metric)];
  };

  function cells() {
    const list = [];
    types.forEach(({ type }, y) => columns.forEach(([level], x) => {
      const [row, value] = valueOf(type, level);
      if (value === undefined) return;
      const { fill, text } = divergingColour(goodness(state.metric, value));
      const chosen = state.type === type && state.level === level;
      list.push({
        value: [x, y, value], row, type, level,
        itemStyle: { color: fill, borderColor: chosen ? colours().ink : colours().paper, borderWidth: chosen ? 2.5 : 2, borderRadius: 4 },
        label: { show: types.length <= MAX_LABELLED, color: text, formatter: metricValue(state.metric, value), fontWeight: level === "all" ? 600 : 400 },
      });
    }));
    return list;
  }

  function option() {
    const many = types.length > MAX_LABELLED;
    const c = colours();
    return {
      grid: { left: 112, right: many ? 44 : 8, top: 28, bottom: 8 },
      xAxis: axis({ type: "category", data: columns.map(([, name]) => name), position: "top", splitLine: { show: false }, axisLabel: { interval: 0, color: c.muted, formatter: (name) => (window.innerWidth < 560 ? name.replace("level ", "") : name) } }),
      yAxis: axis({ type: "category", data: types.map(({ name }) => name), splitLine: { show: false }, axisLabel: { interval: many ? "auto" : 0, color: c.ink, fontSize: 12.5, width: 100, overflow: "truncate" } }),
      visualMap: { show: false, min: 0, max: 1, dimension: 2, inRange: { color: [c.clean] }, seriesIndex: [] },
      dataZoom: many ? [{ type: "slider", yAxisIndex: 0, startValue: types.length - VISIBLE, endValue: types.length - 1, right: 8, width: 16, showDetail: false, brushSelect: false }] : [],
      tooltip: tooltip({ formatter: ({ data }) => tip(`${model.typeName(data.type)}${data.level === "all" ? ", mean over levels" : model.levels_averaged || data.level === 0 ? "" : `, level ${data.level}`}`, [
        ...["accuracy", "auroc", "aupr_out", "fpr95_ood_positive"].map((key) => [METRICS[key].short, metricValue(key, model.value(data.row, key)) + (METRICS[key].percent ? " %" : "") + intervalText(data.row, key)]),
        data.row.n_out && ["Images", `${count(data.row.n_in)} ${words.clean}, ${count(data.row.n_out)} ${words.challenged}`],
      ]) }),
      series: [{ type: "heatmap", data: cells(), emphasis: { itemStyle: { borderColor: c.ink } }, cursor: "pointer", label: { fontSize: 12.5 } }],
    };
  }

  function intervalText(row, key) {
    const interval = model.interval(row, key);
    return interval ? ` (${interval.map((end) => metricValue(key, end)).join(" to ")})` : "";
  }

  function unsureText() {
    const counts = model.unsure(state.method);
    return counts ? ` The ${percent(model.intervals.confidence, 0)} interval of the AUROC includes 0.5 in ${counts.unsure || "none"} of ${counts.all}.` : "";
  }

  function lead() {
    const m = METRICS[state.metric];
    const values = model.cells.filter((cell) => cell.method === state.method).map((cell) => [model.value(cell, state.metric), cell]);
    const worse = values.filter(([value]) => goodness(state.metric, value) < 0.02).length;
    return `${m.name} of ${model.methods[state.method]}${m.percent ? " in percent" : ""}: blue is good, pale is guessing, brown is worse than guessing. ` +
      (worse ? `${worse} of ${values.length} figures are no better than guessing.` : values.length === 1 ? "The figure lies on the better side of guessing." : `All ${values.length} figures lie on the better side of guessing.`) + unsureText();
  }

  const card = chartCard({
    id: "heat-map", title: model.levels.length > 1 || model.levels[0] > 0 ? "Challenges by level" : "Set by set", controls: [metric.element], option, lead,
    height: () => 46 + (types.length > MAX_LABELLED ? VISIBLE * 22 : Math.max(2, types.length) * 40),
    csv: () => [["method", "type", "level", state.metric, "auroc_low", "auroc_high"], ...model.cells.filter((cell) => cell.method === state.method)
      .map((cell) => [model.methods[cell.method], model.typeName(cell.type), cell.level, model.value(cell, state.metric), ...(model.interval(cell) ?? ["", ""])])],
    onready: (chart) => chart.on("click", ({ data }) => { if (data) state.set({ type: data.type, level: data.level }); }),
  });
  state.on(["method", "metric", "type", "level"], () => { metric.set(state.metric); card.update(); });
  return card;
}
