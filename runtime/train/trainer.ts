// Batches and a stage in; steps of its objectives, submitted without waiting for the device, out.

import type { Values } from "../backend.js";
import { at, fail, unknownName, type NnError } from "../errors.js";
import { takeTurns } from "../events.js";
import type { Plan, PlanParameter, PlanProgram, PlanStage } from "../plan.js";
import { makeRun, resetStorages, type TrainingSession } from "../session.js";
import { beginPass } from "./carried.js";
import type { Calls, Waiting } from "./calls.js";
import type { Batch } from "./data.js";
import {
  addToSums,
  openJournal,
  sumsOf,
  type Journal,
  type JournalRow,
  type Sums,
} from "./journal.js";
import type { ParameterCopy } from "./copies.js";
import { readStart } from "./start.js";
import type { Capture, RunState, TrainingState } from "./state.js";

export type Objective = PlanStage["objectives"][number];

/** What has happened in a step, in the order of its updates; each may have accumulated several runs. */
export interface StepRecord {
  readonly stage: string;
  readonly step: number;
  readonly epoch: number;
  readonly examples: number;
  readonly updates: readonly (readonly JournalRow[])[];
}

/** One update to make: its batches, and where in the whole run it stands (0 to 1). */
export interface Update {
  readonly objective: Objective;
  readonly batches: readonly Batch[];
  readonly progress: number;
  /** Which repetition of its line. */
  readonly turn: number;
}

/** A saved run whose optimizer state is not this model's. */
export interface Obstacle {
  readonly text: string;
  readonly run: RunState | undefined;
}

/** Numbers that once were together: written ones are beside a capture only where no step was made between. */
export interface Snapshot {
  /** Undefined: what was loaded. */
  readonly capture: Promise<Capture> | undefined;
  readonly written: Map<PlanParameter, Values>;
  /** The latest step at that time. */
  readonly latest: StepRecord | undefined;
}

export interface Trainer {
  readonly session: TrainingSession;
  readonly calls: Calls;
  readonly readFile: (file: string, parameters: readonly string[]) => Promise<Uint8Array>;
  state: TrainingState;
  journal: Journal;
  latest: StepRecord | undefined;
  /** Batches given to `step` that wait for more to accumulate. */
  held: Batch[];
  /** Best weights of a stage that stops early. */
  best: ParameterCopy | undefined;
  /** Parameters before a step in several submissions: what its states go back to. */
  before: ParameterCopy | undefined;
  /** Values being fitted, until they are. */
  fitting: Promise<void> | undefined;
  /** Steps whose losses are not folded into the run's sums yet. */
  pending: StepRecord[];
  /** What to go on from after a loss of the device. */
  snapshot: Snapshot;
  /** The latest that is not all there yet. */
  taking: Snapshot | undefined;
  /** Why the run in the weights file cannot go on with this model. */
  obstacle: Obstacle | undefined;
  /** Steps that wait for others, in order. */
  queue: Promise<void> | undefined;
  breathed: number;
}

export function createTrainer(
  session: TrainingSession,
  calls: Calls,
  state: TrainingState,
  readFile: Trainer["readFile"],
  written: Snapshot["written"],
): Trainer {
  return {
    session,
    calls,
    readFile,
    state,
    journal: openJournal(session),
    latest: undefined,
    held: [],
    best: undefined,
    before: undefined,
    fitting: undefined,
    pending: [],
    snapshot: { capture: undefined, written, latest: undefined },
    taking: undefined,
    obstacle: undefined,
    queue: undefined,
    breathed: performance.now(),
  };
}

export function stageOf(plan: Plan, name: string | undefined): PlanStage {
  const { stages } = plan;
  if (stages.length === 0) fail("option", `${plan.model} has no train block`);
  if (name === undefined) return at(stages, 0);
  const stage = stages.find((candidate) => candidate.name === name);
  return (
    stage ??
    unknownName(
      "stage",
      name,
      stages.map((candidate) => candidate.name),
    )
  );
}

