// In: the loss of rows that a short run has not seen, and the same with inputs and targets paired anew; out: whether anything was learned of how they belong together.
import { counted, valueText } from "../numbers.js";
import type { Advice, Measured } from "./finding.js";

export interface UnseenRows {
  readonly examples: number;
  readonly steps: number;
  readonly loss: number;
  /** What a model has that knows nothing of which target goes with which input: chance, by several pairings. */
  readonly shuffled: readonly number[];
  /** Of rows that it was trained on, behind the run. */
  readonly seen: number;
}

/** What has been learned shows as a larger difference than this, whatever the loss is. */
const leastDifference = 0.03;
/** And than so many standard deviations of the pairings: of few rows, one is better than another by luck. */
const leastDeviations = 2;
/** Of the loss of rows held out, rows seen have less than this where these were learned by heart. */
const byHeart = 0.7;

export const chanceOf = ({ shuffled }: UnseenRows): number =>
  shuffled.reduce((sum, one) => sum + one, 0) / Math.max(1, shuffled.length);

export function isAtChance(unseen: UnseenRows): boolean {
  const { loss, shuffled } = unseen;
  const chance = chanceOf(unseen);
  const squares = shuffled.reduce((sum, one) => sum + (one - chance) ** 2, 0);
  const deviation = Math.sqrt(squares / Math.max(1, shuffled.length - 1));
  const least = Math.max(leastDifference * Math.abs(chance), leastDeviations * deviation);
  return !(chance - loss > least);
}

export function chanceMeasured(unseen: UnseenRows): Measured {
  return {
    what: `loss of ${counted(unseen.examples, "row")} held out, and at chance`,
    value: `${valueText(unseen.loss)}, ${valueText(chanceOf(unseen))}`,
    wanted: "less than chance",
  };
}

export function chanceFindings(unseen: UnseenRows): Advice[] {
  if (!isAtChance(unseen)) return [];
  const { examples, steps, loss, seen } = unseen;
  const chance = chanceOf(unseen);
  const memorized = seen >= 0 && seen < byHeart * Math.min(loss, chance);
  const known = memorized
    ? `rows that the run saw have ${valueText(seen)}: after ${counted(steps, "step")} it knows these by heart, and nothing that holds for others`
    : `after ${counted(steps, "step")} the model does no better with the right target than with any: what it learned, if anything, are the targets' frequencies`;
  return [
    {
      where: `${counted(examples, "row")} that were held out of a short run`,
      what: `the loss is at chance: ${valueText(loss)}, and ${valueText(chance)} where each input is given another one's target`,
      why: `${known}. Targets that went to other rows look like this; so do inputs that do not hold what the target depends on, and too few rows, or steps, for a hard task: from the losses alone these cannot be told apart`,
      todo: "look at some rows, whether input and target belong together (one file sorted or shuffled and the other not is the usual mistake), then at whether a person could tell the target by these inputs; if both are so, give it more rows, or train longer",
    },
  ];
}
