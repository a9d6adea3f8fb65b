// A chart with its heading, its sentence and its buttons.
import * as echarts from "echarts/core";
import { BarChart, CustomChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import { DataZoomInsideComponent, DataZoomSliderComponent, GridComponent, LegendComponent, TooltipComponent, VisualMapContinuousComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";
import { saveCsv, savePng } from "./download.js";
import { fill, h } from "./dom.js";
import { colours, onThemeChange } from "./theme.js";

echarts.use([BarChart, CustomChart, HeatmapChart, LineChart, ScatterChart, DataZoomInsideComponent,
  DataZoomSliderComponent, GridComponent, LegendComponent, TooltipComponent, VisualMapContinuousComponent, CanvasRenderer]);

/// All charts by the id of their card, for tests and the curious.
export const charts = {};

/// An axis in the page's style.
export function axis(extra = {}) {
  const c = colours();
  const { axisLabel, axisLine, splitLine, ...others } = extra;
  return {
    nameLocation: "middle", nameTextStyle: { color: c.muted, fontSize: 12 },
    axisLine: { show: false, lineStyle: { color: c.line }, ...axisLine },
    axisTick: { show: false },
    axisLabel: { color: c.muted, fontSize: 12, hideOverlap: true, ...axisLabel },
    splitLine: { lineStyle: { color: c.line, width: 1 }, ...splitLine },
    ...others,
  };
}

const KEY_WIDTH = 30, KEY_HEIGHT = 3;

/// What stands before a line's name in a legend: a piece of that line, dashed as it is.
export function lineKey(dash) {
  const lengths = dash === "solid" ? [KEY_WIDTH] : dash === "dashed" ? [7, 4] : dash;
  let path = "";
  for (let x = 0, i = 0; x < KEY_WIDTH; x += lengths[i++ % lengths.length]) {
    const stroke = i % 2 === 0 ? Math.min(lengths[i % lengths.length], KEY_WIDTH - x) : 0;
    if (stroke > 0) path += `M${x} 0h${stroke}v${KEY_HEIGHT}h${-stroke}z`;
  }
  // A point without size at either end: the picture is stretched to the whole width.
  return `path://M0 0h0M${KEY_WIDTH} ${KEY_HEIGHT}h0${path}`;
}

/// A legend; of lines, its `data` are [name, dash] pairs.
export function lineLegend(lines, extra = {}) {
  return legend({ itemWidth: KEY_WIDTH, itemHeight: KEY_HEIGHT, data: lines.map(([name, dash]) => ({ name, icon: lineKey(dash) })), ...extra });
}

/// How many rows a legend of lines takes in `width` px.
export function legendRows(names, width) {
  let rows = 1, used = 0;
  for (const name of names) {
    const needed = KEY_WIDTH + 22 + 6.5 * name.length;
    if (used > 0 && used + needed > width) [rows, used] = [rows + 1, 0];
    used += needed;
  }
  return rows;
}

export function legend(extra = {}) {
  return { icon: "roundRect", itemWidth: 14, itemHeight: 4, itemGap: 16, textStyle: { color: colours().ink, fontSize: 12.5 },
    inactiveColor: colours().faint, ...extra };
}

/// A tooltip whose text is made of elements: rows of [label, value] under a heading.
export function tip(heading, rows) {
  return h("div.tip", h("strong", heading),
    h("dl", rows.filter(Boolean).map(([label, value]) => [h("dt", label), h("dd", value)])));
}

export function tooltip(extra = {}) {
  return { confine: true, className: "tooltip", backgroundColor: "transparent", borderWidth: 0, padding: 0,
    extraCssText: "box-shadow:none", transitionDuration: 0, ...extra };
}

/// `spec`: id, title, option() -> ECharts option or null when there is nothing to draw, csv() -> rows,
/// lead() -> sentence, height() in px, controls: elements beside the heading.
export function chartCard(spec) {
  const lead = h("p.lead");
  const canvas = h("div.canvas", { role: "img", "aria-label": spec.title });
  const empty = h("p.empty", { hidden: true }, "Nothing to draw for this choice.");
  const stage = h("div.stage", canvas, empty);
  const button = (text, label, onclick) => h("button.quiet", { type: "button", "aria-label": label, title: label, onclick }, text);
  const element = h("section.card", { id: spec.id },
    h("header", h("h3", spec.title), spec.controls ? h("div.controls", spec.controls) : null),
    lead, stage,
    h("footer",
      button("PNG", `Save “${spec.title}” as a picture`, () => chart && savePng(spec.id, spec.title, chart, colours())),
      button("CSV", `Save “${spec.title}” as a table`, () => saveCsv(spec.id, spec.csv()))));

  let chart = null;
  function update() {
    const sentence = spec.lead?.() ?? "";
    fill(lead, sentence);
    const option = spec.option();
    empty.hidden = option !== null;
    canvas.hidden = option === null;
    if (option === null || !element.isConnected) return;
    canvas.style.height = `${spec.height?.() ?? 320}px`;
    canvas.setAttribute("aria-label", `${spec.title}. ${lead.textContent}`);
    if (!chart) {
      chart = echarts.init(canvas, null, { renderer: "canvas" });
      charts[spec.id] = chart;
      new ResizeObserver(() => { chart.resize(); spec.onresize?.(chart); }).observe(canvas);
      spec.onready?.(chart);
    }
    chart.resize();
    chart.setOption({ animation: false, textStyle: { fontFamily: colours().font }, ...option }, { notMerge: true });
    spec.onresize?.(chart);
  }
  onThemeChange(update);
  return { element, update, stage, chart: () => chart };
}
