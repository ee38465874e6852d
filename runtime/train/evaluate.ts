// A source of batches in; losses and metrics over all of it, or values fitted to it, out.

import type { Evaluation } from "../api.js";
import { at } from "../errors.js";
import type { HostScalars } from "../host.js";
import type { Plan, PlanProgram, PlanStage } from "../plan.js";
import { findDraw, inputsFor, makeRun, resetStorages, type TrainingSession } from "../session.js";
import type { Batch, Source } from "./data.js";
import {
  addToSums,
  meansOf,
  openJournal,
  summarize,
  type JournalRow,
  type Summary,
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

/**
 * Losses and metrics over the source, each batch weighted by its examples: all that the data reaches.
 * `loss` is the sum of those that the stage minimises.
 */
export async function evaluateSource(
  trainer: Trainer,
  source: Source,
  stage: PlanStage | undefined,
  seed: number,
): Promise<Evaluation> {
  const { plan } = trainer.session;
  const key = (seed ^ evaluationKey) >>> 0;
  const sums: Sums = {};
  const program = plan.programs.findIndex(({ kind }) => kind === "evaluate");
  const examples =
    program < 0 ? (source.examples ?? 0) : await sumBatches(trainer, source, program, key, sums);
  const whole = await runSeries(trainer, "metrics", source, key);
  const summary = summarize({ ...meansOf(sums), ...whole });
  const { losses, penalty, metrics } = summary;
  return { loss: lossOfStage(summary, stage), losses, penalty, metrics, examples };
}

function lossOfStage({ loss, losses }: Summary, stage: PlanStage | undefined): number {
  const names = new Set(stage?.objectives.flatMap((objective) => objective.losses) ?? []);
  const own = Object.entries(losses).filter(([name]) => names.has(name));
  return own.length === 0 ? loss : own.reduce((sum, [, value]) => sum + value, 0);
}

async function sumBatches(
  trainer: Trainer,
  source: Source,
  program: number,
  seed: number,
  sums: Sums,
): Promise<number> {
  const { session } = trainer;
  const journal = openJournal(session);
  const rows: JournalRow[] = [];
  let examples = 0;
  try {
    await eachBatch(trainer, source, (batch, counter) => {
      const wanted = reachable(session.plan, at(session.plan.programs, program), batch);
      const { row, target } = journal.add(program, batch.examples, wanted);
      rows.push(row);
      examples += batch.examples;
      const { inputs, dimensions } = batch;
      const request = { inputs, dimensions, seed, counter, journal: target, wanted };
      session.backend.submit(makeRun(session, program, request));
    });
    await journal.read();
    for (const row of rows) addToSums(sums, row.values ?? {}, row.examples);
  } finally {
    journal.free();
  }
  return examples;
}

/** Results whose inputs are all given or drawn: a stage's data need not reach every loss. */
function reachable(plan: Plan, program: PlanProgram, { inputs }: Batch): number[] {
  return [...program.results.keys()].filter((result) =>
    inputsFor(program, [result]).every((name) => inputs.has(name) || findDraw(plan, name) >= 0),
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
  const reached = programs.every(([, { inputs }]) =>
    inputs.every((name) => source.names.has(name) || findDraw(plan, name) >= 0),
  );
  if (series === "metrics" && !reached) return {};
  const accumulators = writtenStorages(
    plan,
    programs.map(([, program]) => program),
  ).filter((index) => at(plan.storages, index).kind === "accumulator");
  resetStorages(plan, backend, accumulators);
  const results: Record<string, number> = {};
  let scalars: HostScalars = {};
  // A pass may divide by the size of the whole set, which is known after the first one at the latest.
  let whole = source.examples;
  let dimensions = trainedDimensions(session);
  for (const [index, program] of programs) {
    if (program.kind === "pass") {
      let total = 0;
      await eachBatch(trainer, source, (batch, counter) => {
        total += batch.examples;
        dimensions = batch.dimensions;
        scalars = { "total.batch": whole ?? total };
        const { inputs } = batch;
        backend.submit(makeRun(session, index, { inputs, dimensions, scalars, seed, counter }));
      });
      whole = total;
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

function trainedDimensions({ plan }: TrainingSession): Record<string, number> {
  return Object.fromEntries(plan.dimensions.map(({ name, trained }) => [name, trained]));
}

/** Computes the fitted values from a source, once for all. */
export async function fitValues(trainer: Trainer, source: Source, seed: number): Promise<void> {
  await runSeries(trainer, "fitted", source, seed >>> 0);
  trainer.state.fitted = true;
}
