// In: a run and a number of folds; out: the validation losses and metrics of as many runs, their means, and a page of them.
import { countOf } from "../../runtime/dimensions.js";
import type { EpochReport, History } from "../../runtime/api.js";
import { batchOf } from "../batches.js";
import type { Batch } from "../batches.js";
import type { BoundArray } from "../data/bind.js";
import { Failure } from "../failure.js";
import { writeWhole } from "../data/atomic.js";
import { durationText, tableText, valueText } from "../numbers.js";
import { foldsPage } from "./foldsPage.js";
import { watchInterrupt } from "./interrupt.js";
import { makeProgress } from "./progress.js";
import { lengthOf, openRunNetwork } from "./prepare.js";
import type { Run } from "./prepare.js";
import { followStages } from "./stages.js";

/** A permutation of 0 … count − 1 that depends on the seed alone (Fisher and Yates, a 32-bit generator). */
export function permutation(count: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, position) => position);
  let state = (seed ^ 0x9e3779b9) >>> 0;
  for (let last = count - 1; last > 0; last--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (last + 1));
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}

/** Those examples in that order; an array without examples as it is. */
export function pickRows(array: BoundArray, rows: Uint32Array): BoundArray {
  if (!array.perExample) return array;
  const rest = array.shape.slice(1);
  const width = countOf(rest);
  const data = array.data.slice(0, rows.length * width);
  rows.forEach((row, position) => {
    data.set(array.data.subarray(row * width, (row + 1) * width), position * width);
  });
  return { ...array, shape: [rows.length, ...rest], data };
}

export interface Fold {
  readonly training: Batch;
  readonly validation: Batch;
}

export function foldOf(
  arrays: ReadonlyMap<string, BoundArray>,
  order: Uint32Array,
  fold: number,
  folds: number,
): Fold {
  const begin = Math.floor((order.length * fold) / folds);
  const end = Math.floor((order.length * (fold + 1)) / folds);
  const held = order.slice(begin, end);
  const rest = new Uint32Array(order.length - held.length);
  rest.set(order.subarray(0, begin));
  rest.set(order.subarray(end), begin);
  const part = (rows: Uint32Array): Batch =>
    batchOf(new Map([...arrays].map(([name, array]) => [name, pickRows(array, rows)])));
  return { training: part(rest), validation: part(held) };
}

/** Of the rows held out: the loss, and each metric. */
type FoldResult = Readonly<Record<string, number>>;

function resultsOf({ validation }: EpochReport): FoldResult {
  return validation === undefined ? {} : { loss: validation.loss, ...validation.metrics };
}

/** The mean and the deviation around it, of which a single value tells nothing. */
function meanText(values: readonly number[]): string {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  if (values.length < 2) return valueText(mean);
  const sum = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  return `${valueText(mean)} ± ${valueText(Math.sqrt(sum / (values.length - 1)))}`;
}

/** The epoch whose weights the net ended with: those of a stage that stops early are of its best. */
export function keptEpoch({ epochs, best, weights }: History): EpochReport | undefined {
  const last = epochs.at(-1);
  if (weights === "last" || best === undefined) return last;
  return epochs.find(({ stage, epoch }) => stage === last?.stage && epoch === best.epoch);
}

/** Weights from a file may have learned from the rows that a fold holds out. */
function tellStarts({ stages, terminal }: Run): void {
  const files = new Set(stages.flatMap(({ start }) => start.map(({ file }) => file)));
  for (const file of files)
    terminal.note(
      `each fold starts from ${file}: its numbers say nothing of new rows where ${file} has learned from these`,
    );
}

export async function runFolds(run: Run, folds: number): Promise<void> {
  const { data, stages, options, terminal } = run;
  if (data.examples === undefined || data.examples < folds)
    throw new Failure(
      1,
      "folds",
      `${folds} folds want at least as many examples, found ${data.examples ?? 0}`,
    );
  tellStarts(run);
  const order = permutation(data.examples, options.seed ?? stages[0]?.seed ?? 0);
  const results: FoldResult[] = [];
  const curves: (readonly EpochReport[])[] = [];
  const started = performance.now();
  const interrupt = watchInterrupt(terminal);
  const isStopped = (): boolean => interrupt.signal.aborted;
  for (let fold = 0; fold < folds && !isStopped(); fold++) {
    const { training, validation } = foldOf(data.arrays, order, fold, folds);
    const net = await openRunNetwork(run, options.seed);
    const progress = makeProgress(terminal, options.quiet === true);
    const label = (stage: string): string => `fold ${fold + 1}/${folds} ${stage}`;
    const history = await net.fit(training, {
      ...(options.stage === undefined ? {} : { stage: options.stage }),
      ...lengthOf(options),
      validation,
      signal: interrupt.signal,
      ...followStages(stages, options, progress, { label, count: folds }),
    });
    progress.end();
    net.destroy();
    curves.push(history.epochs);
    const kept = keptEpoch(history);
    if (kept !== undefined && !isStopped()) results.push(resultsOf(kept));
  }
  interrupt.release();
  if (results.length < folds)
    terminal.note(`stopped: ${results.length} of ${folds} folds were finished`);
  if (results.length > 0) terminal.write(`${foldTable(results)}\n`);
  writeReport(run, { folds, curves, results, seconds: (performance.now() - started) / 1000 });
  interrupt.throwIfInterrupted();
}

interface FoldsDone {
  readonly folds: number;
  readonly curves: readonly (readonly EpochReport[])[];
  readonly results: readonly FoldResult[];
  readonly seconds: number;
}

function writeReport(run: Run, { folds, curves, results, seconds }: FoldsDone): void {
  const { options, model, file, data, stages, terminal } = run;
  if (options.report === undefined) return;
  const page = foldsPage({
    model: model.name,
    file,
    facts: [
      [
        "folds",
        results.length < folds ? `${results.length} of ${folds} were finished` : String(folds),
      ],
      ["examples", String(data.examples ?? 0)],
      ["stages", stages.map(({ name }) => name).join(", ")],
      ["seed", String(options.seed ?? stages[0]?.seed ?? 0)],
      ["time", durationText(seconds)],
    ],
    folds: curves,
    rows: foldRows(results),
  });
  writeWhole(options.report, page);
  terminal.note(`wrote ${options.report}`);
}

/** A row for the loss and for each metric: its value in each fold, the mean and the deviation. */
export function foldTable(results: readonly FoldResult[]): string {
  return tableText(foldRows(results));
}

/** The same as cells, a head first. */
export function foldRows(results: readonly FoldResult[]): string[][] {
  const names = Object.keys(results[0] ?? {});
  const columns = names.map((name) => {
    const values = results.map((result) => result[name] ?? NaN);
    return [name, ...values.map(valueText), meanText(values)];
  });
  return [["validation", ...results.map((_, fold) => `fold ${fold + 1}`), "mean"], ...columns];
}
