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

export interface ChartOptions {
  /** What is counted from left to right. */
  readonly unit?: string;
  /** Where something new begins: a stage. */
  readonly marks?: readonly { readonly at: number; readonly name: string }[];
}

/** Lines over epochs, with the range written at the axes and a legend in the figure's caption; nothing where no value is finite. */
export function chart(
  title: string,
  curves: readonly Curve[],
  { unit = "epoch", marks = [] }: ChartOptions = {},
): string {
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
    const colour = isFaint ? "var(--faint)" : colourOf(at - faint.length);
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
  const begins = marks.map(({ at, name }) => {
    const left = x(at);
    return `<line class="mark" x1="${left}" x2="${left}" y1="${margin.top}" y2="${height - margin.bottom}"/><text x="${left}" y="${margin.top + 8}" dx="4">${escape(name)}</text>`;
  });
  const legend = named.map(
    ({ name }, at) => `<span style="color:${colourOf(at)}">${escape(name)}</span>`,
  );
  return `<figure><figcaption>${escape(title)} by ${unit}: ${legend.join(", ")}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}"><g class="grid">${grid.join("")}${ends.join("")}${begins.join("")}</g>${lines.join("")}</svg></figure>`;
}

/** Cells are HTML. What is wider than the page scrolls within it. */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  return `<div class="wide"><table><thead>${line(head, "th")}</thead><tbody>${rows.map((row) => line(row, "td")).join("")}</tbody></table></div>`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return htmlTable(
    head.map(escape),
    rows.map((row) => row.map(escape)),
  );
}

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:720px;margin:2rem auto;padding:0 1rem;color:#222;--line:#e2e2e2;--quiet:#666;--faint:#bbb;
--input:#dbe7f8;--layer:#f8e6d0;--function:#f2f2f2;--output:#d8f0dd;--group:#00000008;--stroke:#888}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}figure{margin:1.5rem 0}figcaption{margin-bottom:.3rem}
figure svg{width:100%;height:auto}.boundary svg{max-width:480px}.graph,.wide{overflow:auto}.graph{max-height:150vh}figure svg text{font-size:11px;fill:var(--quiet)}.grid line{stroke:var(--line)}.grid .mark{stroke:var(--quiet);stroke-dasharray:4 3}
table{border-collapse:collapse}td,th{text-align:left;padding:.2rem 1rem .2rem 0;border-bottom:1px solid var(--line)}
.swatch{display:inline-block;width:.8em;height:.8em;border-radius:50%;margin:0 .25em 0 .5em}.points circle{stroke:#fff;stroke-width:.8}
.network{display:block;margin:auto}.network text{font:12px system-ui,sans-serif;text-anchor:middle;dominant-baseline:central;fill:var(--quiet)}.network .name{font-weight:600;fill:currentColor}.network .path{font-size:11px;text-anchor:start}
.network rect{stroke:var(--stroke)}.network .input,.network .target{fill:var(--input)}.network .layer{fill:var(--layer)}.network .function{fill:var(--function)}.network .output,.network .loss{fill:var(--output)}.network .group{fill:var(--group);stroke-dasharray:4 3}.flows path{fill:none;stroke:var(--stroke)}.network marker path{fill:var(--stroke)}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd;--line:#333;--quiet:#aaa;--faint:#444;--input:#1f3350;--layer:#4a3418;--function:#2b2b2b;--output:#1d4028;--group:#ffffff0a;--stroke:#777}figcaption span,polyline,.grid~circle{filter:brightness(1.6)}}
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
