// Takes what a program asks of its live dimensions, gives it as the plan has it: a size that is not negative, and the words to refuse others with.
import type { BuiltModel, BuiltProgram } from "../build/types.js";
import type { BuiltBound } from "../build/bounds.js";
import type { BuiltRange } from "../build/ranges.js";
import { dimText, freeNames, shapeText } from "../types/dimension.js";
import type { Origin } from "../types/graph.js";
import type { Schedule } from "../types/nest.js";
import type { PlanBound, PlanProgram, PlanResult } from "../../runtime/plan.js";
import { planDim } from "./dimensions.js";
import { createDescriber } from "./places.js";

export function planBounds(
  { typed }: BuiltModel,
  { bounds = [] }: BuiltProgram,
  { results }: Schedule,
): Pick<PlanProgram, "bounds"> {
  if (bounds.length === 0) return {};
  const describe = createDescriber(typed.place.file);
  const told = bounds.map((bound): PlanBound => {
    const { results: needing, origin } = bound;
    const names = freeNames(bound.value);
    const shown = typed.inputs
      .filter((input) => input.shape.some((dim) => [...freeNames(dim)].some((n) => names.has(n))))
      .map((input) => `${input.name} is ${shapeText(input.shape)}`);
    const inputs = shown.length === 0 ? "" : ` (${shown.join(", ")})`;
    const where = origin === undefined ? "" : reason(origin, describe);
    return {
      value: planDim(bound.value),
      text: `${demand(bound)}${where}${inputs}`,
      ...(needing === undefined
        ? {}
        : {
            serves: [...results.keys()].filter((at) => needing.has(results[at]?.name ?? "")),
          }),
    };
  });
  return { bounds: told };
}

function demand({ value, limit }: BuiltBound): string {
  if (limit?.least !== undefined) return `it has to be at least ${limit.least}`;
  if (limit?.most !== undefined) return `it has to be at most ${limit.most}`;
  return `${dimText(value)} has to be at least 0`;
}

/** Classes and indices that the device clamps where they are outside: what the host says of them. */
export function planRanges(
  { typed }: BuiltModel,
  ranges: ReadonlyMap<string, BuiltRange>,
): ReadonlyMap<string, NonNullable<PlanResult["range"]>> {
  const describe = createDescriber(typed.place.file);
  return new Map(
    [...ranges].map(([name, { end, check }]) => {
      const { place, many, extent } = check;
      const where = reason({ ...place, path: "" }, describe);
      const counted =
        typeof extent === "number" ? `0 to ${extent - 1}` : `0 to ${dimText(extent)} - 1`;
      return [
        name,
        {
          ...(end === undefined ? {} : { end: planDim(end) }),
          text: `the ${many}${where} are ${counted}`,
        },
      ];
    }),
  );
}

/** More of an expression than this is cut off. */
const mostShown = 60;

function reason(origin: Origin, describe: (origin: Origin) => string): string {
  const { text } = origin.file;
  const written = text.slice(origin.span.start, origin.span.end).replace(/\s+/g, " ");
  const short = written.length > mostShown ? `${written.slice(0, mostShown)}…` : written;
  return ` for \`${short}\` at ${describe(origin)}`;
}
