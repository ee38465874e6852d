// Takes the value of a storage, gives those of its parameters, and the entries of each member of an ensemble in them.
import { elementCount } from "../types/dimension.js";
import type { GraphBuilder } from "../ops/builder.js";
import type { Node } from "../types/graph.js";
import type { StorageLayout } from "./layout.js";

/** Flat, in their order. */
export function eachParameter(
  b: GraphBuilder,
  layout: StorageLayout,
  storage: string,
  value: Node,
): Node[] {
  return (layout.members.get(storage) ?? []).flatMap((name) => {
    const range = layout.ranges.get(name);
    if (range === undefined) return [];
    return [b.slice(value, [range.offset], [elementCount(range.declaration.shape)])];
  });
}

/** [members, entries of each]. */
export function ofMembers(b: GraphBuilder, flat: Node, members: number): Node {
  const count = elementCount(flat.shape);
  if (typeof count !== "number") throw new Error("a parameter's shape depends on a free dimension");
  return b.reshape(flat, [members, count / members]);
}
