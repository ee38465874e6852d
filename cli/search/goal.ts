// The report of an epoch and the goal of a search in; the value that the epoch reached, out.
import type { SearchGoal } from "../../compiler/types/model.js";
import type { EpochReport } from "../../runtime/api.js";

/** Undefined where nothing was validated. */
export function goalValue(
  { name }: Pick<SearchGoal, "name">,
  { validation }: EpochReport,
): number | undefined {
  if (validation === undefined) return undefined;
  if (name === "loss") return validation.loss;
  return validation.metrics[name] ?? validation.losses[name] ?? NaN;
}

/** As it is written in a file. */
export function goalText({ name }: Pick<SearchGoal, "name">): string {
  return `validation.${name}`;
}
