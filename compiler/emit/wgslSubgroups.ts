// Takes what reductions make across a subgroup, gives WGSL.
import type { Expression } from "../kernel/ir.js";
import { reductionScalars } from "../scalars/reductions.js";
import type { Printed } from "./expression.js";
import { atom, binding, call, infix } from "./expression.js";
import { vectorName } from "./wgslVectors.js";

/** `value`: the printed operand. */
export function printAcross(
  { combine, type, width }: Extract<Expression, { kind: "across" }>,
  value: Printed,
): Printed {
  const { subgroup } = reductionScalars[combine];
  if (type !== "bool") return call(subgroup, value);
  const bit = (text: string): Printed =>
    width === undefined ? atom(text) : call(vectorName("u32", true), atom(text));
  const found = call(subgroup, call("select", bit("0u"), bit("1u"), value));
  return infix(found, "!=", bit("0u"), binding.comparison);
}
