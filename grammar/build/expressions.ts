// Concrete trees of expressions come in; expressions of the syntax tree go out.

import type { IToken } from "chevrotain";
import type {
  Expression,
  Identifier,
  IndexItem,
  ListElement,
  MemberExpression,
  NameExpression,
  PipelineStage,
} from "../ast.js";
import { tokenSpan } from "../lexer.js";
import type {
  ExpressionCstNode,
  IndexItemCstNode,
  ListElementCstNode,
  OperandCstNode,
  OperationCstNode,
  PrimaryCstNode,
  SliceCstNode,
  StageCstNode,
  SuffixCstNode,
} from "../parser/cst.js";
import { joinSpans, type Span } from "../span.js";
import { readString } from "../strings.js";
import { buildArguments } from "./arguments.js";
import { buildConditional } from "./conditional.js";
import {
  type BuildContext,
  composed,
  first,
  named,
  nodeSpan,
  nth,
  optional,
  report,
  withDepth,
} from "./context.js";
import { buildOperation, type Operand, outerSpan } from "./operators.js";
import { buildScan } from "./scans.js";

export function buildExpression(context: BuildContext, node: ExpressionCstNode): Expression {
  const { operation, stage, Pipe } = node.children;
  const input = buildOperationNode(context, first(operation));
  if (stage === undefined) return input;
  const stages = stage.map((one, index) => buildStage(context, nth(Pipe, index), one));
  const span = joinSpans(outerSpan(input), nth(stages, stages.length - 1).span);
  const pipeline = { kind: "Pipeline", span, input, stages } as const;
  const values = stages.flatMap((one) => one.arguments.map((argument) => argument.value));
  return composed(context, pipeline, [input, ...values]);
}

function buildStage(context: BuildContext, pipe: IToken, node: StageCstNode): PipelineStage {
  const { Word, arguments: list } = node.children;
  const [head, ...members] = Word;
  if (head === undefined) throw new Error("a stage without a name");
  let callee: NameExpression | MemberExpression = nameExpression(head);
  for (const member of members) {
    const span = joinSpans(callee.span, tokenSpan(member));
    callee = composed(context, { kind: "Member", span, object: callee, ...named(member) }, [
      callee,
    ]);
  }
  return {
    kind: "Stage",
    span: joinSpans(tokenSpan(pipe), nodeSpan(node)),
    callee,
    arguments: list === undefined ? [] : buildArguments(context, first(list)),
    called: list !== undefined,
  };
}

function nameExpression(token: IToken): NameExpression {
  return { kind: "Name", span: tokenSpan(token), name: token.image };
}

export function buildOperationNode(context: BuildContext, node: OperationCstNode): Expression {
  const operands = node.children.operand.map((one) => buildOperand(context, one));
  return buildOperation(context, operands, node.children.Operator ?? []);
}

function buildOperand(context: BuildContext, node: OperandCstNode): Operand {
  const { Prefix: prefixes = [], conditional, primary, suffix = [] } = node.children;
  if (conditional !== undefined) {
    const value = buildConditional(context, first(conditional));
    return { prefixes, value, conditional: true };
  }
  let value = buildPrimary(context, first(primary));
  for (const one of suffix) value = buildSuffix(context, value, one);
  return { prefixes, value, conditional: false };
}

function buildPrimary(context: BuildContext, node: PrimaryCstNode): Expression {
  const { Word, Integer, Float, Text, True, list, group, scan } = node.children;
  const span = nodeSpan(node);
  if (Word !== undefined) return nameExpression(first(Word));
  const number = Integer?.[0] ?? Float?.[0];
  if (number !== undefined) {
    const value = Number(number.image.replaceAll("_", ""));
    const kind = Integer === undefined ? "Float" : "Integer";
    return { kind, span, value, text: number.image };
  }
  if (Text !== undefined) {
    const text = first(Text).image;
    return { kind: "String", span, value: readString(text).value, text };
  }
  if (list !== undefined) {
    const elements = (first(list).children.listElement ?? []).map((one) =>
      buildListElement(context, one),
    );
    const parts = elements.map((one) => (one.kind === "Spread" ? one.value : one));
    return composed(context, { kind: "List", span, elements }, parts);
  }
  if (group !== undefined) {
    const inner = buildExpression(context, first(first(group).children.expression));
    const depth = context.depths.get(inner) ?? 1;
    return withDepth(context, { ...inner, parentheses: span }, depth);
  }
  if (scan !== undefined) return buildScan(context, first(scan));
  return { kind: "Boolean", span, value: True !== undefined };
}

