// The page: finds its data, writes the head, and leaves the rest to the report of its kind.
import { fill, h, icon } from "./dom.js";
import { charts } from "./chart.js";
import { isDark, onThemeChange, toggleTheme } from "./theme.js";
import { detectionReport } from "./detection.js";
import { gradconReport } from "./gradcon.js";
import { qualityReport } from "./quality.js";
import { comparisonReport } from "./comparison.js";
import { details } from "./details.js";

const KINDS = {
  gradcon: "GradCon’s experiment",
  ood: "Out-of-distribution detection",
  "one-class": "One-class detection",
  unfinished: "Unfinished run",
  "image-quality": "Image quality",
  "folder-comparison": "Image comparison",
};

const REPORTS = { "image-quality": qualityReport, "folder-comparison": comparisonReport, gradcon: gradconReport };

const GRADIENTS = "Kwon, Prabhushankar, Temel and AlRegib, “Distorted Representation Space Characterization Through Backpropagated Gradients”, ICIP 2019";
const BD_RATE = "Bjøntegaard, “Calculation of average PSNR differences between RD-curves”, VCEG-M33, 2001";
const GRADCON = "Kwon, Prabhushankar, Temel and AlRegib, “Backpropagated Gradient Representations for Anomaly Detection”, ECCV 2020";

const METHODS = { gradcon: GRADCON, "folder-comparison": BD_RATE };

const SUN = "M8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM7.3 0h1.4v2.6H7.3zm0 13.4h1.4V16H7.3zM0 7.3h2.6v1.4H0zm13.4 0H16v1.4h-2.6zM1.9 2.9l1-1 1.8 1.9-.9.9zm9.4 9.4.9-.9 1.9 1.8-1 1zm0-8.6 1.8-1.8 1 1-1.9 1.8zM1.9 13.1l1.9-1.8.9.9-1.8 1.9z";
const MOON = "M6.2.9A7.2 7.2 0 1 0 15.1 9.8 5.8 5.8 0 0 1 6.2.9z";

function themeButton() {
  const button = h("button.theme", { type: "button", onclick: toggleTheme });
  const show = () => {
    const label = isDark() ? "Light colours" : "Dark colours";
    button.setAttribute("aria-label", label);
    button.title = label;
    fill(button, icon(isDark() ? SUN : MOON));
  };
  show();
  onThemeChange(show);
  return button;
}

function notes(data) {
  if (!data.notes.length) return null;
  return h("aside.notes", { "aria-label": "What is missing" },
    data.notes.length === 1 ? h("p", data.notes[0]) : h("ul", data.notes.map((note) => h("li", note))));
}

function masthead(data, report) {
  return h("div.masthead",
    h("div.bar", h("p.overline", h("b", "gradspace"), ` ${KINDS[data.kind] ?? data.kind}`), themeButton()),
    h("h1", data.title),
    report.headline ? h("p.headline", report.headline) : null,
    report.tiles?.length ? h("dl.tiles", report.tiles.map(([label, value, remark]) =>
      h("div", h("dt", label), h("dd", value), remark ? h("dd.remark", remark) : null))) : null,
    notes(data),
    details(data));
}

function show() {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  document.title = `${data.title} – gradspace ${KINDS[data.kind] ?? ""}`;
  const report = (REPORTS[data.kind] ?? detectionReport)(data);
  fill(document.getElementById("report"),
    h("header", masthead(data, report)),
    h("main", report.content),
    h("footer.colophon", h("p", `Written by gradspace ${data.report_version}. Method: ${METHODS[data.kind] ?? GRADIENTS}. Everything on this page is in this file; it fetches nothing.`)));
  report.ready?.();
  window.gradspaceReport = { data, charts, ...report.handles };
}

show();
