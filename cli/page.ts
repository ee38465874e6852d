// In: curves over epochs, tables and titles; out: parts of a self-contained HTML page, and the page.
import { valueText } from "./numbers.js";

export interface Curve {
  readonly name: string;
  /** Drawn thin and grey behind the others, and left out of the legend. */
  readonly isFaint?: boolean;
  readonly points: readonly (readonly [number, number])[];
}

const width = 640;
const height = 240;
const margin = { left: 76, right: 16, top: 12, bottom: 32 };
const colours = ["#1f5fbf", "#c2571a", "#2a8a4a", "#8a3fa0", "#9a7d0a", "#b0304f"];

/** Beyond the chosen ones, hues that lie far from their neighbours (steps of the golden angle). */
function colourOf(position: number): string {
  return colours[position] ?? `hsl(${Math.round(position * 137.5) % 360} 60% 42%)`;
}

export function escape(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}

function extent(values: readonly number[]): readonly [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (low === high) return [low - 0.5, high + 0.5];
  return [low, high];
}

/** Lines over epochs, with the range written at the axes and a legend in the figure's caption; nothing where no value is finite. */
export function chart(title: string, curves: readonly Curve[]): string {
  const finite = curves
    .map((curve) => ({ ...curve, points: curve.points.filter(([, y]) => Number.isFinite(y)) }))
    .filter(({ points }) => points.length > 0);
  if (finite.length === 0) return "";
  const all = finite.flatMap(({ points }) => points);
  const [left, right] = extent(all.map(([x]) => x));
  const [low, high] = extent(all.map(([, y]) => y));
  const x = (value: number): string =>
    (
      margin.left +
      ((value - left) / (right - left)) * (width - margin.left - margin.right)
    ).toFixed(1);
  const y = (value: number): string =>
    (
      height -
      margin.bottom -
      ((value - low) / (high - low)) * (height - margin.top - margin.bottom)
    ).toFixed(1);
  const named = finite.filter(({ isFaint = false }) => !isFaint);
  const faint = finite.filter(({ isFaint = false }) => isFaint);
  const lines = [...faint, ...named].map(({ isFaint, points }, at) => {
    const colour = isFaint ? "#bbb" : colourOf(at - faint.length);
    const stroke = isFaint ? 1 : 2;
    const path = points.map(([px, py]) => `${x(px)},${y(py)}`).join(" ");
    const dots = points
      .map(([px, py]) => `<circle cx="${x(px)}" cy="${y(py)}" r="2" fill="${colour}"/>`)
      .join("");
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${stroke}"/>${points.length <= 60 ? dots : ""}`;
  });
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = low + share * (high - low);
    return `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y(value)}" y2="${y(value)}"/><text x="${margin.left - 8}" y="${y(value)}" text-anchor="end" dominant-baseline="middle">${escape(valueText(value))}</text>`;
  });
  const ends = [left, right].map(
    (value) =>
      `<text x="${x(value)}" y="${height - 10}" text-anchor="middle">${escape(valueText(value))}</text>`,
  );
  const legend = named.map(
    ({ name }, at) => `<span style="color:${colourOf(at)}">${escape(name)}</span>`,
  );
  return `<figure><figcaption>${escape(title)} by epoch: ${legend.join(", ")}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}"><g class="grid">${grid.join("")}${ends.join("")}</g>${lines.join("")}</svg></figure>`;
}

/** Cells are HTML. */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  return `<table><thead>${line(head, "th")}</thead><tbody>${rows.map((row) => line(row, "td")).join("")}</tbody></table>`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return htmlTable(
    head.map(escape),
    rows.map((row) => row.map(escape)),
  );
}

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:720px;margin:2rem auto;padding:0 1rem;color:#222}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}figure{margin:1.5rem 0}figcaption{margin-bottom:.3rem}
figure svg{width:100%;height:auto}.graph{overflow:auto;max-height:80vh}figure svg text{font-size:11px;fill:#666}.grid line{stroke:#e2e2e2}
table{border-collapse:collapse}td,th{text-align:left;padding:.2rem 1rem .2rem 0;border-bottom:1px solid #e8e8e8}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}td,th{border-color:#333}.grid line{stroke:#333}figure svg text{fill:#999}figcaption span,polyline,circle{filter:brightness(1.6)}}
@media(max-width:500px){figure svg text{font-size:16px}}`;

/** `body` is HTML. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(title)}</title><style>${style}</style></head><body>
${body}
</body></html>
`;
}
