// Expressions come in; Prettier documents with the parentheses that they need, and those that help, go out.

import type { Doc } from "prettier";
import { builders } from "prettier/doc";
import type * as ast from "../ast.js";
import { asInSource, bracketed, filled, flatWidth, kept, printed } from "./layout.js";
import type { PrintArguments, Printing } from "./nodes.js";

const { group, indent, join, line } = builders;

/** Columns up to which an index stays on one line, whatever breaks around it. */
const longestIndex = 50;

/** Columns of an argument that shares its line with others where a call breaks. */
const shortArgument = 40;

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
function part(
  printing: Printing,
  key: string,
  node: ast.Expression,
  needed: boolean,
  args?: PrintArguments,
): Doc {
  const helpful = node.parentheses !== undefined && binding(node) < 10;
  const doc = printing.print([key], args);
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
      return printList(node, printing);
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
      const items = printed(printing, "items", node.items.length);
      return [object(printing, "object", node.object), kept("[", items, "]", longestIndex)];
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

/** Numbers stand many to a line. */
function printList(node: ast.ListExpression, printing: Printing): Doc {
  const elements = printed(printing, "elements", node.elements.length);
  const numbers = node.elements.every(isNumber);
  return numbers ? filled("[", elements, "]") : bracketed("[", elements, "]");
}

function isNumber(node: ast.Expression | ast.SpreadElement): boolean {
  if (node.kind === "Unary") return node.operator === "-" && isNumber(node.operand);
  return node.kind === "Integer" || node.kind === "Float";
}

function separated(parts: readonly Doc[]): Doc {
  return join(", ", [...parts]);
}

/** What a call, an index or a member name follows. */
function object(printing: Printing, key: string, node: ast.Expression): Doc {
  const number = node.kind === "Integer" || node.kind === "Float";
  const needed = binding(node) < 10 || number || node.kind === "Scan";
  return part(printing, key, node, needed);
}

/**
 * Arguments. A single list, call or scan stays beside the parenthesis, and so does a long list of numbers at the end;
 * short arguments stand many to a line.
 */
export function printArguments(nodes: readonly ast.Argument[], printing: Printing): Doc {
  const parts = printed(printing, "arguments", nodes.length);
  const last = nodes.at(-1);
  const short = parts.every((part) => flatWidth(part) <= shortArgument);
  if (last === undefined || short) return filled("(", parts, ")");
  const before = parts.slice(0, -1);
  const hugged = nodes.length === 1 ? ["List", "Call", "Scan"].includes(last.value.kind) : false;
  const table = flatWidth(before) <= shortArgument && isLongTable(last.value, parts.at(-1) ?? "");
  const plain = last.name === undefined && !hasComments(last) && (hugged || table);
  return plain ? ["(", join(", ", parts), ")"] : bracketed("(", parts, ")");
}

/** Whether a list of numbers has no room beside other arguments. */
function isLongTable(node: ast.Expression, doc: Doc): boolean {
  const numbers = node.kind === "List" && node.elements.every(isNumber);
  return numbers && flatWidth(doc) > 60 && flatWidth(doc) < Infinity;
}

function hasComments(node: object | undefined): boolean {
  return node !== undefined && "comments" in node;
}

/**
 * Operators of one strength stand in one group, each at the end of its line. Where further lines are indented, the
 * first operand is not: a call that breaks there ends where it begins.
 */
function printBinary(node: ast.BinaryExpression, printing: Printing): Doc {
  const { left, operator, right } = node;
  const continued = continues(node, printing);
  const indented = continued ? printing.indented : indentsItself(printing);
  const rest: Doc = [
    [" ", operator],
    [line, part(printing, "right", right, rightNeeds(operator, right))],
  ];
  const parts = [
    part(printing, "left", left, leftNeeds(operator, left), { indented }),
    indented ? indent(rest) : rest,
  ];
  return continued ? parts : group(parts);
}

/** Whether an operation is the beginning of another one of its strength. */
function continues(node: ast.BinaryExpression, { parent, key }: Printing): boolean {
  return (
    parent?.kind === "Binary" &&
    key === "left" &&
    node.parentheses === undefined &&
    operatorBinding(parent.operator) === operatorBinding(node.operator)
  );
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
  const whenTrue = part(printing, "whenTrue", node.whenTrue, node.whenTrue.kind === "Conditional");
  const otherwise = part(printing, "whenFalse", node.whenFalse, node.whenFalse.kind === "Pipeline");
  const parts: Doc = [
    ["if ", print(["condition"]), " then ", whenTrue],
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
  const spread = isSpread(node, printing.text);
  return asInSource(group([input, indent(stages)], { shouldBreak: spread }));
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
      return printSlice(node, printing);
    case "Stage": {
      const list = node.called ? printArguments(node.arguments, printing) : "";
      return ["|> ", print(["callee"]), list];
    }
  }
}

/** `a:b`, with spaces around the colons where a bound has an operator of its own: `a + 1 : b`. */
function printSlice(node: ast.IndexSlice, printing: Printing): Doc {
  const { start, stop, step } = node;
  const operation = [start, stop, step].some(
    (bound) => bound !== undefined && bound.kind !== "Unary" && binding(bound) < 10,
  );
  const space = operation ? " " : "";
  return [
    start === undefined ? "" : [printing.print(["start"]), space],
    ":",
    stop === undefined ? "" : [space, printing.print(["stop"])],
    step === undefined ? "" : [space, ":", space, printing.print(["step"])],
  ];
}
