// Scores of the last minutes as a line, with the threshold: small enough that a page has dozens.
import { h } from "../dom.js";
import { colours, onThemeChange } from "../theme.js";

const SPAN = 5 * 60 * 1000;

function scale(points, threshold) {
  const scores = points.map(([, score]) => score);
  let low = Math.min(...scores, threshold ?? Infinity);
  let high = Math.max(...scores, threshold ?? -Infinity);
  if (!Number.isFinite(low)) [low, high] = [0, 1];
  const room = (high - low || 1) * 0.12;
  return [low - room, high + room];
}

/// `draw(points, threshold, now)` draws anew.
export function sparkline(label) {
  const canvas = h("canvas.spark", { role: "img", "aria-label": label });
  let last = null;

  function draw(points, threshold, now) {
    last = [points, threshold, now];
    const width = canvas.clientWidth, height = canvas.clientHeight, ratio = window.devicePixelRatio || 1;
    if (!width || !height) return;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const c = colours();
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const recent = points.filter(([ms]) => ms > now - SPAN);
    const [low, high] = scale(recent, threshold);
    const x = (ms) => width - ((now - ms) / SPAN) * width;
    const y = (score) => height - ((score - low) / (high - low)) * height;
    if (threshold !== undefined) {
      pen.strokeStyle = c.faint;
      pen.setLineDash([4, 4]);
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(0, y(threshold));
      pen.lineTo(width, y(threshold));
      pen.stroke();
      pen.setLineDash([]);
    }
    pen.lineJoin = "round";
    pen.lineWidth = 1.6;
    // Piece by piece, as the colour says which scores are over the threshold.
    for (let i = 1; i < recent.length; ++i) {
      const [a, b] = [recent[i - 1], recent[i]];
      if (b[0] - a[0] > 10000) continue;
      pen.strokeStyle = a[3] && b[3] ? c.challenged : c.clean;
      pen.beginPath();
      pen.moveTo(x(a[0]), y(a[1]));
      pen.lineTo(x(b[0]), y(b[1]));
      pen.stroke();
    }
    for (const [ms, score, , out] of recent) {
      if (!out) continue;
      pen.fillStyle = c.challenged;
      pen.beginPath();
      pen.arc(x(ms), y(score), 1.8, 0, 7);
      pen.fill();
    }
  }
  const again = () => { if (last) draw(...last); };
  onThemeChange(again);
  new ResizeObserver(again).observe(canvas);
  return { element: canvas, draw };
}
