// An order of groups in; one in which less lives where most does, out.
import { describe, expect, it } from "vitest";
import { createBuilder } from "../../compiler/graph/builder.js";
import { lowerPeak } from "../../compiler/schedule/reorder.js";
import type { GroupMemory } from "../../compiler/schedule/reorder.js";
import type { Node } from "../../compiler/types/graph.js";

const b = createBuilder();

/** What each group reads and writes, as names; sizes in units of 2²⁴ elements. */
function setting(groups: readonly (readonly [string, string])[], sizes: Record<string, number>) {
  const nodes = new Map(
    Object.keys(sizes).map((name) => [name, b.input(name, { type: "f32", shape: [] })]),
  );
  const named = (names: string): Set<Node> =>
    new Set(names.split(" ").flatMap((name) => nodes.get(name) ?? []));
  const memory: GroupMemory = {
    reads: groups.map(([reads]) => named(reads)),
    writes: groups.map(([, writes]) => named(writes)),
    results: new Set(),
    sizeOf: (node) => {
      for (const [name, own] of nodes) if (own === node) return 2 ** 24 * (sizes[name] ?? 0);
      return 0;
    },
  };
  const after = memory.reads.map(
    (reads, at) =>
      new Set(
        memory.writes.flatMap((writes, other) =>
          other !== at && [...writes].some((one) => reads.has(one)) ? [other] : [],
        ),
      ),
  );
  return { memory, after };
}

/** Units that live at most. */
function peakOf(order: readonly number[], { reads, writes, sizeOf }: GroupMemory): number {
  const touched = order.map(
    (group) => new Set([...(reads[group] ?? []), ...(writes[group] ?? [])]),
  );
  const living = order.map((_, at) => {
    const begun = new Set(touched.slice(0, at + 1).flatMap((all) => [...all]));
    const left = new Set(touched.slice(at).flatMap((all) => [...all]));
    return [...begun].filter((node) => left.has(node)).reduce((sum, node) => sum + sizeOf(node), 0);
  });
  return Math.max(...living) / 2 ** 24;
}

describe("a value that lives where most does", () => {
  // `grads` is written piece by piece, and goes with the update; `big` lives in between.
  const groups = [
    ["", "x"],
    ["x", "grads"],
    ["x", "big"],
    ["big", "y"],
    ["y", "grads"],
    ["grads", ""],
  ] as const;
  const sizes = { x: 1, grads: 4, big: 6, y: 1 };

  it("moves as a whole to where less does", () => {
    const { memory, after } = setting(groups, sizes);
    const given = [0, 1, 2, 3, 4, 5];
    const order = lowerPeak(given, after, memory);
    expect([...order].sort()).toEqual(given);
    expect(peakOf(given, memory)).toBe(11);
    expect(peakOf(order, memory)).toBe(8);
    order.forEach((group, at) => {
      for (const need of after[group] ?? []) expect(order.indexOf(need)).toBeLessThan(at);
    });
  });

  it("stays where all of it is little", () => {
    const { memory, after } = setting(groups, sizes);
    const little = { ...memory, sizeOf: (node: Node) => memory.sizeOf(node) / 2 ** 10 };
    expect(lowerPeak([0, 1, 2, 3, 4, 5], after, little)).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
