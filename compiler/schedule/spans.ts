// Takes nests in order, in steps and turns, tells from where to where buffers live and recurrences run.
import type { LoopNest, Recurrence, Schedule } from "../types/nest.js";
import { touchedBuffers } from "./serves.js";

/** Positions of nests. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

/**
 * The first and the last nest of each buffer's life: from the first that touches it to the last, a result to the end. What a step
 * touches lives as long as all its nests run, and what outlives a turn of a recurrence as long as that.
 */
export function touchesOf({ nests, steps, buffers, results }: Schedule): ReadonlyMap<number, Span> {
  const touches = new Map<number, { readonly nest: LoopNest; readonly span: Span }[]>();
  let first = 0;
  for (const count of steps) {
    const span = { first, last: first + count - 1 };
    for (const nest of nests.slice(first, first + count)) {
      for (const buffer of touchedBuffers(nest)) {
        const known = touches.get(buffer);
        if (known) known.push({ nest, span });
        else touches.set(buffer, [{ nest, span }]);
      }
    }
    first += count;
  }
  const spanOfTurns = spansOfRecurrences(nests);
  const touched = new Map<number, Span>();
  for (const [buffer, all] of touches) {
    const declared = buffers[buffer];
    const outlives = declared?.kind === "temporary" ? declared.recurrence : undefined;
    // Of the recurrences around all that touches it, those whose turns it does not outlive.
    const common = all.map(({ nest }) => nest.turns ?? []).reduce(commonTurns);
    const at = outlives === undefined ? -1 : common.indexOf(outlives);
    const within = at < 0 ? common.length : at;
    const spans = all.map(({ nest, span }) => {
      const around = nest.turns?.[within];
      return (around && spanOfTurns.get(around)) ?? span;
    });
    touched.set(buffer, {
      first: Math.min(...spans.map((span) => span.first)),
      last: Math.max(...spans.map((span) => span.last)),
    });
  }
  for (const { buffer } of results) {
    const span = touched.get(buffer);
    if (span) touched.set(buffer, { ...span, last: nests.length });
  }
  return touched;
}

function commonTurns(
  some: readonly Recurrence[],
  others: readonly Recurrence[],
): readonly Recurrence[] {
  const end = some.findIndex((one, at) => one !== others[at]);
  return end < 0 ? some : some.slice(0, end);
}

export function haveSameTurns(one: LoopNest, other: LoopNest): boolean {
  const [own, others] = [one.turns ?? [], other.turns ?? []];
  return own.length === others.length && commonTurns(own, others).length === own.length;
}

/** The recurrence of which the nests of a step are all turns, if they are. */
export function turnsOfStep(
  nests: readonly LoopNest[],
  { inOneDispatch }: Pick<Schedule, "inOneDispatch">,
): Recurrence | undefined {
  const innermost = nests[0]?.turns?.at(-1);
  return innermost && inOneDispatch.has(innermost) ? innermost : undefined;
}

/** The first and the last nest that run in the turns of each recurrence. */
export function spansOfRecurrences(nests: readonly LoopNest[]): ReadonlyMap<Recurrence, Span> {
  const spans = new Map<Recurrence, Span>();
  nests.forEach(({ turns = [] }, at) => {
    for (const one of turns) spans.set(one, { first: spans.get(one)?.first ?? at, last: at });
  });
  return spans;
}
