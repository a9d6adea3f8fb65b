// Elements out of plain values. Text is only ever set as text: a file name can't become markup.

const SVG = "http://www.w3.org/2000/svg";

/// h("p.lead", { id: "x", onclick: f }, "text", child, ...): null and false children are left out.
export function h(selector, ...rest) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  const isOptions = rest[0] && rest[0].constructor === Object;
  for (const [name, value] of Object.entries(isOptions ? rest.shift() : {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(element.style, value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...rest.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/// Replaces what `element` holds.
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/// A labelled select; `options` are [value, text] pairs. `set` chooses without calling back.
export function choice(label, options, value, onchange) {
  const select = h("select", { onchange: () => onchange(select.value) },
    options.map(([key, text]) => h("option", { value: String(key) }, text)));
  select.value = String(value);
  return {
    element: h("label.choice", h("span", label), select),
    set: (next) => { select.value = String(next); },
  };
}

/// A few buttons of which one is pressed.
export function segmented(label, options, value, onchange) {
  const buttons = options.map(([key, text]) =>
    h("button", { type: "button", onclick: () => { press(key); onchange(key); } }, text));
  const press = (key) => options.forEach(([other], i) => buttons[i].setAttribute("aria-pressed", String(other === key)));
  press(value);
  return { element: h("div.segmented", { role: "group", "aria-label": label }, buttons), set: press };
}

/// A small drawing: path data on a 16 by 16 grid.
export function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}
