// Everything about one camera: a large frame, its scores and drift, its figures.
import { axis, charts, tip, tooltip } from "../chart.js";
import * as echarts from "echarts/core";
import { MarkAreaComponent, MarkLineComponent } from "echarts/components";
import { fill, h } from "../dom.js";
import { colours, onThemeChange } from "../theme.js";
import { liveImage } from "./live_image.js";
import { clock, figure, plural, whole } from "./words.js";

echarts.use([MarkAreaComponent, MarkLineComponent]);

const SPAN = 15 * 60 * 1000;

function liveChart(id, title, optionOf) {
  const canvas = h("div.canvas", { role: "img", "aria-label": title });
  let chart = null;
  const resized = new ResizeObserver(() => chart?.resize());
  resized.observe(canvas);
  function update() {
    if (!canvas.isConnected || !canvas.clientWidth) return;
    if (!chart) {
      chart = echarts.init(canvas, null, { renderer: "canvas" });
      charts[id] = chart;
    }
    chart.setOption({ animation: false, textStyle: { fontFamily: colours().font }, ...optionOf() }, { notMerge: true });
  }
  const element = h("section.chart", h("h4", title), canvas);
  return { element, update, dispose: () => { resized.disconnect(); chart?.dispose(); delete charts[id]; } };
}

const timeAxis = (from, now) => axis({ type: "time", min: from, max: now, splitLine: { show: false }, axisLabel: { formatter: (ms) => (now - from < 5 * 60 * 1000 ? clock(ms) : clock(ms).slice(0, 5)), hideOverlap: true } });

function scoreOption(model, camera) {
  const c = colours();
  const now = model.now();
  const from = Math.max(now - SPAN, Math.min(camera.points[0]?.[0] ?? now, now - 60 * 1000));
  const threshold = camera.status?.threshold;
  const alarms = model.sortedAlarms().filter((alarm) => alarm.camera === camera.name)
    .map((alarm) => [{ xAxis: Math.max(from, Date.parse(alarm.raised)) }, { xAxis: alarm.cleared ? Date.parse(alarm.cleared) : now }])
    .filter(([, { xAxis }]) => xAxis > from);
  return {
    grid: { left: 52, right: 14, top: 12, bottom: 26 },
    xAxis: timeAxis(from, now),
    yAxis: axis({ type: "value", scale: true, axisLabel: { formatter: figure } }),
    tooltip: tooltip({ trigger: "axis", formatter: ([item]) => item ? tip(clock(item.value[0]), [["Score", figure(item.value[1])], ["p-value", figure(item.data.p)], ["Threshold", figure(threshold)]]) : "" }),
    series: [
      { type: "line", name: "score", showSymbol: false, lineStyle: { color: c.clean, width: 1.6 }, itemStyle: { color: c.clean },
        data: camera.points.map(([ms, score, p]) => ({ value: [ms, score], p })),
        markLine: threshold === undefined ? undefined : { silent: true, symbol: "none", label: { formatter: "threshold", position: "insideStartTop", color: c.muted, fontSize: 11 }, lineStyle: { color: c.ink, type: "dashed", width: 1.2 }, data: [{ yAxis: threshold }] },
        markArea: { silent: true, itemStyle: { color: c.challenged, opacity: 0.13 }, data: alarms } },
      { type: "scatter", name: "out of distribution", symbolSize: 5, itemStyle: { color: c.challenged }, tooltip: { show: false },
        data: camera.points.filter(([, , , out]) => out).map(([ms, score]) => [ms, score]) },
    ],
  };
}

