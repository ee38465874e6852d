// In: the epochs of a run and the parameters of its model; out: one self-contained HTML page.
import { countOf } from "../../runtime/dimensions.js";
import type { EpochReport } from "../../runtime/api.js";
import { countText, valueText } from "../numbers.js";
import type { Samples } from "./samples.js";

export interface ReportParameter {
  readonly name: string;
  readonly role: string;
  readonly shape: readonly number[];
}

export interface RunReport {
  readonly model: string;
  readonly file: string;
  /** Facts of the run in words: backend, examples, seed, time. */
  readonly facts: readonly (readonly [string, string])[];
  readonly epochs: readonly EpochReport[];
  readonly parameters: readonly ReportParameter[];
  readonly samples: Samples | undefined;
  /** The graph as SVG. */
  readonly graph: string;
}

interface Curve {
  readonly name: string;
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

function escape(text: string): string {
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

/** Lines over epochs, with the range written at the axes and a legend in the figure's caption. */
function chart(title: string, curves: readonly Curve[]): string {
  const finite = curves
    .map(({ name, points }) => ({ name, points: points.filter(([, y]) => Number.isFinite(y)) }))
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
  const lines = finite.map(({ points }, at) => {
    const colour = colourOf(at);
    const path = points.map(([px, py]) => `${x(px)},${y(py)}`).join(" ");
    const dots = points
      .map(([px, py]) => `<circle cx="${x(px)}" cy="${y(py)}" r="2" fill="${colour}"/>`)
      .join("");
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${points.length <= 60 ? dots : ""}`;
  });
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = low + share * (high - low);
    return `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y(value)}" y2="${y(value)}"/><text x="${margin.left - 8}" y="${y(value)}" text-anchor="end" dominant-baseline="middle">${escape(valueText(value))}</text>`;
  });
  const ends = [left, right].map(
    (value) =>
      `<text x="${x(value)}" y="${height - 10}" text-anchor="middle">${escape(valueText(value))}</text>`,
  );
  const legend = finite.map(
    ({ name }, at) => `<span style="color:${colourOf(at)}">${escape(name)}</span>`,
  );
  return `<figure><figcaption>${escape(title)} by epoch: ${legend.join(", ")}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}"><g class="grid">${grid.join("")}${ends.join("")}</g>${lines.join("")}</svg></figure>`;
}

function curvesOf(
  epochs: readonly EpochReport[],
  pick: (event: EpochReport) => Readonly<Record<string, number>>,
): Curve[] {
  const names = [...new Set(epochs.flatMap((event) => Object.keys(pick(event))))];
  const numbers = epochNumbers(epochs);
  return names.map((name) => ({
    name,
    points: epochs.flatMap((event, at) => {
      const value = pick(event)[name];
      return value === undefined ? [] : [[numbers[at] ?? at + 1, value] as const];
    }),
  }));
}

/** From 1 in the first stage, on from where a resumed run was; a later stage counts on from the one before it. */
export function epochNumbers(epochs: readonly Pick<EpochReport, "stage" | "epoch">[]): number[] {
  let before = 0;
  let last = 0;
  return epochs.map(({ stage, epoch }, at) => {
    if (at > 0 && epochs[at - 1]?.stage !== stage) before = last;
    last = before + epoch + 1;
    return last;
  });
}

function charts(epochs: readonly EpochReport[]): string {
  const losses = curvesOf(epochs, ({ loss, losses: parts, penalty, validation }) => ({
    loss,
    ...(Object.keys(parts).length > 1 ? parts : {}),
    ...(penalty === 0 ? {} : { penalty }),
    ...(validation === undefined ? {} : { "validation loss": validation.loss }),
  }));
  const names = [
    ...new Set(
      epochs.flatMap((event) => [
        ...Object.keys(event.metrics),
        ...Object.keys(event.validation?.metrics ?? {}),
      ]),
    ),
  ];
  const metrics = names.map((name) =>
    chart(
      name,
      curvesOf(epochs, (event) => {
        const training = event.metrics[name];
        const validation = event.validation?.metrics[name];
        return {
          ...(training === undefined ? {} : { training }),
          ...(validation === undefined ? {} : { validation }),
        };
      }),
    ),
  );
  return [chart("loss", losses), ...metrics, ...monitorCharts(epochs)].join("\n");
}

/** A chart for each monitor (`gradient_norm.dense_1.W`), as their scales differ. */
function monitorCharts(epochs: readonly EpochReport[]): string[] {
  const curves = curvesOf(epochs, ({ monitors }) => monitors);
  const kindOf = (name: string): string => name.split(".", 1)[0] ?? name;
  const kinds = [...new Set(curves.map(({ name }) => kindOf(name)))];
  return kinds.map((kind) =>
    chart(
      kind.replaceAll("_", " "),
      curves
        .filter(({ name }) => kindOf(name) === kind)
        .map(({ name, points }) => ({ name: name.slice(kind.length + 1), points })),
    ),
  );
}

/** Cells are HTML. */
function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  return `<table><thead>${line(head, "th")}</thead><tbody>${rows.map((row) => line(row, "td")).join("")}</tbody></table>`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
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

export function reportPage(report: RunReport): string {
  const { model, file, facts, epochs, parameters, samples, graph } = report;
  const rows = parameters.map(({ name, role, shape }) => [
    name,
    role,
    `[${shape.join(", ")}]`,
    countText(countOf(shape)),
  ]);
  const trained = parameters
    .filter(({ role }) => role !== "state" && role !== "fitted")
    .reduce((sum, { shape }) => sum + countOf(shape), 0);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(model)}: training report</title><style>${style}</style></head><body>
<h1>${escape(model)}</h1><p>${escape(file)}</p>
${table(["", ""], facts)}
<h2>Curves</h2>
${epochs.length === 0 ? "<p>No epoch was finished.</p>" : charts(epochs)}
<h2>Parameters</h2><p>${countText(trained)} trained numbers</p>
${table(["name", "role", "shape", "numbers"], rows)}
${samples === undefined ? "" : `<h2>The first examples</h2>\n${htmlTable(samples.head.map(escape), samples.rows)}`}
<h2>Graph</h2><div class="graph">${graph}</div>
</body></html>
`;
}
