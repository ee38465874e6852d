// In: the epochs of a run and the parameters of its model; out: one self-contained HTML page.
import { countOf } from "../../runtime/dimensions.js";
import type { EpochReport } from "../../runtime/api.js";
import { countText } from "../numbers.js";
import { chart, escape, htmlTable, htmlPage, table } from "../page.js";
import type { Curve } from "../page.js";
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
  const body = `<h1>${escape(model)}</h1><p>${escape(file)}</p>
${table(["", ""], facts)}
<h2>Curves</h2>
${epochs.length === 0 ? "<p>No epoch was finished.</p>" : charts(epochs)}
<h2>Parameters</h2><p>${countText(trained)} trained numbers</p>
${table(["name", "role", "shape", "numbers"], rows)}
${samples === undefined ? "" : `<h2>The first examples</h2>\n${htmlTable(samples.head.map(escape), samples.rows)}`}
<h2>Graph</h2><div class="graph">${graph}</div>`;
  return htmlPage(`${model}: training report`, body);
}
