// The report of compared folders: codecs at several settings beside their references.
import { axis, chartCard, legendRows, lineLegend, tip, tooltip } from "./chart.js";
import { choice, fill, h, segmented } from "./dom.js";
import { saveCsv } from "./download.js";
import { flipping } from "./flipping.js";
import { count, number, plural, tick } from "./format.js";
import { chooserBar, group } from "./layout.js";
import { State } from "./state.js";
import { colours, seriesStyle } from "./theme.js";

const MEAN = -1;  // in the place of an image's number
const MOST_ROWS = 30;     // of the table of images
const MOST_CHOICES = 300;  // images whose own curves can be chosen
const SYMBOLS = ["circle", "triangle", "rect", "diamond"];
const MINUS = "\u2212", THIN = "\u202f";

/// -23.4 as "−23.4 %".
const change = (value) => value === null || value === undefined ? "–" : `${value < 0 ? MINUS : "+"}${Math.abs(value).toFixed(1)}${THIN}%`;

const size = (bytes) => bytes < 1e3 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(2)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;

/// A score, fine enough to tell codecs apart. Infinite is the PSNR of an image that equals its reference.
const score = (value) => value === "inf" ? "∞" : typeof value !== "number" ? "–" : value.toFixed(Math.abs(value) >= 10 ? 2 : 4);

class Model {
  constructor(data) {
    Object.assign(this, data);
    this.images ??= [];
    this.crops ??= [];
    this.metricNames = this.metrics.map((metric) => metric.name);
    this.curveOf = new Map(this.curves.flatMap((curve, i) => curve.folders.map((folder) => [folder, i])));
    this.numberOf = new Map(this.folders.map((folder, i) => [folder.name, i]));
  }

  direction(metric) { return this.metrics[metric].larger_is_better ? "larger is better" : "smaller is better"; }
  summary(folder, metric) { return folder.scores.find((s) => s.metric === this.metricNames[metric]); }
  bdRate(curve, metric) { return this.bd_rates.find((row) => row.curve === curve && row.metric === metric); }

  /// A folder's point on the chart: [bits a pixel, score], of the mean or of one image; null where it has none.
  point(folder, metric, image) {
    const of = this.folders[folder];
    const point = image === MEAN ? [of.bits_per_pixel, this.summary(of, metric)?.mean]
      : [this.images[image].bits_per_pixel[folder], this.images[image].scores[metric][folder]];
    return point.every((value) => typeof value === "number") ? point : null;
  }
}

/// A mean, which is infinite where JSON has null.
const meanOf = (summary) => summary.mean ?? Infinity;

/// The best mean of the metric, over all folders.
function best(model, metric) {
  const means = model.folders.map((folder) => model.summary(folder, metric)).filter(Boolean).map(meanOf);
  return model.metrics[metric].larger_is_better ? Math.max(...means) : Math.min(...means);
}

/// A figure of a folder's summary, which JSON has no infinity for.
const figure = (summary, key) => summary ? score(summary[key] ?? "inf") : "–";

/// How many images a folder has, and what is amiss with others, a line each.
function imagesCell(folder) {
  const amiss = [[folder.failed, "failed"], [folder.unmatched, "without partner"], [folder.incomplete, "lacking a score"]];
  return h("td", count(folder.images), amiss.filter(([number]) => number > 0).map(([number, what]) => h("small.interval", `${count(number)} ${what}`)));
}

