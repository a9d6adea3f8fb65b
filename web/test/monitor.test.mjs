// The monitor's page in a browser, with cameras that are simulated:
// GRADSPACE_COMMAND=build/release/bin/gradspace node test/monitor.test.mjs
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { chromiumPath, launch } from "./browser.mjs";
import { noise, writePhotographs } from "./photographs.mjs";
import { gradspace } from "./small_run.mjs";

if (!chromiumPath) {
  console.log("skipped: there is no Chromium here (Debian's package chromium, or $CHROMIUM)");
  process.exit(77);
}

const TOKEN = "a token of the page's test";
const HOSTILE = "rain <img src=x onerror=\"document.title='hacked'\">";

const folder = mkdtempSync(join(tmpdir(), "gradspace-monitor-page-"));
const running = [];
let browser, plain, locked;

/// A monitor of four simulated cameras and one that is pushed to.
function configuration(name, more) {
  const cameras = [1, 2, 3, 4].map((number) => `
[[camera]]
name = "camera-${number}"
kind = "simulated"
address = "photographs"
frames_per_second = 8
faults = false
seed = ${number}
`).join("");
  const file = join(folder, `${name}.toml`);
  writeFileSync(file, `
folder = "state-${name}"
[defaults]
detector = "detector.safetensors"
[defaults.alarms]
raise_after = 1
raise_within = 1
at_least_s = 0
silent_after_s = 0
[http]
listen = "127.0.0.1:0"
${more}
${cameras}
[[camera]]
name = "pushed"
kind = "push"
`);
  return file;
}

async function start(name, more = "") {
  const process_ = spawn(process.env.GRADSPACE_COMMAND, ["monitor", configuration(name, more)], { stdio: ["ignore", "ignore", "pipe"] });
  running.push(process_);
  let log = "";
  process_.stderr.setEncoding("utf8");
  const port = await new Promise((resolve, reject) => {
    process_.stderr.on("data", (text) => {
      log += text;
      const found = /msg="listening".* port=(\d+)/.exec(log);
      if (found) resolve(found[1]);
    });
    process_.on("exit", () => reject(new Error(log)));
  });
  return { url: `http://127.0.0.1:${port}`, process: process_ };
}

before(async () => {
  mkdirSync(join(folder, "photographs"));
  writePhotographs(join(folder, "photographs"), 40);
  writeFileSync(join(folder, "token"), `${TOKEN}\n`);
  gradspace("fit", "--data", join(folder, "photographs"), "--method", "photograph-image", "--tiles", "28x28", "--false-alarms", "0.05", "--out", join(folder, "detector.safetensors"), "--quiet");
  browser = await launch();  // ended by `after` even where a monitor does not start
  [plain, locked] = await Promise.all([start("plain"), start("locked", 'token_file = "token"\n')]);
});

after(async () => {
  await browser?.close();
  await Promise.all(running.map((process_) => new Promise((resolve) => {
    if (process_.exitCode !== null) return resolve();
    process_.on("exit", resolve);
    process_.kill("SIGTERM");
  })));
  rmSync(folder, { recursive: true, force: true });
});

async function open(url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.problems = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) page.problems.push(message.text()); });
  page.on("pageerror", (error) => page.problems.push(error.message));
  page.on("request", (request) => { if (!request.url().startsWith(url)) page.problems.push(`asks for ${request.url()}`); });
  await page.goto(url);
  return page;
}

const ready = (page) => page.waitForFunction(() => window.gradspaceMonitor?.model.cameras.size === 5);

/// A frame that is out of distribution whatever the photographs are: a file of noise.
async function pushNoise(page) {
  const file = noise(1);
  const status = await page.evaluate(async (bytes) => (await fetch("/api/cameras/pushed/frames", {
    method: "POST", body: Uint8Array.from(bytes), headers: { "Content-Type": "image/png", "X-Gradspace-Request": "1" } })).status, [...file]);
  assert.equal(status, 202);
}

