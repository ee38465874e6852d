// Declarations, parameters, types and bodies come in; Prettier documents go out.

import type { Doc } from "prettier";
import { builders } from "prettier/doc";
import type * as ast from "../ast.js";
import { minimizePads } from "./columns.js";
import { innerComments } from "./comments.js";
import { assignment, braces, commaList, filled, kept, printed } from "./layout.js";
import type { Printing } from "./nodes.js";

const { group, indent, line } = builders;

/** Columns up to which the brackets of a type stay on one line, whatever breaks around them. */
const longestType = 80;

export function printDeclaration(
  node: Exclude<ast.Declaration, ast.SkippedDeclaration>,
  printing: Printing,
): Doc {
  const { print } = printing;
  switch (node.kind) {
    case "Import": {
      const path = printing.text.slice(node.pathSpan.start, node.pathSpan.end);
      const names = printed(printing, "names", node.names.length);
      return ["import ", imported(names), " from ", path];
    }
    case "Const": {
      const left = ["const ", node.name, node.type === undefined ? "" : [": ", print(["type"])]];
      return assignment(left, "=", { key: "value", node: node.value }, printing);
    }
    case "Function":
      return printFunction(node, printing);
    case "Layer": {
      const head = ["layer ", node.name, parameters(node.parameters, printing)];
      return [...head, result(node.result, printing), body(node.body, printing)];
    }
    case "Init":
      return ["init ", node.name, parameters(node.parameters, printing), body(node.body, printing)];
    case "Optimizer":
    case "Projection": {
      const head = [node.kind.toLowerCase(), " ", node.name];
      return [...head, parameters(node.parameters, printing), " ", print(["block"])];
    }
    case "Model": {
      const list = node.parameters.length === 0 ? "" : parameters(node.parameters, printing);
      return ["model ", node.name, list, " ", print(["block"])];
    }
    case "Train":
    case "Search":
      return printLines(node, printing);
  }
}

function imported(names: readonly Doc[]): Doc {
  if (names.length === 0) return "{}";
  return group(["{", indent([line, commaList(names)]), line, "}"]);
}

export function printFunction(node: ast.FunctionDeclaration, printing: Printing): Doc {
  const head = ["fn ", node.name, parameters(node.parameters, printing)];
  return [...head, result(node.result, printing), body(node.body, printing)];
}

function parameters(nodes: readonly ast.Parameter[], printing: Printing): Doc {
  return filled("(", printed(printing, "parameters", nodes.length), ")");
}

function result(node: ast.ResultType | undefined, printing: Printing): Doc {
  return node === undefined ? "" : [": ", printing.print(["result"])];
}

function body(node: ast.Body, printing: Printing): Doc {
  return node.kind === "Block" ? [" ", printing.print(["body"])] : printing.print(["body"]);
}

export function printExpressionBody(node: ast.ExpressionBody, printing: Printing): Doc {
  const value = assignment("", "=", { key: "value", node: node.value }, printing);
  if (node.where.length === 0) return value;
  const bindings = commaList(printed(printing, "where", node.where.length));
  const between = printing.text.slice(node.value.span.end, node.where[0]?.span.start);
  const shouldBreak = /[\r\n]/.test(between);
  return group([value, indent([line, "where ", bindings])], { shouldBreak });
}

export function printParameter(node: ast.Parameter, printing: Printing): Doc {
  const type = node.type === undefined ? "" : [": ", printing.print(["type"])];
  const initial = node.default === undefined ? "" : [" = ", printing.print(["default"])];
  return [node.name, type, initial];
}

export function printResult(node: ast.ResultType, printing: Printing): Doc {
  const types = printed(printing, "types", node.types.length);
  return node.parenthesized ? kept("(", types, ")", longestType) : types;
}

export function printType(node: ast.Type, printing: Printing): Doc {
  if (node.kind === "ScalarType") return node.name;
  const element = node.elementSpan === undefined ? "" : node.element;
  const classes = node.classes === undefined ? "" : ["(", printing.print(["classes"]), ")"];
  const dimensions = printed(printing, "dimensions", node.dimensions.length);
  const shape = kept("[", dimensions, "]", longestType);
  return [element, classes, shape];
}

function printLines(node: ast.TrainDeclaration | ast.SearchDeclaration, printing: Printing): Doc {
  const { print, text } = printing;
  const stage = node.kind === "Train" && node.stage !== undefined;
  const header = stage ? [" stage ", print(["stage"])] : "";
  const last = node.kind === "Train" ? (node.stage ?? node.model) : node.model;
  const pads = minimizePads(node.lines, text);
  const id = Symbol("lines");
  const block = braces(text, {
    nodes: node.lines,
    parts: node.lines.map((_, index) => print(["lines", index], { pads: pads[index], block: id })),
    brace: text.indexOf("{", last.span.end),
    beside: [],
    inner: innerComments(node),
    id,
  });
  return [node.kind.toLowerCase(), " ", print(["model"]), header, " ", block];
}