function driftOption(model, camera) {
  const c = colours();
  const LEAST = -12;  // of the logarithm
  return {
    grid: { left: 52, right: 14, top: 12, bottom: 26 },
    xAxis: axis({ type: "value", minInterval: 1, scale: true, splitLine: { show: false }, axisLabel: { formatter: (value) => whole(value) } }),
    yAxis: axis({ type: "value", min: LEAST, max: 0, interval: 3, axisLabel: { formatter: (value) => (value === 0 ? "1" : `1e${value}`) } }),
    tooltip: tooltip({ trigger: "axis", formatter: ([item]) => item ? tip(`Window ${whole(item.value[0])}`, [["p-value", figure(item.data.p)]]) : "" }),
    series: [{ type: "line", symbolSize: 7, lineStyle: { color: c.faint, width: 1 }, itemStyle: { color: c.clean },
      data: camera.drift.map(([, window, p]) => ({ value: [window, Math.max(LEAST, Math.log10(p || 1e-300))], p })) }],
  };
}

const fact = (label, value, remark) => h("div", h("dt", label), h("dd", value), remark ? h("dd.remark", remark) : null);

const THRESHOLDS = { guessed: ": a guess, as there were few clean images", learned: ", by the camera's own clean days", vouched: "" };
const thresholdKind = (status) => (status.threshold_is_learned ? "learned" : status.threshold_is_guessed ? "guessed" : "vouched");

const driftRemark = (status) => status.drift_reference_missing
  ? `its own reference waits for ${plural(status.drift_reference_missing, "frame")}`
  : `${plural(status.drift_windows, "window")}, ${figure(100 * status.drift_budget_spent)} % of the budget spent`;

function facts({ status, newest }) {
  if (!status) return [];
  const share = status.judged ? `${figure((100 * status.out_of_distribution) / status.judged)} % of those judged` : null;
  return [
    fact("Score", figure(newest?.score), newest?.failure ?? `p-value ${figure(newest?.p_value)}`),
    fact("Threshold", figure(status.threshold), `${figure(status.expected_false_alarms_per_day)} false alarms a day expected${THRESHOLDS[thresholdKind(status)]}`),
    fact("Frames judged", whole(status.judged), `${figure(status.frames_per_second)} per second`),
    fact("Out of distribution", whole(status.out_of_distribution), share),
    fact("Frames dropped", whole(status.dropped), "a newer one came before their turn"),
    fact("Failures", whole(status.failures), plural(status.reconnects, "reconnection")),
    fact("Drift", status.drift_windows ? `p ${figure(status.drift_p_value)}` : "–", driftRemark(status)),
    fact("Method", status.method || "–", newest?.latency_s !== undefined ? `verdict after ${figure(1000 * newest.latency_s)} ms` : null),
  ];
}

/// `onclose` is called by the button and by Escape.
export function cameraDetail(model, camera, showMap, onclose) {
  const picture = liveImage(camera, `The newest frame of ${camera.name}, large`);
  picture.setMap(showMap);
  const figures = h("dl.facts");
  const trouble = h("p.trouble", { role: "status" });
  const score = liveChart("score", "Score", () => scoreOption(model, camera));
  const drift = liveChart("drift", "Drift: p-value of each window", () => driftOption(model, camera));
  const heading = h("h2", { tabindex: "-1" }, camera.name);
  const close = h("button.quiet.close", { type: "button", "aria-label": `Close ${camera.name}`, onclick: onclose }, "Close");
  const element = h("section.card.detail", { "aria-label": `Camera ${camera.name}`, onkeydown: (event) => { if (event.key === "Escape") onclose(); } },
    h("header", heading, close), trouble,
    h("div.columns", h("div", picture.element, figures), h("div", score.element, drift.element)));
  const stopListening = onThemeChange(() => { score.update(); drift.update(); });
  let drawn = 0;

  function update() {
    fill(figures, facts(camera));
    const text = camera.status && !camera.status.connected ? camera.status.trouble || "No frames come." : camera.newest?.failure ?? "";
    trouble.hidden = !text;
    fill(trouble, text);
    picture.update();
    if (Date.now() - drawn > 900) {
      drawn = Date.now();
      score.update();
      drift.update();
    }
  }
  return { element, update, focus: () => heading.focus(), setMap: picture.setMap, dispose: () => { score.dispose(); drift.dispose(); stopListening?.(); } };
}
