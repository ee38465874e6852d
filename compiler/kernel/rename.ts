// Takes statements of a kernel and new names and numbers for what they refer to, gives the same statements with those.
import type { Expression, Statement } from "./ir.js";
import { operate } from "./ir.js";
import { replaceExpressions } from "./replace.js";

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
  return replaceExpressions(
    body,
    (old, inner) => renamedExpression(old, names, inner),
    (statement) => renamedStatement(statement, names),
  );
}

/** Undefined: it refers to nothing by itself. */
function renamedExpression(
  old: Expression,
  names: Renaming,
  inner: (old: Expression) => Expression,
): Expression | undefined {
  switch (old.kind) {
    case "variable":
      return { ...old, name: names.variable(old.name) };
    case "uniform": {
      const place = names.uniform(old.uniform);
      return typeof place === "number" ? { ...old, uniform: place } : place;
    }
    case "load": {
      const binding = names.binding(old.binding);
      return { ...old, binding, index: fromStart(names, old.binding, inner(old.index)) };
    }
    case "shared":
      return { ...old, array: names.array(old.array), index: inner(old.index) };
    case "literal":
    case "op":
    case "lanes":
    case "lane":
    case "across":
    case "rank":
    case "isFirst":
    case "draw":
      return undefined;
  }
}

function fromStart({ start }: Renaming, binding: number, index: Expression): Expression {
  const first = start?.(binding);
  return first ? operate("index", "add", [first, index]) : index;
}

function renamedStatement(statement: Statement, names: Renaming): Statement {
  switch (statement.kind) {
    case "let":
    case "var":
    case "assign":
    case "for":
    case "stride":
    case "halving":
      return { ...statement, name: names.variable(statement.name) };
    case "store": {
      const { binding, index } = statement;
      const place = names.binding(binding);
      return { ...statement, binding: place, index: fromStart(names, binding, index) };
    }
    case "share":
      return { ...statement, array: names.array(statement.array) };
    case "if":
    case "barrier":
    case "either":
      return statement;
  }
}
