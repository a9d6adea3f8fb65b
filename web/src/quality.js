// The report of image quality benchmarks: how well metrics agree with people.
import { axis, chartCard, legend, legendRows, tip, tooltip } from "./chart.js";
import { choice, fill, h } from "./dom.js";
import { saveCsv } from "./download.js";
import { flipping } from "./flipping.js";
import { count, number, percent, plural, tick } from "./format.js";
import { State } from "./state.js";
import { colours, seriesStyle } from "./theme.js";

const ALL = "all";
const SYMBOLS = ["circle", "triangle", "rect", "diamond"];  // with seven colours, 28 marks that all differ
const MARK = 9;  // px
const MAX_LEGEND = 8;
const MAX_LEFT_OUT = 50;  // lines shown
const COLUMNS = [["srocc", "SROCC"], ["krocc", "KROCC"], ["plcc", "PLCC"], ["rmse", "RMSE"], ["outlier_ratio", "outliers"], ["n", "pairs"]];

const negative = (value) => typeof value === "number" ? 0 - value : value;

class Model {
  constructor(data) {
    Object.assign(this, data);
    this.metricNames = [...new Set(data.summary.map((row) => row.metric))];
    this.rows = new Map(data.summary.map((row) => [`${row.metric} ${row.type}`, row]));
    this.types = [...new Set(data.summary.map((row) => row.type))].filter((type) => type !== ALL);
  }

  row(metric, type) { return this.rows.get(`${metric} ${type}`); }
  scores(metric) { return this.pairs?.metrics.find((m) => m.name === metric); }

  best() {
    return this.metricNames.reduce((best, name) => ((this.row(name, ALL)?.srocc ?? -2) > (this.row(best, ALL)?.srocc ?? -2) ? name : best), this.metricNames[0]);
  }

  /// What the chosen metric's SROCC is over each other one's: rows with `other`, from the best other metric on.
  differences(metric) {
    const turned = (row) => ({ ...row, srocc: negative(row.srocc), srocc_low: negative(row.srocc_high), srocc_high: negative(row.srocc_low) });
    return (this.all_differences ?? []).filter((row) => row.first === metric || row.second === metric)
      .map((row) => row.first === metric ? { ...row, other: row.second } : { ...turned(row), other: row.first })
      .sort((a, b) => (a.srocc ?? 9) - (b.srocc ?? 9));
  }

  image(name) { return this.pairs?.images[name] ?? null; }
}

/// A row's interval, where the benchmark gave one.
const interval = (row, key) => (row && typeof row[`${key}_low`] === "number" ? [row[`${key}_low`], row[`${key}_high`]] : null);

function figure(row, key) {
  const value = row?.[key];
  if (value === null || value === undefined) return "–";
  if (key === "n") return count(value);
  return key === "outlier_ratio" ? percent(value) : number(value);
}

function summaryCard(model) {
  const table = h("table.figures",
    h("thead", h("tr", h("th", { scope: "col" }, "Metric"), COLUMNS.map(([, name]) => h("th", { scope: "col" }, name)))),
    h("tbody", model.metricNames.map((name) => {
      const row = model.row(name, ALL);
      return h("tr", h("th", { scope: "row" }, name), COLUMNS.map(([key]) => {
        const range = interval(row, key);
        return h("td", { class: key === "srocc" && name === model.best() ? "best" : null }, figure(row, key),
          range ? h("small", `${number(range[0])} to ${number(range[1])}`) : null);
      }));
    }), (model.published ?? []).filter((row) => row.type === ALL).map((row) =>
      h("tr.paper", h("th", { scope: "row", title: typeof row.source === "string" ? row.source : null }, `${row.metric}, published`), COLUMNS.map(([key]) => h("td", row[key] === undefined ? "" : figure(row, key)))))));
  return { element: h("section.card", { id: "summary" },
    h("header", h("h3", "Metrics by agreement")),
    h("p.lead", "SROCC: do the metric and people put the images into the same order? 1 for the same, 0 for no relation. KROCC asks it pair by pair. PLCC and RMSE compare the numbers themselves, after a smooth curve has turned scores into opinions. Outliers are images whose score is over two standard deviations of opinion away."),
    h("div.scroll", { tabindex: 0, role: "region", "aria-label": "Summary table" }, table),
    h("footer", h("button.quiet", { type: "button", onclick: () => saveCsv("summary", [["metric", "type", ...COLUMNS.map(([key]) => key)], ...model.summary.map((row) => [row.metric, row.type, ...COLUMNS.map(([key]) => row[key])])]) }, "CSV"))), update() {} };
}

