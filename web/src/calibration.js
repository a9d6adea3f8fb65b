// Rates of false alarms: asked for, and seen on clean images that were not used for the threshold.
import { axis, chartCard, legendRows, lineLegend, tip, tooltip } from "./chart.js";
import { count, percent } from "./format.js";
import { inPageOrder, shownMethods, shownSentence } from "./shown.js";
import { colours, seriesStyle } from "./theme.js";
import { words } from "./words.js";

export function calibrationCard(model, state) {
  const all = () => model.calibrationCurves(state);
  const curves = () => shownMethods(model, state, all().map((curve) => curve.method)).map((method) => all().find((curve) => curve.method === method));
  const first = () => curves()[0];

  /// Where 95 % of honest thresholds end up: both sets are finite.
  function band() {
    const { n, n_calibration } = first();
    const half = (p) => 1.96 * Math.sqrt(p * (1 - p) * (1 / n + 1 / n_calibration));
    return Array.from({ length: 60 }, (_, i) => 0.004 * (0.55 / 0.004) ** (i / 59)).map((p) => [p, Math.max(0.0005, p - half(p)), Math.min(1, p + half(p))]);
  }

  function option() {
    const list = curves();
    if (!list.length) return null;
    const c = colours();
    const log = (name, gap) => axis({ type: "log", min: 0.004, max: 0.6, name, nameGap: gap, axisLabel: { formatter: (v) => `${Number((100 * v).toPrecision(2))}`, customValues: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5] }, splitLine: { show: true } });
    const ends = band();
    return {
      grid: { left: 52, right: 16, top: 12, bottom: 44 + 22 * legendRows(list.map(({ method }) => model.methods[method]), Math.min(window.innerWidth - 90, 1020)) },
      legend: lineLegend(inPageOrder(list).map(({ method }) => [model.methods[method], seriesStyle(method).dash]), { bottom: 0, left: 8, right: 8 }),
      xAxis: log("false alarms asked for, %", 26),
      yAxis: { ...log("false alarms seen, %", 36), nameRotate: 90 },
      tooltip: tooltip({ trigger: "item", formatter: ({ seriesName, data }) => tip(seriesName, [["asked for", percent(data[0])], ["seen", percent(data[2] ?? data[1])]]) }),
      series: [
        { type: "custom", name: "band", silent: true, z: 1, data: [0], renderItem: (_, api) => ({ type: "polygon", shape: { points: [...ends.map(([p, , high]) => api.coord([p, high])), ...ends.map(([p, low]) => api.coord([p, Math.max(low, 0.004)])).reverse()] }, style: { fill: c.line, opacity: 0.55 } }), clip: true },
        { type: "line", data: [[0.004, 0.004], [0.6, 0.6]], showSymbol: false, silent: true, lineStyle: { color: c.faint, type: "dashed", width: 1 } },
        ...list.map((curve) => {
          const { color, dash } = seriesStyle(curve.method);
          const chosen = curve.method === state.method;
          return { type: "line", name: model.methods[curve.method], data: curve.asked.map((asked, i) => [asked, Math.max(0.004, curve.seen[i]), curve.seen[i]]), symbolSize: chosen ? 8 : 6, symbol: "circle", lineStyle: { color, type: dash, width: chosen ? 3 : 1.5 }, itemStyle: { color }, emphasis: { disabled: true }, z: chosen ? 5 : 3 };
        }),
      ],
    };
  }

  const card = chartCard({
    id: "calibration", title: "False alarms: asked for and seen", option, height: () => 380,
    lead: () => {
      const curve = first();
      return curve ? `Thresholds set on ${count(curve.n_calibration)} ${words.clean} validation images, tried on ${count(curve.n)} ${words.clean} test images. On the dashed line the promise is kept to the letter; within the grey band chance explains the difference.${shownSentence(curves().length, all().length)}` : "";
    },
    csv: () => [["method", "run", "asked", "seen", "n_calibration", "n_test"], ...model.calibration.flatMap((curve) => curve.asked.map((asked, i) => [model.methods[curve.method], curve.run, asked, curve.seen[i], curve.n_calibration, curve.n]))],
  });
  state.on(["method", "run"], card.update);
  return card;
}
