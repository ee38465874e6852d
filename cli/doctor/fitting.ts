// In: losses of a run on a few examples; out: whether a model can learn even those by heart.
import { counted, valueText } from "../numbers.js";
import type { Advice, Measured } from "./finding.js";

export interface FewExamples {
  readonly examples: number;
  readonly steps: number;
  /** Of these examples before training and behind it. */
  readonly before: number;
  readonly after: number;
  /** Behind it, with inputs and targets paired anew; undefined of a model without targets. */
  readonly shuffled: number | undefined;
  /** Whether the loss became infinite or NaN. */
  readonly failure: "not finite" | undefined;
}

/** What is left of the loss of guessing, where a few examples were learned by heart. */
const mostLeft = 0.5;

/** The share of the loss of guessing that is left; undefined of losses without a least value of 0. */
export function shareLeft({ before, after, shuffled }: FewExamples): number | undefined {
  const guessing = Math.min(before, shuffled ?? before);
  return guessing > 0 && after >= 0 ? after / guessing : undefined;
}

/** Whether next to nothing was learned even of these: then others tell no more. */
export function learnedNothing(few: FewExamples): boolean {
  const left = shareLeft(few);
  return few.failure !== undefined || (left !== undefined && !(left < 0.9));
}

/** Whether the loss fell to what it is with any other target as well: there is one for all, or it goes by none. */
export function targetsAreAlike({ before, after, shuffled, failure }: FewExamples): boolean {
  if (shuffled === undefined || failure !== undefined) return false;
  return after < mostLeft * before && Math.abs(shuffled - after) <= 1e-3 * Math.abs(after);
}

export function fewMeasured({ examples, steps, before, after }: FewExamples): Measured {
  return {
    what: `loss of ${counted(examples, "example")}, before and after ${counted(steps, "step")}`,
    value: `${valueText(before)}, ${valueText(after)}`,
    wanted: "next to nothing after",
  };
}

const whereOf = ({ examples }: FewExamples): string => `a run on ${counted(examples, "example")}`;

const diverges = ({ before, after, failure }: FewExamples): boolean =>
  failure !== undefined || after > 2 * Math.abs(before) + 1e-6;

export function divergingFindings(few: FewExamples): Advice[] {
  if (!diverges(few)) return [];
  const { before, after, steps, failure } = few;
  return [
    {
      where: whereOf(few),
      what:
        failure === undefined
          ? `the loss grew from ${valueText(before)} to ${valueText(after)} in ${counted(steps, "step")}`
          : "the loss became infinite or NaN",
      why: "steps that are too large lead uphill, each further than the one before",
      todo: "if anything is told above, change that first; else divide the rate by ten until the loss falls; `clip_norm 1` holds single large gradients; see that inputs have a size of about 1, and that nothing divides by 0 or takes a logarithm of it",
    },
  ];
}

export function alikeFindings(few: FewExamples): Advice[] {
  if (diverges(few) || !targetsAreAlike(few)) return [];
  const { before, after } = few;
  return [
    {
      where: whereOf(few),
      what: `the loss fell from ${valueText(before)} to ${valueText(after)}, and is the same where each input is given another one's target`,
      why: "either all these examples have the same target, and a model that always answers that is right without looking at its inputs, or the loss does not go by the target",
      todo: "look at the column that the target is read from, and at what the loss compares; where the file is sorted by the target, its first rows are all of one kind: shuffle them",
    },
  ];
}

export function fitFindings(few: FewExamples): Advice[] {
  if (!isStuck(few)) return [];
  const { examples, steps, before, after } = few;
  return [
    {
      where: whereOf(few),
      what: `${counted(examples, "example")} were not learned by heart in ${counted(steps, "step")}: the loss went from ${valueText(before)} to ${valueText(after)}`,
      why: "any model with more weights than there are examples can do that; one that cannot will learn nothing from more of them",
      todo: "if anything is told above, change that first; else see that the loss compares what belongs together, that nothing that has to learn is frozen, that regularizers and dropout are not too strong, and give the model a hidden layer, or more units",
    },
  ];
}

/** Whether too much of the loss of guessing is left, though it did not grow. */
function isStuck(few: FewExamples): boolean {
  if (diverges(few) || targetsAreAlike(few)) return false;
  const { before, after } = few;
  const left = shareLeft(few);
  return left === undefined ? after > before - 0.01 * Math.abs(before) : left > mostLeft;
}

/** Whether they were not learned by heart, for whatever reason. */
export const notLearned = (few: FewExamples): boolean => diverges(few) || isStuck(few);