/// +0.012, with a true minus.
const signed = (value) => typeof value !== "number" ? "–" : `${value < 0 ? "\u2212" : "+"}${Math.abs(value).toFixed(4)}`;
const probability = (p) => typeof p !== "number" ? "–" : p < 0.0001 ? "< 0.0001" : p.toFixed(4);

/// Which of two metrics agrees better, as far as the interval tells.
function verdict(row, metric) {
  if (typeof row.srocc !== "number") return "";
  if (row.srocc_low > 0) return `${metric} is better`;
  return row.srocc_high < 0 ? `${row.other} is better` : "cannot be told apart";
}

function differencesCard(model, state) {
  const lead = h("p.lead");
  const scroll = h("div.scroll", { tabindex: 0, role: "region", "aria-label": "Differences between metrics" });
  function update() {
    const rows = model.differences(state.metric);
    fill(lead, `By how much the SROCC of ${state.metric} is over that of each other metric, on the ${plural(rows[0]?.n ?? 0, "image")} that all metrics scored. The interval is over samples of the references with all of their images: where it holds 0, another choice of pictures might have turned the order. p is that of Williams’ test, which takes all images for independent; the last column adjusts it for the number of comparisons (Holm).`);
    fill(scroll, h("table.figures",
      h("thead", h("tr", ["Beside", "difference of SROCC", "", "p, Williams", "p, Holm"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", rows.map((row) => h("tr", h("th", { scope: "row" }, row.other),
        h("td", signed(row.srocc), typeof row.srocc_low === "number" ? h("small", `${signed(row.srocc_low)} to ${signed(row.srocc_high)}`) : null),
        h("td.verdict", verdict(row, state.metric)), h("td", probability(row.p)), h("td", probability(row.p_holm)))))));
  }
  state.on(["metric"], update);
  return { element: h("section.card", { id: "differences" }, h("header", h("h3", "Is it better, or was it luck?")), lead, scroll,
    h("footer", h("button.quiet", { type: "button", onclick: () => saveCsv("differences", [["first", "second", "n", "srocc", "low", "high", "p_williams", "p_holm"], ...model.all_differences.map((row) => [row.first, row.second, row.n, row.srocc, row.srocc_low, row.srocc_high, row.p, row.p_holm])]) }, "CSV"))), update };
}

function leftOutCard(model) {
  const shown = model.left_out.slice(0, MAX_LEFT_OUT);
  return { element: h("section.card", { id: "left-out" }, h("header", h("h3", "Left out")),
    h("p.lead", `${plural(model.left_out.length, "line")} on what is missing or could not be scored; no figure counts it.${shown.length < model.left_out.length ? ` The first ${MAX_LEFT_OUT} are shown; results.json has more.` : ""}`),
    h("ul.plain", shown.map((line) => h("li", h("bdi", line))))), update() {} };
}

const logistic = (b, x) => b[0] * (0.5 - 1 / (1 + Math.exp(b[1] * (x - b[2])))) + b[3] * x + b[4];

function thumbnails(model, pair, remark = "") {
  const names = [["reference", model.pairs.reference[pair]], ["distorted", model.pairs.distorted[pair]]];
  const known = names.filter(([, name]) => model.image(name));
  if (known.length < 2) return null;
  return h("div.thumbs", known.map(([label, name]) => h("figure", h("img", { src: model.image(name), alt: `${label}: ${name}` }), h("figcaption", label + remark))));
}

