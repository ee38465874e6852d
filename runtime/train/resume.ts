// A run cut off and what a call would go on with in; where it goes on, or NnError with what does not fit, out.

import { at, fail, NnError } from "../errors.js";
import type { PlanStage } from "../plan.js";
import { indexOfRun, isOver } from "./run.js";
import type { RunState, RunTerms, StageTerms, TrainingState } from "./state.js";
import type { Obstacle, Trainer } from "./trainer.js";
import type { RunLength } from "./turns.js";

/** What a call of `fit` may do instead; a command says it in its own words. */
export const trainAnew = "leave `resume` out to train anew from these weights";

/** As options of `fit`; a command has them under other names. */
export const giveMore = "more `epochs` or `steps`";

/** Whether a run was not gone on with since it has done all that it is asked for. */
export function isNothingLeft(error: unknown): boolean {
  return error instanceof NnError && error.details["nothingLeft"] === true;
}

/** Rejects where there is no run that a call for these stages could go on with. */
export async function refuseResume(trainer: Trainer, stages: readonly PlanStage[]): Promise<void> {
  await Promise.resolve();
  const { run } = trainer.state;
  const { obstacle } = trainer;
  if (obstacle !== undefined) refuseObstacle(trainer, obstacle, stages);
  if (!run) fail("option", `there is no unfinished run to go on with: ${trainAnew}`);
  if (indexOfRun(stages, run) >= 0) return;
  const names = stages.map(({ name }) => name).join(", ");
  fail(
    "option",
    `the run to go on with is in the stage ${run.stage}, not in ${names}: name that stage or none, or ${trainAnew}`,
  );
}

/** Optimizer state that is not this model's is of other settings, which say more than its sizes; else the file is at fault. */
function refuseObstacle(
  { session }: Trainer,
  { text, run }: Obstacle,
  stages: readonly PlanStage[],
): never {
  const left = stages.slice(indexOfRun(stages, run));
  const lines = [
    ...(run ? otherWords("the model", run.terms.model, session.plan.model) : []),
    ...(run ? otherStages(run.terms.stages, left) : []),
  ];
  if (lines.length > 0) refuseTerms(lines);
  fail(
    "option",
    `the run cannot go on: ${text}; take the file that the run saved, or ${trainAnew}`,
  );
}

const wordings: Readonly<Record<Exclude<keyof RunTerms, "stages">, string>> = {
  model: "the model",
  batch: "examples in a batch",
  seed: "the seed",
  validation: "what it validates on",
  data: "the data",
};

/** What a call has that would go on with a run. */
interface Continued {
  readonly terms: RunTerms;
  readonly length: RunLength;
  /** The run's stage and those after it. */
  readonly left: readonly PlanStage[];
  /** Its data can be read once. */
  readonly once: boolean;
}

/** Rejects where the call would make of the run what it was not, or has nothing left to do. */
export async function refuseOther(
  state: TrainingState,
  run: RunState,
  { terms, length, left, once }: Continued,
): Promise<void> {
  await Promise.resolve();
  refuseOtherTerms(state, run, terms);
  refuseFinished(run, length, left);
  if (!once) return;
  fail(
    "data",
    "a run goes on with batches from their beginning on: give a function that returns them anew",
  );
}

/** A run goes on only as what it was: otherwise it would end as no run could. */
function refuseOtherTerms(
  { steps }: TrainingState,
  { terms, step }: RunState,
  now: RunTerms,
): void {
  if (steps !== step) {
    fail(
      "option",
      `the run cannot go on: single steps were made since, ${steps - step} in all; ${trainAnew}`,
    );
  }
  const names = Object.keys(wordings) as (keyof typeof wordings)[];
  const lines = [
    ...otherStages(terms.stages, now.stages),
    ...names.flatMap((name) => otherWords(wordings[name], terms[name], now[name])),
  ];
  if (lines.length > 0) refuseTerms(lines);
}

function refuseTerms(lines: readonly string[]): never {
  fail(
    "option",
    [`the run cannot go on as it began:`, ...lines, `give what it had, or ${trainAnew}`].join("\n"),
  );
}

function otherWords(what: string, had: string | number, has: string | number): string[] {
  return had === has ? [] : [`  ${what}: it had ${had}, this call has ${has}`];
}

const namesOf = (list: readonly { readonly name: string }[]): string =>
  list.map(({ name }) => name).join(", ");

/** What differs between the stages that the run had left and those that this call has. */
function otherStages(had: readonly StageTerms[], has: readonly StageTerms[]): string[] {
  if (namesOf(had) !== namesOf(has)) return otherWords("the stages", namesOf(had), namesOf(has));
  return had.flatMap((before, index) => {
    const of = had.length > 1 ? ` of the stage ${before.name}` : "";
    return otherTerms(before, at(has, index), of);
  });
}

/**
 * Formulas decide: settings may be written otherwise and say the same. Where a setting says something else, formulas of
 * others that say the same follow from it (what is frozen, no optimizer moves): it alone is told.
 */
function otherTerms(had: StageTerms, has: StageTerms, of: string): string[] {
  if (had.formulas === has.formulas) return [];
  const differing = has.terms
    .map((term) => ({ term, before: had.terms.find(({ name }) => name === term.name) }))
    .filter(({ term, before }) => before?.formulas !== term.formulas);
  const told = differing.flatMap(({ term: { name, words }, before }) =>
    otherWords(name + of, before?.words ?? "none", words),
  );
  if (told.length > 0) return told;
  const lines = differing.map(
    ({ term: { name, words } }) =>
      `  ${name}${of}: ${words} computes something else (a name, function, or layer in it)`,
  );
  if (lines.length > 0) return lines;
  return [`  what the steps${of} compute: the model is another, though its settings are the same`];
}

/** A stage that stops early still has its best weights to put back; any other has nothing left to do. */
function refuseFinished(run: RunState, length: RunLength, left: readonly PlanStage[]): void {
  const stage = at(left, 0);
  if (left.length > 1 || stage.stopEarly || !isOver(run, length)) return;
  const { epochs, steps } = length;
  const asked = Number.isFinite(epochs) ? counted(epochs, "epoch") : counted(steps, "step");
  const made = `${counted(run.epoch, "epoch")} (${counted(run.step, "step")})`;
  throw new NnError(
    "option",
    `nothing is left to do: the call, or else the train block, asks for ${asked}, and the run has made ${made}. Give ${giveMore} to go on, or ${trainAnew}`,
    { nothingLeft: true },
  );
}

const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"}`;
