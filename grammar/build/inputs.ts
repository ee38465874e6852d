// The concrete tree of an `input` or `target` comes in; the statement goes out.

import type { InputStatement, TargetStatement } from "../ast.js";
import type { InputStatementCstNode } from "../parser/cst.js";
import type { Span } from "../span.js";
import { type BuildContext, first, named, optional, report } from "./context.js";
import { buildExpression } from "./expressions.js";
import { documented } from "./parts.js";
import { buildTensorAnnotation } from "./types.js";

export function buildInput(
  context: BuildContext,
  span: Span,
  node: InputStatementCstNode,
): InputStatement | TargetStatement {
  const { Input, Word, annotation, expression, Tilde, value: written } = node.children;
  const type = buildTensorAnnotation(context, annotation);
  if (type === undefined) throw new Error("an input without a type");
  const missing =
    expression === undefined ? undefined : buildExpression(context, first(expression));
  const valueNode = written?.[0];
  const value = valueNode === undefined ? undefined : buildExpression(context, valueNode);
  const drawn = Tilde !== undefined;
  const rest = {
    span,
    ...named(first(Word)),
    type,
    ...optional("missing", missing),
    ...optional("distribution", drawn ? value : undefined),
    ...documented(context, span),
  };
  if (missing !== undefined && value !== undefined) {
    report(context, "NN0118", missing.span, {
      message: `\`missing\` has no meaning for a ${drawn ? "drawn" : "computed"} value`,
      hint: "leave `missing` out: only data that is given can have empty cells",
    });
  }
  if (Input === undefined) {
    return { kind: "Target", ...rest, ...optional("value", drawn ? undefined : value) };
  }
  if (value !== undefined && !drawn) {
    report(context, "NN0118", value.span, {
      message: "an input cannot be computed",
      notes: ["an input is given by the caller, or drawn with `~`"],
      hint: `bind it instead: \`${first(Word).image} = …\``,
    });
  }
  return { kind: "Input", ...rest };
}
