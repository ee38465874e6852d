// The concrete trees of functions and bodies come in; those of the syntax tree go out.

import type { Body, FunctionDeclaration } from "../ast.js";
import { tokenSpan } from "../lexer.js";
import type {
  BodyCstNode,
  FunctionDeclarationCstNode,
  LayerDeclarationCstNode,
} from "../parser/cst.js";
import type { Span } from "../span.js";
import { type BuildContext, first, named, nodeSpan, optional } from "./context.js";
import { buildExpression } from "./expressions.js";
import { documented } from "./parts.js";
import { buildParameters, buildResultType } from "./types.js";

export function buildFunction(
  context: BuildContext,
  node: FunctionDeclarationCstNode,
): FunctionDeclaration {
  return { kind: "Function", ...buildCallable(context, nodeSpan(node), node) };
}

/** What functions and layers have alike. */
export function buildCallable(
  context: BuildContext,
  span: Span,
  { children }: FunctionDeclarationCstNode | LayerDeclarationCstNode,
): Omit<FunctionDeclaration, "kind"> {
  const { Word, parameters, resultType, body } = children;
  return {
    span,
    ...named(first(Word)),
    parameters: buildParameters(context, parameters),
    ...optional("result", buildResultType(context, resultType)),
    body: buildBody(context, first(body)),
    ...documented(context, span),
  };
}

export function buildBody(context: BuildContext, node: BodyCstNode): Body {
  const { block, expression, whereClause } = node.children;
  if (block !== undefined) return context.block(first(block));
  const bindings = whereClause?.[0]?.children.whereBinding ?? [];
  const where = bindings.map((binding) => {
    const { Word, expression: bound } = binding.children;
    const value = buildExpression(context, first(bound));
    return {
      kind: "WhereBinding",
      span: nodeSpan(binding),
      ...named(first(Word)),
      value,
    } as const;
  });
  const value = buildExpression(context, first(expression));
  const end = nodeSpan(node).end;
  const span = { start: tokenSpan(first(node.children.Equals)).start, end };
  return { kind: "ExpressionBody", span, value, where };
}
