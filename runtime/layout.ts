// A program's temporaries and live dimensions in; their layout in the memory that they share out.

import { evaluateDim, type Dimensions } from "./dimensions.js";
import type { PlanSlot } from "./plan.js";

/** What WebGPU promises: bytes of a binding, what its offset must be a multiple of, and workgroups along an axis of a dispatch. */
export const bindingBytes = 2 ** 27;
export const alignment = 256;
export const axisLimit = 65_535;

/** In bytes, by slot. */
export interface Layout {
  readonly sizes: readonly number[];
  readonly offsets: readonly number[];
}

/**
 * Each temporary above all that it lists, which stand before it, and within one segment. The known layout where it has room for
 * these dimensions: it never shrinks.
 */
export function layOut(
  slots: readonly PlanSlot[],
  dimensions: Dimensions,
  segment: number,
  known?: Layout,
): Layout {
  const offsets: number[] = [];
  const ends: number[] = [];
  const sizes = slots.map(([bytes, ...below], slot) => {
    const needed = Math.ceil(evaluateDim(bytes, dimensions) / alignment) * alignment;
    const size = Math.max(needed, known?.sizes[slot] ?? alignment);
    const start = Math.max(0, ...below.map((other) => ends[other] as number));
    const offset = withinSegment(start, size, segment);
    offsets.push(offset);
    ends.push(offset + size);
    return size;
  });
  return String(sizes) === String(known?.sizes) ? (known as Layout) : { sizes, offsets };
}

/** The least offset from `start` on at which `size` bytes lie in one segment. */
export function withinSegment(start: number, size: number, segment: number): number {
  const within = start % segment;
  return within + size > segment ? start - within + segment : start;
}

/** The end of the memory. */
export function bytesOf({ sizes, offsets }: Layout): number {
  return sizes.reduce((end, size, slot) => Math.max(end, size + (offsets[slot] ?? 0)), 0);
}
