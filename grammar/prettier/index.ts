// The text of a `.nn` file comes in; its canonical layout goes out, by a plugin of Prettier.

import type {
  AstPath,
  Doc,
  Parser,
  ParserOptions,
  Plugin,
  Printer,
  SupportLanguage,
} from "prettier";
import { builders } from "prettier/doc";
import type { File } from "../ast.js";
import { hasErrors } from "../diagnostics.js";
import { parse } from "../parse.js";
import { renderAll } from "../render.js";
import {
  type AttachedComment,
  commentText,
  commentsAbove,
  handleComments,
  innerComments,
  printComment,
} from "./comments.js";
import {
  printDeclaration,
  printExpressionBody,
  printParameter,
  printResult,
  printType,
} from "./declarations.js";
import { printExpression, printPart } from "./expressions.js";
import { assignment, commaList, lines, printed } from "./layout.js";
import { type AnyNode, isNode, type Print, type PrintArguments, type Printing } from "./nodes.js";
import { printBlock, printLine, printStatement } from "./statements.js";

const { hardline, join } = builders;

export const languages: SupportLanguage[] = [
  { name: "nn", parsers: ["nn"], extensions: [".nn"], vscodeLanguageIds: ["nn"] },
];

/** Lines may be as long as in the language's own programs. */
export const defaultOptions: Plugin["defaultOptions"] = { printWidth: 100 };

/** Thrown by the parser for a text with mistakes, as Prettier wants it; the message is rendered for people. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

function parseFile(text: string, options: ParserOptions<AnyNode>): File {
  const name: unknown = options.filepath;
  const { file, diagnostics } = parse({ name: typeof name === "string" ? name : "input.nn", text });
  if (hasErrors(diagnostics)) throw new FormatError(renderAll(diagnostics));
  return file;
}

export const parsers: Record<string, Parser<AnyNode>> = {
  nn: {
    parse: parseFile,
    astFormat: "nn-tree",
    locStart: (node) => node.span.start,
    locEnd: (node) => node.span.end,
  },
};

/** What indents the statements or lines in it. */
const blocks: ReadonlySet<AnyNode["kind"]> = new Set(["Block", "Train", "Search"]);

function printNode(
  path: AstPath<AnyNode>,
  options: ParserOptions<AnyNode>,
  print: Parameters<Printer<AnyNode>["print"]>[2],
  args?: unknown,
): Doc {
  const { node } = path;
  const part: Print = (selector, partArgs) =>
    print(typeof selector === "string" ? selector : [...selector], partArgs);
  const parent: unknown = path.parent;
  const told = (args ?? {}) as PrintArguments;
  const printing: Printing = {
    print: part,
    text: options.originalText,
    parent: isNode(parent) ? parent : undefined,
    key: typeof path.key === "symbol" ? undefined : (path.key ?? undefined),
    pads: told.pads ?? [],
    block: told.block,
    indented: told.indented ?? false,
    width: options.printWidth,
    indentation: 2 * path.ancestors.filter(({ kind }) => blocks.has(kind)).length,
  };
  return [commentsAbove(node), printKind(node, printing)];
}

function printFile(node: File, printing: Printing): Doc {
  const parts = printed(printing, "declarations", node.declarations.length);
  const rows =
    parts.length === 0 ? innerComments(node) : lines(printing.text, node.declarations, parts);
  return rows.length === 0 ? "" : [join(hardline, rows), hardline];
}

function printKind(node: AnyNode, printing: Printing): Doc {
  switch (node.kind) {
    case "File":
      return printFile(node, printing);
    case "SkippedDeclaration":
    case "SkippedStatement":
    case "SkippedLine":
      return printing.text.slice(node.span.start, node.span.end);
    case "Import":
    case "Const":
    case "Init":
    case "Layer":
    case "Optimizer":
    case "Projection":
    case "Model":
    case "Train":
    case "Search":
      return printDeclaration(node, printing);
    case "Parameter":
      return printParameter(node, printing);
    case "ExpressionBody":
      return printExpressionBody(node, printing);
    case "WhereBinding":
      return assignment(node.name, "=", { key: "value", node: node.value }, printing);
    case "Block":
      return printBlock(node, printing);
    case "TensorType":
    case "ScalarType":
      return printType(node, printing);
    case "SpreadDimension":
      return ["...", node.name];
    case "ResultType":
      return printResult(node, printing);
    case "Identifier":
      return node.name;
    case "IfBranch":
      return ["if ", printing.print(["condition"]), " ", printing.print(["block"])];
    case "Selector":
      return commaList(printed(printing, "items", node.items.length));
    case "SelectorItem":
      return join(".", printed(printing, "path", node.path.length));
    case "Argument":
    case "Position":
    case "Slice":
    case "Ellipsis":
    case "NewAxis":
    case "Stage":
    case "Spread":
      return printPart(node, printing);
    case "OptimizerLine":
    case "StartLine":
    case "FreezeLine":
    case "MinimizeLine":
    case "MonitorLine":
    case "StopEarlyLine":
    case "SettingLine":
    case "CandidateLine":
    case "StrategyLine":
    case "SearchObjectiveLine":
      return printLine(node, printing);
    case "Name":
    case "Integer":
    case "Float":
    case "String":
    case "Boolean":
    case "List":
    case "Unary":
    case "Binary":
    case "Conditional":
    case "Call":
    case "Index":
    case "Member":
    case "Everything":
    case "Pipeline":
    case "Scan":
      return printExpression(node, printing);
    default:
      return printStatement(node, printing);
  }
}

/** `// prettier-ignore` above a statement or declaration leaves it as it is. */
function hasPrettierIgnore(path: AstPath<AnyNode>): boolean {
  const { comments } = path.node as { readonly comments?: readonly AttachedComment[] };
  const before = comments?.filter((comment) => comment.leading === true) ?? [];
  return before.some((comment) => commentText(comment) === "// prettier-ignore");
}

const printer: Printer<AnyNode> = {
  print: printNode,
  printComment: (path) => printComment(path as unknown as AstPath<AttachedComment>),
  canAttachComment: isNode,
  handleComments: handleComments as unknown as NonNullable<Printer["handleComments"]>,
  hasPrettierIgnore,
};

export const printers: Record<string, Printer<AnyNode>> = { "nn-tree": printer };
