// What trials came to after each epoch in; whether one of them is to be stopped, by the median of the others, out.
import type { SearchGoal } from "../../compiler/types/model.js";
import { lossOf } from "./trials.js";
import type { EpochValue, Trial } from "./trials.js";

/** The median of fewer tells nothing. */
const fewestOthers = 5;

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/**
 * The median of what the others had at the same epoch, where the trial is worse than it; undefined where it may go on.
 * `from`: the first epoch that is looked at. The rule is that of Golovin et al., "Google Vizier" (2017), with values of one epoch.
 */
export function medianAgainst(
  { sense }: Pick<SearchGoal, "sense">,
  from: number | undefined,
  { number }: Pick<Trial, "number">,
  { epoch, value }: EpochValue,
  trials: Iterable<Trial>,
): number | undefined {
  if (from === undefined || epoch < from) return undefined;
  const others = [...trials].flatMap((other) => {
    const at =
      other.number === number ? undefined : other.values.find((one) => one.epoch === epoch);
    return at === undefined ? [] : [lossOf({ sense }, at.value)];
  });
  if (others.length < fewestOthers) return undefined;
  const median = medianOf(others);
  if (!(lossOf({ sense }, value) > median)) return undefined;
  return sense === "maximize" ? -median : median;
}
