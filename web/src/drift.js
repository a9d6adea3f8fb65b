// A stream that gets worse, replayed: when does the detector notice?
import { axis, chartCard, tip, tooltip } from "./chart.js";
import { number, percent, plural } from "./format.js";
import { colours } from "./theme.js";

const LEAST = 1e-16;  // smaller p-values are drawn here

export function driftCard(model, state) {
  /// Of all challenges: the first.
  const curves = model.drift.curves.map((curve) => {
    const alarms = new Set(curve.drifted);
    return { ...model.drift.streams[curve.stream], ...curve, drifted: curve.p_value.map((_, i) => alarms.has(i)) };
  });
  const type = () => (state.type === "all" ? curves[0].type : state.type);
  const curve = () => curves.find((entry) => entry.method === state.method && entry.type === type());
  const part = (entry, image) => [...entry.begins].reverse().find((begin) => image > begin.image);
  const partName = ({ level }) => (level === 0 ? "clean" : model.levels_averaged ? "challenged" : `level ${level}`);

  function option() {
    const entry = curve();
    if (!entry) return null;
    const c = colours();
    const last = entry.image[entry.image.length - 1];
    const points = entry.image.map((image, i) => ({ value: [image, Math.max(LEAST, entry.p_value[i])], symbol: entry.drifted[i] ? "circle" : "emptyCircle", itemStyle: { color: entry.drifted[i] ? c.challenged : c.clean } }));
    return {
      grid: { left: 60, right: 16, top: 30, bottom: 44 },
      xAxis: axis({ type: "value", min: 0, max: last, name: "images of the stream", nameGap: 26, splitLine: { show: false } }),
      yAxis: axis({ type: "log", min: LEAST, max: 1, name: "chance of a clean window so odd", nameGap: 44, nameRotate: 90, axisLabel: { formatter: (v) => (v === 1 ? "1" : v.toExponential(0)) }, splitNumber: 4 }),
      tooltip: tooltip({ trigger: "item", formatter: ({ data }) => {
        const i = entry.image.indexOf(data.value[0]);
        return tip(`images ${data.value[0] - entry.window + 1} to ${data.value[0]}`, [["part", partName(part(entry, data.value[0]))], ["p-value", number(entry.p_value[i])], ["alarm below", number(entry.allowed[i])], ["verdict", entry.drifted[i] ? "drift" : "still clean"]]);
      } }),
      series: [
        { type: "custom", name: "parts", silent: true, z: 1, data: entry.begins.map((begin, i) => [begin.image, entry.begins[i + 1]?.image ?? last, i]), encode: { x: [0, 1] }, clip: false,
          renderItem: (params, api) => {
            const [x1, top] = api.coord([api.value(0), 1]);
            const [x2, bottom] = api.coord([api.value(1), LEAST]);
            const i = api.value(2);
            return { type: "group", children: [
              { type: "rect", shape: { x: x1, y: top, width: x2 - x1, height: bottom - top }, style: { fill: i % 2 ? "transparent" : c.line, opacity: 0.4 } },
              { type: "text", style: { text: partName(entry.begins[i]), x: (x1 + x2) / 2, y: top - 16, align: "center", fill: c.muted, font: `12px ${c.font}` } },
            ] };
          } },
        { type: "line", name: "alarm", data: entry.image.map((image, i) => [image, entry.allowed[i]]), showSymbol: false, silent: true, lineStyle: { color: c.ink, width: 1.5, type: "dashed" }, z: 3 },
        { type: "line", name: "windows", data: points, symbolSize: 8, lineStyle: { color: c.muted, width: 1 }, emphasis: { disabled: true }, z: 4 },
      ],
    };
  }

  function lead() {
    const entry = curve();
    if (!entry) return "";
    const first = entry.drifted.indexOf(true);
    const when = first < 0 ? "It never raises an alarm."
      : part(entry, entry.image[first]).level === 0 ? "It raises an alarm while the images are still clean."
      : `It raises its first alarm at ${partName(part(entry, entry.image[first]))}, after ${plural(entry.image[first] - entry.begins[1].image, "challenged image")}.`;
    return `${model.methods[state.method]}, ${model.typeName(type())}: the clean test images come first, then the same challenged, level by level, each time in random order. Each mark is a window of ${entry.window} images compared with the clean ones; below the dashed line it is called a drift, which happens to a clean stream with a probability of at most ${percent(entry.false_alarms, 0)}, however long it is. ${when}`;
  }

  const card = chartCard({
    id: "drift", title: "Drift of a stream", option, lead, height: () => 340,
    csv: () => [["method", "type", "images", "p_value", "allowed", "drifted"], ...curves.flatMap((entry) => entry.image.map((image, i) => [model.methods[entry.method], model.typeName(entry.type), image, entry.p_value[i], entry.allowed[i], entry.drifted[i]]))],
  });
  state.on(["method", "type"], card.update);
  return card;
}
