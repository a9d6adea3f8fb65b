// Loss by epoch.
import { axis, chartCard, lineLegend, tip, tooltip } from "./chart.js";
import { segmented } from "./dom.js";
import { number, tick } from "./format.js";
import { colours } from "./theme.js";

const PARTS = [["loss", "Loss"], ["bce", "Reconstruction"], ["error", "Reconstruction"], ["cosine", "Alignment"], ["kld", "Latent"]];

export function trainingCard(model, state) {
  const log = () => model.trainingLog(state);
  let part = "loss";
  const has = (name) => model.training.some((run) => run.columns[`train_${name}`] || run.columns[`validation_${name}`]);
  const parts = PARTS.filter(([key]) => has(key));
  const chooser = parts.length > 1 ? segmented("Part of the loss", parts, part, (value) => { part = value; card.update(); }) : null;

  const best = ({ columns }) => {
    const losses = columns.validation_loss ?? [];
    return losses.reduce((at, value, i) => (value !== null && (at < 0 || value < losses[at]) ? i : at), -1);
  };

  function option() {
    const run = log();
    if (!parts.length || !run?.columns.epoch?.length) return null;
    const c = colours();
    const line = (name, column, color, dash) => {
      const values = run.columns[column];
      return values && { type: "line", name, data: run.columns.epoch.map((epoch, i) => [epoch, values[i]]), showSymbol: values.length < 2, symbolSize: 6, lineStyle: { color, width: 2, type: dash }, itemStyle: { color }, emphasis: { disabled: true } };
    };
    const at = run.columns[`validation_${part}`] ? best(run) : -1;
    // Without the first epochs, which dwarf all others.
    const tail = ["train", "validation"].flatMap((set) => (run.columns[`${set}_${part}`] ?? []).slice(Math.min(3, Math.floor(run.columns.epoch.length / 4)))).filter((v) => v !== null);
    const low = Math.min(...tail), high = Math.max(...tail);
    const lowest = (from, to) => { const below = from - 0.08 * (to - from); return from >= 0 ? Math.max(0, below) : below; };
    return {
      grid: { left: 64, right: 16, top: 34, bottom: 40 },
      legend: lineLegend([["training images", "solid"], ["validation images", "dashed"]], { top: 0, left: 0 }),
      xAxis: axis({ type: "value", name: "epoch", nameGap: 24, min: run.columns.epoch[0], max: run.columns.epoch[run.columns.epoch.length - 1], minInterval: 1, splitLine: { show: false } }),
      yAxis: axis({ type: "value", min: tail.length ? lowest(low, high) : undefined, max: tail.length && high > low ? high + 0.05 * (high - low) : undefined, axisLabel: { formatter: tick, showMinLabel: false, showMaxLabel: false } }),
      tooltip: tooltip({ trigger: "axis", axisPointer: { type: "line", lineStyle: { color: c.faint } }, formatter: (items) => tip(`epoch ${items[0].data[0]}`, items.filter((item) => item.seriesName !== "best").map((item) => [item.seriesName, number(item.data[1])])) }),
      series: [
        line("training images", `train_${part}`, c.clean, "solid"), line("validation images", `validation_${part}`, c.challenged, "dashed"),
        at >= 0 && { type: "scatter", name: "best", data: [[run.columns.epoch[at], run.columns[`validation_${part}`][at]]], symbolSize: 11, itemStyle: { color: c.paper, borderColor: c.challenged, borderWidth: 2.5 }, z: 5 },
      ].filter(Boolean),
    };
  }

  const card = chartCard({
    id: "training", title: "Training curves", controls: chooser ? [chooser.element] : null, option, height: () => 300,
    lead: () => {
      const run = log();
      if (!run) return "";
      const at = best(run);
      const epochs = run.columns.epoch?.length ?? 0;
      if (at < 0) return "";
      const last = run.columns.epoch[epochs - 1];
      return `The loss on validation images, which the model never learns from, is least after epoch ${run.columns.epoch[at]} of ${last}; those weights were kept.` + (at === epochs - 1 && epochs > 1 ? " It was still falling at the end: more epochs may help." : "");
    },
    csv: () => {
      const names = [...new Set(model.training.flatMap((run) => Object.keys(run.columns)))];
      return [["run", "class", ...names], ...model.training.flatMap((run) => (run.columns.epoch ?? []).map((_, i) => [run.run, run.type ?? "", ...names.map((name) => run.columns[name]?.[i])]))];
    },
  });
  state.on(["run", "type"], card.update);
  return card;
}
