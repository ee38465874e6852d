// In: the epochs of each run of a cross-validation and what these came to; out: one self-contained HTML page.
import type { EpochReport } from "../../runtime/api.js";
import { chart, escape, htmlPage, table } from "../page.js";
import type { Curve } from "../page.js";
import { epochNumbers, stageMarks } from "./report.js";

export interface FoldsReport {
  readonly model: string;
  readonly file: string;
  /** Facts of the runs in words: folds, examples, seed, time. */
  readonly facts: readonly (readonly [string, string])[];
  /** The epochs of each fold. */
  readonly folds: readonly (readonly EpochReport[])[];
  /** What each fold came to: a head first, then a row for the loss and for each metric. */
  readonly rows: readonly (readonly string[])[];
}

/** A line for each fold of what one number was in its epochs. */
function foldCurves(
  folds: FoldsReport["folds"],
  pick: (epoch: EpochReport) => number | undefined,
): Curve[] {
  return folds.map((epochs, fold) => {
    const numbers = epochNumbers(epochs);
    return {
      name: `fold ${fold + 1}`,
      points: epochs.flatMap((epoch, at) => {
        const value = pick(epoch);
        return value === undefined ? [] : [[numbers[at] ?? at + 1, value] as const];
      }),
    };
  });
}

export function foldsPage({ model, file, facts, folds, rows }: FoldsReport): string {
  const [longest = []] = folds.toSorted((a, b) => b.length - a.length);
  const marks = stageMarks(longest);
  const metrics = new Set(
    folds.flat().flatMap(({ validation }) => Object.keys(validation?.metrics ?? {})),
  );
  const charts = [
    chart(
      "validation loss",
      foldCurves(folds, ({ validation }) => validation?.loss),
      { marks },
    ),
    chart(
      "training loss",
      foldCurves(folds, ({ loss }) => loss),
      { marks },
    ),
    ...[...metrics].map((name) =>
      chart(
        `validation ${name}`,
        foldCurves(folds, ({ validation }) => validation?.metrics[name]),
        { marks },
      ),
    ),
  ];
  const [head = [], ...cells] = rows;
  const body = `<h1>${escape(model)}</h1><p>${escape(file)}</p>
${table(["", ""], facts)}
<h2>Folds</h2>
${cells.length === 0 ? "<p>No fold was finished.</p>" : table(head, cells)}
<h2>Curves</h2>
${charts.join("\n") || "<p>No epoch was finished.</p>"}`;
  return htmlPage(`${model}: report of a cross-validation`, body);
}
