// The wishes that a call of training was given in; NnError where one is unknown or cannot be, out.

import type { EvaluateOptions, FitOptions, SaveOptions, StepOptions } from "../api.js";
import { isSize } from "../dimensions.js";
import { checkObject, fail, inWords, unknownName } from "../errors.js";
import { seedRange } from "../session.js";

type Check = (value: unknown) => boolean;

interface Wish {
  readonly fits: Check;
  /** What it is, as `… is WANTED, not …` says it. */
  readonly wanted: string;
}

type Wishes<Options> = { readonly [Name in keyof Options]-?: Wish };

const text: Wish = { fits: (value) => typeof value === "string", wanted: "a name" };
const flag: Wish = { fits: (value) => typeof value === "boolean", wanted: "true or false" };
const callback: Wish = { fits: (value) => typeof value === "function", wanted: "a function" };

function whole(least: number): Wish {
  const fits: Check = (value) => isSize(value) && value >= least;
  return { fits, wanted: `a whole number of at least ${least}` };
}

/** Of a length: it may have no end. */
function length(least: number): Wish {
  const { fits, wanted } = whole(least);
  return { fits: (value) => value === Infinity || fits(value), wanted };
}

const seed: Wish = {
  fits: (value) => typeof value === "number" && value >>> 0 === value,
  wanted: seedRange,
};
const share: Wish = {
  fits: (value) => typeof value === "number" && value >= 0 && value <= 1,
  wanted: "a number from 0 to 1",
};

const fitWishes: Wishes<FitOptions> = {
  stage: text,
  epochs: length(0),
  steps: length(0),
  batch: whole(1),
  stepsPerEpoch: length(1),
  resume: flag,
  validation: {
    fits: (value) =>
      typeof value === "number"
        ? value >= 0 && value < 1
        : typeof value === "function" || (typeof value === "object" && value !== null),
    wanted: "a share from 0 to below 1, or data",
  },
  signal: {
    fits: (value) => typeof value === "object" && value !== null && "addEventListener" in value,
    wanted: "an AbortSignal",
  },
  onStep: callback,
  onEpoch: callback,
  onStage: callback,
};

const stepWishes: Wishes<StepOptions> = {
  stage: text,
  objective: text,
  epoch: whole(0),
  progress: share,
  reset: flag,
};

const evaluateWishes: Wishes<EvaluateOptions> = {
  stage: text,
  batch: whole(1),
  examples: whole(1),
  seed,
};

const saveWishes: Wishes<SaveOptions> = {
  optimizer: flag,
  only: { fits: (value) => value === "trained", wanted: '"trained"' },
};

function checkWishes<Options>(wishes: Wishes<Options>, given: unknown): void {
  checkObject("options", given);
  const known = wishes as Readonly<Record<string, Wish>>;
  for (const [name, value] of Object.entries(given as object) as [string, unknown][]) {
    const wish = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!wish) unknownName("option", name, Object.keys(known));
    if (value === undefined || wish.fits(value)) continue;
    fail("option", `${name} is ${wish.wanted}, not ${inWords(value)}`);
  }
}

export function checkFitOptions(options: FitOptions): void {
  checkWishes(fitWishes, options);
}

export function checkStepOptions(options: StepOptions): void {
  checkWishes(stepWishes, options);
}

export function checkSaveOptions(options: SaveOptions): void {
  checkWishes(saveWishes, options);
  if (options.optimizer === true && options.only !== undefined)
    fail("option", "what a resumed run needs is more than what is trained: give optimizer or only");
}

export function checkEvaluateOptions(options: EvaluateOptions): void {
  checkWishes(evaluateWishes, options);
}
