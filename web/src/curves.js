// ROC and precision-recall curves of all detectors under the chosen condition.
import { axis, chartCard, legendRows, lineLegend, tip, tooltip } from "./chart.js";
import { number, percent } from "./format.js";
import { areaUnder, baseRate, precision, precisionPoints, rocPoints } from "./scores.js";
import { inPageOrder, shownMethods, shownSentence } from "./shown.js";
import { colours, seriesStyle } from "./theme.js";
import { words } from "./words.js";

/// Detectors that have scores of the chosen condition, with them.
function pairs(model, state) {
  const run = (method) => (model.scores.detector(method, state.run) ? state.run : 0);
  return new Map(model.methods.map((_, method) => [method, model.scores.pair(method, run(method), state.type, state.level)]).filter(([, pair]) => pair));
}

function shownPairs(model, state) {
  const all = pairs(model, state);
  return shownMethods(model, state, [...all.keys()]).map((method) => ({ method, pair: all.get(method) }));
}

const leftOut = (model, state, shown) => shownSentence(shown, pairs(model, state).size);

/// Of a card that has half the page, or on small screens all of it.
const rowsOf = (curves) => legendRows(curves.map(({ name }) => name), window.innerWidth < 980 ? Math.min(window.innerWidth, 980) - 90 : 390);

function curveOption(model, state, curves, names, extra) {
  const c = colours();
  const share = (name, gap) => axis({ type: "value", min: 0, max: 1, interval: 0.25, name, nameGap: gap, axisLabel: { formatter: (v) => `${100 * v}` } });
  return {
    grid: { left: 48, right: 14, top: 12, bottom: 44 + 22 * rowsOf(curves) },
    xAxis: share(names[0], 26),
    yAxis: { ...share(names[1], 34), nameRotate: 90 },
    legend: lineLegend(inPageOrder(curves).map(({ method, name }) => [name, seriesStyle(method).dash]), { bottom: 0, left: 8, right: 8 }),
    tooltip: tooltip({ trigger: "item", formatter: ({ seriesName, data }) => tip(seriesName, [[names[0], percent(data[0])], [names[1], percent(data[1])], data[2] !== undefined && Number.isFinite(data[2]) && ["threshold", number(data[2], 4)]]) }),
    series: [
      ...curves.map(({ method, name, points }) => {
        const { color, dash } = seriesStyle(method);
        const chosen = method === state.method;
        return { type: "line", name, data: points, showSymbol: false, symbolSize: 7, triggerLineEvent: false, sampling: undefined, step: extra.step ? "end" : false,
          lineStyle: { color, type: dash, width: chosen ? 3 : 1.5, opacity: chosen ? 1 : 0.75 }, itemStyle: { color }, emphasis: { disabled: true }, z: chosen ? 5 : 3 };
      }),
      { type: "line", name: "guess", data: extra.guess, showSymbol: false, silent: true, lineStyle: { color: c.faint, width: 1, type: "dashed" }, z: 1, tooltip: { show: false } },
      ...(extra.mark ? [{ type: "scatter", name: "threshold", data: [extra.mark], symbolSize: 13, itemStyle: { color: c.paper, borderColor: c.ink, borderWidth: 2.5 }, z: 10 }] : []),
    ],
  };
}

const csvOf = (curves, names) => [["method", ...names, "threshold"], ...curves.flatMap(({ label, points }) => points.map(([x, y, t]) => [label, x, y, Number.isFinite(t) ? t : ""]))];

export function rocCard(model, state, threshold) {
  const curves = () => shownPairs(model, state).map(({ method, pair }) => {
    const points = rocPoints(pair);
    const label = model.methods[method];
    return { method, label, name: `${label}  ${areaUnder(points).toFixed(3)}`, points: points.map(([x, y, i]) => [x, y, i < 0 ? -Infinity : pair.stops[i]]) };
  });
  const card = chartCard({
    id: "roc", title: "ROC: alarms against finds",
    option: () => {
      const list = curves();
      if (!list.length) return null;
      const now = threshold.current();
      return curveOption(model, state, list, ["false alarms, %", `${words.challenged} found, %`], { guess: [[0, 0], [1, 1]], mark: now && [now.falseAlarmRate, 1 - now.missRate, now.threshold] });
    },
    lead: () => [`How many of the ${words.challenged} images (${model.conditionName(state.type, state.level)}) each detector finds, for every rate of false alarms: the nearer to the upper left corner, the better. The number is the area under the curve; the ring is the threshold above.${leftOut(model, state, curves().length)}`],
    height: () => 316 + 22 * rowsOf(curves()),
    csv: () => csvOf(curves(), ["false_alarm_rate", "detection_rate"]),
  });
  return follow(card, state, threshold);
}

export function precisionCard(model, state, threshold) {
  const curves = () => shownPairs(model, state).map(({ method, pair }) => ({
    method, label: model.methods[method], name: model.methods[method],
    points: precisionPoints(pair).map(([x, y, i]) => [x, y, i < 0 ? -Infinity : pair.stops[i]]),
  }));
  const card = chartCard({
    id: "precision", title: "Precision and recall",
    option: () => {
      const list = curves();
      if (!list.length) return null;
      const now = threshold.current();
      const base = baseRate(now.pair);
      const right = precision(now.pair, now);
      const mark = right === null ? null : [1 - now.missRate, right, now.threshold];
      return curveOption(model, state, list, [`${words.challenged} found, %`, "alarms that are right, %"], { guess: [[0, base], [1, base]], mark });
    },
    lead: () => {
      const now = threshold.current();
      if (!now) return "";
      return `How many of a detector’s alarms are right, against how many of the ${words.challenged} images it finds. ` +
        (now.pair.pooled ? `Worked out for as many ${words.clean} images as ${words.challenged} ones, so that guessing is right half the time.` : `Guessing is right as often as there are ${words.challenged} images here: ${percent(baseRate(now.pair), 0)}.`) + leftOut(model, state, curves().length);
    },
    height: () => 316 + 22 * rowsOf(curves()),
    csv: () => csvOf(curves(), ["recall", "precision"]),
  });
  return follow(card, state, threshold);
}

function follow(card, state, threshold) {
  state.on(["method", "type", "level", "run"], card.update);
  let waiting = 0;
  threshold.onMove(() => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(card.update); });
  return card;
}
