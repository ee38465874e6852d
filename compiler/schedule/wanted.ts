// Parts of a program in; which of them may share a kernel, so that a result that is wanted alone asks for nothing of the others, out.
import type { Node } from "../types/graph.js";
import type { Part } from "./parts.js";

export type MayShare = (parts: readonly Part[]) => boolean;

/**
 * A result's kernel takes no dimension that the result has not, since nobody may tell it then. Where results may be wanted one
 * without the others (`apart`), the kernels that one is computed by read no input that it does not need itself, either.
 */
export function sharingOf(parts: readonly Part[], apart: boolean): MayShare {
  return apart ? knowInputs(parts) : knowDimensions;
}

function knowDimensions(parts: readonly Part[]): boolean {
  const results = parts.filter(({ result }) => result);
  return results.every((one) =>
    parts.every(({ dimensions }) => holdsAll(one.dimensions, dimensions)),
  );
}

/** A kernel's parts need what each result that any of them serves needs, and no more. */
function knowInputs(parts: readonly Part[]): MayShare {
  const makers = new Map<Node, Part[]>();
  for (const part of parts) {
    if (part.owner !== undefined) makers.set(part.owner, [...(makers.get(part.owner) ?? []), part]);
  }
  const makersOf = ({ reads }: Part): readonly Part[] =>
    [...reads].flatMap((node) => makers.get(node) ?? []);
  const needs = new Map<Part, ReadonlySet<string>>();
  for (const part of parts) {
    const own = new Set(part.inputs);
    for (const maker of makersOf(part)) for (const name of needs.get(maker) ?? []) own.add(name);
    needs.set(part, own);
  }
  const needsOf = (part: Part): ReadonlySet<string> => needs.get(part) ?? part.inputs;
  // Of each part, what all of the results that it serves need.
  const allowed = new Map<Part, ReadonlySet<string>>();
  const allow = (part: Part, names: ReadonlySet<string>): void => {
    const before = allowed.get(part);
    const after =
      before === undefined ? names : new Set([...before].filter((name) => names.has(name)));
    allowed.set(part, after);
  };
  for (const part of parts.toReversed()) {
    if (part.result) allow(part, needsOf(part));
    const own = allowed.get(part);
    if (own !== undefined) for (const maker of makersOf(part)) allow(maker, own);
  }
  return (some) =>
    knowDimensions(some) &&
    some.every((one) => {
      const own = allowed.get(one);
      return own === undefined || some.every((other) => holdsAll(own, needsOf(other)));
    });
}

function holdsAll(own: ReadonlySet<string>, names: ReadonlySet<string>): boolean {
  return [...names].every((name) => own.has(name));
}
