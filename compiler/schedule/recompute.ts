// Takes a program and the bytes that its temporaries may take, gives its schedule, in which values may be computed again in place of being kept.
import { createBuilder } from "../graph/builder.js";
import { evaluateDim } from "../types/dimension.js";
import type { Extents } from "../types/dimension.js";
import type { Program } from "../types/graph.js";
import type { Schedule } from "../types/nest.js";
import { scheduled } from "./index.js";
import type { ScheduleOptions } from "./index.js";
import { elementBytes, livenessBound } from "./memory.js";
import { touchesOf } from "./spans.js";
import { valuesToDrop } from "./recomputeChoice.js";
import { computedAgain } from "./recomputeGraph.js";
import { planOf } from "./recomputePlan.js";

export interface MemoryOptions extends ScheduleOptions {
  /** Bytes that temporaries may take, as trained; undefined: as few as cost next to nothing. */
  readonly bytes?: number;
}

/** What fits a buffer of the size that WebGPU promises is kept, in bytes. */
const little = 2 ** 28;
/** Simple operations for each element that cost about what it costs to read one. */
const nextToNothing = 32;
/** What is taken where memory is limited, one after the other as long as it takes. */
const dearer: readonly number[] = [256, 2048, Infinity];
/** Numbers that no other node of a program has. */
const firstId = 2 ** 41;
const mostRounds = 8;
/** A round frees at least this share of what lives at most. */
const worthwhile = 0.01;

/**
 * The schedule of a program that takes no more memory than it may, or as little more as is found: first what is cheap is computed
 * again, then what is less so. In rounds, as what computes something again is scheduled in another way; what frees next to nothing is left.
 */
export function scheduleWithin(
  program: Program,
  { bytes: wanted, ...settings }: MemoryOptions,
): Schedule {
  const bytes = wanted ?? little;
  const levels = wanted === undefined ? [nextToNothing] : [nextToNothing, ...dearer];
  const b = createBuilder(firstId);
  const outcomeOf = (of: Program, options: ScheduleOptions) => {
    const made = scheduled(of, options);
    return { of, ...made, peak: peakOf(made.schedule, options.estimates) };
  };
  let best = outcomeOf(program, settings);
  let least = best;
  if (best.peak <= bytes) return best.schedule;
  const options = { ...settings, thrifty: wanted !== undefined };
  const goOn = (outcome: typeof best): void => {
    best = outcome;
    if (best.peak < least.peak) least = best;
  };
  if (options.thrifty) goOn(outcomeOf(program, options));
  for (const mostOperations of levels) {
    for (let round = 0; round < mostRounds && best.peak > bytes; round++) {
      const plan = planOf(best.of, options, best.known);
      const dropping = plan && valuesToDrop(plan, { bytes, mostOperations }, options.estimates);
      if (!plan || !dropping || dropping.dropped.size === 0) break;
      const next = outcomeOf(computedAgain(b, best.of, plan, dropping), options);
      if (next.peak > bytes && next.peak > (1 - worthwhile) * best.peak) break;
      goOn(next);
    }
  }
  return least.schedule;
}

/** Bytes of what lives at the same time, where these are most. */
function peakOf(made: Schedule, estimates: Extents): number {
  const lives = [...touchesOf(made)].flatMap(([buffer, span]) => {
    const declared = made.buffers[buffer];
    return declared?.kind === "temporary" ? [{ ...span, elements: declared.elements }] : [];
  });
  const sizes = lives.map(({ elements }) => elementBytes * evaluateDim(elements, estimates));
  return livenessBound(lives, sizes);
}
