// Expressions come in; Prettier documents with the parentheses that they need, and those that help, go out.

import type { Doc } from "prettier";
import { builders } from "prettier/doc";
import type * as ast from "../ast.js";
import { bracketed, printed } from "./layout.js";
import type { Printing } from "./nodes.js";

const { group, indent, line } = builders;

/** How tightly the outermost operator of an expression binds; operands without one bind tightest. */
function binding(node: ast.Expression): number {
  switch (node.kind) {
    case "Pipeline":
      return 0;
    case "Conditional":
      return 1;
    case "Unary":
      return node.operator === "not" ? 4 : 8;
    case "Binary":
      return operatorBinding(node.operator);
    default:
      return 10;
  }
}

function operatorBinding(operator: ast.BinaryOperator): number {
  switch (operator) {
    case "or":
      return 2;
    case "and":
      return 3;
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return 5;
    case "+":
    case "-":
      return 6;
    case "*":
    case "/":
    case "%":
    case "@":
      return 7;
    case "^":
      return 9;
  }
}

const comparisonBinding = operatorBinding("==");

/** Whether the left operand of an operator needs parentheses. */
function leftNeeds(operator: ast.BinaryOperator, left: ast.Expression): boolean {
  const own = operatorBinding(operator);
  const strict = operator === "^" || own === comparisonBinding;
  return strict ? binding(left) <= own : binding(left) < own;
}

/** Whether the right operand needs them; a minus sign may stand after any operator. */
function rightNeeds(operator: ast.BinaryOperator, right: ast.Expression): boolean {
  if (right.kind === "Unary" && right.operator === "-") return false;
  const own = operatorBinding(operator);
  return operator === "^" ? binding(right) < own : binding(right) <= own;
}

/** A part in parentheses where it needs them, or where the source has them around an operator. */
function part(printing: Printing, key: string, node: ast.Expression, needed: boolean): Doc {
  const helpful = node.parentheses !== undefined && binding(node) < 10;
  const doc = printing.print([key]);
  return needed || helpful ? ["(", doc, ")"] : doc;
}

export function printExpression(node: ast.Expression, printing: Printing): Doc {
  const { print } = printing;
  switch (node.kind) {
    case "Name":
      return node.name;
    case "Integer":
    case "Float":
    case "String":
      return node.text;
    case "Boolean":
      return String(node.value);
    case "List":
      return bracketed("[", printed(printing, "elements", node.elements.length), "]");
    case "Unary": {
      const needed = binding(node.operand) < binding(node);
      const sign = node.operator === "not" ? "not " : "-";
      return [sign, part(printing, "operand", node.operand, needed)];
    }
    case "Binary":
      return printBinary(node, printing);
    case "Conditional":
      return printConditional(node, printing);
    case "Call":
      return [object(printing, "callee", node.callee), printArguments(node.arguments, printing)];
    case "Index": {
      const items = bracketed("[", printed(printing, "items", node.items.length), "]");
      return [object(printing, "object", node.object), items];
    }
    case "Member":
      return [object(printing, "object", node.object), ".", node.name];
    case "Everything":
      return [...node.path.map(({ name }) => name), "*"].join(".");
    case "Pipeline":
      return printPipeline(node, printing);
    case "Scan":
      return [
        ...["scan ", separated(printed(printing, "names", node.names.length))],
        ...[" in ", separated(printed(printing, "sources", node.sources.length))],
        ...(node.along === undefined ? [] : [" along ", print(["along"])]),
        ...(node.reverse === undefined ? [] : [", reverse: ", print(["reverse"])]),
        ...[" ", print(["block"])],
      ];
  }
}

function separated(parts: readonly Doc[]): Doc {
  return builders.join(", ", [...parts]);
}

/** What a call, an index or a member name follows. */
function object(printing: Printing, key: string, node: ast.Expression): Doc {
  const number = node.kind === "Integer" || node.kind === "Float";
  const needed = binding(node) < 10 || number || node.kind === "Scan";
  return part(printing, key, node, needed);
}

