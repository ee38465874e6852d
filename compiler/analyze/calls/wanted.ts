// A parameter and what is given for it come in; the kind of value that the parameter wants goes out, where what was given is of another.
import type * as ast from "../../../grammar/ast.js";
import type { WantedKind } from "../context.js";
import { asDim, asNumber, listItems, type ClosureValue, type Value } from "../values/values.js";
import { walk } from "./functions.js";

type Declaration = ClosureValue["declaration"];

/** What its type says, or its default, or how the body uses it; undefined where the value may be taken. */
export function refusedKind(
  declaration: Declaration,
  parameter: ast.Parameter,
  value: Value,
): WantedKind | undefined {
  const { type } = parameter;
  if (type?.kind === "ScalarType") {
    return isOfType(value, type.name) ? undefined : scalarKinds[type.name];
  }
  if (type !== undefined || value.kind === "tensor" || value.kind === "poison") return undefined;
  if (parameter.default?.kind === "Boolean") return isTruth(value) ? undefined : "boolean";
  const { operand, compared, other } = usesOf(declaration, parameter.name);
  if (compared > 0 && operand + other === 0) return value.kind === "string" ? undefined : "string";
  // A parameter of any shape is updated: no list fits all of them.
  const updates = declaration.kind === "Optimizer" || declaration.kind === "Projection";
  if (!updates || operand === 0 || other > 0) return undefined;
  if (value.kind !== "bool" && listItems(value) === undefined) return undefined;
  return declaration.kind === "Optimizer" ? "scheduled" : "number";
}

const scalarKinds = {
  int: "integer",
  float: "number",
  bool: "boolean",
  string: "string",
} as const;

function isOfType(value: Value, type: ast.ScalarType["name"]): boolean {
  if (type === "int") return asDim(value) !== undefined;
  if (type === "float") return asNumber(value) !== undefined;
  return value.kind === type;
}

/** A truth value, or a constant mask of them. */
const isTruth = (value: Value): boolean =>
  value.kind === "bool" || listItems(value)?.every(isTruth) === true;

/** How often a body uses a parameter as a number, compares it with strings, or does anything else with it. */
interface Uses {
  operand: number;
  compared: number;
  other: number;
}

const known = new WeakMap<Declaration, Map<string, Uses>>();

function usesOf(declaration: Declaration, name: string): Readonly<Uses> {
  const all = known.get(declaration) ?? new Map<string, Uses>();
  known.set(declaration, all);
  const before = all.get(name);
  if (before !== undefined) return before;
  const uses: Uses = { operand: 0, compared: 0, other: 0 };
  all.set(name, uses);
  const isName = (node: ast.Expression): boolean => node.kind === "Name" && node.name === name;
  walk("body" in declaration ? declaration.body : declaration.block, (node) => {
    if (isName(node as ast.Expression)) uses.other += 1;
    const [told, operands] = toldBy(node as ast.Expression);
    const met = operands.filter(isName).length;
    uses.other -= met;
    if (told !== "nothing") uses[told] += met;
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
