// Takes when temporaries live and how large they are, gives an order from the lowest upwards, or where each ends in such an order.
import { withinSegment } from "../../runtime/layout.js";

/** Indices of lifetimes. */
export type Order = readonly number[];

/** When each temporary lives, in arrays: hundreds of layouts are tried, each of which looks at all of them. */
export interface Lives {
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** One more than the last time that any lives. */
  readonly end: number;
}

export function livesOf(
  lifetimes: readonly { readonly first: number; readonly last: number }[],
): Lives {
  const first = Int32Array.from(lifetimes, (lifetime) => lifetime.first);
  const last = Int32Array.from(lifetimes, (lifetime) => lifetime.last);
  return { first, last, end: last.reduce((end, at) => Math.max(end, at + 1), 0) };
}

/** Each in the order of placing as low as it fits among those that live at the same time; gives all from the lowest upwards. */
export function placed({ first, last }: Lives, placing: Order, sizes: readonly number[]): Order {
  const upwards = new Int32Array(placing.length);
  const starts = new Float64Array(sizes.length);
  const ends = new Float64Array(sizes.length);
  let count = 0;
  for (const index of placing) {
    const from = first[index] ?? 0;
    const until = last[index] ?? 0;
    const size = sizes[index] ?? 0;
    let start = 0;
    for (let at = 0; at < count; at++) {
      const other = upwards[at] ?? 0;
      if ((first[other] ?? 0) > until || (last[other] ?? 0) < from) continue;
      if (start + size <= (starts[other] ?? 0)) break;
      start = Math.max(start, ends[other] ?? 0);
    }
    starts[index] = start;
    ends[index] = start + size;
    const above = positionAbove(upwards, count, starts, start);
    upwards.copyWithin(above + 1, above, count++);
    upwards[above] = index;
  }
  return [...upwards];
}

/** The position of the first that starts above `start`, in an order upwards. */
function positionAbove(
  upwards: Int32Array,
  count: number,
  starts: Float64Array,
  start: number,
): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[upwards[middle] ?? 0] ?? 0) > start) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Where each ends that lies above all before it in the order that live at the same time, as they are laid out when sizes are known. */
export function stacked(
  { first, last, end }: Lives,
  upwards: Order,
  sizes: readonly number[],
  segment: number,
): Float64Array {
  /** At each time, the end of what lies highest so far. */
  const skyline = new Float64Array(end);
  return Float64Array.from(upwards, (index) => {
    const [from, until] = [first[index] ?? 0, (last[index] ?? 0) + 1];
    const size = sizes[index] ?? 0;
    let start = 0;
    for (let at = from; at < until; at++) start = Math.max(start, skyline[at] ?? 0);
    const top = withinSegment(start, size, segment) + size;
    skyline.fill(top, from, until);
    return top;
  });
}
