// Every image's scores, as the report carries them: for each detector a list of thresholds (stops), and
// for each condition how many images score up to each. An image is called clean where its score is at
// most the threshold; at the stops all rates are exact.

function bytes(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

export function decodeStops(base64) {
  const raw = bytes(base64);
  const view = new DataView(raw.buffer);
  return Float64Array.from({ length: raw.length / 8 }, (_, i) => view.getFloat64(8 * i, true));
}

/// LEB128 numbers, summed up from stop to stop.
export function decodeCumulative(base64, length) {
  const sums = new Float64Array(length);
  let at = 0, value = 0, scale = 1, sum = 0;
  for (const byte of bytes(base64)) {
    value += (byte & 127) * scale;
    scale *= 128;
    if (byte < 128) {
      sum += value;
      if (at < length) sums[at++] = sum;
      value = 0;
      scale = 1;
    }
  }
  return sums;
}

export class Scores {
  constructor(curves) {
    this.detectors = curves.map((curve) => {
      const stops = decodeStops(curve.stops);
      return { ...curve, stops, series: curve.series.map((series) => ({ ...series, cumulative: decodeCumulative(series.counts, stops.length) })) };
    });
  }

  detector(method, run) {
    return this.detectors.find((detector) => detector.method === method && detector.run === run) ?? null;
  }

  /// Runs that a detector has scores of.
  runs(method) {
    return this.detectors.filter((detector) => detector.method === method).map((detector) => detector.run);
  }

  /// Clean scores against those of a condition; "all" pools types or levels. Null where there are none.
  pair(method, run, type, level) {
    return pairOf(this.detector(method, run), type, level);
  }
}

/// Of detectors that know a class each, which stands in the place of a type.
export class ClassScores extends Scores {
  pair(method, run, type) {
    const detector = this.detectors.find((entry) => entry.method === method && entry.run === run && entry.type === type);
    return pairOf(detector, "all", "all");
  }
}

function pairOf(detector, type, level) {
  const clean = detector?.series.find((series) => series.type === -1);
  const chosen = detector?.series.filter((series) => series.type !== -1 &&
    (type === "all" || series.type === type) && (level === "all" || series.level === level));
  if (!clean || !chosen.length) return null;
  const outside = new Float64Array(detector.stops.length);
  let n = 0;
  for (const series of chosen) {
    n += series.n;
    for (let i = 0; i < outside.length; ++i) outside[i] += series.cumulative[i];
  }
  return { stops: detector.stops, threshold: detector.threshold, pooled: chosen.length > 1, clean: { n: clean.n, cumulative: clean.cumulative }, challenged: { n, cumulative: outside } };
}

/// What a threshold does; `stop` -1 lies below every score.
export function figures(pair, stop) {
  const passed = (list) => (stop < 0 ? 0 : list.cumulative[stop]);
  const falseAlarms = pair.clean.n - passed(pair.clean);
  const misses = passed(pair.challenged);
  return {
    falseAlarms, misses,
    falseAlarmRate: falseAlarms / pair.clean.n,
    missRate: misses / pair.challenged.n,
    accuracy: (passed(pair.clean) / pair.clean.n + 1 - misses / pair.challenged.n) / 2,
  };
}

/// The last stop that is at most `value`.
export function stopAt(stops, value) {
  let low = -1, high = stops.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (stops[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/// The lowest stop with at most this rate of false alarms.
export function stopOfFalseAlarms(pair, rate) {
  for (let i = 0; i < pair.stops.length; ++i) {
    if (pair.clean.n - pair.clean.cumulative[i] <= rate * pair.clean.n) return i;
  }
  return pair.stops.length - 1;
}

export function bestStop(pair) {
  let best = -1, most = -1;
  for (let i = -1; i < pair.stops.length; ++i) {
    const { accuracy } = figures(pair, i);
    if (accuracy > most + 1e-12) [best, most] = [i, accuracy];
  }
  return best;
}

/// The detector's own threshold where it is known, else the one with 5 % false alarms.
export function initialStop(pair) {
  return pair.threshold === null ? stopOfFalseAlarms(pair, 0.05) : stopAt(pair.stops, pair.threshold);
}

/// [false alarm rate, detection rate, stop], from (0, 0) to (1, 1).
export function rocPoints(pair) {
  const points = [];
  for (let i = pair.stops.length - 1; i >= -1; --i) {
    const f = figures(pair, i);
    const last = points[points.length - 1];
    if (!last || last[0] !== f.falseAlarmRate || last[1] !== 1 - f.missRate) points.push([f.falseAlarmRate, 1 - f.missRate, i]);
  }
  return points;
}

export function areaUnder(points) {
  let area = 0;
  for (let i = 1; i < points.length; ++i) area += (points[i][0] - points[i - 1][0]) * (points[i][1] + points[i - 1][1]) / 2;
  return area;
}

/// Share of alarms that are right. Where conditions are pooled, as if there were as many clean images
/// as challenged ones: the pool's size is no property of the detector.
export function precision(pair, f) {
  const found = 1 - f.missRate;
  const alarms = pair.pooled ? f.falseAlarmRate : f.falseAlarms / pair.challenged.n;
  return found + alarms > 0 ? found / (found + alarms) : null;
}

/// [recall, precision, stop] with challenged images as the ones to find.
export function precisionPoints(pair) {
  const points = [];
  for (let i = pair.stops.length - 1; i >= -1; --i) {
    const f = figures(pair, i);
    const share = precision(pair, f);
    if (share !== null) points.push([1 - f.missRate, share, i]);
  }
  return points;
}

/// The precision that guessing has.
export const baseRate = (pair) => (pair.pooled ? 0.5 : pair.challenged.n / (pair.challenged.n + pair.clean.n));

// Scales of a histogram's axis.

// Nearer to 0 and 1 than this there is nothing to see.
const LOGIT_EDGE = 1e-12;

export const scales = {
  linear: { name: "Linear", to: (x) => x, from: (y) => y },
  logit: {
    name: "Stretched",
    to: (x) => { const p = Math.min(1 - LOGIT_EDGE, Math.max(LOGIT_EDGE, x)); return Math.log(p / (1 - p)); },
    from: (y) => 1 / (1 + Math.exp(-y)),
  },
  log: { name: "Stretched", to: (x) => Math.sign(x) * Math.log10(1 + Math.abs(x)), from: (y) => Math.sign(y) * (10 ** Math.abs(y) - 1) },
};

/// The scale that suits a detector's scores, and the one that stretches crowded ends.
export function scalesFor(stops) {
  const inUnit = stops[0] >= 0 && stops[stops.length - 1] <= 1;
  const stretched = inUnit ? "logit" : "log";
  const at = (share) => stops[Math.floor(share * (stops.length - 1))];
  const crowded = inUnit ? at(0.25) < 0.02 || at(0.75) > 0.98 : at(0.98) - at(0) > 12 * (at(0.5) - at(0));
  return { stretched, suits: crowded ? stretched : "linear" };
}

/// Shares of the images by bin, over [low, high] on the scale. Between stops that are quantiles of many
/// scores, images are spread evenly.
export function histogram(list, stops, scale, low, high, bins) {
  const shares = new Float64Array(bins);
  const width = (high - low) / bins;
  const place = (y) => Math.min(bins - 1, Math.max(0, Math.floor((y - low) / width)));
  const spread = list.n > stops.length && stops.length >= 60;
  for (let i = 0; i < stops.length; ++i) {
    const count = list.cumulative[i] - (i ? list.cumulative[i - 1] : 0);
    if (!count) continue;
    const to = scale.to(stops[i]);
    const from = spread && i ? Math.max(low, scale.to(stops[i - 1])) : to;
    const first = place(from), last = place(to);
    if (first === last) {
      shares[last] += count / list.n;
      continue;
    }
    for (let bin = first; bin <= last; ++bin) {
      const overlap = Math.min(to, low + (bin + 1) * width) - Math.max(from, low + bin * width);
      shares[bin] += (Math.max(0, overlap) / (to - from)) * (count / list.n);
    }
  }
  return shares;
}

export function axisRange(pair, scale, name) {
  const { stops } = pair;
  const pick = (share) => stops[Math.min(stops.length - 1, Math.max(0, Math.round(share * (stops.length - 1))))];
  if (name === "logit") {
    // A whole power of ten that leaves few scores outside, the same on both sides.
    const edge = Math.min(1e-2, Math.max(LOGIT_EDGE, Math.min(pick(0.03), 1 - pick(0.97))));
    const half = -scale.to(10 ** Math.floor(Math.log10(edge)));
    return [-half, half];
  }
  if (name === "linear" && stops[0] >= 0 && stops[stops.length - 1] <= 1 && stops[0] < 0.2 && stops[stops.length - 1] > 0.8) return [0, 1];
  const low = scale.to(pick(0)), high = scale.to(name === "linear" ? pick(0.995) : pick(1));
  return high > low ? [low, high] : [low - 0.5, low + 0.5];
}

export function axisTicks(name, low, high) {
  if (name === "logit") {
    const ticks = [0];
    for (let power = -1; power >= -12; --power) ticks.push(scales.logit.to(10 ** power), -scales.logit.to(10 ** power));
    const every = Math.ceil(high / 14);
    return ticks.sort((a, b) => a - b).filter((tick, i) => tick >= low - 1e-6 && tick <= high + 1e-6 && (Math.abs(i - 12) % every === 0));
  }
  if (name === "log") {
    const ticks = [];
    for (let power = -6; power <= 12; ++power) for (const sign of [-1, 1]) ticks.push(scales.log.to(sign * 10 ** power));
    ticks.push(0);
    return ticks.sort((a, b) => a - b).filter((tick) => tick >= low && tick <= high && (tick === 0 || Math.abs(tick) > 0.04 * (high - low)));
  }
  return null;
}
