// Results in; the tables that people read out.

import { judge, judgeQuality, medianOf, processorTime } from "./figures.mjs";
import { workloads } from "./workloads.mjs";

/** Columns of equal width; the first column is text, the others numbers. */
function table(rows) {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function number(value, digits = 4) {
  if (value === undefined) return "-";
  const exact = Math.abs(value) >= 10 ** digits ? value.toFixed(0) : value.toPrecision(digits);
  return String(Number(exact));
}

export function stepTables(results) {
  return Object.entries(results.steps ?? {}).map(
    ([workload, of]) =>
      `${workload}: ${workloads[workload].title}\n${stepTable(results, workload, of)}`,
  );
}

function stepTable(results, workload, contestants) {
  const head = ["", "cpu ms", "wall ms", "GFLOP/s", "first ms", "dispatches", "MB", "beside ours"];
  const rows = Object.entries(contestants).map(([name, rounds]) => {
    const failed = rounds.find(({ error }) => error !== undefined);
    if (failed) return { name, error: failed.error };
    const processor = processorTime(results, workload, name);
    const ours = processorTime(
      results,
      workload,
      name.includes("webgpu") ? "nnc-webgpu" : "nnc-cpu",
    );
    return {
      cells: [
        name,
        number(processor),
        number(medianOf(rounds, "wall")),
        number(workloads[workload].operations / processor / 1e6, 3),
        number(medianOf(rounds, "first"), 3),
        number(rounds[0].perStep?.dispatches),
        number(rounds[0].bytes && rounds[0].bytes / 1e6),
        ours === undefined ? "-" : `${number(processor / ours, 3)} ×`,
      ],
    };
  });
  const measured = rows.flatMap(({ cells }) => (cells ? [cells] : []));
  const missing = rows.flatMap(({ name, error }) =>
    error === undefined ? [] : [`${name}: ${error.split("\n")[0]}`],
  );
  return [...(measured.length > 0 ? [table([head, ...measured])] : []), ...missing].join("\n");
}

/** Other contestants' first predictions stand beside ours, which are among the figures. */
export function firstPredictionTable({ firstPrediction }) {
  if (firstPrediction === undefined) return undefined;
  const rows = Object.entries(firstPrediction).map(([name, rounds]) => {
    const times = rounds.map(({ first }) => first).filter((time) => time !== undefined);
    if (times.length === 0) return [name, rounds[0]?.error ?? "-", "", ""];
    return [
      name,
      ...[Math.min(...times), medianOf(rounds, "first"), Math.max(...times)].map((x) => number(x)),
    ];
  });
  return `first prediction of w1 in Chromium, ms from navigation\n${table([["", "least", "median", "most"], ...rows])}`;
}

/** What full trainings reached, beside what they must and what PyTorch does. */
export function qualityTable(results) {
  const judged = judgeQuality(results);
  if (judged.length === 0) return undefined;
  const rows = judged.flatMap(({ run, name, unit, must, pytorch, measured, seconds, reached }) =>
    measured === undefined
      ? []
      : [
          [
            `${run}: ${name}`,
            number(must, 3),
            number(pytorch, 3),
            number(measured),
            unit,
            number(seconds, 3),
            reached === "no" ? "missed" : reached,
          ],
        ],
  );
  const head = ["training", "must", "PyTorch", "reached", "", "seconds", ""];
  const without = judged.flatMap(({ run, error, missing }) => [
    ...(error === undefined ? [] : [`${run}: ${error}`]),
    ...(missing === undefined ? [] : [`${run}: left out, no ${missing}`]),
  ]);
  return [...(rows.length > 0 ? [table([head, ...rows])] : []), ...without].join("\n");
}

export function figureTable(results) {
  const figures = judge(results);
  if (figures.length === 0) return undefined;
  const rows = figures.map(({ name, unit, must, aim, measured, reached }) => [
    name,
    number(measured, 3),
    unit,
    number(must, 3),
    number(aim, 3),
    reached,
  ]);
  return table([["figure", "measured", "", "must", "aim", "reached"], ...rows]);
}
