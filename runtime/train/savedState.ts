// A value that was read as JSON in; whether it is the state of training as `save` writes it, out.

import { isSize } from "../dimensions.js";
import type { PlanTerm } from "../plan.js";
import type { RunState, RunTerms, StageTerms, TrainingState, Watch } from "./state.js";

type Check = (value: unknown) => boolean;

/** A check for each field, so that a field that is added is checked too. */
type Checks<T> = { readonly [Name in keyof T]-?: Check };

const text: Check = (value) => typeof value === "string";
const flag: Check = (value) => typeof value === "boolean";
const number: Check = (value) => Number.isFinite(value);
/** What JSON has in place of NaN. */
const perhaps: Check = (value) => value === null || number(value);
const count: Check = isSize;
const seed: Check = (value) => typeof value === "number" && value >>> 0 === value;
/** JSON leaves undefined fields out. */
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const isRecord = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) &&
    Object.entries(checks).every(([name, check]) => check(Reflect.get(value, name)));
const each =
  (check: Check): Check =>
  (value) =>
    isRecord(value) && Object.values(value).every(check);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

const watched: Checks<Watch> = { best: optional(perhaps), bad: count };

const term: Checks<PlanTerm> = { name: text, words: text, formulas: text };

const stage: Checks<StageTerms> = { name: text, formulas: text, terms: list(fields(term)) };

const terms: Checks<RunTerms> = {
  ...{ model: text, stages: list(fields(stage)), batch: count, seed },
  ...{ validation: text, data: text },
};

const run: Checks<RunState> = {
  stage: text,
  terms: fields(terms),
  epoch: count,
  pass: count,
  position: count,
  passed: flag,
  epochSteps: count,
  step: count,
  plateaus: list(fields({ ...watched, value: number })),
  stopping: fields({ ...watched, epoch: count }),
  done: flag,
  sums: each(fields({ sum: perhaps, weight: number, runs: count })),
  examples: count,
};

const state: Checks<TrainingState> = {
  seed: optional(seed),
  counter: count,
  stage: optional(text),
  steps: count,
  updates: each(count),
  fitted: flag,
  run: optional(fields(run)),
};

export function isTrainingState(value: unknown): value is TrainingState {
  return fields(state)(value);
}