describe("the monitor's page", () => {
  test("shows cameras with live frames and scores, and asks nobody else", async () => {
    const page = await open(plain.url);
    await ready(page);
    assert.equal(await page.locator(".camera").count(), 5);
    const card = page.locator('[data-camera="camera-1"]');
    await card.locator("img:not([hidden])").waitFor();
    const first = await card.locator("img").getAttribute("src");
    await page.waitForFunction((old) => document.querySelector('[data-camera="camera-1"] img').getAttribute("src") !== old, first);
    await page.waitForFunction(() => window.gradspaceMonitor.model.cameras.get("camera-1").points.length >= 2);
    const loaded = await card.locator("img").evaluate((image) => image.naturalWidth);
    assert.ok(loaded > 100);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("opens a camera by keyboard, draws its charts, and closes by Escape", async () => {
    const page = await open(plain.url);
    await ready(page);
    await page.getByRole("button", { name: "camera-2" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "camera-2", level: 2 }).waitFor();
    await page.waitForFunction(() => window.gradspaceMonitor.charts.score?.getOption().series[0].data.length > 0);
    const option = await page.evaluate(() => {
      const { score } = window.gradspaceMonitor.charts;
      const line = score.getOption().series[0];
      return { threshold: line.markLine.data[0].yAxis, data: line.data.map(({ value }) => value[1]) };
    });
    const { cameras } = await (await fetch(`${plain.url}/api/cameras`)).json();
    assert.equal(option.threshold, cameras.find(({ name }) => name === "camera-2").threshold);
    assert.ok(option.data.every(Number.isFinite));
    assert.match(await page.locator(".facts").textContent(), /false alarms a day expected/);
    await page.keyboard.press("Escape");
    await page.locator(".detail").waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "camera-2");
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("hears of an alarm, shows its picture, and acknowledges it", async () => {
    const page = await open(plain.url);
    await ready(page);
    await pushNoise(page);
    const row = page.locator("tr[data-alarm]").first();
    await row.waitFor();
    await page.locator('[data-camera="pushed"][data-state="alarm"]').waitFor();
    assert.match(await page.locator(".headline").textContent(), /1 alarm open: pushed/);
    assert.match(await page.title(), /^\(1\) /);
    await row.getByRole("button", { name: "Picture" }).click();
    await page.waitForFunction(() => document.querySelector("dialog img").naturalWidth > 0);
    await page.keyboard.press("Escape");
    await row.getByRole("button", { name: "Acknowledge" }).click();
    await row.getByText("acknowledged", { exact: true }).waitFor();
    const { alarms } = await (await fetch(`${plain.url}/api/alarms`)).json();
    assert.equal(alarms[0].state, "acknowledged");
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("shows text as text", async () => {
    const page = await open(plain.url);
    await ready(page);
    await page.evaluate((text) => {
      const { model } = window.gradspaceMonitor;
      model.takeAlarm({ id: "x", camera: "camera-1", kind: "frames", state: "raised", raised: new Date().toISOString(), cleared: null, acknowledged: null, cause: text, highest_score: 1, lowest_p_value: 1, snapshot: false });
    }, HOSTILE);
    await page.getByText(HOSTILE).first().waitFor();
    assert.notEqual(await page.title(), "hacked");
    assert.equal(await page.locator("main img[src='x']").count(), 0);
    await page.context().close();
  });

  test("fits a phone and stays legible in both colours", async () => {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open(plain.url, { viewport: { width: 390, height: 800 }, colorScheme });
      await ready(page);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), colorScheme);
      assert.deepEqual(page.problems, []);
      await page.context().close();
    }
  });

  test("wants the token, and forgets it on signing out", async () => {
    const page = await open(locked.url);
    await page.getByLabel("Token").fill("a wrong token of some length");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("That is not the token.").waitFor();
    await page.getByLabel("Token").fill(TOKEN);
    await page.getByRole("button", { name: "Sign in" }).click();
    await ready(page);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    assert.deepEqual(page.problems.filter((text) => !/401/.test(text)), []);
    await page.context().close();
  });

  test("says when the monitor is gone, and comes back with it", async () => {
    const gone = await start("gone");
    const page = await open(gone.url);
    await ready(page);
    gone.process.kill("SIGTERM");
    await page.getByText("The monitor can't be reached.").waitFor({ timeout: 20000 });
    await page.context().close();
  });
});