function scatterCard(model, state) {
  const { pairs } = model;
  const typesOfPairs = [...new Set(pairs.type)];
  function option() {
    const metric = model.scores(state.metric);
    if (!metric) return null;
    const c = colours();
    const points = metric.scores.map((score, i) => [score, pairs.opinion[i], i]).filter(([score]) => score !== null);
    if (!points.length) return null;
    const xs = points.map(([x]) => x);
    const low = Math.min(...xs), high = Math.max(...xs), margin = 0.03 * (high - low || 1);
    const opinions = points.map(([, y]) => y);
    const curve = metric.fit && Array.from({ length: 121 }, (_, i) => low + ((high - low) * i) / 120).map((x) => [x, logistic(metric.fit, x)]);
    const size = points.length > 1500 ? 6 : points.length > 400 ? 8 : 10;
    const byType = typesOfPairs.map((type, i) => {
      const chosen = state.type === ALL || state.type === type;
      const { color } = seriesStyle(i);
      return { type: "scatter", name: type || "pairs", symbol: SYMBOLS[i % SYMBOLS.length], symbolSize: size, data: points.filter(([, , pair]) => pairs.type[pair] === type),
        itemStyle: { color: chosen ? color : c.faint, borderColor: c.paper, borderWidth: chosen ? 0.5 : 0, opacity: chosen ? 0.9 : 0.3 }, z: chosen ? 3 : 2, silent: !chosen };
    });
    const withLegend = typesOfPairs.length > 1 && typesOfPairs.length <= MAX_LEGEND;
    const span = Math.max(...opinions) - Math.min(...opinions) || 1;
    return {
      grid: { left: 52, right: 16, top: 12, bottom: withLegend ? 92 : 46 },
      legend: withLegend ? legend({ bottom: 0, left: 8, right: 8, icon: undefined, itemHeight: MARK, itemWidth: MARK, data: typesOfPairs }) : undefined,
      xAxis: axis({ type: "value", min: low - margin, max: high + margin, name: `${state.metric} score`, nameGap: 28, axisLabel: { formatter: tick, showMinLabel: false, showMaxLabel: false } }),
      yAxis: axis({ type: "value", min: Math.min(...opinions) - 0.05 * span, max: Math.max(...opinions) + 0.05 * span, name: "mean opinion of people", nameGap: 36, nameRotate: 90, axisLabel: { formatter: tick, showMinLabel: false, showMaxLabel: false } }),
      tooltip: tooltip({ trigger: "item", formatter: ({ data, seriesName }) => {
        const element = tip(pairs.distorted[data[2]], [["type", seriesName], ["score", number(data[0])], ["opinion", number(data[1])]]);
        const pictures = thumbnails(model, data[2]);
        if (pictures) element.append(pictures);
        return element;
      } }),
      series: [...byType, ...(curve ? [{ type: "line", name: "fit", data: curve, showSymbol: false, silent: true, lineStyle: { color: c.ink, width: 2 }, z: 6, tooltip: { show: false } }] : [])],
    };
  }
  const card = chartCard({
    id: "scatter", title: "Scores and opinions", option, height: () => 440,
    lead: () => `Each mark is a distorted image: to the ${model.scores(state.metric)?.larger_is_better === false ? "left" : "right"} the metric likes it better, ${pairs.opinions_rise ? "upwards" : "downwards"} people do. The line is the fitted curve from score to opinion; the closer the marks, the better the metric.${typesOfPairs.length > MAX_LEGEND ? " Choose a type above to pick it out." : ""} ${model.pairs && Object.keys(pairs.images).length ? "Marks show their pictures." : ""}`,
    csv: () => [["reference", "distorted", "type", "opinion", ...pairs.metrics.map((m) => m.name)], ...pairs.opinion.map((opinion, i) => [pairs.reference[i], pairs.distorted[i], pairs.type[i], opinion, ...pairs.metrics.map((m) => m.scores[i])])],
  });
  state.on(["metric", "type"], card.update);
  return card;
}

