// In: the epochs of a run and the parameters of its model; out: one self-contained HTML page.
import { countOf } from "../../runtime/dimensions.js";
import type { EpochReport } from "../../runtime/api.js";
import { countText } from "../numbers.js";
import { chart, escape, htmlTable, htmlPage, table } from "../page.js";
import type { ChartOptions, Curve } from "../page.js";
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
  /** The loss by steps. */
  readonly steps: Curve;
  /** The layers as SVG. */
  readonly network: string;
  /** What the net makes of the points around its data, as HTML. */
  readonly boundary: string | undefined;
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

/** Where each stage behind the first begins. */
export function stageMarks(epochs: readonly EpochReport[]): NonNullable<ChartOptions["marks"]> {
  const numbers = epochNumbers(epochs);
  return epochs.flatMap(({ stage }, at) =>
    at > 0 && epochs[at - 1]?.stage !== stage ? [{ at: numbers[at] ?? at, name: stage }] : [],
  );
}

/** Of so few epochs a curve says nothing: then the loss is shown by steps, too. */
const fewEpochs = 4;

function charts(epochs: readonly EpochReport[], steps: Curve): string {
  const marks = stageMarks(epochs);
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
      { marks },
    ),
  );
  const bySteps =
    epochs.length <= fewEpochs && steps.points.length > epochs.length
      ? [chart("loss", [steps], { unit: "step" })]
      : [];
  const curves = [chart("loss", losses, { marks }), ...metrics, ...monitorCharts(epochs, marks)];
  return [...bySteps, ...curves].join("\n");
}

/** A chart for each monitor (`gradient_norm.dense_1.W`), as their scales differ. */
function monitorCharts(
  epochs: readonly EpochReport[],
  marks: NonNullable<ChartOptions["marks"]>,
): string[] {
  const curves = curvesOf(epochs, ({ monitors }) => monitors);
  const kindOf = (name: string): string => name.split(".", 1)[0] ?? name;
  const kinds = [...new Set(curves.map(({ name }) => kindOf(name)))];
  return kinds.map((kind) =>
    chart(
      kind.replaceAll("_", " "),
      curves
        .filter(({ name }) => kindOf(name) === kind)
        .map(({ name, points }) => ({ name: name.slice(kind.length + 1), points })),
      { marks },
    ),
  );
}

export function reportPage(report: RunReport): string {
  const { model, file, facts, epochs, parameters, samples } = report;
  const { steps, network, boundary } = report;
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
${epochs.length === 0 ? "<p>No epoch was finished.</p>" : charts(epochs, steps)}
${boundary === undefined ? "" : `<h2>What it makes of the plane</h2>\n${boundary}`}
<h2>Network</h2><div class="graph">${network}</div>
<h2>Parameters</h2><p>${countText(trained)} trained numbers</p>
${table(["name", "role", "shape", "numbers"], rows)}
${samples === undefined ? "" : `<h2>The first examples</h2>\n${htmlTable(samples.head.map(escape), samples.rows)}`}`;
  return htmlPage(`${model}: training report`, body);
}
