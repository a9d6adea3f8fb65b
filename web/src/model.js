// A report's data with look-ups that its sections share: figures by detector and by type, which is a
// challenge or a class.
import { METRICS } from "./format.js";

export class Model {
  constructor(data) {
    Object.assign(this, data);
    this.byType = new Map(data.table.map((row) => [`${row.method} ${row.type}`, row]));
    this.typeNames = new Map(data.types.map((type) => [type.type, type.name]));
  }

  metricIndex(metric) { return this.metrics.indexOf(metric); }
  /// The mean over levels and runs; over all types where `type` is null.
  row(method, type) { return this.byType.get(`${method} ${type}`); }
  value(row, metric) { return row?.mean[this.metricIndex(metric)]; }
  deviation(row, metric) { return row?.deviation?.[this.metricIndex(metric)]; }
  /// [low, high] of a figure's AUROC, by resampling the test images; undefined where there is none.
  interval(row, metric = "auroc") { return metric === "auroc" ? row?.auroc_interval : undefined; }
  typeName(type) { return this.typeNames.get(type) ?? `type ${type}`; }

  bestMethod(metric) {
    const sign = METRICS[metric].good === 1 ? 1 : -1;
    return this.methods.map((_, i) => i).reduce((best, i) =>
      sign * (this.value(this.row(i, null), metric) ?? -Infinity) > sign * (this.value(this.row(best, null), metric) ?? -Infinity) ? i : best, 0);
  }
}
