// Runs whose scalar results are wanted in; their losses, penalties and metrics, read in bulk without stopping the device, out.

import type { ProgramRun } from "../backend.js";
import { evaluateDim, type Dimensions } from "../dimensions.js";
import { at, NnError } from "../errors.js";
import type { Plan, PlanProgram, PlanType } from "../plan.js";
import type { TrainingSession } from "../session.js";
import { readBehind } from "./cause.js";
import { outsideRange } from "./ranges.js";

/** The scalars of one run, by result name; undefined until they are read. */
export interface JournalRow {
  readonly program: number;
  readonly results: readonly number[];
  /** How much each result counts among those of other runs: the entries that it is the mean of; 0 where it has no mean with them. */
  readonly weights: Readonly<Record<string, number>>;
  values: Readonly<Record<string, number>> | undefined;
  /** Why they will never be read. */
  failure: NnError | undefined;
  readonly dimensions: Dimensions;
  /** What was wrong with a class or an index that it computed. */
  outside: string | undefined;
}

export interface Journal {
  /** A row for a run, and where the run shall leave its scalars (of the wanted results). */
  add(
    program: number,
    dimensions: Dimensions,
    wanted?: readonly number[],
  ): { readonly row: JournalRow; readonly target: NonNullable<ProgramRun["journal"]> };
  /** Asks for all rows not yet asked for; resolves when every row asked for so far has its values, or its failure. */
  read(): Promise<void>;
  /** Rows whose reading was not asked for yet. */
  unread(): number;
  /** Readings under way. */
  reading(): number;
  free(): void;
}

const capacity = 64;

/** Results that are scalars of a batch: all but outputs. */
export function scalarResults(plan: Plan, program: number): number[] {
  const { results } = at(plan.programs, program);
  return [...results.keys()].filter((index) =>
    /^(loss|penalty|metric|monitor|range)\./.test(at(results, index).name),
  );
}

export function openJournal(session: TrainingSession): Journal {
  const { plan, backend } = session;
  const width = Math.max(1, ...plan.programs.map((_, index) => scalarResults(plan, index).length));
  const storage = backend.addStorage("f32", width * capacity);
  let rows: JournalRow[] = [];
  let reading = 0;
  let latest = Promise.resolve();

  const read = (): Promise<void> => {
    if (rows.length === 0) return latest;
    const asked = rows;
    // The copy is queued behind the runs so far: later runs may write over their storages at once.
    rows = [];
    reading++;
    const values = backend.readRange(storage, 0, asked.length * width);
    // What went wrong is told with the rows that it took, and with no others.
    const own = readBehind(backend, values).then(
      (words) => {
        asked.forEach((row, index) => {
          const part = words.subarray(index * width, (index + 1) * width);
          decodeRow(session, row, part);
        });
      },
      (error: unknown) => {
        const failure = error instanceof NnError ? error : new NnError("internal", String(error));
        for (const row of asked) row.failure = failure;
      },
    );
    const counted = own.finally(() => reading--);
    latest = Promise.all([latest, counted]).then(() => undefined);
    return latest;
  };

  return {
    add: (program, dimensions, wanted) => {
      if (rows.length === capacity) void read();
      const results = scalarResults(plan, program).filter((r) => wanted?.includes(r) ?? true);
      const weights = weightsOf(at(plan.programs, program), dimensions);
      const unread = { values: undefined, failure: undefined, outside: undefined };
      const row: JournalRow = { program, results, weights, dimensions, ...unread };
      const index = rows.push(row) - 1;
      return { row, target: { storage, at: index * width, results } };
    },
    read,
    unread: () => rows.length,
    reading: () => reading,
    free: () => {
      backend.freeStorage(storage);
    },
  };
}

function decodeRow(
  { plan, backend }: TrainingSession,
  row: JournalRow,
  words: ArrayLike<number> & { readonly buffer: ArrayBufferLike; readonly byteOffset: number },
): void {
  const { results } = at(plan.programs, row.program);
  const decode = (index: number, type: PlanType): number => {
    // Words are copied as they are; double precision writes numbers.
    if (type === "f32" || backend.precision === 64) return words[index] ?? NaN;
    const view = new DataView(words.buffer, words.byteOffset);
    return type === "i32" ? view.getInt32(index * 4, true) : view.getUint32(index * 4, true);
  };
  const values: Record<string, number> = {};
  row.results.forEach((position, index) => {
    const result = at(results, position);
    const value = decode(index, result.type);
    if (!result.range) values[result.name] = value;
    else row.outside ??= outsideRange(result, value, row.dimensions);
  });
  row.values = values;
}

function weightsOf({ results }: PlanProgram, dimensions: Dimensions): Record<string, number> {
  return Object.fromEntries(
    results.map(({ name, entries }) => [
      name,
      entries === undefined ? 0 : evaluateDim(entries, dimensions),
    ]),
  );
}

/** Named scalars of several runs: Σ weight · value and Σ weight, and of how many runs. */
export type Sums = Record<string, { sum: number; weight: number; runs: number }>;

/** Adds what other runs gave; of monitors the latest counts, of those that say something of examples that of most of them. */
export function addToSums(sums: Sums, more: Sums): void {
  for (const [name, { sum, weight, runs }] of Object.entries(more)) {
    const entry = sums[name];
    const isMonitor = name.startsWith("monitor.");
    if (!entry || (isMonitor && weight >= entry.weight)) sums[name] = { sum, weight, runs };
    else if (!isMonitor) {
      entry.sum += sum;
      entry.weight += weight;
      entry.runs += runs;
    }
  }
}

export function sumsOf({ values = {}, weights }: JournalRow): Sums {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const weight = weights[name] ?? 0;
      return [name, { sum: weight === 0 ? value : value * weight, weight, runs: 1 }];
    }),
  );
}

/** What is of its batch alone is told of one run; of several there is nothing to tell. */
export function meansOf(sums: Sums): Record<string, number> {
  const told = Object.entries(sums).filter(([, { weight, runs }]) => weight > 0 || runs === 1);
  return Object.fromEntries(
    told.map(([name, { sum, weight }]) => [name, weight > 0 ? sum / weight : sum]),
  );
}

export interface Summary {
  readonly loss: number;
  readonly losses: Readonly<Record<string, number>>;
  readonly penalty: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly monitors: Readonly<Record<string, number>>;
}

/** Sorts named scalars (`loss.x`, `penalty.y`, …) into what a report says. */
export function summarize(values: Readonly<Record<string, number>>): Summary {
  const part = (prefix: string): Record<string, number> =>
    Object.fromEntries(
      Object.entries(values)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), value]),
    );
  const total = (parts: Record<string, number>): number =>
    Object.values(parts).reduce((sum, value) => sum + value, 0);
  const losses = part("loss.");
  return {
    loss: total(losses),
    losses,
    penalty: total(part("penalty.")),
    metrics: part("metric."),
    monitors: part("monitor."),
  };
}