function buildListElement(context: BuildContext, node: ListElementCstNode): ListElement {
  const value = buildExpression(context, first(node.children.expression));
  if (node.children.Ellipsis === undefined) return value;
  return { kind: "Spread", span: nodeSpan(node), value };
}

function buildSuffix(context: BuildContext, object: Expression, node: SuffixCstNode): Expression {
  const span = joinSpans(outerSpan(object), nodeSpan(node));
  const { arguments: list, index, Word, Star } = node.children;
  if (list !== undefined) {
    const values = buildArguments(context, first(list));
    const call = { kind: "Call", span, callee: object, arguments: values } as const;
    return composed(context, call, [object, ...values.map((one) => one.value)]);
  }
  if (index !== undefined) {
    const items = first(index).children.indexItem.map((one) => buildIndexItem(context, one));
    const parts = items.flatMap((item) => indexParts(item));
    return composed(context, { kind: "Index", span, object, items }, [object, ...parts]);
  }
  if (Star !== undefined) return buildEverything(context, span, object, tokenSpan(first(Star)));
  return composed(context, { kind: "Member", span, object, ...named(first(Word)) }, [object]);
}

/** `.*` stands behind the path of an instance. */
function buildEverything(
  context: BuildContext,
  span: Span,
  object: Expression,
  star: Span,
): Expression {
  const path = pathOf(object);
  if (path !== undefined) return { kind: "Everything", span, path };
  report(context, "NN0121", star, {
    message: "`.*` stands behind the name of an instance",
    hint: "`online.*` is all that stands below `shared online = …`",
  });
  return composed(context, { kind: "Member", span, object, name: "*", nameSpan: star }, [object]);
}

function pathOf(expression: Expression): readonly Identifier[] | undefined {
  if (expression.parentheses !== undefined) return undefined;
  const own = { kind: "Identifier", name: "", span: expression.span } as const;
  if (expression.kind === "Name") return [{ ...own, name: expression.name }];
  if (expression.kind !== "Member") return undefined;
  const above = pathOf(expression.object);
  return above && [...above, { ...own, name: expression.name, span: expression.nameSpan }];
}

function indexParts(item: IndexItem): (Expression | undefined)[] {
  if (item.kind === "Position") return [item.value];
  return item.kind === "Slice" ? [item.start, item.stop, item.step] : [];
}

function buildIndexItem(context: BuildContext, node: IndexItemCstNode): IndexItem {
  const { New, Ellipsis, expression, slice } = node.children;
  const span = nodeSpan(node);
  if (New !== undefined) return { kind: "NewAxis", span };
  if (Ellipsis !== undefined) return { kind: "Ellipsis", span };
  const start = expression === undefined ? undefined : buildExpression(context, first(expression));
  if (slice !== undefined) return buildSlice(context, span, start, first(slice));
  if (start === undefined) throw new Error("an empty index");
  return { kind: "Position", span, value: start };
}

function buildSlice(
  context: BuildContext,
  span: IndexItem["span"],
  start: Expression | undefined,
  node: SliceCstNode,
): IndexItem {
  const { expression, sliceStep } = node.children;
  const stepNode = sliceStep?.[0]?.children.expression?.[0];
  const stop = expression === undefined ? undefined : buildExpression(context, first(expression));
  const step = stepNode === undefined ? undefined : buildExpression(context, stepNode);
  return {
    kind: "Slice",
    span,
    ...optional("start", start),
    ...optional("stop", stop),
    ...optional("step", step),
  };
}
