// Small runs to make reports of: real experiments on a tree of drawn pictures, and a benchmark.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SIDE = 32;

/// The same numbers every time (mulberry32).
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/// A disc of random colour and place, as a BMP file.
export function picture(seed, side = SIDE) {
  const next = random(seed);
  const colour = [next(), next(), next()].map((x) => 255 * x);
  const [cx, cy] = [10 + 12 * next(), 10 + 12 * next()];
  const file = Buffer.alloc(54 + 3 * side * side);
  file.write("BM", 0, "latin1");
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(side, 18);
  file.writeInt32LE(side, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  for (let i = 0; i < side * side; ++i) {
    const inside = (i % side - cx) ** 2 + (Math.floor(i / side) - cy) ** 2 < 64;
    for (let c = 0; c < 3; ++c) {
      file[54 + 3 * i + c] = Math.max(0, Math.min(255, (inside ? colour[c] : 90) + 16 * (next() - 0.5)));
    }
  }
  return file;
}

export const gradspace = (...args) => execFileSync(process.env.GRADSPACE_COMMAND, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/// Clean images in CURE-TSR's layout.
function makeTree(folder) {
  const sets = { train: 60, val: 120, test: 120 };
  let seed = 0;
  for (const [set, count] of Object.entries(sets)) {
    const place = join(folder, "tree/RealChallengeFree", set);
    mkdirSync(place, { recursive: true });
    for (let i = 0; i < count; ++i) {
      writeFileSync(join(place, `01_01_00_00_00_00_${String(i).padStart(4, "0")}.bmp`), picture(++seed));
    }
  }
}

const OF_BOTH = ["--epochs", "4", "--classifier-epochs", "8", "--challenges", "noise,rain", "--levels", "1,3", "--quiet"];

/// Runs the paper's experiment on two types and two levels; returns the results' folder.
export function smallExperiment(folder) {
  makeTree(folder);
  const out = join(folder, "small-run");
  gradspace("experiment", "ood", "--data", join(folder, "tree"), "--out", out, ...OF_BOTH);
  return out;
}

/// The same with two one-class detectors, on the tree that is there.
export function smallOneClass(folder) {
  const out = join(folder, "small-one-class");
  gradspace("experiment", "one-class", "--data", join(folder, "tree"), "--out", out, "--methods", "gradient-norm-density,image-statistics", "--false-alarms", "0.05", ...OF_BOTH);
  return out;
}

/// One row an image, by the header's names; no field of ours needs quotes here.
export function readCsv(path) {
  const [header, ...lines] = readFileSync(path, "utf8").trim().split("\n").map((line) => line.split(","));
  return lines.map((line) => Object.fromEntries(header.map((name, i) => [name, line[i]])));
}

/// Holds metrics against made-up opinions: 60 pairs of three types, and one whose image is missing.
export function smallBenchmark(folder, name = "small-benchmark", metrics = "gradient,psnr") {
  const database = join(folder, "database");
  mkdirSync(database, { recursive: true });
  writeFileSync(join(database, "reference.bmp"), picture(1, 64));
  const next = random(5);
  const types = ["blur", "noise", "<b>jpeg</b>"];
  const lines = ["reference,distorted,score,type"];
  for (let i = 0; i < 60; ++i) {
    // The reference itself, whose PSNR is infinite, is one of them.
    writeFileSync(join(database, `${i}.bmp`), picture(i === 7 ? 1 : 100 + i, 64));
    lines.push(`reference.bmp,${i}.bmp,${10 * next()},${types[i % 3]}`);
  }
  lines.push("reference.bmp,gone<i>.bmp,5,blur");
  writeFileSync(join(database, "list.csv"), lines.join("\n") + "\n");
  const out = join(folder, name);
  try {
    gradspace("iqa-benchmark", "--database", "csv", join(database, "list.csv"), "--out", out, "--metric", metrics, "--resamples", "50", "--quiet");
  } catch (error) {
    if (error.status !== 1) throw error;  // 1 says that an image is missing
  }
  return out;
}

/// Two codecs at three settings, which add noise to two pictures; the more a file weighs, the less. One of the folders and
/// one of the pictures have names that would be markup.
export function smallComparison(folder) {
  const at = (...names) => join(folder, "comparison", ...names);
  const next = random(17);
  const photos = { "plain.bmp": picture(1, 200), "<b>odd.bmp": picture(2, 200) };
  const write = (place, name, file) => { mkdirSync(at(place), { recursive: true }); writeFileSync(at(place, name), file); };
  const folders = [];
  for (const [codec, spends] of [["fine", 1], ["<i>rough", 1.5]]) {
    for (const quality of [1, 2, 3]) folders.push([`${codec}-q${quality}`, 40 / quality, Math.round(5000 * quality * quality * spends)]);
  }
  for (const [name, photo] of Object.entries(photos)) {
    write("ref", name, photo);
    for (const [place, noise, weight] of folders) {
      const file = Buffer.concat([photo, Buffer.alloc(weight)]);
      for (let i = 54; i < photo.length; ++i) file[i] = Math.max(0, Math.min(255, photo[i] + noise * (next() - 0.5)));
      write(place, name, file);
    }
  }
  const out = join(folder, "small-comparison");
  gradspace("iqa", at("ref"), ...folders.map(([place]) => at(place)), "--metric", "psnr,gmsd", "--out", out, "--quiet");
  return out;
}

/// A folder of which one image can't be read and one has another name, beside one of exact copies.
export function smallDamagedComparison(folder) {
  const at = (...names) => join(folder, "damaged", ...names);
  const write = (place, name, file) => { mkdirSync(at(place), { recursive: true }); writeFileSync(at(place, name), file); };
  for (const [name, seed] of [["one.bmp", 1], ["two.bmp", 2]]) {
    write("ref", name, picture(seed, 200));
    write("copies", name, picture(seed, 200));
  }
  write("rough", "one.bmp", picture(3, 200));
  write("rough", "two.bmp", picture(4, 200).subarray(0, 900));
  write("rough", "three.bmp", picture(5, 200));
  const out = join(folder, "small-damaged");
  try {
    gradspace("iqa", at("ref"), at("rough"), at("copies"), "--metric", "psnr", "--out", out, "--quiet");
  } catch (error) {
    if (error.status !== 1) throw error;  // 1 says that not all could be scored
  }
  return out;
}

/// Stripes of `kind` (lying, standing, slanting), 28 pixels square.
function stripes(kind, next) {
  const [dx, dy] = [[0, 1], [1, 0], [0.7, 0.7]][kind];
  const period = 4 + 8 * next(), phase = period * next(), contrast = 40 + 70 * next();
  return Buffer.from(Array.from({ length: 28 * 28 }, (_, i) =>
    128 + contrast * Math.sin((2 * Math.PI * ((i % 28) * dx + Math.floor(i / 28) * dy + phase)) / period) + 20 * (next() - 0.5)));
}

/// Labelled images as an IDX pair: classes 0, 1 and 2 in turn.
function makeIdx(folder, count) {
  mkdirSync(folder, { recursive: true });
  const next = random(11);
  const header = (...numbers) => { const bytes = Buffer.alloc(4 * numbers.length); numbers.forEach((n, i) => bytes.writeUInt32BE(n, 4 * i)); return bytes; };
  const labels = Array.from({ length: count }, (_, i) => i % 3);
  writeFileSync(join(folder, "train-images-idx3-ubyte"), Buffer.concat([header(0x803, count, 28, 28), ...labels.map((label) => stripes(label, next))]));
  writeFileSync(join(folder, "train-labels-idx1-ubyte"), Buffer.concat([header(0x801, count), Buffer.from(labels)]));
}

/// GradCon's benchmark on three classes with two seeds.
export function smallGradCon(folder) {
  makeIdx(join(folder, "stripes"), 330);
  const out = join(folder, "small-gradcon");
  gradspace("gradcon", "benchmark", "--data", join(folder, "stripes"), "--out", out, "--epochs", "3", "--batch", "8", "--runs", "2", "--quiet");
  return out;
}

/// So many detectors as experiments with one-class methods have, with made-up scores: the later, the better. One of
/// them has scores of no image.
export function manyDetectors(folder, count = 30) {
  const out = join(folder, "many-detectors");
  mkdirSync(out, { recursive: true });
  const next = random(3);
  const rows = [], lines = ["path,set,type,level,method,run,score,bce,kld"];
  for (let i = 0; i < count; ++i) {
    const method = `detector-${String(i).padStart(2, "0")}`;
    const scores = (shift) => Array.from({ length: 40 }, () => next() + shift);
    const sets = [["val", 0, scores(0)], ["test", 0, scores(0)], ["test", 8, scores(0)], ["test", 9, scores(i / count)]];
    if (i > 0) sets.forEach(([set, type, values]) => values.forEach((score, k) => lines.push(`${k}.png,${set},${type},${type ? 1 : 0},${method},0,${score},1,1`)));
    for (const type of [8, 9]) {
      const out = sets.find((set) => set[1] === type)[2];
      const auroc = out.reduce((sum, x) => sum + sets[1][2].filter((y) => y < x).length, 0) / 1600;
      rows.push({ method, type, level: 1, run: 0, accuracy: 0.5, auroc, aupr_in: 0.5, aupr_out: 0.5, fpr95_in_positive: 1 - auroc, fpr95_ood_positive: 1 - auroc, detection_error: 0.5, n_in: 40, n_out: 40 });
    }
  }
  writeFileSync(join(out, "image_scores.csv"), lines.join("\n") + "\n");
  writeFileSync(join(out, "results.json"), JSON.stringify({ format_version: 1, kind: "one-class", options: { command: "experiment one-class" }, rows }));
  gradspace("report", out);
  return out;
}

/// A detector judged on two folders of pictures.
export function smallEvaluation(folder) {
  for (const [name, first, count] of [["photos", 1, 24], ["dusk", 301, 12], ["<b>fog", 401, 8]]) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < count; ++i) writeFileSync(join(folder, name, `${i}.bmp`), picture(first + i));
  }
  const at = (name) => join(folder, name);
  gradspace("train", "--data", at("photos"), "--val", at("photos"), "--epochs", "1", "--out", at("m.safetensors"), "--quiet");
  gradspace("fit", "--method", "image-statistics", "--model", at("m.safetensors"), "--data", at("photos"), "--out", at("d.safetensors"), "--false-alarms", "0.3", "--quiet");
  const out = join(folder, "small-evaluation");
  gradspace("evaluate", "--model", at("m.safetensors"), "--detector", at("d.safetensors"), "--inliers", at("photos"), "--outliers", at("dusk"), at("<b>fog"), "--out", out);
  gradspace("report", out);
  return out;
}

