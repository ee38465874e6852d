// Takes statements of a kernel and what takes the place of some expressions, gives the statements with those in their place.
import type { Over, Replacement } from "../rewrite.js";
import { createRewrite } from "../rewrite.js";
import type { Expression, Statement } from "./ir.js";

/** `own`: what becomes of a statement, in which all that it holds is replaced already. */
export function replaceExpressions(
  body: readonly Statement[],
  replacement: Replacement<Expression>,
  own: (statement: Statement) => Statement = (statement) => statement,
): readonly Statement[] {
  const replace = createRewrite(overOperands, replacement);
  const statement = (old: Statement): Statement => own(overParts(old, replace, statement));
  return body.map(statement);
}

function overParts(
  old: Statement,
  replace: (expression: Expression) => Expression,
  inner: (statement: Statement) => Statement,
): Statement {
  switch (old.kind) {
    case "let":
    case "var":
    case "assign":
      return { ...old, value: replace(old.value) };
    case "for": {
      const [from, below] = [replace(old.from), replace(old.below)];
      return { ...old, from, below, body: old.body.map(inner) };
    }
    case "if":
      return { ...old, condition: replace(old.condition), body: old.body.map(inner) };
    case "store":
    case "share":
      return { ...old, index: replace(old.index), value: replace(old.value) };
    case "halving":
      return { ...old, body: old.body.map(inner) };
    case "barrier":
      return old;
    case "stride": {
      const [from, below, by] = [replace(old.from), replace(old.below), replace(old.by)];
      return { ...old, from, below, by, body: old.body.map(inner) };
    }
    case "either":
      return { ...old, body: old.body.map(inner), otherwise: old.otherwise.map(inner) };
  }
}

/** An expression over what takes its operands' places. */
export const overOperands: Over<Expression> = (old, inner) => {
  switch (old.kind) {
    case "literal":
    case "variable":
    case "uniform":
    case "rank":
    case "isFirst":
      return old;
    case "load":
    case "shared":
      return { ...old, index: inner(old.index) };
    case "op":
    case "lanes":
      return { ...old, arguments: old.arguments.map(inner) };
    case "lane":
    case "across":
      return { ...old, of: inner(old.of) };
    case "draw":
      return { ...old, stream: inner(old.stream), index: inner(old.index) };
  }
};
