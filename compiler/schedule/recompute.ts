// Takes a program and the bytes that its temporaries may take, gives its schedule, in which values may be computed again in place of being kept.
import { createBuilder } from "../graph/builder.js";
import { evaluateDim } from "../types/dimension.js";
import type { Extents } from "../types/dimension.js";
import type { Program } from "../types/graph.js";
import type { Schedule } from "../types/nest.js";
import { scheduled } from "./index.js";
import type { Scheduled, ScheduleOptions } from "./index.js";
import { elementBytes, livenessBound, placedBytes } from "./memory.js";
import { touchesOf } from "./spans.js";
import { placeTemporaries } from "./place.js";
import { valuesToDrop } from "./recomputeChoice.js";
import { computedAgain } from "./recomputeGraph.js";
import { planOf } from "./recomputePlan.js";
import type { RecomputeLimits } from "./recomputePlan.js";

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
 * What a round wants to leave of that: from the beginning with each of them in turn, as what a round makes of a program is sometimes
 * where no other round finds more.
 */
const aims: readonly number[] = [0.7, 0.85, 0.5];

interface Outcome {
  readonly of: Program;
  readonly made: Scheduled;
  /** Bytes that its temporaries take, as trained. */
  readonly peak: number;
}

/**
 * The schedule of a program that takes no more memory than it may, or where none is found, the least that is: first what is cheap is
 * computed again, then what is less so. In rounds, as what computes something again is scheduled in another way; what frees next to
 * nothing is left. What rounds are tried does not depend on what the program may take, so that less room never comes to more memory,
 * and what fits is found for any room that it fits; the last round is made again to free no more than it has to.
 */
export function scheduleWithin(
  program: Program,
  { bytes: wanted, ...settings }: MemoryOptions,
): Schedule {
  const bytes = wanted ?? little;
  const levels = wanted === undefined ? [nextToNothing] : [nextToNothing, ...dearer];
  const { estimates } = settings;
  const outcomeOf = (of: Program, options: ScheduleOptions): Outcome => {
    const made = scheduled(of, options);
    const peakOf = wanted === undefined ? boundOf : placedPeakOf;
    return { of, made, peak: peakOf(made.schedule, estimates) };
  };
  const kept = outcomeOf(program, settings);
  if (kept.peak <= bytes) return kept.made.schedule;
  const options = { ...settings, thrifty: wanted !== undefined };
  const b = createBuilder(firstId);
  const freed = (before: Outcome, limits: RecomputeLimits): Outcome | undefined => {
    const plan = planOf(before.of, options, before.made.known);
    const dropping = plan && valuesToDrop(plan, limits, estimates);
    if (!plan || !dropping || dropping.dropped.size === 0) return undefined;
    return outcomeOf(computedAgain(b, before.of, plan, dropping), options);
  };
  const begun = options.thrifty ? outcomeOf(program, options) : kept;
  let least = begun.peak < kept.peak ? begun : kept;
  for (const aim of wanted === undefined ? aims.slice(0, 1) : aims) {
    let best = begun;
    for (const mostOperations of levels) {
      for (let round = 0; round < mostRounds && least.peak > bytes; round++) {
        const next = freed(best, { bytes: aim * best.peak, mostOperations });
        if (next && next.peak <= bytes) {
          const enough = freed(best, { bytes, mostOperations });
          return (enough && enough.peak <= bytes ? enough : next).made.schedule;
        }
        if (!next || next.peak > (1 - worthwhile) * best.peak) break;
        best = next;
        if (best.peak < least.peak) least = best;
      }
    }
  }
  return least.made.schedule;
}

/** Bytes of what lives at the same time, where these are most: near enough where nobody asks, and soon known. */
function boundOf(made: Schedule, estimates: Extents): number {
  const lives = [...touchesOf(made)].flatMap(([buffer, span]) => {
    const declared = made.buffers[buffer];
    return declared?.kind === "temporary" ? [{ ...span, elements: declared.elements }] : [];
  });
  const sizes = lives.map(({ elements }) => elementBytes * evaluateDim(elements, estimates));
  return livenessBound(lives, sizes);
}

/** Bytes that temporaries take as they are placed. */
function placedPeakOf(made: Schedule, estimates: Extents): number {
  const { slots } = placeTemporaries(made, estimates);
  return placedBytes(slots, estimates);
}
