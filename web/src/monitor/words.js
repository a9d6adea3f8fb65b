// Numbers and times as people read them.

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
export const whole = (value) => NUMBER.format(value);

/// Four digits, whatever the size.
export function figure(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(1).replace("e", " e").replace("e+", "e");
  return String(Number(value.toPrecision(size >= 1000 ? 5 : 3)));
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
export const clock = (ms) => CLOCK.format(ms);
export const dayAndClock = (ms) => `${DAY.format(ms)}, ${CLOCK.format(ms)}`;

export function duration(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

export const plural = (n, word) => `${whole(n)} ${word}${n === 1 ? "" : "s"}`;

const KINDS = { frames: "Frames", drift: "Drift", silent: "Silence" };
export const kindName = (kind) => KINDS[kind] ?? kind;

/// What an alarm is of, in a few words.
export function alarmText(alarm) {
  if (alarm.kind === "silent") return "no frames come";
  if (alarm.kind === "drift") return "the scores have drifted";
  return alarm.cause && alarm.cause !== "unknown" ? alarm.cause : "out of distribution, cause unknown";
}
