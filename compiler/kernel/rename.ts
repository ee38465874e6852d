// Takes statements of a kernel and new names and numbers for what they refer to, gives the same statements with those.
import type { Expression, Statement } from "./ir.js";
import { operate } from "./ir.js";

/** What each thing is called in the kernel that the statements come to. */
export interface Renaming {
  readonly variable: (name: string) => string;
  readonly array: (name: string) => string;
  readonly binding: (binding: number) => number;
  /** Where elements begin of what it stands for; absent, or undefined: at 0. */
  readonly start?: (binding: number) => Expression | undefined;
  /** Its number there, or what stands in its place. */
  readonly uniform: (uniform: number) => number | Expression;
}

/** Expressions that are shared stay so. */
export function renamed(body: readonly Statement[], names: Renaming): readonly Statement[] {
  const known = new Map<Expression, Expression>();
  const expression = (old: Expression): Expression => {
    const made = known.get(old) ?? renamedExpression(old, names, expression);
    known.set(old, made);
    return made;
  };
  return renamedStatements(body, names, expression);
}

function renamedExpression(
  old: Expression,
  names: Renaming,
  inner: (old: Expression) => Expression,
): Expression {
  switch (old.kind) {
    case "literal":
      return old;
    case "variable":
      return { ...old, name: names.variable(old.name) };
    case "uniform": {
      const place = names.uniform(old.uniform);
      return typeof place === "number" ? { ...old, uniform: place } : place;
    }
    case "load":
      return {
        ...old,
        binding: names.binding(old.binding),
        index: fromStart(names, old.binding, inner(old.index)),
      };
    case "shared":
      return { ...old, array: names.array(old.array), index: inner(old.index) };
    case "op":
    case "lanes":
      return { ...old, arguments: old.arguments.map(inner) };
    case "lane":
      return { ...old, of: inner(old.of) };
    case "draw":
      return { ...old, stream: inner(old.stream), index: inner(old.index) };
  }
}

function fromStart({ start }: Renaming, binding: number, index: Expression): Expression {
  const first = start?.(binding);
  return first ? operate("index", "add", [first, index]) : index;
}

function renamedStatements(
  body: readonly Statement[],
  names: Renaming,
  inner: (old: Expression) => Expression,
): readonly Statement[] {
  const { variable, array, binding } = names;
  return body.map((old): Statement => {
    switch (old.kind) {
      case "let":
      case "var":
      case "assign":
        return { ...old, name: variable(old.name), value: inner(old.value) };
      case "for":
        return {
          ...old,
          name: variable(old.name),
          from: inner(old.from),
          below: inner(old.below),
          body: renamedStatements(old.body, names, inner),
        };
      case "if":
        return {
          ...old,
          condition: inner(old.condition),
          body: renamedStatements(old.body, names, inner),
        };
      case "store":
        return {
          ...old,
          binding: binding(old.binding),
          index: fromStart(names, old.binding, inner(old.index)),
          value: inner(old.value),
        };
      case "share":
        return {
          ...old,
          array: array(old.array),
          index: inner(old.index),
          value: inner(old.value),
        };
      case "halving":
        return {
          ...old,
          name: variable(old.name),
          body: renamedStatements(old.body, names, inner),
        };
      case "barrier":
        return old;
    }
  });
}
