// Takes what a kernel does where the device has subgroups, gives WGSL: both ways in one text, and what reductions make across a subgroup.
import type { Expression, Statement } from "../kernel/ir.js";
import { reductionScalars } from "../scalars/reductions.js";
import type { Printed } from "./expression.js";
import { atom, binding, call, infix } from "./expression.js";
import { vectorName } from "./wgslVectors.js";
import type { Writer } from "./writer.js";
import { createWriter } from "./writer.js";

/**
 * Behind `//+` what devices with subgroups compute, between `//-` and `//=` what others do: the text is their shader as it stands, and
 * the runtime makes the former's of it (`runtime/subgroups.ts`).
 */
export function printBothWays(
  writer: Writer,
  { body, otherwise }: Extract<Statement, { kind: "subgroups" }>,
  printBody: (writer: Writer, body: readonly Statement[]) => void,
): void {
  const inSubgroups = createWriter();
  printBody(inSubgroups, body);
  for (const line of inSubgroups.text().trimEnd().split("\n")) writer.line(`//+ ${line}`);
  writer.line("//-");
  printBody(writer, otherwise);
  writer.line("//=");
}

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
