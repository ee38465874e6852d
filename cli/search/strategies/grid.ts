// A space and the number of a trial in; the point of its grid that has this number, out.
import { gridSize, gridValues } from "../../../compiler/analyze/training/searchGrid.js";
import type { SearchSpace } from "../../../compiler/types/model.js";
import type { Settings } from "../../options.js";
import type { SettingValue } from "../../settings.js";
import { fromLine, onLine } from "../space.js";
import type { Space } from "../trials.js";

/** The `index`-th value that a grid tries of one parameter. */
function valueAt(space: SearchSpace, index: number): SettingValue {
  if (space.kind === "choice") return space.values[index] ?? 0;
  const last = gridValues(space) - 1;
  if (space.points === undefined) return space.low + index;
  const [from, to] = [onLine(space, space.low), onLine(space, space.high)];
  return fromLine(space, from + ((to - from) * index) / last);
}

/** The last parameter changes first. Undefined behind the end. */
export function gridCandidate({ parameters }: Space, number: number): Settings | undefined {
  if (number > gridSize(parameters)) return undefined;
  let rest = number - 1;
  const values = parameters.toReversed().map(({ name, space }): [string, SettingValue] => {
    const count = gridValues(space);
    const index = rest % count;
    rest = Math.floor(rest / count);
    return [name, valueAt(space, index)];
  });
  return Object.fromEntries(values.toReversed());
}