/// The same photographs and two more sets of them, judged by their tiles.
export function smallPhotographs(folder) {
  const at = (name) => join(folder, name);
  for (const [name, first] of [["night", 501], ["glare", 601]]) {
    mkdirSync(at(name), { recursive: true });
    for (let i = 0; i < 5; ++i) writeFileSync(join(at(name), `${i}.bmp`), picture(first + i));
  }
  gradspace("fit", "--method", "photograph-image", "--tiles", "8x8", "--data", at("photos"), "--out", at("tiles.safetensors"), "--false-alarms", "0.3", "--quiet");
  const out = join(folder, "small-photographs");
  gradspace("evaluate", "--detector", at("tiles.safetensors"), "--inliers", at("photos"), "--outliers", at("dusk"), at("night"), at("glare"), "--out", out);
  gradspace("report", out);
  return out;
}

/// Ten thousand conditions.
export function hugeRun(folder) {
  const out = join(folder, "huge-run");
  mkdirSync(out, { recursive: true });
  const rows = [];
  for (let type = 1; type <= 1000; ++type) {
    for (let level = 1; level <= 5; ++level) {
      for (const method of ["A", "B"]) {
        rows.push({ method, type, level, run: 0, accuracy: 0.5 + 0.08 * level, auroc: 0.6, aupr_in: 0.6, aupr_out: 0.6, fpr95_in_positive: 0.7, fpr95_ood_positive: 0.7, detection_error: 0.4, n_in: 10, n_out: 10 });
      }
    }
  }
  writeFileSync(join(out, "results.json"), JSON.stringify({ format_version: 1, gradspace_version: "0.1.0", options: { command: "experiment ood" }, rows }));
  return out;
}
