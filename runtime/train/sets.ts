// A source of batches and a series of the plan in; its programs run over all of the set, and the numbers they end with, out.

import type { Values } from "../backend.js";
import { countOf, evaluateDim, evaluateShape, type Dimensions } from "../dimensions.js";
import { at, fail, NnError } from "../errors.js";
import type { Plan, PlanProgram, PlanSeries } from "../plan.js";
import { makeRun } from "../session.js";
import { metIn, type Purpose } from "./bounds.js";
import { beginCarried, carriedIn } from "./carried.js";
import { collect, type Collected } from "./combine.js";
import { servedBy } from "./served.js";
import type { Batch, Source } from "./data.js";
import { failOutside, outsideRange } from "./ranges.js";
import { reachable } from "./reach.js";
import { createReads } from "./reads.js";
import { breathe, type Trainer } from "./trainer.js";

/** What a run over a set knows so far: all of it its own, so that several may go on at once. */
interface SetRun {
  readonly trainer: Trainer;
  readonly source: Source;
  readonly seed: number;
  readonly purpose: Purpose;
  readonly held: Map<string, Values>;
  /** The sizes that the series sums over the batches, by name. */
  readonly sizes: ReadonlyMap<string, NonNullable<PlanProgram["totals"]>[string]>;
  totals: Readonly<Record<string, number>> | undefined;
  examples: number | undefined;
  /** Those of the batches, `batch` as the first has it; free dimensions that batches differ in, with two of their values. */
  dimensions: Dimensions;
  readonly differing: Map<string, readonly [number, number]>;
  /** Data without examples, which is the same for all batches. */
  inputs: Batch["inputs"];
}

export interface SetResults {
  readonly values: Readonly<Record<string, number>>;
  readonly examples: number;
}

/** Runs the programs of a series in the order of the plan; of the evaluation all that the data reaches. */
export async function runSeries(
  trainer: Trainer,
  series: PlanSeries,
  source: Source,
  { seed, purpose }: { readonly seed: number; readonly purpose: Purpose },
): Promise<SetResults> {
  const { plan } = trainer.session;
  const programs = [...plan.programs.entries()].filter(([, program]) => program.series === series);
  const sizes = new Map(programs.flatMap(([, { totals }]) => Object.entries(totals ?? {})));
  const run: SetRun = {
    trainer,
    source,
    seed,
    purpose,
    held: new Map(),
    sizes,
    totals: undefined,
    examples: undefined,
    dimensions: {},
    differing: new Map(),
    inputs: new Map(),
  };
  const values: Record<string, number> = {};
  for (const [index, program] of programs) {
    if (program.kind === "sweep") await sweep(run, index, program);
    else Object.assign(values, await runWhole(run, index, program));
  }
  if (run.examples === undefined) await count(run);
  return { values, examples: run.examples ?? 0 };
}

async function sweep(run: SetRun, index: number, program: PlanProgram): Promise<void> {
  const { trainer, seed, held } = run;
  const { session } = trainer;
  if (program.totals && !run.totals) await count(run);
  const parts = new Map<string, Collected>();
  const carried = carriedIn(session.plan, program);
  const reads = createReads(session, index, (results, row) => {
    row.wanted.forEach((result, position) => {
      const planned = at(program.results, result);
      const { name, shape } = planned;
      const { plan, backend } = session;
      if (carried.some((one) => one.name === name)) {
        held.set(name, at(results, position));
        return;
      }
      const part =
        parts.get(name) ??
        collect(heldOf(plan, name), backend.precision, () =>
          servedBy(plan, { ...program, results: [planned] }),
        );
      parts.set(name, part);
      part.add(at(results, position), evaluateShape(shape, row.dimensions));
    });
  });
  let wanted: readonly number[] | undefined;
  for (const { name } of carried) held.delete(name);
  try {
    await countingBatches(run, async ({ inputs: given, dimensions }, counter) => {
      beginCarried(session, carried, held, dimensions);
      // What the first batch gives, all do; values are fitted from all that they read.
      wanted ??=
        program.series === "fitted"
          ? [...program.results.keys()]
          : reachable(session.plan, program, (name) => given.has(name) || held.has(name));
      if (wanted.length === 0) return;
      const inputs = new Map([...given, ...held]);
      const scalars = run.totals ?? {};
      try {
        await reads.run({ inputs, dimensions, scalars, seed, counter }, wanted);
        // The next batch reads what this one leaves.
        if (carried.length > 0) await reads.end();
      } catch (error) {
        throw metIn(run.purpose, error, `batch ${counter + 1}: `);
      }
    });
    await reads.end();
  } catch (error) {
    throw await reads.abandon(error);
  } finally {
    reads.free();
  }
  for (const [name, part] of parts) {
    const whole = part.whole();
    if (whole) held.set(name, whole);
  }
}

function heldOf({ held = [] }: Plan, name: string): NonNullable<Plan["held"]>[number] {
  return at(
    held,
    held.findIndex((one) => one.name === name),
  );
}

