// A program and its dimensions in; its dispatches in the order in which they run, loops turn by turn, and the words that each is given, out.

import { evaluateDim, type Dimensions } from "./dimensions.js";
import { at } from "./errors.js";
import type { PlanGiven, PlanProgram } from "./plan.js";

type Looped = Pick<PlanProgram, "dispatches" | "loops">;

/** A dispatch by position, and by loop the number of its turn, where it runs in one. */
export interface Turn {
  readonly dispatch: number;
  /** Holds other numbers when the next one is asked for. */
  readonly turns: readonly number[];
}

/** `onGpu`: kernels that do all turns by themselves run once. */
export function inTurns(program: Looped, dimensions: Dimensions, onGpu: boolean): Iterable<Turn> {
  if (program.loops?.length) return turnByTurn(program, dimensions, onGpu);
  return program.dispatches.map((_, dispatch) => ({ dispatch, turns: [] }));
}

function* turnByTurn(
  { dispatches, loops = [] }: Looped,
  dimensions: Dimensions,
  onGpu: boolean,
): Generator<Turn> {
  const turns = loops.map(() => 0);
  function* run(first: number, end: number, fromLoop: number): Generator<Turn> {
    let next = fromLoop;
    for (let dispatch = first; dispatch < end;) {
      while (next < loops.length && at(loops, next)[0] < dispatch) next++;
      const loop = loops[next];
      if (loop?.[0] !== dispatch) {
        yield { dispatch, turns };
        dispatch++;
        continue;
      }
      const [, count, turnsInAll, reverse, within] = loop;
      const length = within && onGpu ? 1 : evaluateDim(turnsInAll, dimensions);
      for (let turn = 0; turn < length; turn++) {
        turns[next] = reverse ? length - 1 - turn : turn;
        yield* run(dispatch, dispatch + count, next + 1);
      }
      dispatch += count;
    }
  }
  yield* run(0, dispatches.length, 0);
}

/** The words of a dispatch, in the turns that its loops are in. */
export function givenIn(given: readonly PlanGiven[], turns: readonly number[]): number[] {
  return given.map((word) => (typeof word === "number" ? word : (turns[word[1]] ?? 0)));
}
