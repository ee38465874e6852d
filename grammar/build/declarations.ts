// The concrete tree of a file comes in; its declarations, with their doc comments, go out.

import type { Declaration } from "../ast.js";
import { tokenSpan } from "../lexer.js";
import type {
  ConstDeclarationCstNode,
  DeclarationCstNode,
  FileCstNode,
  ImportDeclarationCstNode,
  InitDeclarationCstNode,
  LayerDeclarationCstNode,
  ModelDeclarationCstNode,
  RuleDeclarationCstNode,
  SearchDeclarationCstNode,
  TrainDeclarationCstNode,
} from "../parser/cst.js";
import type { Span } from "../span.js";
import { readString } from "../strings.js";
import { type BuildContext, first, identifier, named, nodeSpan, optional } from "./context.js";
import { buildExpression } from "./expressions.js";
import { buildBody, buildCallable, buildFunction } from "./functions.js";
import { documented, unlessSkipped } from "./parts.js";
import { buildSearchLine, buildTrainLine } from "./training.js";
import { buildAnnotation, buildParameters } from "./types.js";

export function buildDeclarations(context: BuildContext, node: FileCstNode): Declaration[] {
  return (node.children.declaration ?? []).map((one) =>
    unlessSkipped(context, one.children.Skipped, nodeSpan(one), "SkippedDeclaration", () =>
      readDeclaration(context, one),
    ),
  );
}

function readDeclaration(context: BuildContext, node: DeclarationCstNode): Declaration {
  const part = node.children;
  const span = nodeSpan(node);
  if (part.importDeclaration) return buildImport(context, span, first(part.importDeclaration));
  if (part.constDeclaration) return buildConst(context, span, first(part.constDeclaration));
  if (part.functionDeclaration) return buildFunction(context, first(part.functionDeclaration));
  if (part.initDeclaration) return buildInit(context, span, first(part.initDeclaration));
  if (part.layerDeclaration) return buildLayer(context, span, first(part.layerDeclaration));
  if (part.ruleDeclaration) return buildRule(context, span, first(part.ruleDeclaration));
  if (part.modelDeclaration) return buildModel(context, span, first(part.modelDeclaration));
  if (part.trainDeclaration) return buildTrain(context, span, first(part.trainDeclaration));
  return buildSearch(context, span, first(part.searchDeclaration));
}

function buildImport(
  context: BuildContext,
  span: Span,
  node: ImportDeclarationCstNode,
): Declaration {
  const path = first(node.children.Text);
  return {
    kind: "Import",
    span,
    names: (node.children.Word ?? []).map(identifier),
    path: readString(path.image).value,
    pathSpan: tokenSpan(path),
    ...documented(context, span),
  };
}

function buildConst(context: BuildContext, span: Span, node: ConstDeclarationCstNode): Declaration {
  const { Word, annotation, expression } = node.children;
  return {
    kind: "Const",
    span,
    ...named(first(Word)),
    ...optional("type", buildAnnotation(context, annotation)),
    value: buildExpression(context, first(expression)),
    ...documented(context, span),
  };
}

function buildInit(context: BuildContext, span: Span, node: InitDeclarationCstNode): Declaration {
  return {
    kind: "Init",
    span,
    ...named(first(node.children.Word)),
    parameters: buildParameters(context, node.children.parameters),
    body: buildBody(context, first(node.children.body)),
    ...documented(context, span),
  };
}

function buildLayer(context: BuildContext, span: Span, node: LayerDeclarationCstNode): Declaration {
  return { kind: "Layer", ...buildCallable(context, span, node) };
}

function buildRule(context: BuildContext, span: Span, node: RuleDeclarationCstNode): Declaration {
  const { Optimizer, Word, parameters, block } = node.children;
  return {
    kind: Optimizer ? "Optimizer" : "Projection",
    span,
    ...named(first(Word)),
    parameters: buildParameters(context, parameters),
    block: context.block(first(block)),
    ...documented(context, span),
  };
}

function buildModel(context: BuildContext, span: Span, node: ModelDeclarationCstNode): Declaration {
  const { Word, parameters, block } = node.children;
  return {
    kind: "Model",
    span,
    ...named(first(Word)),
    parameters: buildParameters(context, parameters),
    block: context.block(first(block)),
    ...documented(context, span),
  };
}

function buildTrain(context: BuildContext, span: Span, node: TrainDeclarationCstNode): Declaration {
  const [model, stage] = node.children.Word;
  return {
    kind: "Train",
    span,
    model: identifier(model ?? first(node.children.Word)),
    ...optional("stage", stage && identifier(stage)),
    lines: (node.children.trainLine ?? []).map((one) => buildTrainLine(context, one)),
    ...documented(context, span),
  };
}

function buildSearch(
  context: BuildContext,
  span: Span,
  node: SearchDeclarationCstNode,
): Declaration {
  return {
    kind: "Search",
    span,
    model: identifier(first(node.children.Word)),
    lines: (node.children.searchLine ?? []).map((one) => buildSearchLine(context, one)),
    ...documented(context, span),
  };
}
