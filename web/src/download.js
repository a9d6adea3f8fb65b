// Charts as files.

function save(name, href) {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

/// RFC 4180; a field that a spreadsheet would take for a formula gets an apostrophe.
function field(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csvText = (rows) => rows.map((row) => row.map(field).join(",")).join("\n") + "\n";

export function saveCsv(name, rows) {
  const url = URL.createObjectURL(new Blob([csvText(rows)], { type: "text/csv" }));
  save(`${name}.csv`, url);
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/// The chart under its title.
export function savePng(name, title, chart, colours) {
  const ratio = 2;
  const image = new Image();
  image.onload = () => {
    const top = 40 * ratio;
    const canvas = document.createElement("canvas");
    canvas.width = image.width;
    canvas.height = image.height + top;
    const context = canvas.getContext("2d");
    context.fillStyle = colours.paper;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = colours.ink;
    context.font = `600 ${15 * ratio}px ${colours.font}`;
    context.fillText(title, 16 * ratio, 26 * ratio, canvas.width - 32 * ratio);
    context.drawImage(image, 0, top);
    save(`${name}.png`, canvas.toDataURL("image/png"));
  };
  image.src = chart.getDataURL({ type: "png", pixelRatio: ratio, backgroundColor: colours.paper });
}
