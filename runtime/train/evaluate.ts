// A source of batches in; losses and metrics over all of it, or values fitted to it, out.

import type { Evaluation } from "../api.js";
import { at, fail } from "../errors.js";
import type { HostScalars } from "../host.js";
import type { PlanProgram, PlanStage } from "../plan.js";
import { chooseProgram, makeRun, resetStorages, type Session } from "../session.js";
import type { Batch, Source } from "./data.js";
import {
  addToSums,
  meansOf,
  openJournal,
  summarize,
  type JournalRow,
  type Sums,
} from "./journal.js";
import { breathe, writtenStorages, type Trainer } from "./trainer.js";

/** Draws of evaluation take a key of their own: evaluating changes no later draw of training. */
const evaluationKey = 0x85ebca6b;

export function isEvaluation({ kind, series }: PlanProgram): boolean {
  return kind === "evaluate" || series === "metrics";
}

export function isFitted({ series }: PlanProgram): boolean {
  return series === "fitted";
}

/** Every loss and metric over the source, each batch weighted by its examples. */
export async function evaluateSource(
  trainer: Trainer,
  source: Source,
  stage: PlanStage | undefined,
  seed: number,
): Promise<Evaluation> {
  const { session } = trainer;
  const key = (seed ^ evaluationKey) >>> 0;
  const sums: Sums = {};
  const batchMeans = session.plan.programs.some(({ kind }) => kind === "evaluate");
  const examples = batchMeans
    ? await sumBatches(trainer, source, stage, key, sums)
    : (source.examples ?? 0);
  const whole = await runSeries(trainer, "metrics", source, key);
  const { loss, losses, penalty, metrics } = summarize({ ...meansOf(sums), ...whole });
  return { loss, losses, penalty, metrics, examples };
}

async function sumBatches(
  trainer: Trainer,
  source: Source,
  stage: PlanStage | undefined,
  seed: number,
  sums: Sums,
): Promise<number> {
  const { session } = trainer;
  const journal = openJournal(session);
  const rows: JournalRow[] = [];
  let examples = 0;
  try {
    await eachBatch(trainer, source, (batch, counter) => {
      const program = evaluationProgram(session, batch, stage);
      const { row, target } = journal.add(program, batch.examples);
      rows.push(row);
      examples += batch.examples;
      const { inputs, dimensions } = batch;
      const request = { inputs, dimensions, seed, counter, journal: target };
      session.backend.submit(makeRun(session, program, request));
    });
    await journal.read();
  } finally {
    journal.free();
  }
  for (const row of rows) addToSums(sums, row.values ?? {}, row.examples);
  return examples;
}

/** The stage's own program where there is one, else the model's. */
function evaluationProgram(
  { plan }: Session,
  { inputs }: Batch,
  stage: PlanStage | undefined,
): number {
  const own = plan.programs.some(
    ({ kind, stage: name }) => kind === "evaluate" && stage && name === stage.name,
  );
  return chooseProgram(
    plan,
    ({ kind, stage: name }) => kind === "evaluate" && name === (own ? stage?.name : undefined),
    [...inputs.keys()],
    "evaluate",
  );
}

async function eachBatch(
  trainer: Trainer,
  source: Source,
  visit: (batch: Batch, index: number) => void,
): Promise<void> {
  const cursor = source.open(0, 0);
  for (let index = 0; ; index++) {
    const batch = await cursor.next();
    if (!batch) break;
    visit(batch, index);
    await breathe(trainer);
  }
}

/** Passes over the whole source in the order of the plan, each ended by what finishes it. */
async function runSeries(
  trainer: Trainer,
  series: "fitted" | "metrics",
  source: Source,
  seed: number,
): Promise<Record<string, number>> {
  const { session } = trainer;
  const { plan, backend } = session;
  const programs = [...plan.programs.entries()].filter(([, program]) => program.series === series);
  const accumulators = writtenStorages(
    plan,
    programs.map(([, program]) => program),
  ).filter((index) => at(plan.storages, index).kind === "accumulator");
  resetStorages(plan, backend, accumulators);
  const results: Record<string, number> = {};
  let scalars: HostScalars = {};
  let dimensions = trainedDimensions(session);
  for (const [index, program] of programs) {
    if (program.kind === "pass") {
      let total = 0;
      await eachBatch(trainer, source, (batch, counter) => {
        const missing = program.inputs.filter((name) => !batch.inputs.has(name));
        if (missing.length > 0) needsMore(series, missing);
        total += batch.examples;
        dimensions = batch.dimensions;
        scalars = { "total.batch": total };
        const { inputs } = batch;
        backend.submit(makeRun(session, index, { inputs, dimensions, scalars, seed, counter }));
      });
    } else {
      const run = makeRun(session, index, { dimensions, scalars, seed });
      const values = await backend.read(run);
      program.results.forEach(({ name }, place) => {
        results[name] = values[place]?.[0] ?? NaN;
      });
    }
  }
  return results;
}

function needsMore(series: string, missing: readonly string[]): never {
  const what = series === "fitted" ? "the fitted values" : "the metrics over the whole set";
  fail("name", `${what} need ${missing.join(", ")}`, { missing });
}

function trainedDimensions({ plan }: Session): Record<string, number> {
  return Object.fromEntries(plan.dimensions.map(({ name, trained }) => [name, trained]));
}

/** Computes the fitted values from a source, once for all. */
export async function fitValues(trainer: Trainer, source: Source, seed: number): Promise<void> {
  await runSeries(trainer, "fitted", source, seed >>> 0);
  trainer.state.fitted = true;
}
