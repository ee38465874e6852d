// In: a loop nest and the sizes of free dimensions; out: at most how many bytes it reads and writes, each element once.
import { splitAxes } from "../../compiler/kernel/split.js";
import { operandsOf, reachableScalars } from "../../compiler/schedule/operands.js";
import { evaluateDim } from "../../compiler/types/dimension.js";
import type { Axis, LoopNest, Scalar, ScheduledBuffer } from "../../compiler/types/nest.js";

type Sizes = Readonly<Record<string, number>>;

/** Every element is a word of 32 bits. */
const elementBytes = 4;

/**
 * An index reaches at most as many elements as the axes in it have points, and as its buffer holds: what a kernel loads
 * again, caches are to hold. What guards leave out counts, so that this is a bound from above.
 */
export function trafficBytes(
  nest: LoopNest,
  buffers: readonly ScheduledBuffer[],
  sizes: Sizes,
): number {
  const { stores } = splitAxes(nest);
  const reached = reachableScalars(stores.flatMap(({ index, value }) => [index, value]));
  const loads = [...reached].flatMap((scalar) =>
    scalar.kind === "load" ? [{ buffer: scalar.buffer, index: scalar.index }] : [],
  );
  const axes = axesFinder();
  const elements = (places: readonly { buffer: number; index: Scalar }[]): number => {
    const byBuffer = new Map<number, number>();
    for (const { buffer, index } of places) {
      const points = [...axes(index)].reduce(
        (product, { extent }) => product * evaluateDim(extent, sizes),
        1,
      );
      byBuffer.set(buffer, (byBuffer.get(buffer) ?? 0) + points);
    }
    return [...byBuffer].reduce((sum, [buffer, points]) => {
      const held = buffers[buffer];
      return sum + (held ? Math.min(points, evaluateDim(held.elements, sizes)) : points);
    }, 0);
  };
  return elementBytes * (elements(loads) + elements(stores));
}

/** The axes that a scalar depends on; those that a reduction goes through are behind it. */
function axesFinder(): (scalar: Scalar) => ReadonlySet<Axis> {
  const known = new Map<Scalar, ReadonlySet<Axis>>();
  const find = (scalar: Scalar): ReadonlySet<Axis> => {
    const before = known.get(scalar);
    if (before !== undefined) return before;
    const found = new Set(scalar.kind === "axis" ? [scalar.axis] : []);
    for (const operand of operandsOf(scalar)) for (const axis of find(operand)) found.add(axis);
    if (scalar.kind === "reduce") for (const axis of scalar.axes) found.delete(axis);
    known.set(scalar, found);
    return found;
  };
  return find;
}
