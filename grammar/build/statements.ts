// Concrete trees of blocks and statements come in; those of the syntax tree go out.

import type { Block, IfStatement, Statement } from "../ast.js";
import { tokenSpan } from "../lexer.js";
import type {
  BlockCstNode,
  CheckStatementCstNode,
  ForStatementCstNode,
  IfStatementCstNode,
  KeptStatementCstNode,
  LossStatementCstNode,
  OutputStatementCstNode,
  ReturnStatementCstNode,
  SelectingStatementCstNode,
  SharedStatementCstNode,
  StatementCstNode,
  TrainedStatementCstNode,
} from "../parser/cst.js";
import type { Span } from "../span.js";
import { readString } from "../strings.js";
import { buildInput } from "./inputs.js";
import { buildFollow, buildNameStatement } from "./bindings.js";
import { type BuildContext, first, identifier, named, nodeSpan, nth, optional } from "./context.js";
import { buildExpression } from "./expressions.js";
import { buildFunction } from "./functions.js";
import { documented, unlessSkipped } from "./parts.js";
import { buildOnSelector } from "./selectors.js";
import { buildTensorAnnotation } from "./types.js";

export function buildBlock(context: BuildContext, node: BlockCstNode): Block {
  const statements = (node.children.statement ?? []).map((one) => buildStatement(context, one));
  return { kind: "Block", span: nodeSpan(node), statements };
}

/** A statement whose expressions are too deep is reported and skipped. */
function buildStatement(context: BuildContext, node: StatementCstNode): Statement {
  return unlessSkipped(context, node.children.Skipped, nodeSpan(node), "SkippedStatement", () =>
    readStatement(context, node),
  );
}

function readStatement(context: BuildContext, node: StatementCstNode): Statement {
  const part = node.children;
  const span = nodeSpan(node);
  if (part.returnStatement) return buildReturn(context, span, first(part.returnStatement));
  if (part.ifStatement) return buildIf(context, span, first(part.ifStatement));
  if (part.forStatement) return buildFor(context, span, first(part.forStatement));
  if (part.functionDeclaration) return buildFunction(context, first(part.functionDeclaration));
  if (part.trainedStatement) return buildTrained(context, span, first(part.trainedStatement));
  if (part.keptStatement) return buildKept(context, span, first(part.keptStatement));
  if (part.sharedStatement) return buildShared(context, span, first(part.sharedStatement));
  if (part.inputStatement) return buildInput(context, span, first(part.inputStatement));
  if (part.outputStatement) return buildOutput(context, span, first(part.outputStatement));
  if (part.lossStatement) return buildLoss(context, span, first(part.lossStatement));
  if (part.checkStatement) return buildCheck(context, span, first(part.checkStatement));
  if (part.followStatement) return buildFollow(context, span, first(part.followStatement));
  if (part.selectingStatement) return buildSelecting(context, span, first(part.selectingStatement));
  return buildNameStatement(context, span, first(part.nameStatement));
}

function buildReturn(context: BuildContext, span: Span, node: ReturnStatementCstNode): Statement {
  const values = node.children.expression.map((one) => buildExpression(context, one));
  return { kind: node.children.Return === undefined ? "Yield" : "Return", span, values };
}

function buildIf(context: BuildContext, span: Span, node: IfStatementCstNode): IfStatement {
  const { If, expression, block, elseBlock } = node.children;
  const branches = expression.map((condition, index) => {
    const body = buildBlock(context, nth(block, index));
    return {
      kind: "IfBranch",
      span: { start: tokenSpan(nth(If, index)).start, end: body.span.end },
      condition: buildExpression(context, condition),
      block: body,
    } as const;
  });
  const last = elseBlock?.[0];
  const otherwise = last === undefined ? undefined : buildBlock(context, last);
  return { kind: "If", span, branches, ...optional("otherwise", otherwise) };
}

function buildFor(context: BuildContext, span: Span, node: ForStatementCstNode): Statement {
  const { Word, expression, block } = node.children;
  const values = buildExpression(context, first(expression));
  const body = buildBlock(context, first(block));
  return { kind: "For", span, ...named(first(Word)), values, block: body };
}

function buildTrained(context: BuildContext, span: Span, node: TrainedStatementCstNode): Statement {
  const { Weight, Bias, Word, annotation, Tilde, expression } = node.children;
  const type = buildTensorAnnotation(context, annotation);
  if (type === undefined) throw new Error("a trained tensor without a type");
  return {
    kind: "Trained",
    span,
    role: Weight ? "weight" : Bias ? "bias" : "param",
    ...named(first(Word)),
    type,
    drawn: Tilde !== undefined,
    initial: buildExpression(context, first(expression)),
    ...documented(context, span),
  };
}

function buildKept(context: BuildContext, span: Span, node: KeptStatementCstNode): Statement {
  const { State, Fitted, Word, annotation, expression } = node.children;
  const rest = {
    span,
    ...named(first(Word)),
    ...optional("type", buildTensorAnnotation(context, annotation)),
    value: buildExpression(context, first(expression)),
  };
  if (State) return { kind: "State", ...rest, ...documented(context, span) };
  if (Fitted) return { kind: "Fitted", ...rest, ...documented(context, span) };
  return { kind: "Carry", ...rest };
}

function buildShared(context: BuildContext, span: Span, node: SharedStatementCstNode): Statement {
  const value = buildExpression(context, first(node.children.expression));
  return { kind: "Shared", span, ...named(first(node.children.Word)), value };
}

function buildOutput(context: BuildContext, span: Span, node: OutputStatementCstNode): Statement {
  const { names, annotation, expression } = node.children;
  const value = expression === undefined ? undefined : buildExpression(context, first(expression));
  return {
    kind: "Output",
    span,
    names: first(names).children.Word.map(identifier),
    ...optional("type", buildTensorAnnotation(context, annotation)),
    ...optional("value", value),
    ...documented(context, span),
  };
}

function buildLoss(context: BuildContext, span: Span, node: LossStatementCstNode): Statement {
  const { Loss, Word, expression } = node.children;
  const name = Word?.[0];
  return {
    kind: Loss ? "Loss" : "Metric",
    span,
    ...optional("name", name === undefined ? undefined : identifier(name)),
    value: buildExpression(context, first(expression)),
    ...documented(context, span),
  };
}

function buildCheck(context: BuildContext, span: Span, node: CheckStatementCstNode): Statement {
  const text = first(node.children.Text);
  return {
    kind: "Check",
    span,
    condition: buildExpression(context, first(node.children.expression)),
    message: readString(text.image).value,
    messageSpan: tokenSpan(text),
  };
}

function buildSelecting(
  context: BuildContext,
  span: Span,
  node: SelectingStatementCstNode,
): Statement {
  const { Project, expression, onSelector } = node.children;
  const value = buildExpression(context, first(expression));
  const selector = buildOnSelector(onSelector);
  if (Project === undefined) {
    return { kind: "Regularize", span, value, ...optional("selector", selector) };
  }
  if (selector === undefined) throw new Error("a projection without a selector");
  return { kind: "Project", span, value, selector };
}
