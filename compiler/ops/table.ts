// The records of all families in; the op table out: all that the compiler knows of every core op.

import type { Node, OpName } from "../types/graph.js";
import { binary } from "./binary.js";
import { contraction } from "./contraction.js";
import { indexed } from "./indexed.js";
import { leaves } from "./leaves.js";
import { neighbours } from "./neighbours.js";
import { recurrence } from "./recurrence.js";
import { reductions } from "./reductions.js";
import type { OpRule, OpTable } from "./rule.js";
import { unary } from "./unary.js";
import { views } from "./views.js";

export const opTable: OpTable = {
  ...leaves,
  ...unary,
  ...binary,
  ...reductions,
  ...views,
  ...neighbours,
  ...indexed,
  contract: contraction,
  ...recurrence,
};

/** The record of one op. */
export function ruleOf<K extends OpName>(op: K): OpRule<K> {
  const rule: OpTable[K] = opTable[op];
  return rule;
}

/** A sum of products of two operands, whose kernels keep rows and columns in registers. */
export function isContraction({ op }: Node): boolean {
  return ruleOf(op).lowering.kind === "contract";
}
