// Takes expressions of a kernel and what is known of its names, gives in which invocations they are the same.
import type { ScalarType } from "../types/nest.js";
import type { Expression, Width } from "./ir.js";
import { expressionChildren, quadSize } from "./ir.js";

export interface KnownName {
  readonly type: ScalarType;
  readonly width?: Width | undefined;
  readonly mutable: boolean;
  /** The same in all invocations of a workgroup. */
  readonly uniform: boolean;
  /** The same in all invocations of a quad. */
  readonly alike: boolean;
  /** It numbers invocations, those of a quad from a multiple of four on. */
  readonly numbers?: boolean;
}

export interface Names {
  readonly known: Map<string, KnownName>;
  readonly parent: Names | undefined;
}

export function lookUp(names: Names, name: string) {
  for (let at: Names | undefined = names; at; at = at.parent) {
    const known = at.known.get(name);
    if (known) return known;
  }
  return undefined;
}

/** The same in all invocations of a workgroup: whatever does not depend on which one it is, on memory or on a variable. */
export function isUniform(expression: Expression, names: Names): boolean {
  switch (expression.kind) {
    case "literal":
    case "uniform":
      return true;
    case "variable":
      return lookUp(names, expression.name)?.uniform ?? false;
    case "op":
    case "lanes":
    case "lane":
      return expressionChildren(expression).every((child) => isUniform(child, names));
    case "load":
    case "shared":
    case "across":
    case "rank":
    case "isFirst":
    case "draw":
      return false;
  }
}

/**
 * The same in all invocations of a quad: what depends on the number of the quad alone. Those whose number is below some count of
 * whole workgroups are all of a quad or none.
 */
export function isAlike(expression: Expression, names: Names): boolean {
  switch (expression.kind) {
    case "literal":
    case "uniform":
      return true;
    case "variable":
      return lookUp(names, expression.name)?.alike ?? false;
    case "op": {
      const [first, second] = expression.arguments;
      if (first && second && numbersInvocations(first, names)) {
        const inQuads = second.kind === "literal" && second.value % quadSize === 0;
        if (expression.op === "divide") return inQuads;
        if (expression.op === "less") return isUniform(second, names);
      }
      return expression.arguments.every((child) => isAlike(child, names));
    }
    case "shared":
    case "across":
    case "rank":
    case "isFirst":
      return false;
    case "lanes":
    case "lane":
    case "load":
    case "draw":
      return expressionChildren(expression).every((child) => isAlike(child, names));
  }
}

/** The place in the workgroup, perhaps after those of other workgroups. */
export function numbersInvocations(expression: Expression, names: Names): boolean {
  if (expression.kind === "variable") return lookUp(names, expression.name)?.numbers ?? false;
  if (expression.kind !== "op" || expression.op !== "add") return false;
  const [before, own] = expression.arguments;
  return (
    before !== undefined &&
    own !== undefined &&
    isUniform(before, names) &&
    numbersInvocations(own, names)
  );
}
