// A plan and live dimensions in; the words that dispatches in the turns of loops are given out.

import { evaluateDim, type Dimensions } from "./dimensions.js";
import { at } from "./errors.js";
import { givenIn, inTurns } from "./loops.js";
import type { Plan, PlanProgram } from "./plan.js";
import { pack, type GivenWords } from "./webgpuGiven.js";

/** Of programs with loops, at their latest dimensions. */
export interface LoopWords {
  /** Lays out the words for these dimensions; undefined for a program without loops. */
  readonly at: (program: number, dimensions: Dimensions) => GivenWords | undefined;
  readonly latest: (program: number) => GivenWords | undefined;
}

export function createTurns({ programs }: Plan): LoopWords | undefined {
  /** By program: what its dispatches are given in the turns of its loops. */
  const turns = new Map<number, GivenWords & { readonly lengths: string }>();
  return {
    at: (index, dimensions) => {
      const program = at(programs, index);
      if (!program.loops) return undefined;
      const lengths = program.loops.map(([, , length]) => evaluateDim(length, dimensions)).join();
      const known = turns.get(index);
      const packed =
        known?.lengths === lengths ? known : { ...packTurns(program, dimensions), lengths };
      turns.set(index, packed);
      return packed;
    },
    latest: (index) => turns.get(index),
  };
}

/** Of the dispatches of a program with loops, in the order in which they run. */
export function packTurns(program: PlanProgram, dimensions: Dimensions): GivenWords {
  function* lists(): Generator<number[]> {
    for (const { dispatch, turns } of inTurns(program, dimensions, true))
      yield givenIn(at(program.dispatches, dispatch).given ?? [], turns);
  }
  return pack(lists());
}
