// Takes a kernel, gives the expressions that JavaScript must round to f32 as the GPU does.
import { scalarOperation } from "../scalars/table.js";
import type { Expression, Kernel, Statement } from "../kernel/ir.js";
import { expressionChildren, statementBody, statementExpressions } from "../kernel/ir.js";

export interface Exactness {
  /** Arithmetic whose rounding can change a decision, or far more: what a comparison, floor, round, sign, exp or cast to an integer sees. */
  readonly rounded: ReadonlySet<Expression>;
}

export function analyzeExactness(kernel: Kernel): Exactness {
  const named = new Map<string, Expression>();
  const expressions: Expression[] = [];
  const walk = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      expressions.push(...statementExpressions(statement));
      if (statement.kind === "let") named.set(statement.name, statement.value);
      walk(statementBody(statement));
    }
  };
  walk(kernel.body);
  return { rounded: findRounded(expressions, named) };
}

function findRounded(
  roots: readonly Expression[],
  named: ReadonlyMap<string, Expression>,
): ReadonlySet<Expression> {
  const rounded = new Set<Expression>();
  const seen = new Set<Expression>();
  const round = (expression: Expression): void => {
    if (expression.type !== "f32" || rounded.has(expression)) return;
    if (expression.kind === "variable") {
      const value = named.get(expression.name);
      if (value) round(value);
      else rounded.add(expression);
      return;
    }
    if (expression.kind !== "op") return;
    const rounds = scalarOperation(expression.op)?.rounds;
    if (rounds === "once") rounded.add(expression);
    if (expression.op === "cast" && expression.arguments[0]?.type !== "bool") {
      rounded.add(expression);
    }
    if (rounds === "once" || rounds === "passes") expression.arguments.forEach(round);
  };
  const visit = (expression: Expression): void => {
    if (seen.has(expression)) return;
    seen.add(expression);
    if (expression.kind === "op") {
      const toInteger = expression.op === "cast" && expression.type !== "f32";
      const { decides, magnifies } = scalarOperation(expression.op) ?? {};
      if (decides === true || magnifies === true || toInteger) expression.arguments.forEach(round);
    }
    expressionChildren(expression).forEach(visit);
  };
  roots.forEach(visit);
  return rounded;
}