/** Goes over all batches; the first time it also counts them. */
async function countingBatches(
  run: SetRun,
  visit: (batch: Batch, index: number) => Promise<void>,
): Promise<void> {
  const { trainer, source, sizes } = run;
  const cursor = source.open(0, 0);
  const totals: Record<string, number> = Object.fromEntries([...sizes].map(([name]) => [name, 0]));
  let examples = 0;
  try {
    for (let index = 0; ; index++) {
      const batch = await cursor.next();
      if (!batch) break;
      examples += batch.examples;
      const dimensions = { ...batch.dimensions, batch: batch.examples };
      for (const [name, size] of sizes)
        totals[name] = (totals[name] ?? 0) + evaluateDim(size, dimensions);
      compareDimensions(run, batch);
      await visit(batch, index);
      await breathe(trainer);
    }
  } finally {
    await cursor.close();
  }
  if (run.examples !== undefined && run.examples !== examples) {
    fail(
      "data",
      `the data gave ${run.examples} examples at first and ${examples} when it was read again: ` +
        "give a function that begins it anew, as values of the whole set take several sweeps",
    );
  }
  if (examples === 0) fail("data", "the data gave no batch");
  Object.assign(run, { examples, totals });
}

/** Sizes that the first sweep needs already. */
async function count(run: SetRun): Promise<void> {
  const { source, sizes } = run;
  const { examples } = source;
  const countsExamples = [...sizes.values()].every((size) => size === "batch");
  if (examples === undefined || !countsExamples)
    return countingBatches(run, () => Promise.resolve());
  const totals = Object.fromEntries([...sizes.keys()].map((name) => [name, examples]));
  Object.assign(run, { examples, totals });
}

function compareDimensions(run: SetRun, { dimensions, inputs }: Batch): void {
  run.inputs = inputs;
  for (const [name, value] of Object.entries(dimensions)) {
    const before = run.dimensions[name] ?? value;
    if (before !== value && name !== "batch") run.differing.set(name, [before, value]);
  }
  run.dimensions = { ...dimensions, ...run.dimensions };
}

/** One run with the set as its batch. */
async function runWhole(
  run: SetRun,
  index: number,
  program: PlanProgram,
): Promise<Record<string, number>> {
  const { trainer, seed, held } = run;
  const { session } = trainer;
  if (!run.totals) await count(run);
  const inputs = new Map([...run.inputs, ...held]);
  const wanted = reachable(session.plan, program, (name) => inputs.has(name));
  const stores = program.results.length === 0;
  if (wanted.length === 0 && !stores) return {};
  refuseDiffering(run, session.plan, program);
  const trained = session.plan.dimensions.map(({ name, trained: size }) => [name, size]);
  const dimensions = {
    ...(Object.fromEntries(trained) as Dimensions),
    ...run.dimensions,
    batch: run.examples ?? 0,
  };
  const request = { inputs, dimensions, scalars: run.totals ?? {}, seed };
  const results = await sizedErrors(session.plan, program, dimensions, () => {
    try {
      return session.backend.read(
        makeRun(session, index, { ...request, ...(!stores && { wanted }) }),
      );
    } catch (error) {
      throw metIn(run.purpose, error, "");
    }
  });
  const values: Record<string, number> = {};
  wanted.forEach((result, position) => {
    const planned = at(program.results, result);
    const { name } = planned;
    const value = at(results, position);
    if (planned.range) {
      const outside = outsideRange(planned, value[0] ?? NaN, dimensions);
      if (outside !== undefined) failOutside(outside);
    } else if (session.plan.held?.some((one) => one.name === name)) held.set(name, value);
    else values[name] = value[0] ?? NaN;
  });
  return values;
}

function refuseDiffering({ differing }: SetRun, plan: Plan, program: PlanProgram): void {
  for (const dimension of program.agree ?? []) {
    const [one, other] = differing.get(dimension) ?? [];
    if (one === undefined) continue;
    fail(
      "shape",
      `${servedBy(plan, program)} looks at all examples at once and needs one ${dimension} for them; the batches have ${one} and ${other ?? one}`,
    );
  }
}

/** The most elements of a tensor: indices are 32-bit integers. */
const mostElements = 2 ** 31 - 1;

/** Where memory ends, says how much it takes to see all examples at once. */
async function sizedErrors<T>(
  plan: Plan,
  program: PlanProgram,
  dimensions: Dimensions,
  action: () => Promise<T>,
): Promise<T> {
  const parts = [
    ...program.slots.map(([bytes]) => evaluateDim(bytes, dimensions)),
    ...(plan.held ?? [])
      .filter(({ name }) => program.inputs.includes(name))
      .map(({ shape }) => 4 * countOf(evaluateShape(shape, dimensions))),
  ];
  const tooLarge = (): never => {
    const bytes = parts.reduce((sum, part) => sum + part, 0);
    const examples = dimensions["batch"] ?? 0;
    throw new NnError(
      "limits",
      `${servedBy(plan, program)} takes all ${examples} examples at once, and with them ${bytes} bytes: more than this device gives. Fewer examples take less`,
      { bytes, examples },
    );
  };
  if (parts.some((bytes) => bytes > 4 * mostElements)) return tooLarge();
  try {
    return await action();
  } catch (error) {
    const memory =
      error instanceof RangeError ||
      (error instanceof NnError && ["limits", "out-of-memory"].includes(error.code));
    if (memory) return tooLarge();
    throw error;
  }
}
