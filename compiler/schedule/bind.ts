// Takes a nest over buffers and host values of its own, gives it over those of its schedule.
import { createRewrite } from "../rewrite.js";
import type { LoopNest, Scalar } from "../types/nest.js";
import { overOperands } from "./operands.js";
import type { OwnNest } from "./outside.js";
import type { Tables } from "./tables.js";

/** What it is the first to need gets the next position. */
export function bindNest({ nest, ...own }: OwnNest, tables: Tables): LoopNest {
  const buffers = own.buffers.map(tables.positionOf);
  const host = own.host.map(tables.hostPositionOf);
  const among = (positions: readonly number[], position: number): number => {
    const found = positions[position];
    if (found === undefined) throw new Error(`${nest.name} has nothing at ${position}`);
    return found;
  };
  const bound = createRewrite<Scalar>(overOperands, (scalar, inner) => {
    if (scalar.kind === "load")
      return { ...scalar, buffer: among(buffers, scalar.buffer), index: inner(scalar.index) };
    return scalar.kind === "host" ? { ...scalar, index: among(host, scalar.index) } : undefined;
  });
  return {
    ...nest,
    stores: nest.stores.map((store) => ({
      ...store,
      buffer: among(buffers, store.buffer),
      index: bound(store.index),
      value: bound(store.value),
    })),
  };
}
