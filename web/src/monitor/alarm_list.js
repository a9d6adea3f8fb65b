// Alarms, the newest first: what, since when, its picture, and the button that says that somebody knows.
import { fill, h, segmented } from "../dom.js";
import { acknowledge, snapshotPath } from "./server.js";
import { alarmText, dayAndClock, duration, figure, kindName } from "./words.js";

const SHOWN = 100;

const CHOICES = [["all", "All"], ["open", "Open"], ["unknown", "Not acknowledged"]];
const chosenBy = { all: () => true, open: (alarm) => !alarm.cleared, unknown: (alarm) => !alarm.acknowledged };

function stateWords(alarm, now) {
  const raised = Date.parse(alarm.raised);
  if (alarm.cleared) return `lasted ${duration(Date.parse(alarm.cleared) - raised)}`;
  return `open for ${duration(now - raised)}`;
}

/// A picture of an alarm in a dialogue, which Escape closes.
function snapshotDialogue() {
  const image = h("img", { alt: "" });
  const caption = h("p");
  const dialogue = h("dialog.snapshot", h("form", { method: "dialog" }, h("button.quiet", { type: "submit" }, "Close")), image, caption);
  return {
    element: dialogue,
    show: (alarm) => {
      const text = `${alarm.camera}: ${alarmText(alarm)}, ${dayAndClock(Date.parse(alarm.raised))}`;
      image.src = snapshotPath(alarm.id);
      image.alt = `The frame that raised the alarm. ${text}`;
      fill(caption, text);
      dialogue.showModal();
    },
  };
}

export function alarmList(model, { onproblem, onopen }) {
  const snapshots = snapshotDialogue();
  const body = h("tbody");
  const empty = h("p.empty");
  let choice = "all";
  const chooser = segmented("Which alarms", CHOICES, choice, (key) => { choice = key; update(); });
  const table = h("div.scroll", h("table.figures.alarms",
    h("thead", h("tr", ["Raised", "Camera", "What", "Highest score", "Lowest p", "State", ""].map((text) => h("th", { scope: "col" }, text)))), body));
  const element = h("section.card", { id: "alarms" }, h("header", h("h2", "Alarms"), chooser.element), empty, table, snapshots.element);
  const rows = new Map();  // by the alarm's id: kept, so that a focused button stays

  async function know(alarm, button) {
    button.disabled = true;
    try {
      await acknowledge(alarm.id);
    } catch (error) {
      button.disabled = false;
      onproblem(error);
    }
  }

  function actions(alarm) {
    return [
      alarm.snapshot ? h("button.quiet", { type: "button", onclick: () => snapshots.show(alarm) }, "Picture") : null,
      alarm.acknowledged ? h("span.known", { title: dayAndClock(Date.parse(alarm.acknowledged)) }, "acknowledged")
        : h(alarm.cleared ? "button.quiet" : "button.know", { type: "button", onclick: (event) => know(alarm, event.currentTarget) }, "Acknowledge"),
    ];
  }

  function makeRow(alarm) {
    const state = h("td.state");
    const row = h("tr", { "data-alarm": alarm.id, "data-open": String(!alarm.cleared) },
      h("td", dayAndClock(Date.parse(alarm.raised))),
      h("td", h("button.link", { type: "button", onclick: () => onopen(alarm.camera) }, alarm.camera)),
      h("td.what", h("b", kindName(alarm.kind)), " ", alarmText(alarm)),
      h("td", alarm.kind === "silent" ? "–" : figure(alarm.highest_score)),
      h("td", alarm.kind === "silent" ? "–" : figure(alarm.lowest_p_value)),
      state, h("td.actions", actions(alarm)));
    return { row, state, version: JSON.stringify(alarm) };
  }

  function update() {
    const alarms = model.sortedAlarms().filter(chosenBy[choice]).slice(0, SHOWN);
    empty.hidden = alarms.length > 0;
    fill(empty, model.alarms.size ? "None of the alarms is like that." : "No alarm has been raised.");
    table.hidden = alarms.length === 0;
    const wanted = alarms.map((alarm) => {
      let entry = rows.get(alarm.id);
      if (!entry || entry.version !== JSON.stringify(alarm)) {
        entry = makeRow(alarm);
        rows.set(alarm.id, entry);
      }
      entry.state.textContent = stateWords(alarm, model.now());
      return entry.row;
    });
    if (wanted.length !== body.children.length || wanted.some((row, i) => body.children[i] !== row)) body.replaceChildren(...wanted);
    for (const id of [...rows.keys()]) if (!alarms.some((alarm) => alarm.id === id)) rows.delete(id);
  }
  return { element, update };
}