function foldersCard(model, state) {
  const scroll = h("div.scroll", { tabindex: 0, role: "region", "aria-label": "Folders" });
  const lead = h("p.lead");
  function row(folder) {
    const summary = model.summary(folder, state.metric);
    return h("tr", h("th", { scope: "row", title: folder.path }, folder.name),
      imagesCell(folder), h("td", folder.images ? size(folder.bytes) : "–"), h("td", number(folder.bits_per_pixel)),
      h("td", { class: summary && meanOf(summary) === best(model, state.metric) ? "best" : null }, figure(summary, "mean")),
      h("td", figure(summary, "median"), summary?.median_equivalent ? h("small.interval", summary.median_equivalent.text) : null), h("td", figure(summary, "worst")),
      h("td.worst-image", summary?.worst_image ?? "–"));
  }
  function update() {
    const like = model.folders.some((folder) => model.summary(folder, state.metric)?.median_equivalent)
      ? " Below each median stands the quality of JPEG at which photographs have that score, and how people see such a JPEG." : "";
    fill(lead, `Scores of ${model.metricNames[state.metric]}: ${model.direction(state.metric)}.${like} Bits a pixel are of the files as they are, averaged over the images.`);
    fill(scroll, h("table.figures",
      h("thead", h("tr", ["Folder", "images", "bytes", "bits a pixel", "mean", "median", "worst", "worst image"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", model.folders.map(row))));
  }
  state.on(["metric"], update);
  const rows = () => model.folders.flatMap((folder) => folder.scores.map((s) => [folder.name, folder.images, folder.bytes, folder.bits_per_pixel, s.metric, s.mean, s.median, s.median_equivalent?.jpeg_quality, s.median_equivalent?.impairment, s.worst, s.worst_image]));
  return { element: h("section.card", { id: "folders" }, h("header", h("h3", "Folders")), lead, scroll,
    h("footer", h("button.quiet", { type: "button", onclick: () => saveCsv("folders", [["folder", "images", "bytes", "bits_per_pixel", "metric", "mean", "median", "median_jpeg_quality", "median_impairment", "worst", "worst_image"], ...rows()]) }, "CSV"))), update };
}

function rateCard(model, state) {
  let logarithmic = false;
  const lines = () => model.curves.map((curve, i) => {
    const points = curve.folders.map((folder) => ({ folder, point: model.point(model.numberOf.get(folder), state.metric, state.image) }))
      .filter(({ point }) => point).sort((a, b) => a.point[0] - b.point[0]);
    return { name: curve.name, points, ...seriesStyle(i), symbol: SYMBOLS[i % SYMBOLS.length] };
  }).filter((line) => line.points.length);
  function option() {
    const drawn = lines();
    if (!drawn.length) return null;
    const c = colours();
    const ys = drawn.flatMap((line) => line.points.map(({ point }) => point[1]));
    const span = Math.max(...ys) - Math.min(...ys) || 1;
    const rows = legendRows(drawn.map((line) => line.name), window.innerWidth < 720 ? 300 : 980);
    return {
      grid: { left: 62, right: 18, top: 12 + 22 * rows, bottom: 46 },
      legend: lineLegend(drawn.map((line) => [line.name, line.dash]), { top: 0, left: 0, right: 0 }),
      xAxis: axis({ type: logarithmic ? "log" : "value", logBase: 2, min: logarithmic ? undefined : 0, name: "bits a pixel", nameGap: 28, axisLabel: { formatter: tick } }),
      yAxis: axis({ type: "value", min: Math.min(...ys) - 0.06 * span, max: Math.max(...ys) + 0.06 * span, name: model.metricNames[state.metric], nameGap: 46, nameRotate: 90, axisLabel: { formatter: tick, showMinLabel: false, showMaxLabel: false } }),
      tooltip: tooltip({ trigger: "item", formatter: ({ data }) => tip(data.folder, [["bits a pixel", number(data.value[0])], [model.metricNames[state.metric], score(data.value[1])]]) }),
      series: drawn.map((line) => ({ type: "line", name: line.name, symbol: line.symbol, symbolSize: 8, data: line.points.map(({ folder, point }) => ({ value: point, folder })),
        lineStyle: { color: line.color, type: line.dash, width: 2 }, itemStyle: { color: line.color, borderColor: c.paper, borderWidth: 1 }, emphasis: { disabled: true } })),
    };
  }
  const scale = segmented("Rate axis", [[false, "linear"], [true, "logarithmic"]], logarithmic, (value) => { logarithmic = value; card.update(); });
  const card = chartCard({
    id: "rates", title: "Rate and quality", option, height: () => 420, controls: [scale.element],
    lead: () => `${state.image === MEAN ? "Each mark is a folder: the mean rate of its images and their mean score" : `Each mark is a folder's file of ${model.images[state.image].name}`}; ${model.direction(state.metric)}. Where one line runs ${model.metrics[state.metric].larger_is_better ? "above" : "below"} another, its codec gives more quality for the same bits.`,
    csv: () => [["curve", "folder", "bits_per_pixel", model.metricNames[state.metric]], ...lines().flatMap((line) => line.points.map(({ folder, point }) => [line.name, folder, ...point]))],
  });
  state.on(["metric", "image"], card.update);
  return card;
}

function bdRateCard(model) {
  const curves = [...new Set(model.bd_rates.map((row) => row.curve))];
  function cell(curve, metric) {
    const row = model.bdRate(curve, metric);
    if (!row) return h("td", "");
    const some = row.mean_bd_rate !== null;
    const why = [row.refusal, row.of_means.refusal].filter(Boolean).join("; ");
    return h("td", { title: why || null }, change(row.mean_bd_rate),
      h("small.interval", some && row.compared > 1 ? `${change(row.lowest_bd_rate)} to ${change(row.highest_bd_rate)}` : some ? "" : row.refusal),
      h("small.interval", row.compared < row.images ? `${row.compared} of ${plural(row.images, "image")}` : plural(row.images, "image")),
      h("small.interval", `of the means ${change(row.of_means.bd_rate)}`));
  }
  const rows = () => model.bd_rates.map((row) => [row.curve, row.metric, row.mean_bd_rate, row.lowest_bd_rate, row.highest_bd_rate, row.compared, row.images, row.of_means.bd_rate, row.of_means.bd_quality]);
  return { element: h("section.card", { id: "bd-rates" },
    h("header", h("h3", `BD-rate against ${model.anchor}`)),
    h("p.lead",
      `How many more bits (+) or fewer (${MINUS}) a codec takes than ${model.anchor} for the same score: the mean of the images’ own Bjøntegaard deltas over the scores that both codecs reach (${model.interpolation === "cubic" ? "cubic polynomials of the logarithm of the rate" : "piecewise cubic interpolation of the logarithm of the rate"}), from the least to the most, and that of the curves through the mean scores.`,
      " Scores that saturate, such as SSIM near 1, give low rates nearly all the weight: look at several metrics."),
    h("div.scroll", { tabindex: 0, role: "region", "aria-label": "BD-rates" }, h("table.figures",
      h("thead", h("tr", h("th", { scope: "col" }, "Codec"), model.metricNames.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", curves.map((curve) => h("tr", h("th", { scope: "row" }, curve), model.metricNames.map((metric) => cell(curve, metric))))))),
    h("footer", h("button.quiet", { type: "button", onclick: () => saveCsv("bd-rates", [["curve", "metric", "mean_bd_rate", "lowest", "highest", "compared", "images", "of_means_bd_rate", "of_means_bd_quality"], ...rows()]) }, "CSV"))), update() {} };
}

function imagesCard(model, state) {
  const scroll = h("div.scroll", { tabindex: 0, role: "region", "aria-label": "Scores of the images" });
  const lead = h("p.lead");
  const numbers = (values) => values.filter((value) => typeof value === "number");
  /// An image's mean over the folders, such that a smaller one is worse; those without any come last.
  function goodness(image) {
    const values = numbers(image.scores[state.metric]);
    const sum = values.reduce((a, b) => a + b, 0) / values.length;
    return values.length ? (model.metrics[state.metric].larger_is_better ? sum : -sum) : Infinity;
  }
  const sorted = () => [...model.images].sort((a, b) => goodness(a) - goodness(b));
  function update() {
    const images = sorted();
    const shown = images.slice(0, MOST_ROWS);
    fill(lead, `${model.metricNames[state.metric]}, ${model.direction(state.metric)}; the images with the worst mean over all folders come first.${shown.length < images.length ? ` The first ${MOST_ROWS} of ${images.length} are shown; the CSV has all.` : ""}`);
    fill(scroll, h("table.figures",
      h("thead", h("tr", h("th", { scope: "col" }, "Image"), model.folders.map((folder) => h("th", { scope: "col" }, folder.name)))),
      h("tbody", shown.map((image) => h("tr", h("th", { scope: "row" }, image.name), image.scores[state.metric].map((value) => h("td", score(value))))))));
  }
  state.on(["metric"], update);
  const rows = () => sorted().flatMap((image) => model.folders.map((folder, i) => [image.name, folder.name, image.bits_per_pixel[i], ...model.metricNames.map((_, m) => image.scores[m][i])])).filter((row) => row[2] !== null);
  return { element: h("section.card", { id: "images" }, h("header", h("h3", "Scores, worst first")), lead, scroll,
    h("footer", h("button.quiet", { type: "button", onclick: () => saveCsv("images", [["image", "folder", "bits_per_pixel", ...model.metricNames], ...rows()]) }, "CSV"))), update };
}

function cropsCard(model, state) {
  const strips = h("div.crops");
  const lead = h("p.lead");
  const scaleText = h("span");
  function pictures(crop, { folder, picture, map }) {
    const { name } = model.folders[folder];
    const image = model.images.find((one) => one.name === crop.image);
    return h("figure.crop", h("div", flipping(picture, crop.reference, name), h("img", { src: map, alt: `Difference map of ${name}` })),
      h("figcaption", h("b", name), image ? h("span", `${number(image.bits_per_pixel[folder])} bits a pixel, ${model.metricNames[state.metric]} ${score(image.scores[state.metric][folder])}`) : null));
  }
  function update() {
    const crop = model.crops[state.crop];
    fill(strips, h("figure.crop", h("div", h("img", { src: crop.reference, alt: "Reference" })), h("figcaption", h("b", "Reference"))), crop.folders.map((folder) => pictures(crop, folder)));
    fill(lead, `The ${crop.width} by ${crop.height} pixels of ${crop.image} from (${crop.x}, ${crop.y}) on, where the folders differ most from the reference, at their own size. Point at a picture, or touch it, to see the reference in its place. Beside it the difference: the largest of the three channels.`);
    fill(scaleText, "no difference", h("i"), `${crop.scale} levels of 255 or more`);
  }
  const chooser = choice("Image", model.crops.map((crop, i) => [i, crop.image]), 0, (value) => state.set({ crop: Number(value) }));
  state.on(["metric", "crop"], update);
  return { element: h("section.card", { id: "crops" }, h("header", h("h3", "Side by side"), h("div.controls", chooser.element)), lead,
    h("p.heat-scale.differences", scaleText), strips), update };
}

function headline(model) {
  const [row] = model.bd_rates.filter((one) => one.mean_bd_rate !== null);
  if (row) {
    return [h("b", row.curve), ` takes ${Math.abs(row.mean_bd_rate).toFixed(1)}${THIN}% ${row.mean_bd_rate < 0 ? "fewer" : "more"} bits than ${model.anchor} for the same ${row.metric}: the mean BD-rate of ${plural(row.compared, "image")}.`];
  }
  const folder = model.folders.find((one) => model.summary(one, 0) && meanOf(model.summary(one, 0)) === best(model, 0));
  return folder && [h("b", folder.name), ` has the best mean ${model.metricNames[0]}: ${figure(model.summary(folder, 0), "mean")}.`];
}

export function comparisonReport(data) {
  const model = new Model(data);
  const state = new State({ metric: 0, image: MEAN, crop: 0 });
  const cards = [];
  const add = (card) => { cards.push(card); return card.element; };
  const choosers = [["Metric", "metric", model.metricNames.map((name, i) => [i, name])]];
  if (model.images.length > 1) choosers.push(["Curves", "image", [[MEAN, "mean of all images"], ...model.images.slice(0, MOST_CHOICES).map((image, i) => [i, image.name])]]);
  const content = [
    chooserBar(state, choosers),
    group("Folders compared", "The same images, as each folder has them.", add(foldersCard(model, state))),
    group("What quality costs", "Bits against quality: what matters between codecs.", add(rateCard(model, state)), ...(model.bd_rates.length ? [add(bdRateCard(model))] : [])),
  ];
  if (model.images.length) content.push(group("Image by image", "Means hide what happens to single images.", add(imagesCard(model, state))));
  if (model.crops.length) content.push(group("Look for yourself", "No score replaces a look.", add(cropsCard(model, state))));
  return {
    headline: headline(model),
    tiles: [
      ["Folders", count(model.folders.length), plural(model.curves.length, "codec")],
      ["Images", count(model.count ?? 0), "with any score"],
      ["Metrics", count(model.metrics.length), model.metricNames.slice(0, 3).join(", ") + (model.metrics.length > 3 ? " and more" : "")],
      ["Files", size(model.folders.reduce((sum, folder) => sum + folder.bytes, 0)), "all folders together"],
    ],
    content, ready: () => cards.forEach((card) => card.update()), handles: { state, model },
  };
}
