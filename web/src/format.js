// Numbers for people. A narrow space stands before the percent sign.
import { words } from "./words.js";

const THIN = "\u202f";

export const percent = (share, digits = 1) => share === null || share === undefined || Number.isNaN(share)
  ? "–" : `${(100 * share).toFixed(digits)}${THIN}%`;

/// Three significant digits or so, without exponents where they are not needed.
export function number(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(digits - 1).replace("e+", "e");
  if (size >= 100) return value.toFixed(size >= 1000 ? 0 : 1);
  return value.toFixed(size >= 10 ? Math.max(0, digits - 2) : digits);
}

/// A mark of an axis.
export const tick = (value) => (Math.abs(value) >= 1e6 ? value.toExponential(1) : String(Number(value.toPrecision(4))));

/// 12 345
export const count = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, THIN);

export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

export function duration(seconds) {
  if (seconds < 1) return "under 1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/// 2026-11-25T02:29:00Z as "25 November 2026, 02:29 UTC".
export function time(iso) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return String(iso);
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  return `${day}, ${date.toISOString().slice(11, 16)} UTC`;
}

/// What people call a metric, how it is read, and which way is good.
export const METRICS = {
  accuracy: { name: "Balanced accuracy", short: "Accuracy", percent: true, good: 1, chance: 0.5,
    get says() { return `the mean share of right decisions on ${words.clean} and on ${words.challenged} images, at the detector’s own threshold; guessing gives 50 %`; } },
  auroc: { name: "AUROC", short: "AUROC", good: 1, chance: 0.5,
    get says() { return `the chance that one of the ${words.challenged} images scores higher than one of the ${words.clean} ones; guessing gives 0.5, a perfect detector 1`; } },
  aupr_in: { get name() { return `AUPR, ${words.clean} as positive`; }, short: "AUPR in", good: 1, chance: 0.5,
    get says() { return `the mean precision when ${words.clean} images are the ones to find; more is better`; } },
  aupr_out: { get name() { return `AUPR, ${words.challenged} as positive`; }, short: "AUPR out", good: 1, chance: 0.5,
    get says() { return `the mean precision when ${words.challenged} images are the ones to find; more is better`; } },
  fpr95_in_positive: { get name() { return `Missed when 95 % of the ${words.clean} pass`; }, short: "Missed at 95 %", percent: true, good: 0, chance: 0.95,
    get says() { return `FPR95 with ${words.clean} as positive: the share of ${words.challenged} images taken for ${words.clean} at a threshold that 95 % of the ${words.clean} ones pass; less is better`; } },
  fpr95_ood_positive: { name: "False alarms when 95 % are found", short: "Alarms at 95 %", percent: true, good: 0, chance: 0.95,
    get says() { return `FPR95 with ${words.challenged} as positive: the share of ${words.clean} images taken for ${words.challenged} at a threshold that finds 95 % of the ${words.challenged} ones; less is better`; } },
  detection_error: { name: "Detection error", short: "Error", percent: true, good: 0, chance: 0.5,
    says: "the least mean of false alarms and misses over all thresholds; guessing gives 50 %" },
};

export function metricValue(metric, value) {
  if (value === null || value === undefined) return "–";
  return METRICS[metric]?.percent ? (100 * value).toFixed(1) : value.toFixed(3);
}