function barsCard(model, state) {
  const types = () => [ALL, ...model.types].filter((type) => typeof model.row(state.metric, type)?.srocc === "number").sort((a, b) => (a === ALL ? -1 : b === ALL ? 1 : model.row(state.metric, b).srocc - model.row(state.metric, a).srocc));
  const others = () => model.metricNames.filter((name) => name !== state.metric);
  /// px from one metric's marks to the next one's: many metrics would lie upon each other in one line.
  const lane = () => others().length <= 3 ? 0 : types().length > 10 ? 5 : 7;
  const rowHeight = () => Math.max(26, lane() * others().length + 10);
  const top = () => 12 + 22 * legendRows([state.metric, "95 % interval", ...others()], window.innerWidth < 720 ? 300 : 980);
  const published = (type) => (model.published ?? []).filter((row) => row.type === type && typeof row.srocc === "number");

  function option() {
    const list = types().reverse();  // the first on top
    if (!list.length) return null;
    const c = colours();
    const row = (type) => model.row(state.metric, type);
    const marked = others();
    const left = Math.min(150, 18 + 8 * Math.max(...list.map((type) => type.length)));
    const lowest = Math.min(0, ...list.flatMap((type) => model.metricNames.map((name) => model.row(name, type)?.srocc ?? 0)));
    return {
      grid: { left, right: 20, top: top(), bottom: 34 },
      legend: legend({ top: 0, left: 0, right: 0, icon: undefined, itemHeight: MARK, itemWidth: MARK }),
      xAxis: axis({ type: "value", min: lowest < 0 ? Math.max(-1, lowest - 0.05) : 0, max: 1, axisLabel: { formatter: tick } }),
      yAxis: axis({ type: "category", data: list, splitLine: { show: lane() > 0 }, axisLabel: { interval: 0, color: c.ink, width: left - 12, overflow: "truncate" } }),
      tooltip: tooltip({ trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { color: c.line, opacity: 0.35 } }, formatter: ([item]) => {
        const type = list[item.dataIndex];
        const range = interval(row(type), "srocc");
        return tip(type, [...model.metricNames.map((name) => [name, number(model.row(name, type)?.srocc)]), range && ["95 % interval", `${number(range[0])} to ${number(range[1])}`], ...published(type).map((entry) => [`${entry.metric}, published`, number(entry.srocc)]), ["pairs", count(row(type).n ?? 0)]]);
      } }),
      series: [
        { type: "bar", name: state.metric, barWidth: lane() ? 14 : "58%", data: list.map((type) => ({ value: row(type).srocc, itemStyle: { color: type === ALL ? c.clean : c.cleanSoft, borderRadius: [0, 3, 3, 0] } })), itemStyle: { color: c.clean }, emphasis: { disabled: true } },
        { type: "custom", name: "95 % interval", silent: true, clip: true, z: 5, itemStyle: { color: c.ink }, data: list.map((type, i) => { const range = interval(row(type), "srocc"); return range ? [...range, i] : [0, 0, -1]; }), encode: { x: [0, 1], y: 2 },
          renderItem: (_, api) => {
            if (api.value(2) < 0) return null;
            const [x1, y] = api.coord([api.value(0), api.value(2)]);
            const [x2] = api.coord([api.value(1), api.value(2)]);
            const stroke = (shape) => ({ type: "line", shape, style: { stroke: c.ink, lineWidth: 1.5 } });
            return { type: "group", children: [stroke({ x1, y1: y, x2, y2: y }), stroke({ x1, y1: y - 4, x2: x1, y2: y + 4 }), stroke({ x1: x2, y1: y - 4, x2, y2: y + 4 })] };
          } },
        ...marked.map((name, i) => ({ type: "scatter", name, z: 4, symbol: SYMBOLS[model.metricNames.indexOf(name) % SYMBOLS.length], symbolSize: MARK, symbolOffset: [0, lane() * (i - (marked.length - 1) / 2)], itemStyle: { color: seriesStyle(model.metricNames.indexOf(name)).color, borderColor: c.paper, borderWidth: 1 }, data: list.map((type, i) => [model.row(name, type)?.srocc, i]).filter(([v]) => typeof v === "number") })),
        ...(list.some((type) => published(type).length) ? [{ type: "scatter", name: "published", z: 6, symbol: "path://M0 0h2v10H0z", symbolSize: [3, 16], itemStyle: { color: c.ink }, data: list.flatMap((type, i) => published(type).map((entry) => [entry.srocc, i])) }] : []),
      ],
    };
  }
  const card = chartCard({
    id: "srocc", title: "Agreement by type of distortion", option, height: () => top() + 34 + rowHeight() * types().length,
    lead: () => {
      const known = types().filter((type) => type !== ALL);
      const hard = known[known.length - 1];
      return `Bars: SROCC of ${state.metric}${interval(model.row(state.metric, ALL), "srocc") ? " with its 95 % interval" : ""}; marks: the other metrics${(model.published ?? []).length ? "; black ticks: published figures" : ""}.${known.length > 1 ? ` It agrees with people best on ${known[0]} and least on ${hard}.` : ""}`;
    },
    csv: () => [["metric", "type", "srocc", "low", "high"], ...model.summary.map((row) => [row.metric, row.type, row.srocc, ...(interval(row, "srocc") ?? ["", ""])])],
  });
  state.on(["metric"], card.update);
  return card;
}

