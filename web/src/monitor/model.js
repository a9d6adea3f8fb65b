// What the page knows of cameras and alarms, kept bounded however long it stays open.

const MOST_POINTS = 900;  // seconds
const MOST_DRIFT = 200;
const MOST_ALARMS = 500;

const newCamera = (name) => ({ name, status: null, newest: null, points: [], drift: [] });

/// A second's points are one, with the highest score.
function addPoint(points, [ms, score, pValue, out]) {
  const last = points[points.length - 1];
  if (last && Math.floor(last[0] / 1000) === Math.floor(ms / 1000)) {
    if (score > last[1]) [last[1], last[2]] = [score, pValue];
    last[3] ||= out;
    return;
  }
  points.push([ms, score, pValue, out]);
  if (points.length > MOST_POINTS) points.shift();
}

export class Model {
  constructor() {
    this.cameras = new Map();
    this.alarms = new Map();
    this.health = { ready: true, trouble: "" };
    this.offset = 0;  // of the server's clock to ours, ms
  }

  now() { return Date.now() + this.offset; }

  camera(name) {
    if (!this.cameras.has(name)) this.cameras.set(name, newCamera(name));
    return this.cameras.get(name);
  }

  /// True where cameras came or went.
  takeState({ now, cameras, health }) {
    this.offset = now - Date.now();
    this.health = health;
    const names = cameras.map(({ name }) => name);
    const changed = names.length !== this.cameras.size || names.some((name) => !this.cameras.has(name));
    for (const name of [...this.cameras.keys()]) if (!names.includes(name)) this.cameras.delete(name);
    for (const status of cameras) {
      const camera = this.camera(status.name);
      camera.status = status;
      camera.newest ??= status.newest;
      const last = camera.drift[camera.drift.length - 1];
      if (status.drift_windows > 0 && last?.[1] !== status.drift_windows) {
        camera.drift.push([now, status.drift_windows, status.drift_p_value]);
        if (camera.drift.length > MOST_DRIFT) camera.drift.shift();
      }
    }
    return changed;
  }

  takeHistory(history) {
    for (const [name, { scores, drift }] of Object.entries(history)) {
      if (!this.cameras.has(name)) continue;
      const camera = this.camera(name);
      const last = scores[scores.length - 1]?.[0] ?? -Infinity;
      camera.points = [...scores, ...camera.points.filter(([ms]) => ms > last)].slice(-MOST_POINTS);
      camera.drift = drift.slice(-MOST_DRIFT);
    }
  }

  takeVerdicts(rows) {
    for (const row of rows) {
      if (!this.cameras.has(row.camera)) continue;
      const camera = this.camera(row.camera);
      camera.newest = row;
      if (row.frames > 0) addPoint(camera.points, [row.ms, row.highest_score, row.p_value ?? 1, row.any_out_of_distribution]);
    }
  }

  takeAlarm(alarm) {
    this.alarms.set(alarm.id, alarm);
    if (this.alarms.size > MOST_ALARMS) {
      const oldest = this.sortedAlarms().pop();
      this.alarms.delete(oldest.id);
    }
  }

  takeAlarms(alarms) {
    for (const alarm of alarms) this.takeAlarm(alarm);
  }

  /// The newest first.
  sortedAlarms() {
    return [...this.alarms.values()].sort((a, b) => Date.parse(b.raised) - Date.parse(a.raised));
  }

  openAlarms(camera) {
    return this.sortedAlarms().filter((alarm) => !alarm.cleared && (camera === undefined || alarm.camera === camera));
  }

  /// "alarm", "lost", "out", "clean" or "waiting", with a few words for it.
  verdictOf(camera) {
    const open = this.openAlarms(camera.name);
    const words = (alarm) => (alarm.kind === "silent" ? "silent" : alarm.kind === "drift" ? "drift" : alarm.cause && alarm.cause !== "unknown" ? alarm.cause : "alarm");
    if (open.length) return ["alarm", open.map(words).filter((word, i, all) => all.indexOf(word) === i).join(", ")];
    if (camera.status && !camera.status.connected) return ["lost", "no input"];
    if (!camera.newest) return ["waiting", "waiting"];
    if (camera.newest.failure) return ["lost", "unreadable frame"];
    return camera.newest.out_of_distribution ? ["out", "out of distribution"] : ["clean", "clean"];
  }
}
