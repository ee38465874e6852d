// A run cut off and what a call would go on with in; where it goes on, or NnError with what does not fit, out.

import type { RunPosition } from "../api.js";
import { at, fail } from "../errors.js";
import type { PlanStage } from "../plan.js";
import { describeData, describeValidation, type RunData } from "./sources.js";
import type { RunState, RunTerms, StageTerms, TrainingState } from "./state.js";
import { seedOfStage, type Obstacle, type Trainer } from "./trainer.js";
import type { RunLength } from "./turns.js";

/** What a call of `fit` may do instead; a command says it in its own words. */
export const trainAnew = "leave `resume` out to train anew from these weights";

/** As options of `fit`; a command has them under other names. */
export const giveMore = "more `epochs` or `steps`";

/** The terms that a run of these stages is on, and the first of them begins. */
export function termsOf(
  trainer: Trainer,
  stages: readonly PlanStage[],
  data: RunData,
  batch: number,
): RunTerms {
  return {
    model: trainer.session.plan.model,
    stages: stages.map(({ name, formulas, terms }) => ({ name, formulas, terms })),
    batch,
    seed: seedOfStage(trainer, at(stages, 0)),
    validation: describeValidation(data),
    data: describeData(trainer.session.plan, stages, data),
  };
}

/** Where the unfinished run stands; undefined where there is none. */
export function positionOfRun({ state }: Trainer): RunPosition | undefined {
  const { run } = state;
  return run && { stage: run.stage, epoch: run.epoch, step: run.step };
}

/** The stages that are left of the unfinished run, its own first. */
export function stagesLeft(trainer: Trainer, stages: readonly PlanStage[]): readonly PlanStage[] {
  const { run } = trainer.state;
  const { obstacle } = trainer;
  if (obstacle !== undefined) refuseObstacle(trainer, obstacle, stages);
  if (!run) fail("option", `there is no unfinished run to go on with: ${trainAnew}`);
  const first = stages.findIndex(({ name }) => name === run.stage);
  if (first < 0) {
    const names = stages.map(({ name }) => name).join(", ");
    fail(
      "option",
      `the run to go on with is in the stage ${run.stage}, not in ${names}: name that stage or none, or ${trainAnew}`,
    );
  }
  return stages.slice(first);
}

/** Optimizer state that is not this model's is of other settings, which say more than its sizes; else the file is at fault. */
function refuseObstacle(
  { session }: Trainer,
  { text, run }: Obstacle,
  stages: readonly PlanStage[],
): never {
  const left = stages.slice(stages.findIndex(({ name }) => name === run?.stage));
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

/** A run goes on only as what it was: otherwise it would end as no run could. */
export function refuseOtherTerms(
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
export function refuseFinished(run: RunState, length: RunLength, left: readonly PlanStage[]): void {
  const stage = at(left, 0);
  if (left.length > 1 || stage.stopEarly || !isOver(run, length)) return;
  const { epochs, steps } = length;
  const asked = Number.isFinite(epochs) ? counted(epochs, "epoch") : counted(steps, "step");
  const made = `${counted(run.epoch, "epoch")} (${counted(run.step, "step")})`;
  fail(
    "option",
    `nothing is left to do: the call, or else the train block, asks for ${asked}, and the run has made ${made}. Give ${giveMore} to go on, or ${trainAnew}`,
  );
}

const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"}`;

/** An epoch whose last step was made is still to be validated and told of. */
export function isOver(run: RunState, { epochs, steps }: RunLength): boolean {
  const isMade = run.step > steps || (run.step === steps && run.epochSteps === 0);
  return run.done || run.epoch >= epochs || isMade;
}
