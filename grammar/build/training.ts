// Concrete trees of train and search lines and of selectors come in; those of the syntax tree go out.

import type { SearchLine, SettingLine, TrainLine } from "../ast.js";
import { tokenSpan } from "../lexer.js";
import type {
  MinimizeLineCstNode,
  OptimizerLineCstNode,
  SearchLineCstNode,
  SettingLineCstNode,
  StartLineCstNode,
  TrainLineCstNode,
} from "../parser/cst.js";
import type { Span } from "../span.js";
import { readString } from "../strings.js";
import { buildArguments } from "./arguments.js";
import { type BuildContext, first, identifier, named, nodeSpan, optional } from "./context.js";
import { buildExpression } from "./expressions.js";
import { unlessSkipped } from "./parts.js";
import { buildOnSelector, buildSelector } from "./selectors.js";

export function buildTrainLine(context: BuildContext, node: TrainLineCstNode): TrainLine {
  const span = nodeSpan(node);
  return unlessSkipped(context, node.children.Skipped, span, "SkippedLine", () =>
    readTrainLine(context, span, node),
  );
}

function readTrainLine(context: BuildContext, span: Span, node: TrainLineCstNode): TrainLine {
  const part = node.children;
  if (part.optimizerLine) return buildOptimizer(context, span, first(part.optimizerLine));
  if (part.startLine) return buildStart(span, first(part.startLine));
  if (part.freezeLine) {
    const selector = buildSelector(first(first(part.freezeLine).children.selector));
    return { kind: "FreezeLine", span, selector };
  }
  if (part.minimizeLine) return buildMinimize(context, span, first(part.minimizeLine));
  if (part.monitorLine) {
    const names = first(first(part.monitorLine).children.names).children.Word.map(identifier);
    return { kind: "MonitorLine", span, names };
  }
  if (part.stopEarlyLine) {
    const list = first(first(part.stopEarlyLine).children.arguments);
    return { kind: "StopEarlyLine", span, arguments: buildArguments(context, list) };
  }
  return buildSetting(context, span, first(part.settingLine));
}

function buildOptimizer(context: BuildContext, span: Span, node: OptimizerLineCstNode): TrainLine {
  const algorithm = buildExpression(context, first(node.children.expression));
  const selector = buildOnSelector(node.children.onSelector);
  return { kind: "OptimizerLine", span, algorithm, ...optional("selector", selector) };
}

function buildStart(span: Span, node: StartLineCstNode): TrainLine {
  const path = first(node.children.Text);
  return {
    kind: "StartLine",
    span,
    selector: buildSelector(first(node.children.selector)),
    path: readString(path.image).value,
    pathSpan: tokenSpan(path),
  };
}

function buildMinimize(context: BuildContext, span: Span, node: MinimizeLineCstNode): TrainLine {
  const { names, onSelector, expression, value } = node.children;
  const algorithm = expression === undefined ? undefined : first(expression);
  const repeat = value?.[0];
  return {
    kind: "MinimizeLine",
    span,
    losses: first(names).children.Word.map(identifier),
    ...optional("selector", buildOnSelector(onSelector)),
    ...optional("algorithm", algorithm && buildExpression(context, algorithm)),
    ...optional("repeat", repeat && buildExpression(context, repeat)),
  };
}

function buildSetting(context: BuildContext, span: Span, node: SettingLineCstNode): SettingLine {
  const value = buildExpression(context, first(node.children.expression));
  return { kind: "SettingLine", span, ...named(first(node.children.Word)), value };
}

export function buildSearchLine(context: BuildContext, node: SearchLineCstNode): SearchLine {
  const span = nodeSpan(node);
  return unlessSkipped(context, node.children.Skipped, span, "SkippedLine", () =>
    readSearchLine(context, span, node),
  );
}

function readSearchLine(context: BuildContext, span: Span, node: SearchLineCstNode): SearchLine {
  const { candidateLine, strategyLine, objectiveLine, settingLine } = node.children;
  if (candidateLine) {
    const { Word, expression } = first(candidateLine).children;
    const distribution = buildExpression(context, first(expression));
    return { kind: "CandidateLine", span, ...named(first(Word)), distribution };
  }
  if (strategyLine) {
    return {
      kind: "StrategyLine",
      span,
      strategy: identifier(first(first(strategyLine).children.Word)),
    };
  }
  if (objectiveLine) {
    const { Maximize, expression } = first(objectiveLine).children;
    const value = buildExpression(context, first(expression));
    return { kind: "SearchObjectiveLine", span, sense: Maximize ? "maximize" : "minimize", value };
  }
  return buildSetting(context, span, first(settingLine));
}