/// The place where a pair differs most, at its own size.
function crop(model, pair) {
  const found = model.pairs.crops?.[pair];
  if (!found) return null;
  const [{ picture, map }] = found.folders;
  const labelled = (image, label) => h("figure", image, h("figcaption", label));
  return h("div.crop-row", labelled(h("img", { src: found.reference, alt: "Reference" }), "reference"),
    labelled(flipping(picture, found.reference, "Distorted"), "distorted"),
    labelled(h("img", { src: map, alt: "Difference map" }), `difference, to ${found.scale}`));
}

function worstCard(model, state) {
  const list = h("div.strips");
  const lead = h("p.lead");
  const share = (value) => percent(Math.abs(value), 0);
  function item({ pair, difference }) {
    const { pairs } = model;
    const pictures = crop(model, pair) ?? thumbnails(model, pair, ", made smaller");
    return h("figure.strip",
      h("figcaption", h("b", pairs.type[pair] || "pair"), h("span.path", { title: pairs.distorted[pair] }, h("bdi", pairs.distorted[pair]))),
      pictures,
      h("p.remark", difference > 0 ? `${state.metric} ranks it ${share(difference)} of all places better than people do` : `People rank it ${share(difference)} of all places better than ${state.metric} does`,
        ` (score ${number(model.scores(state.metric).scores[pair])}, opinion ${number(pairs.opinion[pair])}).`));
  }
  function update() {
    const worst = model.scores(state.metric)?.worst ?? [];
    fill(list, worst.map(item));
    fill(lead, worst.length ? `The images whose place by the metric is furthest from their place by people: where to look for what the metric does not see.${Object.keys(model.pairs.crops ?? {}).length ? " Pictures are cut out at their own size where the two differ most; point at the distorted one, or touch it, to see the reference in its place. The third is their difference, the largest of the three channels, up to so many levels of 255." : ""}` : "There are no scores of this metric.");
  }
  state.on(["metric"], update);
  return { element: h("section.card", { id: "worst" }, h("header", h("h3", "Where they disagree most")), lead, list), update };
}

export function qualityReport(data) {
  const model = new Model(data);
  const state = new State({ metric: model.metricNames.includes("gradient") ? "gradient" : model.metricNames[0], type: ALL });
  const best = model.best();
  const row = model.row(best, ALL);
  const cards = [];
  const add = (card) => { cards.push(card); return card.element; };
  const group = (title, explanation, ...children) => h("section.group", h("div.intro", h("h2", title), h("p", explanation)), ...children);
  const content = [];
  if (model.metricNames.length) {
    content.push(group("Metrics compared", "People judged these images. A good metric puts them into the same order.", add(summaryCard(model))));
    if (model.left_out?.length) content.push(group("What is missing", "Pairs that no figure counts.", add(leftOutCard(model))));
    const metric = choice("Metric", model.metricNames.map((name) => [name, name]), state.metric, (value) => state.set({ metric: value }));
    const type = choice("Distortion", [[ALL, "all types"], ...model.types.map((name) => [name, name])], ALL, (value) => state.set({ type: value }));
    state.on(["metric"], () => metric.set(state.metric));
    content.push(h("nav.choosers", { "aria-label": "What the charts show" }, metric.element, type.element));
    if (model.all_differences?.length) content.push(group("Which differences are real", "A metric may be ahead by chance.", add(differencesCard(model, state))));
    if (model.pairs?.opinion.length) content.push(group("Scores against opinions", "One mark an image.", add(scatterCard(model, state))));
    content.push(group("Which distortions it understands", "The same figure, type by type.", add(barsCard(model, state))));
    if (model.pairs?.opinion.length) content.push(group("Pairs to look at", "Nothing teaches more about a metric than its mistakes.", add(worstCard(model, state))));
  }
  return {
    headline: typeof row?.srocc === "number" && [h("b", best), ` agrees with people best here: SROCC ${number(row.srocc)} over ${plural(row.n ?? model.pairs?.count ?? 0, "image")}${model.types.length > 1 ? ` and ${model.types.length} types of distortion` : ""}.`],
    tiles: row ? [
      ["Best SROCC", number(row.srocc), `${best}, all images`],
      ["PLCC", number(row.plcc), "after the fit"],
      ["RMSE", number(row.rmse), "in units of opinion"],
      ["Images", count(row.n ?? model.pairs?.count ?? 0), `${plural(model.metricNames.length, "metric")}, ${plural(model.types.length, "type")}`],
    ] : [],
    content, ready: () => cards.forEach((card) => card.update()), handles: { state, model },
  };
}
