// Histograms of clean and challenged scores, with a threshold to drag; what it does is told at once.
import { axis, chartCard, tip, tooltip } from "./chart.js";
import { fill, h, segmented } from "./dom.js";
import { count, number, percent } from "./format.js";
import { axisRange, axisTicks, bestStop, figures, histogram, initialStop, scales, scalesFor, stopAt, stopOfFalseAlarms } from "./scores.js";
import { colours } from "./theme.js";
import { words } from "./words.js";

const BINS = 60;
const GRID = { left: 44, right: 16, top: 26, bottom: 46 };

export function thresholdCard(model, state) {
  let scaleName = null;  // null: the one that suits
  let chosenScale = "linear";
  const listeners = [];
  const pair = () => model.scores.pair(state.method, state.run, state.type, state.level);
  let present = pair();
  let stop = present ? initialStop(present) : -1;

  const name = () => (scaleName ?? "linear") === "linear" ? "linear" : scalesFor(present.stops).stretched;
  const scaleChoice = segmented("Axis", [["linear", "Linear"], ["stretched", "Stretched"]], "linear", (value) => { scaleName = value; card.update(); });
  const handle = h("div.handle", { tabindex: 0, role: "slider", "aria-label": "Threshold", "aria-orientation": "horizontal" }, h("span.grip"));
  const plot = h("div.plot");  // takes the pointer where the bars are
  const readout = h("dl.readout", { "aria-live": "polite" });
  const value = () => (stop < 0 ? -Infinity : present.stops[stop]);

  function bars() {
    const scale = scales[chosenScale];
    const [low, high] = axisRange(present, scale, chosenScale);
    return { scale, low, high, clean: histogram(present.clean, present.stops, scale, low, high, BINS), challenged: histogram(present.challenged, present.stops, scale, low, high, BINS) };
  }

  /// A bar cut in two colours where the threshold goes through it: right is one kind, left the other.
  function option() {
    present = pair();
    if (!present) return null;
    if (scaleName === null) chosenScale = scalesFor(present.stops).suits;
    else chosenScale = name();
    scaleChoice.set(chosenScale === "linear" ? "linear" : "stretched");
    const c = colours();
    const { scale, low, high, clean, challenged } = bars();
    const most = Math.max(...clean, ...challenged) || 1;
    const ticks = axisTicks(chosenScale, low, high);
    const at = thresholdPosition(low, high) * BINS;
    const coloured = (shares, sign, wrong, right, wrongAbove) => Array.from(shares, (share, bin) => {
      const above = bin + 0.5 > at;
      return { value: sign * share, itemStyle: { color: above === wrongAbove ? wrong : right } };
    });
    const values = { type: "value", min: low, max: high, position: "bottom", name: `score: larger means further from the ${words.clean} images`, nameGap: 28 };
    return {
      grid: GRID,
      xAxis: [
        axis({ type: "category", data: Array.from({ length: BINS }, (_, i) => i), show: false }),
        axis({ ...values, gridIndex: 0, splitLine: { show: false }, axisLine: { show: true, onZero: false }, splitNumber: window.innerWidth < 560 ? 4 : 8, axisLabel: { formatter: (y) => tickText(scale.from(y)), ...(ticks && { customValues: ticks }) } }),
      ],
      yAxis: axis({ type: "value", min: -most * 1.05, max: most * 1.05, splitNumber: 4, axisLabel: { formatter: (y) => `${Math.abs(Math.round(1000 * y) / 10)}%`, showMinLabel: false, showMaxLabel: false } }),
      tooltip: tooltip({ trigger: "axis", axisPointer: { type: "none" }, formatter: ([first]) => {
        const bin = first.dataIndex;
        const edge = (i) => number(scale.from(low + ((high - low) * i) / BINS));
        return tip(`scores ${edge(bin)} to ${edge(bin + 1)}`, [[words.clean, percent(clean[bin])], [words.challenged, percent(challenged[bin])]]);
      } }),
      series: [
        { type: "bar", xAxisIndex: 0, stack: "all", barCategoryGap: "8%", data: coloured(clean, 1, c.clean, c.cleanSoft, true) },
        { type: "bar", xAxisIndex: 0, stack: "all", data: coloured(challenged, -1, c.challenged, c.challengedSoft, false) },
        { type: "line", xAxisIndex: 1, data: [], silent: true },
      ],
    };
  }

  const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const power = (p) => `10⁻${[...String(Math.round(-Math.log10(p)))].map((digit) => SUPERSCRIPTS[digit]).join("")}`;

  function tickText(x) {
    if (chosenScale === "logit" && x < 0.0009) return power(x);
    if (chosenScale === "logit" && x > 0.9991) return `1−${power(1 - x)}`;
    return plainText(x);
  }

  const plainText = (x) => String(Math.abs(x) < 1e-9 ? 0 : Math.abs(x) >= 1e5 ? x.toExponential(0) : Number(x.toPrecision(chosenScale === "logit" ? 4 : 3)));

  /// Within 0 and 1 along the axis.
  function thresholdPosition(low, high) {
    if (stop < 0) return 0;
    return Math.min(1, Math.max(0, (scales[chosenScale].to(value()) - low) / (high - low)));
  }

  function place() {
    if (!present) return;
    const [low, high] = axisRange(present, scales[chosenScale], chosenScale);
    const width = card.stage.clientWidth - GRID.left - GRID.right;
    handle.style.left = `${GRID.left + width * thresholdPosition(low, high)}px`;
    Object.assign(plot.style, { left: `${GRID.left}px`, right: `${GRID.right}px`, top: `${GRID.top}px`, bottom: `${GRID.bottom}px` });
  }

  function tell() {
    const f = figures(present, stop);
    const shown = stop < 0 ? "below all scores" : number(value(), 4);
    const item = (kind, label, figure, remark) => h(`div${kind}`, h("dt", label), h("dd", figure), h("dd.remark", remark));
    fill(readout,
      item("", "Threshold", shown, present.threshold !== null && value() === present.threshold ? "the detector’s own" : "chosen by you"),
      item("", "Balanced accuracy", percent(f.accuracy, 2), "mean of both rates"),
      item(".is-clean", "False alarms", percent(f.falseAlarmRate, 2), `${count(f.falseAlarms)} of ${count(present.clean.n)} ${words.clean}`),
      item(".is-challenged", "Missed", percent(f.missRate, 2), `${count(f.misses)} of ${count(present.challenged.n)} ${words.challenged}`));
    handle.setAttribute("aria-valuemin", "-1");
    handle.setAttribute("aria-valuemax", String(present.stops.length - 1));
    handle.setAttribute("aria-valuenow", String(stop));
    handle.setAttribute("aria-valuetext", `${shown}: ${percent(f.falseAlarmRate)} false alarms, ${percent(f.missRate)} missed`);
    listeners.forEach((listener) => listener());
  }

  let drawing = 0;
  function move(next) {
    const within = Math.max(-1, Math.min(present.stops.length - 1, next));
    if (within === stop) return;
    stop = within;
    place();
    tell();
    cancelAnimationFrame(drawing);
    drawing = requestAnimationFrame(() => card.chart()?.setOption({ series: option().series.slice(0, 2) }));
  }

  function moveToPointer(event) {
    const box = plot.getBoundingClientRect();
    const [low, high] = axisRange(present, scales[chosenScale], chosenScale);
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    move(share === 0 ? -1 : stopAt(present.stops, scales[chosenScale].from(low + share * (high - low)) + 1e-12));
  }

  for (const target of [plot, handle]) {
    target.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      target.setPointerCapture(event.pointerId);
      handle.focus({ preventScroll: true });
      if (target === plot) moveToPointer(event);
    });
    target.addEventListener("pointermove", (event) => { if (target.hasPointerCapture(event.pointerId)) moveToPointer(event); });
  }
  handle.addEventListener("keydown", (event) => {
    const far = Math.max(1, Math.round(present.stops.length / 20));
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: far, PageDown: -far, Home: -Infinity, End: Infinity };
    if (!(event.key in steps)) return;
    event.preventDefault();
    move(stop + steps[event.key] * (event.shiftKey ? 10 : 1));
  });

  const preset = (text, of) => h("button", { type: "button", onclick: () => move(of(present)) }, text);
  const presets = h("div.presets", { role: "group", "aria-label": "Thresholds to try" },
    preset("detector’s own", initialStop), preset("1 % false alarms", (p) => stopOfFalseAlarms(p, 0.01)),
    preset("5 % false alarms", (p) => stopOfFalseAlarms(p, 0.05)), preset("most accurate", bestStop));

  const card = chartCard({
    id: "threshold", title: `Scores of ${words.clean} and ${words.challenged} images`, controls: [scaleChoice.element], option,
    lead: () => [`${model.methods[state.method]}, `, h("b.is-clean", `${words.clean} images`), " above the line against ", h("b.is-challenged", model.conditionName(state.type, state.level)),
      ` below it. Strong colours are mistakes: ${words.clean} images to the right of the threshold are false alarms, ${words.challenged} ones to its left are missed. Drag the threshold, or press the arrow keys on it.`],
    height: () => (window.innerWidth < 560 ? 280 : 340),
    csv: () => [["threshold", "false_alarm_rate", "miss_rate", "balanced_accuracy"], ...Array.from(present.stops, (stopValue, i) => {
      const f = figures(present, i);
      return [stopValue, f.falseAlarmRate, f.missRate, f.accuracy];
    })],
    onresize: place,
  });
  card.stage.append(plot, handle);
  card.stage.after(readout, presets);

  function update() {
    const before = present;
    present = pair();
    const there = present !== null;
    for (const element of [plot, handle, readout, presets]) element.hidden = !there;
    if (there) {
      // Another detector has other scores; within one, the reader's threshold stays.
      if (!before || before.stops !== present.stops) stop = initialStop(present);
      tell();
    }
    card.update();
    if (there) place();
  }
  state.on(["method", "run"], () => { scaleName = null; });
  state.on(["method", "type", "level", "run"], update);
  return {
    ...card, update,
    onMove: (listener) => listeners.push(listener),
    current: () => (present ? { stop, threshold: value(), pair: present, ...figures(present, stop) } : null),
    moveTo: move,
  };
}
