// A parameter and what is given for it come in; the kind of value that the parameter wants goes out, where what was given is of another.
import type * as ast from "../../../grammar/ast.js";
import type { WantedKind } from "../context.js";
import { asDim, asNumber, listItems, type ClosureValue, type Value } from "../values/values.js";
import { usesOf } from "./uses.js";

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
  if (type !== undefined || value.kind === "poison") return undefined;
  const { operand, compared, other, ordered, listed } = usesOf(declaration, parameter.name);
  if (compared > 0 && operand + other === 0) return value.kind === "string" ? undefined : "string";
  if (value.kind === "tensor") return undefined;
  if (parameter.default?.kind === "Boolean") return isTruth(value) ? undefined : "boolean";
  const isNumber = (ordered > 0 && listed === 0) || isNumeral(parameter.default);
  if (value.kind === "bool" && isNumber) return numberKinds[declaration.kind] ?? "operand";
  // A parameter of any shape is updated: no list fits all of them.
  const updates = declaration.kind === "Optimizer" || declaration.kind === "Projection";
  if (!updates || operand === 0 || other > 0) return undefined;
  if (value.kind !== "bool" && listItems(value) === undefined) return undefined;
  return declaration.kind === "Optimizer" ? "scheduled" : "number";
}

/** What a number may be instead, by where it is wanted. */
const numberKinds: Partial<Readonly<Record<Declaration["kind"], WantedKind>>> = {
  Optimizer: "scheduled",
  Projection: "number",
};

function isNumeral(standard: ast.Expression | undefined): boolean {
  if (standard?.kind === "Unary") return standard.operator === "-" && isNumeral(standard.operand);
  return standard?.kind === "Integer" || standard?.kind === "Float";
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
