// Takes statements of a kernel and what takes the place of some expressions, gives the statements with those in their place.
import type { Expression, Statement } from "./ir.js";

/** What takes an expression's place, whatever it is made of; undefined: it stays, made of what takes its operands' places. */
export type Replacement = (old: Expression) => Expression | undefined;

/** Expressions that are shared stay so. */
export function replaceExpressions(
  body: readonly Statement[],
  replacement: Replacement,
): readonly Statement[] {
  const replace = createReplace(replacement);
  const statement = (old: Statement): Statement => {
    switch (old.kind) {
      case "let":
      case "var":
      case "assign":
        return { ...old, value: replace(old.value) };
      case "for":
        return {
          ...old,
          from: replace(old.from),
          below: replace(old.below),
          body: old.body.map(statement),
        };
      case "if":
        return { ...old, condition: replace(old.condition), body: old.body.map(statement) };
      case "store":
      case "share":
        return { ...old, index: replace(old.index), value: replace(old.value) };
      case "halving":
        return { ...old, body: old.body.map(statement) };
      case "barrier":
        return old;
    }
  };
  return body.map(statement);
}

/** The same for expressions, one after the other. */
export function createReplace(replacement: Replacement): (old: Expression) => Expression {
  const known = new Map<Expression, Expression>();
  const replace = (old: Expression): Expression => {
    const made = known.get(old) ?? replacement(old) ?? withOperands(old, replace);
    known.set(old, made);
    return made;
  };
  return replace;
}

function withOperands(old: Expression, replace: (old: Expression) => Expression): Expression {
  switch (old.kind) {
    case "literal":
    case "variable":
    case "uniform":
      return old;
    case "load":
    case "shared":
      return { ...old, index: replace(old.index) };
    case "op":
    case "lanes":
      return { ...old, arguments: old.arguments.map(replace) };
    case "lane":
      return { ...old, of: replace(old.of) };
    case "draw":
      return { ...old, stream: replace(old.stream), index: replace(old.index) };
  }
}
