// In: a plan and what the data given say; out: sizes of its free dimensions, near the usual ones, on which all of it computes.
import { evaluateDim, namesIn } from "../../runtime/dimensions.js";
import type { Plan, PlanDim } from "../../runtime/plan.js";

type Sizes = Readonly<Record<string, number>>;

const usualBatch = 3;
/** Of free dimensions other than the batch. */
const usualFree = 5;
/** No dimension is tried with more. */
const largest = 16_384;
/** Dimensions are moved one after the other, so that each may have its turn several times. */
const mostRounds = 32;

/** By how much these sizes miss what programs ask of them; a margin of 1 leaves no part of a tensor empty. */
function missedBy({ bounds, margin }: Asked, sizes: Sizes): number {
  return bounds.reduce<number>(
    (sum, bound) => sum + Math.max(0, margin - evaluateDim(bound, sizes) || 0),
    0,
  );
}

interface Asked {
  readonly bounds: readonly PlanDim[];
  readonly margin: number;
}

/** Data tell every dimension but the batch, of which they say how many examples there are. */
export function checkSizes(plan: Plan, given?: ReadonlyMap<string, number>): Sizes {
  const bounds = plan.programs.flatMap((program) =>
    (program.bounds ?? []).map(({ value }) => value),
  );
  const roomy = sizesFor(plan, { bounds, margin: 1 }, given);
  return missedBy({ bounds, margin: 1 }, roomy) === 0
    ? roomy
    : sizesFor(plan, { bounds, margin: 0 }, given);
}

function sizesFor(
  { dimensions }: Plan,
  asked: Asked,
  given: ReadonlyMap<string, number> | undefined,
): Sizes {
  const rows = Math.min(given?.get("batch") ?? largest, largest);
  const usual = (name: string): number =>
    name === "batch" ? Math.min(usualBatch, rows) : (given?.get(name) ?? usualFree);
  let sizes: Sizes = Object.fromEntries(dimensions.map(({ name }) => [name, usual(name)]));
  for (let round = 0; round < mostRounds; round++) {
    const tried = movable(asked, sizes)
      .filter((name) => name === "batch" || given?.has(name) !== true)
      .map((name) => moved(asked, sizes, name, name === "batch" ? rows : largest));
    const best = tried.sort((left, right) => left.missed - right.missed)[0];
    if (best === undefined || best.missed >= missedBy(asked, sizes)) break;
    ({ sizes } = best);
  }
  return sizes;
}

/** The dimensions in what is asked and missed. */
function movable({ bounds, margin }: Asked, sizes: Sizes): string[] {
  const missed = bounds.filter((bound) => evaluateDim(bound, sizes) < margin);
  return [...new Set(missed.flatMap(namesIn))];
}

/** The size of one dimension that misses least, the nearest to what it is. */
function moved(
  asked: Asked,
  sizes: Sizes,
  name: string,
  most: number,
): { readonly sizes: Sizes; readonly missed: number } {
  const from = sizes[name] ?? 1;
  let best = { sizes, missed: missedBy(asked, sizes) };
  for (let way = 1; way < most && best.missed > 0; way++)
    for (const size of [from + way, from - way].filter((one) => one >= 1 && one <= most)) {
      const next = { ...sizes, [name]: size };
      const missed = missedBy(asked, next);
      if (missed < best.missed) best = { sizes: next, missed };
    }
  return best;
}
