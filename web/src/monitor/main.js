// The monitor's page: cameras side by side, one of them large, alarms.
import { charts } from "../chart.js";
import { fill, h, icon } from "../dom.js";
import { isDark, onThemeChange, toggleTheme } from "../theme.js";
import { alarmList } from "./alarm_list.js";
import { cameraCard } from "./camera_card.js";
import { cameraDetail } from "./detail.js";
import { Model } from "./model.js";
import { SignedOut, getJson, listen, signOut } from "./server.js";
import { alarmText, figure, plural, whole } from "./words.js";

const SUN = "M8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM7.3 0h1.4v2.6H7.3zm0 13.4h1.4V16H7.3zM0 7.3h2.6v1.4H0zm13.4 0H16v1.4h-2.6zM1.9 2.9l1-1 1.8 1.9-.9.9zm9.4 9.4.9-.9 1.9 1.8-1 1zm0-8.6 1.8-1.8 1 1-1.9 1.8zM1.9 13.1l1.9-1.8.9.9-1.8 1.9z";
const MOON = "M6.2.9A7.2 7.2 0 1 0 15.1 9.8 5.8 5.8 0 0 1 6.2.9z";

const model = new Model();
const cards = new Map();
let detail = null;
let showMap = true;
let connected = true;

function themeButton() {
  const button = h("button.theme", { type: "button", onclick: toggleTheme });
  const show = () => {
    button.setAttribute("aria-label", isDark() ? "Light colours" : "Dark colours");
    button.title = button.getAttribute("aria-label");
    fill(button, icon(isDark() ? SUN : MOON));
  };
  show();
  onThemeChange(show);
  return button;
}

function problem(error) {
  if (error instanceof SignedOut) location.reload();
  else fill(notice, `${error.message}.`);
  notice.hidden = false;
}

const notice = h("p.notice", { role: "alert", hidden: true });
const headline = h("p.headline", { "aria-live": "polite" });
const tiles = h("dl.tiles");
const grid = h("div.cameras");
const detailPlace = h("div.detail-place");
const leave = h("button.quiet", { type: "button", hidden: true, onclick: () => signOut().then(() => location.reload(), problem) }, "Sign out");
const mapBox = h("input", { type: "checkbox", checked: true, onchange: () => {
  showMap = mapBox.checked;
  cards.forEach((card) => card.setMap(showMap));
  detail?.view.setMap(showMap);
} });
const alarms = alarmList(model, { onproblem: problem, onopen: (name) => open(name) });

function open(name) {
  if (model.cameras.has(name)) location.hash = `camera=${name}`;
}

function close() {
  const name = detail?.name;
  history.replaceState(null, "", location.pathname);
  showDetail();
  cards.get(name)?.element.querySelector("button").focus();
}

