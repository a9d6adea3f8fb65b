// Small photographs of drawn scenes, and one of noise, as PNG files.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { random } from "./small_run.mjs";

const WIDTH = 168, HEIGHT = 112;

const TABLE = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; ++k) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});
const crc = (bytes) => (bytes.reduce((c, byte) => TABLE[(c ^ byte) & 255] ^ (c >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0;

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc(body), out.length - 4);
  return out;
}

/// `colour(x, y, c)` gives a value from 0 to 255.
function png(colour) {
  const rows = Buffer.alloc(HEIGHT * (1 + 3 * WIDTH));
  for (let y = 0; y < HEIGHT; ++y)
    for (let x = 0; x < WIDTH; ++x)
      for (let c = 0; c < 3; ++c) rows[y * (1 + 3 * WIDTH) + 1 + 3 * x + c] = Math.max(0, Math.min(255, colour(x, y, c)));
  const head = Buffer.alloc(13);
  head.writeUInt32BE(WIDTH, 0);
  head.writeUInt32BE(HEIGHT, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/// Waves of light, boxes with edges, and a little of a sensor's noise.
export function photograph(seed) {
  const next = random(seed);
  const waves = Array.from({ length: 4 }, () => [next() * 0.08, next() * 0.08, next() * 6.3, 15 + 25 * next()]);
  const base = [0, 1, 2].map(() => 80 + 90 * next());
  const boxes = Array.from({ length: 6 }, () => [next() * WIDTH, next() * HEIGHT, 10 + next() * 40, 8 + next() * 30, 100 * (next() - 0.5)]);
  return png((x, y, c) => {
    let value = base[c] + 6 * (next() - 0.5);
    for (const [fx, fy, phase, height] of waves) value += height * Math.sin(fx * x + fy * y + phase + c);
    for (const [left, top, width, height, light] of boxes) if (x > left && x < left + width && y > top && y < top + height) value += light;
    return value;
  });
}

export function noise(seed) {
  const next = random(seed);
  return png(() => 255 * next());
}

export function writePhotographs(folder, count) {
  for (let i = 0; i < count; ++i) writeFileSync(join(folder, `${String(i).padStart(3, "0")}.png`), photograph(i + 1));
}
