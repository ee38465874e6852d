// A declaration and the name of a parameter come in; what its body does with the parameter goes out.
import type * as ast from "../../../grammar/ast.js";
import type { ClosureValue } from "../values/values.js";
import { walk } from "./syntax.js";

type Declaration = ClosureValue["declaration"];

/** How often a body uses a parameter as a number, compares it with strings, or does anything else with it. */
interface Uses {
  operand: number;
  compared: number;
  other: number;
  /** Calls of it that are operands: a number is made of what it gives. */
  calculated: number;
  /** Questions whether it is a list. */
  listed: number;
  /** Questions whether it is less or more than something. */
  ordered: number;
}

const known = new WeakMap<Declaration, Map<string, Uses>>();

export function usesOf(declaration: Declaration, name: string): Readonly<Uses> {
  const all = known.get(declaration) ?? new Map<string, Uses>();
  known.set(declaration, all);
  const before = all.get(name);
  if (before !== undefined) return before;
  const uses: Uses = { operand: 0, compared: 0, other: 0, calculated: 0, listed: 0, ordered: 0 };
  all.set(name, uses);
  const isName = (node: ast.Expression): boolean => node.kind === "Name" && node.name === name;
  const isCall = (node: ast.Expression): boolean => node.kind === "Call" && isName(node.callee);
  walk("body" in declaration ? declaration.body : declaration.block, (node) => {
    if (isName(node as ast.Expression)) uses.other += 1;
    const [told, operands] = toldBy(node as ast.Expression);
    const met = operands.filter(isName).length;
    uses.other -= met;
    if (told !== "nothing") uses[told] += met;
    if (orders(node as ast.Expression)) uses.ordered += met;
    if (asksForList(node as ast.Expression, isName)) uses.listed += 1;
    if (told === "operand") uses.calculated += operands.filter(isCall).length;
  });
  return uses;
}

/** What a node tells of the operands that stand directly in it. */
function toldBy(
  node: ast.Expression,
): readonly ["operand" | "compared" | "nothing", readonly ast.Expression[]] {
  if (node.kind === "Unary" && node.operator === "-") return ["operand", [node.operand]];
  // `rate = require(rate, …)` is the value itself.
  if (node.kind === "Call" && node.callee.kind === "Name" && node.callee.name === "require") {
    return ["nothing", node.arguments.slice(0, 1).map(({ value }) => value)];
  }
  if (node.kind === "Conditional") return ["nothing", [node.whenTrue, node.whenFalse]];
  if (node.kind !== "Binary" || node.operator === "and" || node.operator === "or") {
    return ["nothing", []];
  }
  const sides = [node.left, node.right];
  const strings = sides.some(({ kind }) => kind === "String");
  return [strings ? "compared" : "operand", sides];
}

const asksForList = (node: ast.Expression, isName: (node: ast.Expression) => boolean): boolean =>
  node.kind === "Call" &&
  node.callee.kind === "Name" &&
  node.callee.name === "is_list" &&
  node.arguments.some(({ value }) => isName(value));

const orders = (node: ast.Expression): boolean =>
  node.kind === "Binary" && ["<", "<=", ">", ">="].includes(node.operator);
