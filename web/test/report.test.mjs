// The report in a browser: GRADSPACE_COMMAND=build/release/bin/gradspace node test/report.test.mjs
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { chromiumPath, launch, open } from "./browser.mjs";
import { gradspace, hugeRun, manyDetectors, readCsv, smallBenchmark, smallComparison, smallDamagedComparison, smallEvaluation, smallExperiment, smallGradCon, smallOneClass, smallPhotographs } from "./small_run.mjs";

if (!chromiumPath) {
  console.log("skipped: there is no Chromium here (Debian's package chromium, or $CHROMIUM)");
  process.exit(77);
}

const HOSTILE = '<img src=x onerror="document.title=\'hacked\'">.png';

const folder = mkdtempSync(join(tmpdir(), "gradspace-report-"));
let browser, run, results, images;

before(async () => {
  run = smallExperiment(folder);
  results = JSON.parse(readFileSync(join(run, "results.json"), "utf8"));
  images = readCsv(join(run, "image_scores.csv"));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const report = (out = run) => join(out, "report.html");
const near = (a, b, tolerance, what) => assert.ok(Math.abs(a - b) <= tolerance, `${what}: ${a} is not ${b}`);

/// Scores of a set as image_scores.csv has them: the page's figures are worked out from them again.
const scoresOf = (method, type, level) => images
  .filter((row) => row.set === "test" && row.method === method && Number(row.type) === type && Number(row.level) === level)
  .map((row) => Number(row.score));

const current = (page) => page.evaluate(() => {
  const { stop, threshold, falseAlarms, misses, falseAlarmRate, missRate, accuracy } = window.gradspaceReport.threshold.current();
  return { stop, threshold, falseAlarms, misses, falseAlarmRate, missRate, accuracy };
});

async function choose(page, label, value) {
  await page.getByRole("navigation").getByLabel(label).selectOption(String(value));
}

/// The four figures under the histogram, as they are written.
const written = (page) => page.locator(".readout dd:not(.remark)").allTextContents();

describe("out-of-distribution report", () => {
  test("opens from disk without a network or a complaint, and is small", async () => {
    const page = await open(browser, report());
    assert.equal(await page.locator("h1").textContent(), "small-run");
    assert.deepEqual(page.problems, []);
    assert.ok(readFileSync(report()).length < 2_000_000);
    await page.context().close();
  });

  test("has a mark for everything", async () => {
    const page = await open(browser, report());
    const marks = await page.evaluate(() => Object.fromEntries(Object.entries(window.gradspaceReport.charts)
      .map(([id, chart]) => [id, chart.getOption().series.map((series) => series.data.length)])));
    assert.deepEqual(marks["heat-map"], [2 * (2 + 1)]);
    assert.deepEqual(marks.threshold.slice(0, 2), [60, 60]);
    assert.equal(marks.roc.length, 4 + 2);
    assert.equal(marks.precision.length, 4 + 2);
    assert.deepEqual(marks["fingerprint-down-6-kld"], [12, 12]);
    assert.deepEqual(marks["fingerprint-up-6-bce"], [3, 3]);
    assert.deepEqual(marks.training, [4, 4, 1]);
    assert.equal(await page.locator("#summary tbody tr:not(.paper)").count(), 4);
    assert.equal(await page.locator("#summary tbody tr.paper").count(), 4);
    // Of all types at all levels: one strip of four panels a type.
    assert.equal(await page.locator("#samples .panel").count(), 2 * 4);
    await page.context().close();
  });

  test("gives the metrics that were worked out in C++, condition by condition", async () => {
    const page = await open(browser, report());
    for (const row of results.rows) {
      const method = results.rows.map((r) => r.method).filter((m, i, all) => all.indexOf(m) === i).indexOf(row.method);
      await choose(page, "Detector", method);
      await choose(page, "Challenge", row.type);
      await choose(page, "Level", row.level);
      const shown = await current(page);
      near(shown.accuracy, row.accuracy, 1e-12, "balanced accuracy at the detector's own threshold");
      const roc = await page.evaluate(() => {
        const series = window.gradspaceReport.charts.roc.getOption().series;
        const chosen = series.find((s) => s.lineStyle?.width === 3);
        const points = chosen.data;
        let area = 0;
        for (let i = 1; i < points.length; ++i) area += (points[i][0] - points[i - 1][0]) * (points[i][1] + points[i - 1][1]) / 2;
        return { area, fpr95: Math.min(...points.filter(([, found]) => found >= 0.95).map(([alarms]) => alarms)) };
      });
      near(roc.area, row.auroc, 1e-9, "AUROC");
      near(roc.fpr95, row.fpr95_ood_positive, 1e-12, "FPR at 95 % found");
    }
    await page.context().close();
  });

  test("updates accuracy, false alarms and misses while the threshold is dragged", async () => {
    const page = await open(browser, report());
    await choose(page, "Challenge", 9);
    await choose(page, "Level", 3);
    const clean = scoresOf("proposed", 0, 0), challenged = scoresOf("proposed", 9, 3);
    const plot = await page.locator("#threshold .plot").boundingBox();
    const handle = await page.locator("#threshold .handle").boundingBox();
    await page.locator("#threshold").scrollIntoViewIfNeeded();
    const seen = new Set();
    await page.mouse.move(handle.x + handle.width / 2, handle.y + 40);
    const box = await page.locator("#threshold .plot").boundingBox();
    const grip = await page.locator("#threshold .handle").boundingBox();
    await page.mouse.move(grip.x + grip.width / 2, grip.y + 60);
    await page.mouse.down();
    for (const share of [0.1, 0.35, 0.5, 0.65, 0.9]) {
      await page.mouse.move(box.x + share * box.width, box.y + 80, { steps: 3 });
      const shown = await current(page);
      const falseAlarms = clean.filter((score) => score > shown.threshold).length;
      const misses = challenged.filter((score) => score <= shown.threshold).length;
      assert.equal(shown.falseAlarms, falseAlarms);
      assert.equal(shown.misses, misses);
      near(shown.accuracy, (1 - falseAlarms / clean.length + 1 - misses / challenged.length) / 2, 1e-12, "accuracy");
      const [, accuracy, alarms, missed] = (await written(page)).map((text) => parseFloat(text));
      near(accuracy, 100 * shown.accuracy, 0.005001, "accuracy as written");
      near(alarms, (100 * falseAlarms) / clean.length, 0.005001, "false alarms as written");
      near(missed, (100 * misses) / challenged.length, 0.005001, "misses as written");
      seen.add(shown.threshold);
    }
    await page.mouse.up();
    assert.ok(seen.size >= 3, "the threshold moved");
    assert.ok(plot.width > 200);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("moves the threshold by keys", async () => {
    const page = await open(browser, report());
    const handle = page.locator("#threshold .handle");
    await handle.focus();
    const start = (await current(page)).stop;
    await page.keyboard.press("ArrowRight");
    assert.equal((await current(page)).stop, start + 1);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    assert.equal((await current(page)).stop, start - 1);
    await page.keyboard.press("Home");
    assert.equal((await current(page)).falseAlarmRate, 1);
    await page.keyboard.press("End");
    const last = await current(page);
    assert.equal(last.falseAlarms, 0);
    assert.equal(last.missRate, 1);
    assert.match(await handle.getAttribute("aria-valuetext"), /0\.0.% false alarms, 100\.0.% missed/);
    await page.context().close();
  });

  test("moves the threshold by touch", async () => {
    const page = await open(browser, report(), { hasTouch: true, viewport: { width: 390, height: 800 } });
    await page.locator("#threshold .plot").scrollIntoViewIfNeeded();
    const box = await page.locator("#threshold .plot").boundingBox();
    const start = await current(page);
    await page.touchscreen.tap(box.x + 0.95 * box.width, box.y + box.height / 2);
    assert.ok((await current(page)).threshold > start.threshold);
    await page.context().close();
  });

  test("follows a press on a cell of the heat map", async () => {
    const page = await open(browser, report());
    const canvas = page.locator("#heat-map canvas").first();
    await canvas.scrollIntoViewIfNeeded();
    const at = await page.evaluate(() => window.gradspaceReport.charts["heat-map"].convertToPixel({ seriesIndex: 0 }, [1, 0]));
    const box = await canvas.boundingBox();
    await page.mouse.click(box.x + at[0], box.y + at[1]);
    const state = await page.evaluate(() => ({ type: window.gradspaceReport.state.type, level: window.gradspaceReport.state.level }));
    assert.deepEqual(state, { type: 9, level: 3 });
    assert.equal(await page.getByRole("navigation").getByLabel("Challenge").inputValue(), "9");
    await page.context().close();
  });

  test("saves charts as pictures and tables", async () => {
    const page = await open(browser, report());
    const save = async (button) => {
      const [download] = await Promise.all([page.waitForEvent("download"), page.locator(`#heat-map footer >> text=${button}`).click()]);
      return [download.suggestedFilename(), readFileSync(await download.path())];
    };
    const [csvName, csv] = await save("CSV");
    assert.equal(csvName, "heat-map.csv");
    assert.equal(csv.toString().trim().split("\n").length, 1 + 4);
    const [pngName, png] = await save("PNG");
    assert.equal(pngName, "heat-map.png");
    assert.equal(png.subarray(1, 4).toString(), "PNG");
    assert.ok(png.readUInt32BE(16) > 1000, "twice the chart's width");
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("fits a phone, in light and in dark", async () => {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open(browser, report(), { viewport: { width: 360, height: 740 }, colorScheme });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), colorScheme);
      const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const before = await paper();
      await page.locator(".theme").click();
      assert.notEqual(await paper(), before);
      assert.deepEqual(page.problems, []);
      await page.context().close();
    }
  });
});

test("a hostile file name stays text", async () => {
  const samples = join(run, "samples/samples.json");
  const good = readFileSync(samples, "utf8");
  const list = JSON.parse(good);
  list.rows.forEach((row) => { row.challenged = HOSTILE; });
  delete list.checksum;  // of what stood there
  writeFileSync(samples, JSON.stringify(list));
  gradspace("report", run);
  const page = await open(browser, report());
  assert.equal(await page.locator("#samples .path").first().textContent(), HOSTILE);
  assert.equal(await page.locator("img").count(), 0);
  assert.match(await page.title(), /small-run/);
  assert.deepEqual(page.problems, []);
  await page.context().close();
  writeFileSync(samples, good);
});

test("a run that stopped half-way shows what there is and says so", async () => {
  const half = join(folder, "half");
  mkdirSync(join(half, "run-0"), { recursive: true });
  writeFileSync(join(half, "run-0/training.csv"), readFileSync(join(run, "run-0/training.csv")));
  gradspace("report", half);
  const page = await open(browser, report(half));
  assert.match(await page.locator(".notes").textContent(), /has not finished/);
  assert.deepEqual(await page.evaluate(() => Object.keys(window.gradspaceReport.charts)), ["training"]);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("ten thousand conditions are averaged, and the page answers", async () => {
  const huge = hugeRun(folder);
  gradspace("report", huge);
  const page = await open(browser, report(huge));
  assert.match(await page.locator(".notes").textContent(), /10000 results are too many/);
  assert.equal(await page.evaluate(() => window.gradspaceReport.charts["heat-map"].getOption().series[0].data.length), 1000);
  await choose(page, "Detector", 1);
  assert.equal(await page.evaluate(() => window.gradspaceReport.state.method), 1);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("one-class report: detectors, calibration, drift", async () => {
  const out = smallOneClass(folder);
  const page = await open(browser, report(out));
  assert.equal(await page.locator("#summary tbody tr").count(), 2, "no row of the paper");
  const series = (id) => page.evaluate((chart) => window.gradspaceReport.charts[chart].getOption().series.map((s) => s.data.length), id);
  assert.equal((await series("calibration")).length, 2 + 2);
  // Clean images and two levels of 120 each, in windows of 20.
  assert.deepEqual(await series("drift"), [3, 18, 18]);
  const rows = JSON.parse(readFileSync(join(out, "results.json"), "utf8")).rows;
  await choose(page, "Detector", 0);
  await choose(page, "Challenge", rows[0].type);
  await choose(page, "Level", rows[0].level);
  near((await current(page)).accuracy, rows[0].accuracy, 1e-12, "accuracy at the calibrated threshold");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

describe("report of many detectors", () => {
  let out, rows;
  const names = (page) => page.locator("#summary tbody th").allTextContents();
  /// Methods by a figure, best first.
  const ranking = (key, sign = 1, type = null) => {
    const means = new Map();
    for (const row of rows.filter((r) => type === null || r.type === type)) means.set(row.method, (means.get(row.method) ?? 0) + row[key]);
    return [...means].sort((a, b) => sign * (b[1] - a[1])).map(([method]) => method);
  };

  before(() => {
    out = manyDetectors(folder);
    rows = JSON.parse(readFileSync(join(out, "results.json"), "utf8")).rows;
  });

  test("is sorted with the best first, and by any column that is pressed", async () => {
    const page = await open(browser, report(out));
    assert.deepEqual(await names(page), ranking("auroc"));
    await page.getByRole("button", { name: "rain" }).click();
    assert.deepEqual(await names(page), ranking("auroc", 1, 9));
    assert.equal(await page.locator("#summary th[aria-sort]").getAttribute("aria-sort"), "descending");
    await page.keyboard.press("Enter");  // the head that was pressed keeps the focus
    assert.deepEqual(await names(page), ranking("auroc", -1, 9));
    assert.equal(await page.locator("#summary th[aria-sort]").getAttribute("aria-sort"), "ascending");
    await page.getByRole("button", { name: "Detector", exact: true }).focus();
    await page.keyboard.press("Space");
    assert.deepEqual(await names(page), ranking("auroc").sort());
    await page.getByRole("button", { name: "mean" }).click();
    await page.locator("#summary select").selectOption("fpr95_ood_positive");
    assert.deepEqual(await names(page), ranking("fpr95_ood_positive", -1), "the least is the best");
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("draws as many curves as it says, with legends that look like them", async () => {
    const page = await open(browser, report(out));
    for (const id of ["roc", "precision", "calibration"]) {
      const { series, legend } = await page.evaluate((chart) => {
        const option = window.gradspaceReport.charts[chart].getOption();
        return { series: option.series.map((s) => ({ name: s.name, dash: s.lineStyle?.type, color: s.lineStyle?.color })), legend: option.legend[0].data };
      }, id);
      assert.match(await page.locator(`#${id} .lead`).textContent(), /10 detectors of 29 are drawn/);
      assert.equal(legend.length, 10);
      const drawn = series.filter((s) => legend.some((entry) => entry.name === s.name));
      assert.equal(drawn.length, 10, id);
      assert.equal(new Set(drawn.map((s) => JSON.stringify([s.dash, s.color]))).size, 10, "no two look alike");
      // As many strokes in the legend as the pattern has in its 30 px.
      for (const { name, icon } of legend) {
        const { dash } = drawn.find((s) => s.name === name);
        const lengths = dash === "solid" ? [30] : dash;
        let strokes = 0;
        for (let x = 0, i = 0; x < 30; x += lengths[i++ % lengths.length]) strokes += i % 2 === 0 ? 1 : 0;
        assert.equal(icon.match(/z/g).length, strokes, `${name} in ${id}`);
      }
    }
    await page.context().close();
  });

  test("tells how many conditions can't be told from guessing", async () => {
    const page = await open(browser, report(out));
    const { cells, intervals } = await page.evaluate(() => ({ cells: window.gradspaceReport.data.cells, intervals: window.gradspaceReport.data.intervals }));
    assert.equal(intervals.confidence, 0.95);
    const last = cells.filter((cell) => cell.method === 29);
    assert.ok(last.every(({ mean, auroc_interval: [low, high] }) => low <= mean[1] && mean[1] <= high && high - low < 0.3));
    const unsure = last.filter(({ auroc_interval: [low, high] }) => low <= 0.5 && high >= 0.5).length;
    const row = page.locator("#summary tbody tr", { hasText: "detector-29" });
    assert.equal(await row.locator("td").last().textContent(), `${unsure} of 2`);
    assert.match(await page.locator(".headline").textContent(), new RegExp(`includes 0.5, which is guessing, in ${unsure || "none"} of 2 conditions`));
    // Without scores there is no interval.
    assert.equal(await page.locator("#summary tbody tr", { hasText: "detector-00" }).locator(".interval").count(), 0);
    await page.context().close();
  });
});

test("report of an evaluation: a row a folder", async () => {
  const out = smallEvaluation(folder);
  const page = await open(browser, report(out));
  const heads = await page.locator("#summary thead button").allTextContents();
  assert.deepEqual(heads.map((text) => text.replace(/[▲▼]/, "")), ["Detector", "dusk", "<b>fog", "mean"]);
  assert.equal(await page.locator("b b, #summary th b").count(), 0, "a folder's name stays text");
  const rows = JSON.parse(readFileSync(join(out, "results.json"), "utf8")).rows;
  const written = await page.locator("#summary .interval").allTextContents();
  rows.forEach((row, i) => assert.equal(written[i], `${row.auroc_low.toFixed(3)} to ${row.auroc_high.toFixed(3)}`, "the interval that evaluate wrote"));
  await choose(page, "Outliers", (await page.evaluate(() => window.gradspaceReport.data.types))[1].type);
  const shown = await current(page);
  const scores = readCsv(join(out, "image_scores.csv"));
  assert.equal(shown.misses, scores.filter((row) => row.name === "<b>fog" && Number(row.score) <= shown.threshold).length);
  near(shown.accuracy, rows[1].accuracy, 1e-12, "accuracy at the detector's threshold");
  assert.match(await page.locator("#drift").textContent(), /There is no figure/);
  assert.equal(await page.locator(".notes").count(), 0);
  assert.doesNotMatch(await page.locator("main").textContent(), /challenge/);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("report of photographs: the worst of each set with their maps", async () => {
  const out = smallPhotographs(folder);
  const page = await open(browser, report(out));
  const frames = page.locator("#frames .strip");
  assert.equal(await frames.count(), 4, "one of the clean ones and of each set");
  const rows = readCsv(join(out, "image_scores.csv")).filter((row) => row.name === "night").sort((a, b) => b.score - a.score);
  await choose(page, "Outliers", (await page.evaluate(() => window.gradspaceReport.data.types)).find(({ name }) => name === "night").type);
  assert.equal(await frames.count(), 3 + 3);
  const night = frames.filter({ has: page.locator("b", { hasText: "night" }) });
  assert.deepEqual(await night.locator(".path").allTextContents(), rows.slice(0, 3).map((row) => row.path), "the highest scores, in order");
  const shape = await night.locator(".panel").first().boundingBox();
  near(shape.width / shape.height, 1, 0.02, "a panel keeps the photograph's proportions");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

describe("GradCon benchmark report", () => {
  const METHODS = ["gradcon", "reconstruction", "gradient"];
  let out, rows;

  before(() => {
    out = smallGradCon(folder);
    rows = JSON.parse(readFileSync(join(out, "results.json"), "utf8")).rows;
  });

  test("has a mark for everything", async () => {
    const page = await open(browser, report(out));
    const series = (id) => page.evaluate((chart) => window.gradspaceReport.charts[chart].getOption().series.map((s) => s.data.length), id);
    assert.deepEqual(await series("by-class"), [4, 4, 4], "three classes and their mean, by score");
    assert.deepEqual(await series("training"), [3, 3, 1]);
    assert.equal((await series("roc")).length, 3 + 2);
    assert.equal(await page.locator("#summary tbody tr").count(), 3);
    assert.equal(await page.locator("#summary .interval").count(), 3 * 4, "of three classes and their mean");
    assert.equal(await page.locator("#mistakes .strip").count(), 12);
    assert.equal(await page.locator("#mistakes .panel").count(), 3 * 12);
    assert.equal(await page.locator(".notes").count(), 0);
    assert.doesNotMatch(await page.locator("main").textContent(), /challenge|clean/);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("gives the metrics that were worked out in C++, detector by detector", async () => {
    const page = await open(browser, report(out));
    assert.equal(rows.length, 3 * 3 * 2);
    for (const row of rows) {
      await choose(page, "Score", METHODS.indexOf(row.method));
      await choose(page, "Known class", row.class);
      await choose(page, "Repetition", row.run);
      near((await current(page)).accuracy, row.accuracy, 1e-12, "accuracy at the calibrated threshold");
      const points = await page.evaluate(() => window.gradspaceReport.charts.roc.getOption().series.find((s) => s.lineStyle?.width === 3).data);
      let area = 0;
      for (let i = 1; i < points.length; ++i) area += ((points[i][0] - points[i - 1][0]) * (points[i][1] + points[i - 1][1])) / 2;
      near(area, row.auroc, 1e-9, "AUROC");
      const best = await page.evaluate(() => window.gradspaceReport.charts.training.getOption().series[2].data[0][0]);
      assert.equal(best, row.best_epoch);
    }
    const marks = await page.evaluate(() => window.gradspaceReport.charts["by-class"].getOption().series.map((s) => s.data));
    METHODS.forEach((method, m) => {
      const ofMethod = rows.filter((row) => row.method === method);
      for (const [value, y, deviation] of marks[m]) {
        const runs = [0, 1].map((run) => ofMethod.filter((row) => row.run === run && (y === 3 || row.class === 2 - y)).map((row) => row.auroc))
          .map((values) => values.reduce((a, b) => a + b) / values.length);
        near(value, (runs[0] + runs[1]) / 2, 1e-5, "mean AUROC");
        near(deviation, Math.abs(runs[0] - runs[1]) / Math.SQRT2, 1e-5, "deviation");
      }
    });
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("shows the worst mistakes of all, and their verdicts", async () => {
    const page = await open(browser, report(out));
    const scores = readCsv(join(out, "class_0_run_0/image_scores.csv")).filter((row) => row.set === "test");
    const known = scores.filter((row) => row.label === "0").map((row) => Number(row.score)).sort((a, b) => b - a);
    const foreign = scores.filter((row) => row.label !== "0").map((row) => Number(row.score)).sort((a, b) => a - b);
    const shown = await page.locator("#mistakes .strip dd:not(.verdict)").allTextContents();
    const written = shown.filter((_, i) => i % 3 === 0).map(Number);
    [...known.slice(0, 6), ...foreign.slice(0, 6)].forEach((score, i) => near(written[i], score, 0.00051, "score of a strip"));
    const { threshold } = await current(page);
    const missed = foreign.slice(0, 6).filter((score) => score <= threshold).length;
    assert.equal(await page.locator("#mistakes .verdict", { hasText: "missed" }).count(), missed);
    await page.context().close();
  });

  test("fits a phone", async () => {
    const page = await open(browser, report(out), { viewport: { width: 360, height: 740 } });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    await page.context().close();
  });

  test("a hostile file name stays text", async () => {
    const list = join(out, "class_0_run_0/samples/samples.json");
    const samples = JSON.parse(readFileSync(list, "utf8"));
    samples.rows.forEach((row) => { row.path = HOSTILE; });
    delete samples.checksum;  // of what stood there
    writeFileSync(list, JSON.stringify(samples));
    gradspace("report", out);
    const page = await open(browser, report(out));
    assert.equal(await page.locator("#mistakes .path").first().textContent(), HOSTILE);
    assert.equal(await page.locator("img").count(), 0);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
});

describe("image quality report", () => {
  test("shows every pair, metric and type", async () => {
    const out = smallBenchmark(folder);
    const page = await open(browser, report(out));
    const series = (id) => page.evaluate((chart) => window.gradspaceReport.charts[chart].getOption().series.map((s) => [s.type, s.data.length]), id);
    assert.deepEqual(await series("scatter"), [["scatter", 20], ["scatter", 20], ["scatter", 20], ["line", 121]]);
    assert.deepEqual(await series("srocc"), [["bar", 4], ["custom", 4], ["scatter", 4]]);
    assert.equal(await page.locator("#worst .strip").count(), 12);
    // All are cut out at their own size, with the reference and the difference.
    assert.equal(await page.locator("#worst .crop-row").count(), 12);
    assert.equal(await page.locator("#worst img").count(), 12 * 3);
    const distorted = page.locator("#worst .crop-row img").nth(1);
    const [own, other] = [await distorted.getAttribute("src"), await page.locator("#worst .crop-row img").first().getAttribute("src")];
    await distorted.focus();
    assert.equal(await distorted.getAttribute("src"), other, "the reference takes its place");
    await distorted.blur();
    assert.equal(await distorted.getAttribute("src"), own);
    const [difference] = JSON.parse(readFileSync(join(out, "results.json"), "utf8")).differences;
    const shown = async () => parseFloat((await page.locator("#differences tbody td").first().textContent()).replace("\u2212", "-"));
    near(await shown(), difference.srocc, 5.1e-5, "gradient over psnr");
    assert.match(await page.locator("#left-out li").textContent(), /gone<i>\.bmp/, "a name stays text");
    assert.equal(await page.locator("b b, #report jpeg").count(), 0, "a type's name stays text");
    await choose(page, "Metric", "psnr");
    near(await shown(), -difference.srocc, 5.1e-5, "psnr over gradient");
    const points = (await series("scatter")).filter(([type]) => type === "scatter").map(([, n]) => n);
    assert.equal(points.reduce((a, b) => a + b), 59, "an infinite score has no place");
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("tells the marks of many metrics apart", async () => {
    const metrics = "psnr,psnr-y,ssim,gmsd,ms-gmsd-c,fsim-c,vsi,mdsi,haarpsi,vif-p,gradient,unique,accord";
    const out = smallBenchmark(folder, "many-metrics", metrics);
    for (const width of [1200, 360]) {
      const page = await open(browser, report(out), { viewport: { width, height: 900 } });
      const { marks, bottomOfLegend, top } = await page.evaluate(() => {
        const chart = window.gradspaceReport.charts.srocc;
        const { series, grid } = chart.getOption();
        const legend = chart._componentsViews.find((view) => view.type === "legend.scroll" || view.type === "legend.plain").group;
        return { marks: series.filter((s) => s.type === "scatter").map((s) => [s.symbol, s.itemStyle.color, s.symbolOffset[1]]),
          bottomOfLegend: legend.y + legend.getBoundingRect().y + legend.getBoundingRect().height, top: grid[0].top };
      });
      assert.equal(marks.length, 12);
      assert.equal(new Set(marks.map(([symbol, color]) => `${symbol} ${color}`)).size, 12, "no two look alike");
      assert.equal(new Set(marks.map(([, , offset]) => offset)).size, 12, "none lies upon another");
      assert.ok(bottomOfLegend <= top, `the legend, which ends at ${bottomOfLegend}, is above the bars from ${top} on`);
      assert.deepEqual(page.problems, []);
      await page.context().close();
    }
  });

  test("fits a phone", async () => {
    const page = await open(browser, report(join(folder, "small-benchmark")), { viewport: { width: 360, height: 740 } });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    await page.context().close();
  });
});

describe("image comparison report", () => {
  let out, comparison, scores;
  before(() => {
    out = smallComparison(folder);
    comparison = JSON.parse(readFileSync(join(out, "results.json"), "utf8"));
    scores = readCsv(join(out, "scores.csv"));
  });

  test("has the folders' figures, metric by metric", async () => {
    const page = await open(browser, report(out));
    assert.equal(await page.locator("h1").textContent(), "small-comparison");
    for (const [i, metric] of ["psnr", "gmsd"].entries()) {
      await choose(page, "Metric", i);
      const rows = await page.locator("#folders tbody tr").evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
      assert.deepEqual(rows.map(([name]) => name), comparison.folders.map((f) => f.name));
      rows.forEach((row, f) => {
        const own = scores.filter((s) => s.folder === comparison.folders[f].name).map((s) => Number(s[metric]));
        near(parseFloat(row[4]), own.reduce((a, b) => a + b) / own.length, 0.0051, "mean");
        near(parseFloat(row[6]), metric === "psnr" ? Math.min(...own) : Math.max(...own), 0.0051, "worst");
      });
      rows.forEach((row, f) => assert.ok(row[5].endsWith(comparison.folders[f].scores[i].median_equivalent.text), "what the median is like"));
      const best = await page.locator("#folders td.best").evaluateAll((cells) => cells.map((cell) => cell.parentElement.firstChild.textContent));
      assert.ok(best.length === 1 && best[0].endsWith("q3"), "least noise, whichever way the metric runs");
    }
    assert.equal(await page.locator("b b, #report i b, th i").count(), 0, "names stay text");
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("says what is amiss, and that no folder is better than one of exact copies", async () => {
    const page = await open(browser, report(smallDamagedComparison(folder)));
    const rows = await page.locator("#folders tbody tr").evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
    assert.deepEqual(rows.map(([name, images]) => [name, images]), [["rough", "11 failed1 without partner"], ["copies", "2"]]);
    assert.equal(rows[1][4], "\u221e");
    assert.equal(await page.locator("#folders td.best").textContent(), "\u221e");
    assert.match(await page.locator("p.headline").textContent(), /copies has the best mean psnr: \u221e/);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("draws the curves of the mean and of single images", async () => {
    const page = await open(browser, report(out));
    const series = () => page.evaluate(() => window.gradspaceReport.charts.rates.getOption().series.map((s) => s.data.map((d) => d.value)));
    const means = await series();
    assert.deepEqual(means.map((points) => points.length), [3, 3]);
    near(means[0][0][0], comparison.folders[0].bits_per_pixel, 1e-9, "rate");
    near(means[0][0][1], comparison.folders[0].scores[0].mean, 1e-9, "score");
    await choose(page, "Curves", 1);
    const [[point]] = await series();
    const names = await page.evaluate(() => window.gradspaceReport.model.images.map((image) => image.name));
    const row = scores.find((s) => s.reference === names[1] && s.folder === comparison.folders[0].name);
    near(point[0], Number(row.bpp), 1e-5 * Number(row.bpp), "rate of an image");
    near(point[1], Number(row.psnr), 1e-4, "score of an image");
    await page.getByRole("button", { name: "logarithmic" }).click();
    assert.equal(await page.evaluate(() => window.gradspaceReport.charts.rates.getOption().xAxis[0].type), "log");
    const cell = await page.locator("#bd-rates tbody td").first().textContent();
    near(parseFloat(cell.replace("\u2212", "-")), comparison.bd_rates[0].mean_bd_rate, 0.051, "BD-rate");
    assert.ok(comparison.bd_rates[0].mean_bd_rate > 3, "the rough codec spends more");
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("shows pictures at their own size, and the reference in their place", async () => {
    const page = await open(browser, report(out));
    assert.equal(await page.locator("#crops .crop").count(), 1 + 6);
    const picture = page.locator("#crops .crop img[tabindex]").first();
    const size = await picture.evaluate((image) => [image.clientWidth, image.naturalWidth, image.clientHeight, image.naturalHeight]);
    assert.equal(size[0], size[1]);
    assert.equal(size[2], size[3]);
    const own = await picture.getAttribute("src");
    const reference = await page.locator("#crops .crop img").first().getAttribute("src");
    assert.notEqual(own, reference);
    await picture.hover();
    assert.equal(await picture.getAttribute("src"), reference);
    await page.mouse.move(0, 0);
    assert.equal(await picture.getAttribute("src"), own);
    await page.locator("#crops select").selectOption("1");
    assert.notEqual(await page.locator("#crops .crop img").first().getAttribute("src"), reference);
    assert.equal(await page.locator("#images tbody tr").count(), 2);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("fits a phone, in light and in dark, with its pictures at their own size", async () => {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open(browser, report(out), { viewport: { width: 360, height: 740 }, colorScheme });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
      const sizes = await page.locator("#crops img").evaluateAll((all) => all.map((image) => [image.clientWidth, image.naturalWidth]));
      sizes.forEach(([shown, natural]) => assert.equal(shown, natural));
      assert.deepEqual(page.problems, []);
      await page.context().close();
    }
  });
});
