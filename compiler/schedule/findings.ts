// Takes what is wrong with the kernels of an attempt to schedule, keeps it for the next: it only grows, so attempts end.
import type { Node } from "../types/graph.js";
import type { Part } from "./parts.js";

/** What is wrong with a kernel, and what mends it. */
export type Problem =
  /** Too much for one kernel, even alone: these get buffers. */
  | { readonly kind: "force"; readonly nodes: readonly Node[] }
  /** Values that are stored while others need the old contents: they get a buffer and a copy. */
  | { readonly kind: "copy"; readonly nodes: readonly Node[] }
  /** Of two parts one reads the other elsewhere than at its own point: never in one kernel. */
  | { readonly kind: "apart"; readonly pairs: readonly (readonly [Part, Part])[] }
  /** Too many operations together: how many each has, so that they are shared out. */
  | { readonly kind: "operations"; readonly operations: ReadonlyMap<Part, number> };

export interface Findings {
  readonly forced: ReadonlySet<Node>;
  readonly copied: ReadonlySet<Node>;
  readonly areApart: (one: Part, other: Part) => boolean;
  /** Operations of a part where it is known, else 0. */
  readonly operationsOf: (part: Part) => number;
  /** How much is known: it only grows. */
  readonly count: () => number;
  /** False where all of it was known. */
  readonly add: (problem: Problem) => boolean;
}

export function noFindings(): Findings {
  const forced = new Set<Node>();
  const copied = new Set<Node>();
  const apart = new Set<string>();
  const operations = new Map<number, number>();
  const known = (): number => forced.size + copied.size + apart.size + operations.size;
  return {
    forced,
    copied,
    count: known,
    areApart: (one, other) => apart.has(pairKey(one, other)),
    operationsOf: ({ id }) => operations.get(id) ?? 0,
    add: (problem) => {
      const before = known();
      switch (problem.kind) {
        case "force":
          for (const node of problem.nodes) forced.add(node);
          break;
        case "copy":
          for (const node of problem.nodes) copied.add(node);
          break;
        case "apart":
          for (const [one, other] of problem.pairs) apart.add(pairKey(one, other));
          break;
        case "operations":
          for (const [part, count] of problem.operations) operations.set(part.id, count);
      }
      return known() > before;
    },
  };
}

function pairKey(one: Part, other: Part): string {
  return `${Math.min(one.id, other.id)} ${Math.max(one.id, other.id)}`;
}