export function seedOfStage({ state }: Trainer, stage: PlanStage): number {
  return state.seed ?? stage.seed;
}

/** A step in another stage than the one before begins that stage. */
export async function enterStage(trainer: Trainer, stage: PlanStage): Promise<void> {
  if (trainer.state.stage === stage.name) return;
  await beginStage(trainer, stage, trainer.calls.within());
}

/**
 * Each stage begins with fresh optimizer state, and with what its `start` lines name. Nothing changes before all of it is
 * read, and nothing is awaited where there is nothing to read.
 */
export async function beginStage(
  trainer: Trainer,
  stage: PlanStage,
  waiting: Waiting,
): Promise<void> {
  const { session, state } = trainer;
  const files = stage.start.length === 0 ? [] : await readStart(trainer, stage, waiting);
  resetOptimizer(session, stage);
  dropRun(trainer);
  Object.assign(state, { stage: stage.name, steps: 0, updates: {} });
  trainer.before?.free();
  Object.assign(trainer, { held: [], obstacle: undefined, before: undefined });
  for (const apply of files) apply();
}

/** The unfinished run, if there is one, cannot be gone on with any more. */
export function dropRun(trainer: Trainer): void {
  trainer.best?.free();
  trainer.best = undefined;
  trainer.state.run = undefined;
}

/** Optimizer state and accumulators of a stage at their first values. */
export function resetOptimizer({ plan, backend }: TrainingSession, stage: PlanStage): void {
  const programs = plan.programs.filter((program) => program.stage === stage.name);
  resetStorages(plan, backend, writtenStorages(plan, programs));
}

/** Programs of batches before the last of an update. */
export function gathersOf({ programs }: Plan, stage: PlanStage): readonly PlanProgram[] {
  return programs.filter(({ kind, stage: own }) => kind === "gather" && own === stage.name);
}

/** Gives up the gradients that were gathered for an update. */
export function forgetGathered({ plan, backend }: TrainingSession, stage: PlanStage): void {
  const sums = writtenStorages(plan, gathersOf(plan, stage)).filter(
    (index) => at(plan.storages, index).kind === "optimizer",
  );
  resetStorages(plan, backend, sums);
}

/** Storages that a program of these may write. */
export function writtenStorages(plan: Plan, programs: readonly PlanProgram[]): number[] {
  const written = new Set<number>();
  for (const { dispatches } of programs) {
    for (const { kernel, buffers } of dispatches) {
      const { bindings } = at(plan.kernels, kernel);
      buffers.forEach((buffer, position) => {
        if (buffer.kind !== "storage" || at(bindings, position).access === "read") return;
        written.add(buffer.storage);
      });
    }
  }
  return [...written];
}

/** The program of an update, or of a batch that is only gathered; data given for drawn inputs is read. */
function trainingProgram(
  plan: Plan,
  objective: Objective,
  batch: Omit<Batch, "examples">,
  last: boolean,
): number {
  const { program, given, gather, gatherGiven } = objective;
  const drawnGiven = plan.inputs.some(
    ({ name, source }) => source === "drawn" && batch.inputs.has(name),
  );
  const [own, reading] = last ? [program, given] : [gather, gatherGiven];
  return (drawnGiven ? reading : undefined) ?? own ?? program;
}

/** Throws what the step would that takes the batch: one that waits for others is refused when it is given. */
export function checkBatch(
  { session }: Trainer,
  objectives: readonly Objective[],
  { inputs, dimensions }: Batch,
): void {
  for (const objective of objectives) {
    const program = trainingProgram(session.plan, objective, { inputs, dimensions }, false);
    makeRun(session, program, { inputs, dimensions });
  }
}

/** Where a step stands, and whether what its stage monitors is to be computed with it. */
export interface StepPosition {
  readonly epoch: number;
  readonly monitored: boolean;
}

