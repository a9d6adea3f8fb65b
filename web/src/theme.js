// Light and dark, and the colours that charts take from the style sheet.

const listeners = new Set();
const media = window.matchMedia("(prefers-color-scheme: dark)");
let chosen = null;  // by the button, over what the system prefers

export const isDark = () => (chosen ?? (media.matches ? "dark" : "light")) === "dark";

function apply() {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
  listeners.forEach((listener) => listener());
}

export function toggleTheme() {
  chosen = isDark() ? "light" : "dark";
  apply();
}

media.addEventListener("change", apply);
apply();

/// Returns a function that ends it.
export const onThemeChange = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/// The style sheet's colours, by what they stand for.
export function colours() {
  return {
    ink: css("--ink"), muted: css("--muted"), faint: css("--faint"), line: css("--line"),
    paper: css("--card"), clean: css("--clean"), challenged: css("--challenged"),
    cleanSoft: css("--clean-soft"), challengedSoft: css("--challenged-soft"), accent: css("--accent"),
    series: [1, 2, 3, 4, 5, 6, 7].map((i) => css(`--series-${i}`)),
    font: css("--sans"),
  };
}

/// Strokes and gaps, in px; ECharts takes "solid" or such a list.
const DASHES = ["solid", [7, 4], [2, 3], [10, 3, 2, 3], [15, 5], [5, 3, 2, 3, 2, 3]];

/// Okabe and Ito's colours in turn, then the same again with other dashes: [colour, dash]. No two of as many
/// detectors as a page shows are alike.
export function seriesStyle(index) {
  const { series } = colours();
  return { color: series[index % series.length], dash: DASHES[Math.floor(index / series.length) % DASHES.length] };
}

/// From bad (brown) over chance (pale) to good (blue); `goodness` within -1 and 1.
export function divergingColour(goodness) {
  const stops = isDark()
    ? [[176, 88, 20], [112, 66, 33], [44, 47, 54], [31, 88, 125], [46, 134, 190]]
    : [[179, 88, 6], [241, 181, 106], [245, 243, 238], [146, 191, 222], [30, 104, 164]];
  const at = (Math.max(-1, Math.min(1, goodness)) + 1) * 2;
  const from = Math.min(3, Math.floor(at));
  const rgb = stops[from].map((value, i) => Math.round(value + (at - from) * (stops[from + 1][i] - value)));
  const luminance = (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]) / 255;
  return { fill: `rgb(${rgb.join(",")})`, text: luminance > 0.55 ? "#15171a" : "#ffffff" };
}
