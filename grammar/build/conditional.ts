// The concrete tree of `if … then … else if … else …` comes in; nested choices go out.

import type { ConditionalExpression } from "../ast.js";
import { tokenSpan } from "../lexer.js";
import type { ConditionalCstNode } from "../parser/cst.js";
import { joinSpans } from "../span.js";
import { type BuildContext, composed, first, nth } from "./context.js";
import { outerSpan } from "./operators.js";

/** The grammar keeps a chain flat: its expressions are condition, value, condition, value, … */
export function buildConditional(
  context: BuildContext,
  node: ConditionalCstNode,
): ConditionalExpression {
  const { If, expression, operation } = node.children;
  const parts = expression.map((one) => context.expression(one));
  const end = context.operation(first(operation));
  let result: ConditionalExpression | undefined;
  for (let branch = If.length - 1; branch >= 0; branch--) {
    const condition = nth(parts, 2 * branch);
    const whenTrue = nth(parts, 2 * branch + 1);
    const whenFalse = result ?? end;
    const span = joinSpans(tokenSpan(nth(If, branch)), outerSpan(whenFalse));
    const choice = { kind: "Conditional", span, condition, whenTrue, whenFalse } as const;
    result = composed(context, choice, [condition, whenTrue, whenFalse]);
  }
  if (result === undefined) throw new Error("a choice without a condition");
  return result;
}