/** Makes the updates of one step, one submission a batch; nothing is awaited. */
export function executeStep(
  trainer: Trainer,
  stage: PlanStage,
  work: readonly Update[],
  position: StepPosition,
): StepRecord {
  const { state } = trainer;
  const { epoch } = position;
  const seen = new Set(work.flatMap(({ batches }) => batches));
  let updates: JournalRow[][];
  try {
    updates = work.map((update) => runUpdate(trainer, stage, update, position));
  } finally {
    for (const { free } of seen) free?.();
  }
  trainer.session.filled = true;
  state.steps++;
  const examples = [...seen].reduce((sum, batch) => sum + batch.examples, 0);
  const record = { stage: stage.name, step: state.steps, epoch, examples, updates };
  trainer.latest = record;
  return record;
}

function runUpdate(
  trainer: Trainer,
  stage: PlanStage,
  { objective, batches, progress, turn }: Update,
  { epoch, monitored }: StepPosition,
): JournalRow[] {
  const { session, state, journal } = trainer;
  const { plan, backend } = session;
  const step = (state.updates[objective.name] ?? 0) + 1;
  state.updates[objective.name] = step;
  const total = batches.reduce((sum, batch) => sum + batch.examples, 0);
  const plateaus = Object.fromEntries(
    (state.run?.plateaus ?? []).map(({ value }, index) => [`plateau.${index}`, value]),
  );
  const scalars = { step, epoch, progress, turn, "total.batch": total, ...plateaus };
  const seed = seedOfStage(trainer, stage);
  return batches.map((batch, index) => {
    beginPass(session, batch);
    const program = trainingProgram(plan, objective, batch, index === batches.length - 1);
    const wanted = monitored ? undefined : withoutMonitors(at(plan.programs, program));
    const { row, target } = journal.add(program, batch.dimensions, wanted);
    const { inputs, dimensions } = batch;
    const counter = state.counter++ >>> 0;
    const request = { inputs, dimensions, scalars, seed, counter, journal: target };
    backend.submit(makeRun(session, program, { ...request, ...(wanted && { wanted }) }));
    return row;
  });
}

/** The results of an ordinary step; undefined where that is all of them. */
function withoutMonitors({ results }: PlanProgram): number[] | undefined {
  const wanted = [...results.keys()].filter(
    (index) => !at(results, index).name.startsWith("monitor."),
  );
  return wanted.length < results.length ? wanted : undefined;
}

/** Throws where the scalars of a step could not be read. */
export function isRead(record: StepRecord): boolean {
  const failure = failureOf(record);
  if (failure !== undefined) throw failure;
  return record.updates.every((rows) => rows.every(({ values }) => values !== undefined));
}

export function isLost(record: StepRecord): boolean {
  return failureOf(record) !== undefined;
}

function failureOf({ updates }: StepRecord): NnError | undefined {
  return updates.flat().find(({ failure }) => failure)?.failure;
}

/** What a step says of a class or an index that it computed and that lies outside. */
export function outsideOf({ updates }: StepRecord): string | undefined {
  return updates.flat().find(({ outside }) => outside !== undefined)?.outside;
}

/** The scalars of a step: of each name the latest update's, over all that it accumulated. */
export function sumsOfStep({ updates }: StepRecord): Sums {
  const merged: Sums = {};
  for (const rows of updates) {
    const sums: Sums = {};
    for (const row of rows) addToSums(sums, sumsOf(row));
    Object.assign(merged, sums);
  }
  return merged;
}

/** On the CPU, lets events, signals and painting have their turn now and then. `watched`: each step is told of. */
export async function breathe(trainer: Trainer, watched = false): Promise<void> {
  await trainer.session.backend.ready(watched);
  if (trainer.session.backend.kind !== "cpu" || performance.now() - trainer.breathed < 30) return;
  await takeTurns();
  trainer.breathed = performance.now();
}
