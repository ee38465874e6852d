// A number of rows, a share and a seed in; the rows to train on and those held out, out.

import { fail } from "../errors.js";
import { orders, permutation } from "../philox.js";
import { examplesOf } from "./arrays.js";

/** How many of the rows a share is. */
export function heldOut(count: number, share: number): number {
  return Math.min(count - 1, Math.max(1, Math.round(count * share)));
}

/** Rows held out and rows to train on, both ascending; the seed chooses. */
export function splitRows(
  count: number,
  share: number,
  seed: number,
): { readonly held: Uint32Array; readonly kept: Uint32Array } {
  if (count < 2)
    fail(
      "data",
      `the data has ${examplesOf(count)}: it cannot be split into training and validation`,
    );
  const size = heldOut(count, share);
  const order = permutation(count, seed, orders.validation, 0);
  return { held: order.slice(0, size).sort(), kept: order.slice(size).sort() };
}
