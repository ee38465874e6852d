// A search, the number of a trial and the trials before it in; what this one tries, out.
import type { SearchDeclaration } from "../../compiler/types/model.js";
import type { Settings } from "../options.js";
import { bayesianCandidate } from "./strategies/bayesian.js";
import type { Observation } from "./strategies/bayesian.js";
import { gridCandidate } from "./strategies/grid.js";
import { randomCandidate } from "./strategies/random.js";
import { lossOf } from "./trials.js";
import type { Trial } from "./trials.js";

/** A trial that was stopped counts by what it had then, one that failed or is under way as bad. */
function observe({ goal }: SearchDeclaration, { set, outcome }: Trial): Observation {
  const hasValue = outcome?.kind === "finished" || outcome?.kind === "stopped";
  return { set, loss: hasValue ? lossOf(goal, outcome.value) : Infinity };
}

/** Undefined where nothing is left to be tried. */
export function candidateOf(
  search: SearchDeclaration,
  number: number,
  trials: readonly Trial[],
): Settings | undefined {
  switch (search.strategy) {
    case "grid":
      return gridCandidate(search, number);
    case "random":
      return randomCandidate(search, number);
    case "bayesian":
      return bayesianCandidate(
        search,
        number,
        trials.map((trial) => observe(search, trial)),
      );
  }
}
