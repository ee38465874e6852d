// The concrete tree of a statement that starts with names comes in; a binding, a draw or an update goes out.

import type { Identifier, Statement, TensorType } from "../ast.js";
import { tokenSpan } from "../lexer.js";
import type { FollowStatementCstNode, NameStatementCstNode } from "../parser/cst.js";
import type { Span } from "../span.js";
import { type BuildContext, first, identifier, optional, report } from "./context.js";
import { buildExpression } from "./expressions.js";
import { buildTensorAnnotation } from "./types.js";

export function buildNameStatement(
  context: BuildContext,
  span: Span,
  node: NameStatementCstNode,
): Statement {
  const { annotation, Arrow, Tilde, expression } = node.children;
  const names = first(node.children.names).children.Word.map(identifier);
  const type = buildTensorAnnotation(context, annotation);
  const value = buildExpression(context, first(expression));
  const name = first(names);
  const declared = { span, name: name.name, nameSpan: name.span };
  if (Arrow !== undefined) {
    checkUpdate(context, names, type);
    return { kind: "Update", span, names, value };
  }
  if (Tilde !== undefined) {
    checkDraw(context, names, type, tokenSpan(first(Tilde)));
    const drawn = type ?? { kind: "TensorType", span: name.span, element: "f32", dimensions: [] };
    return { kind: "Draw", ...declared, type: drawn, distribution: value };
  }
  if (names.length > 1 && type !== undefined) {
    report(context, "NN0121", type.span, {
      message: "a type stands beside a single name",
      hint: "bind the names first, then state the type: `a, b = f(x)`, `z: [n] = a`",
    });
  }
  return { kind: "Binding", span, names, ...optional("type", type), value };
}

/** `slow.* = online.*`: the names end in one star. */
export function buildFollow(
  context: BuildContext,
  span: Span,
  node: FollowStatementCstNode,
): Statement {
  const { Word, Star = [], Dot, Arrow, expression } = node.children;
  const path = Word.map(identifier);
  const value = buildExpression(context, first(expression));
  const ends = [...Word, ...Star, ...Dot].map((token) => tokenSpan(token).end);
  const target = { start: first(path).span.start, end: Math.max(...ends) };
  const [star, another] = Star.map(tokenSpan);
  if (star?.end !== target.end || another !== undefined) {
    const instance = path.filter(({ span: { end } }, at) =>
      star === undefined ? at < path.length - 1 : end < star.start,
    );
    report(context, "NN0121", target, {
      message: "what follows other parameters is all that stands below an instance",
      hint: `write \`${instance.map(({ name }) => name).join(".")}.*\` on both sides`,
    });
  }
  const everything = { kind: "Everything", span: target, path } as const;
  return { kind: "Follow", span, target: everything, next: Arrow !== undefined, value };
}

function checkUpdate(
  context: BuildContext,
  names: readonly Identifier[],
  type: TensorType | undefined,
): void {
  const kept = names.filter(({ name }) => name !== "_");
  const twice = kept.find(({ name }, at) => kept.findIndex((one) => one.name === name) < at);
  if (twice !== undefined) {
    report(context, "NN0121", twice.span, {
      message: `this gives \`${twice.name}\` two next values`,
      hint: "`_` stands for a value that is dropped: `h, _ <- step(x, h)`",
    });
  }
  if (kept.length === 0) {
    report(context, "NN0121", first(names).span, {
      message: "`_` drops a value, and no name is left to take one",
      hint: "name a state or a carry before `<-`",
    });
  }
  if (type !== undefined) {
    report(context, "NN0121", type.span, {
      message: "`<-` takes no type",
      notes: ["the type stands where the state or carry is declared"],
      hint: "leave it out",
    });
  }
}

function checkDraw(
  context: BuildContext,
  names: readonly Identifier[],
  type: TensorType | undefined,
  sign: Span,
): void {
  const second = names[1];
  if (second !== undefined) {
    report(context, "NN0121", second.span, {
      message: "`~` draws one tensor",
      hint: "write one draw for each name",
    });
  } else if (type === undefined) {
    report(context, "NN0117", sign, {
      message: "a draw needs a shape",
      hint: `write \`${first(names).name}: [batch, n] ~ …\``,
    });
  }
}
