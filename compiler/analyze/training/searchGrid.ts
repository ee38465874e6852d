// The space of a search comes in; how many points a grid of it has goes out.
import type { SearchDeclaration, SearchSpace } from "../../types/model.js";

/** How many values of one parameter a grid tries. */
export function gridValues(space: SearchSpace): number {
  if (space.kind === "choice") return space.values.length;
  return space.points ?? (space.whole ? space.high - space.low + 1 : 1);
}

export function gridSize(parameters: SearchDeclaration["parameters"]): number {
  return parameters.reduce((size, { space }) => size * gridValues(space), 1);
}