/** Arguments; a single list, call or scan stays beside the parenthesis. */
export function printArguments(nodes: readonly ast.Argument[], printing: Printing): Doc {
  const parts = printed(printing, "arguments", nodes.length);
  const [only] = nodes;
  const hugged = ["List", "Call", "Scan"].includes(only?.value.kind ?? "");
  const plain = nodes.length === 1 && only?.name === undefined && hugged;
  return plain && !hasComments(only) ? ["(", ...parts, ")"] : bracketed("(", parts, ")");
}

function hasComments(node: object | undefined): boolean {
  return node !== undefined && "comments" in node;
}

/** Operators of one strength stand in one group, each at the end of its line. */
function printBinary(node: ast.BinaryExpression, printing: Printing): Doc {
  const { parent, key } = printing;
  const rest: Doc = [
    [" ", node.operator],
    [line, part(printing, "right", node.right, rightNeeds(node.operator, node.right))],
  ];
  const left = part(printing, "left", node.left, leftNeeds(node.operator, node.left));
  const continued =
    parent?.kind === "Binary" &&
    key === "left" &&
    node.parentheses === undefined &&
    operatorBinding(parent.operator) === operatorBinding(node.operator);
  if (continued) return [left, rest];
  return group(indentsItself(printing) ? indent([left, rest]) : [left, rest]);
}

/** Whether further lines of an operation are indented here; most owners begin a new, indented line for it. */
function indentsItself({ parent, key }: Printing): boolean {
  switch (parent?.kind) {
    case "Binary":
    case "Unary":
    case "Conditional":
    case "Pipeline":
    case "Return":
    case "Yield":
    case "Regularize":
    case "Project":
    case "SettingLine":
    case "SearchObjectiveLine":
    case "For":
    case "IfBranch":
    case "Scan":
    case "Parameter":
      return true;
    case "Loss":
    case "Metric":
      return key === "value" && parent.name === undefined;
    default:
      return false;
  }
}

function printConditional(node: ast.ConditionalExpression, printing: Printing): Doc {
  const { parent, key, print } = printing;
  const otherwise = part(printing, "whenFalse", node.whenFalse, node.whenFalse.kind === "Pipeline");
  const parts: Doc = [
    ["if ", print(["condition"]), " then ", print(["whenTrue"])],
    [line, "else ", otherwise],
  ];
  // A chain of `else if` is one group, so that all of it breaks or none.
  const chained = parent?.kind === "Conditional" && key === "whenFalse";
  return chained && node.parentheses === undefined ? parts : group(indent(parts));
}

/** On one line where the source has it so and it fits, else one stage to a line. */
function printPipeline(node: ast.PipelineExpression, printing: Printing): Doc {
  const input = part(printing, "input", node.input, node.input.kind === "Conditional");
  const stages = printed(printing, "stages", node.stages.length).map((stage) => [line, stage]);
  return group([input, indent(stages)], { shouldBreak: isSpread(node, printing.text) });
}

function isSpread(node: ast.PipelineExpression, text: string): boolean {
  let end = node.input.parentheses?.end ?? node.input.span.end;
  for (const stage of node.stages) {
    if (/[\r\n]/.test(text.slice(end, stage.span.start))) return true;
    end = stage.span.end;
  }
  return false;
}

/** The parts of expressions that are no expressions themselves. */
export function printPart(
  node: ast.Argument | ast.IndexItem | ast.PipelineStage | ast.SpreadElement,
  printing: Printing,
): Doc {
  const { print } = printing;
  switch (node.kind) {
    case "Argument":
      return node.name === undefined ? print(["value"]) : [node.name, ": ", print(["value"])];
    case "Position":
      return print(["value"]);
    case "Ellipsis":
      return "...";
    case "NewAxis":
      return "new";
    case "Spread":
      return ["...", print(["value"])];
    case "Slice":
      return [
        node.start === undefined ? "" : print(["start"]),
        ":",
        node.stop === undefined ? "" : print(["stop"]),
        node.step === undefined ? "" : [":", print(["step"])],
      ];
    case "Stage": {
      const list = node.called ? printArguments(node.arguments, printing) : "";
      return ["|> ", print(["callee"]), list];
    }
  }
}
