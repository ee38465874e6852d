// Every derivative rule of the op table with a mistake in it in; that the laws that samples are held to find each, out.

import { expect, it } from "vitest";
import { opTable } from "../../compiler/ops/table.js";
import type { OpName } from "../../compiler/types/graph.js";
import { derivativeProblem } from "../support/derivatives.js";
import { opSamples } from "../support/opSamples.js";
import type { OpSample } from "../support/opSamples.js";
import { mutantsOf, within } from "./mutants.js";
import type { Mutant } from "./mutants.js";

/** A thrown error or a graph that does not verify is found too. */
function isFound(sample: OpSample): boolean {
  try {
    return derivativeProblem(sample) !== undefined;
  } catch {
    return true;
  }
}

/** "found" by a sample, "missed" by all, or "void" where it made nothing wrong. */
function fate(mutant: Mutant): "found" | "missed" | "void" {
  const samples = opSamples.filter(({ op, type }) => op === mutant.op && type === "f32");
  const isCaught = samples.some((sample) => within(mutant, () => isFound(sample)));
  if (isCaught) return "found";
  return mutant.isApplied() && samples.length > 0 ? "missed" : "void";
}

const operations = Object.keys(opTable) as OpName[];
const withOperands = operations.filter(
  (op) => opTable[op].family !== "leaf" && opTable[op].family !== "recurrence",
);

function fatesOf(op: OpName): readonly (readonly [string, "found" | "missed" | "void"])[] {
  const own = opSamples.filter((sample) => sample.op === op);
  const most = Math.max(0, ...own.map(({ operands }) => operands.length));
  return mutantsOf(op, most).map((mutant) => [mutant.name, fate(mutant)] as const);
}

it("no mistake in a derivative rule is missed", () => {
  const fates = new Map(withOperands.map((op) => [op, fatesOf(op)]));
  const missed = [...fates.values()].flat().filter(([, what]) => what === "missed");
  expect(missed).toEqual([]);
  // Nor is there a rule that no sample makes use of.
  const idle = withOperands.filter(
    (op) => opTable[op].vjp.kind === "rule" && fates.get(op)?.every(([, what]) => what !== "found"),
  );
  expect(idle).toEqual([]);
});

it("rules are right again behind it", () => {
  const [mutant] = mutantsOf("exp", 1);
  const [sample] = opSamples.filter(({ op }) => op === "exp");
  if (mutant === undefined || sample === undefined) throw new Error("exp has a rule and a sample");
  expect(within(mutant, () => derivativeProblem(sample))).toBeDefined();
  expect(derivativeProblem(sample)).toBeUndefined();
});