/// The camera that the address names.
function showDetail() {
  const name = decodeURIComponent(/^#camera=(.+)$/.exec(location.hash)?.[1] ?? "");
  const camera = model.cameras.get(name);
  if (detail && detail.camera === camera) return;
  detail?.view.dispose();
  detail = null;
  cards.forEach((card, other) => card.element.toggleAttribute("data-chosen", camera !== undefined && other === name));
  if (!camera) {
    fill(detailPlace);
    return;
  }
  detail = { name, camera, view: cameraDetail(model, camera, showMap, close) };
  fill(detailPlace, detail.view.element);
  detail.view.update();
  detailPlace.scrollIntoView({ block: "start" });
  detail.view.focus();
}

function layOutCards() {
  for (const [name, card] of [...cards]) if (model.cameras.get(name) !== card.camera) cards.delete(name);
  for (const [name, camera] of model.cameras) {
    if (!cards.has(name)) cards.set(name, { camera, ...cameraCard(model, camera, open) });
    cards.get(name).setMap(showMap);
  }
  fill(grid, [...model.cameras.keys()].map((name) => cards.get(name).element));
  showDetail();
}

/// The cameras of alarms, the newest first: "gate, yard, roof and 2 others".
function namesOf(alarms) {
  const SHOWN = 4;
  const names = [...new Set(alarms.map(({ camera }) => camera))];
  const more = names.length - SHOWN;
  return more > 0 ? `${names.slice(0, SHOWN).join(", ")} and ${plural(more, "other")}` : new Intl.ListFormat("en").format(names);
}

function headlineWords() {
  if (!connected) return "The monitor can't be reached. This page tries again by itself; what it shows is old.";
  if (model.health.trouble) return model.health.trouble;
  const open = model.openAlarms();
  if (open.length === 1) return `1 alarm open: ${open[0].camera}, ${alarmText(open[0])}.`;
  if (open.length) return `${plural(open.length, "alarm")} open: ${namesOf(open)}.`;
  return model.cameras.size ? "All cameras look as they should." : "There are no cameras.";
}

function updateHead() {
  const statuses = [...model.cameras.values()].map(({ status }) => status).filter(Boolean);
  const sum = (value) => statuses.reduce((total, status) => total + value(status), 0);
  const open = model.openAlarms();
  const text = headlineWords();
  if (headline.textContent !== text) fill(headline, text);
  headline.classList.toggle("bad", !connected || open.length > 0 || Boolean(model.health.trouble));
  const tile = (label, value, remark) => h("div", h("dt", label), h("dd", value), h("dd.remark", remark));
  fill(tiles,
    tile("Cameras", `${sum((status) => (status.connected ? 1 : 0))} of ${statuses.length}`, "give frames"),
    tile("Open alarms", whole(open.length), `${whole(open.filter((alarm) => !alarm.acknowledged).length)} not acknowledged`),
    tile("Frames judged", `${figure(sum((status) => status.frames_per_second))} /s`, `${whole(sum((status) => status.judged))} so far`),
    tile("False alarms expected", `${figure(sum((status) => status.expected_false_alarms_per_day))} /day`, "at these thresholds, of clean frames"));
  document.title = `${open.length ? `(${open.length}) ` : ""}gradspace monitor`;
}

function update() {
  if (document.hidden) return;
  updateHead();
  cards.forEach((card) => card.update());
  detail?.view.update();
  alarms.update();
}

function layOut() {
  fill(document.getElementById("monitor"),
    h("header.masthead",
      h("div.bar", h("p.overline", h("b", "gradspace"), " monitor"), h("div.tools", leave, themeButton())),
      headline, notice, tiles),
    h("main",
      detailPlace,
      h("section.overview", { "aria-label": "Cameras" },
        h("div.section-head", h("h2", "Cameras"),
          h("div.legend", h("label.toggle", mapBox, "show where"),
            h("span.heat-scale", "usual", h("i"), "out of distribution"))),
        grid),
      alarms.element));
}

/// All that there is to know so far.
async function catchUp() {
  const [state, history, known] = await Promise.all([getJson("/api/cameras"), getJson("/api/history"), getJson("/api/alarms")]);
  leave.hidden = !state.sign_out;
  const changed = model.takeState(state);
  model.takeHistory(history);
  model.takeAlarms(known.alarms);
  if (changed) layOutCards();
  update();
}

async function begin() {
  layOut();
  await catchUp();
  listen({
    verdicts: (rows) => model.takeVerdicts(rows),
    alarm: (alarm) => { model.takeAlarm(alarm); update(); },
    state: (next) => { if (model.takeState(next)) layOutCards(); },
    connected: (now) => { connected = now; },
    opened: () => catchUp().catch(problem),
    signedOut: () => location.reload(),
  });
  setInterval(update, 500);
  document.addEventListener("visibilitychange", update);
  window.addEventListener("hashchange", showDetail);
  window.gradspaceMonitor = { model, charts };
}

begin().catch((error) => { problem(error); setTimeout(() => location.reload(), 5000); });
