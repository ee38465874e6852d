// A kernel's call and its whole range in; calls for parts of it, each of a few milliseconds, out.

/** How many turns of its innermost loop a kernel is given at a time: it follows what calls took. */
export interface Pace {
  turns: number;
}

/** Milliseconds of computing before events, signals and painting have their turn. */
export const patience = 8;

/** No call is longer than the one before it by more: how fast a kernel is shows only as it runs. */
const mostGrowth = 8;

/** Calls a kernel for its whole range where that is not expected to take too long; tells whether it did. */
export function runWhole(
  call: (range: Int32Array) => void,
  whole: Int32Array,
  pace: Pace,
): boolean {
  let turns = 1;
  for (let end = 1; end < whole.length; end += 2) turns *= whole[end] ?? 1;
  if (turns > pace.turns) return false;
  const before = performance.now();
  call(whole);
  follow(pace, turns, performance.now() - before);
  return true;
}

/**
 * Goes through the turns in their order, pausing behind each call. An outer loop whose single turn takes too long is
 * sliced in its inner one.
 */
export function* runInSlices(
  call: (range: Int32Array) => void,
  whole: Int32Array,
  pace: Pace,
  place = 0,
  range = whole.slice(),
): Generator<undefined, void> {
  const end = whole[place + 1] ?? 0;
  let turnsInside = 1;
  for (let at = place + 3; at < whole.length; at += 2) turnsInside *= whole[at] ?? 1;
  for (let first = 0, until: number; first < end; first = until) {
    const count = Math.floor(pace.turns / turnsInside);
    until = Math.min(end, first + Math.max(1, count));
    range[place] = first;
    range[place + 1] = until;
    if (count < 1 && place + 2 < whole.length) {
      yield* runInSlices(call, whole, pace, place + 2, range);
      continue;
    }
    const before = performance.now();
    call(range);
    follow(pace, (until - first) * turnsInside, performance.now() - before);
    yield;
  }
  range[place] = 0;
}

function follow(pace: Pace, turns: number, took: number): void {
  const fitting = turns * Math.min(mostGrowth, patience / took);
  // The last turns of a loop are few, and tell little.
  pace.turns = took < patience ? Math.max(pace.turns, fitting) : fitting;
}
