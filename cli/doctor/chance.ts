// In: the loss of rows that a short run has not seen, and the same with inputs and targets paired anew; out: whether anything was learned of how they belong together.
import { counted, valueText } from "../numbers.js";
import type { Finding } from "./finding.js";

export interface UnseenRows {
  readonly examples: number;
  readonly steps: number;
  readonly loss: number;
  /** What a model has that knows nothing of which target goes with which input: chance. */
  readonly shuffled: number;
}

/** What has been learned shows as a larger difference than this, whatever the loss is. */
const leastDifference = 0.03;

export const shareOfChance = ({ loss, shuffled }: UnseenRows): number =>
  1 - (shuffled - loss) / Math.max(Math.abs(shuffled), 1e-12);

export function chanceFindings(unseen: UnseenRows): Finding[] {
  const { examples, steps, loss, shuffled } = unseen;
  if (shareOfChance(unseen) < 1 - leastDifference) return [];
  return [
    {
      kind: "chance",
      where: `${counted(examples, "row")} that were held out of a short run`,
      what: `the loss is at chance: ${valueText(loss)}, and ${valueText(shuffled)} where each input is given another one's target`,
      why: `after ${counted(steps, "step")} the model does no better with the right target than with any: what it learned, if anything, are the targets' frequencies`,
      todo: "see that inputs and targets are in the same order and come from the same rows (one file sorted and the other not is the usual mistake), and that the inputs hold what the target depends on; if few examples are learned by heart, and these are in order, train longer",
    },
  ];
}
