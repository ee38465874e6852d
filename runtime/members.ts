// A plan, what a prediction wishes and the outputs it wants in; the results that stand for these, the ensemble's or its members', out.

import type { PredictOptions } from "./api.js";
import { checkChoice, fail } from "./errors.js";
import { membersSuffix, type Plan } from "./plan.js";

/** What `predict` may be asked for. */
export const predictOptions: readonly (keyof PredictOptions)[] = [
  "outputs",
  "as",
  "batch",
  "dimensions",
  "seed",
  "members",
];

/** Throws NnError "option" for members of a net that has none, and for what is neither true nor false. */
export function resultNames(
  plan: Plan,
  { members = false }: PredictOptions,
  outputs: readonly string[],
): readonly string[] {
  checkChoice("members", members, true, false);
  if (!members) return outputs;
  const isEnsemble = plan.programs.some(({ results }) =>
    results.some(({ name }) => name.endsWith(membersSuffix)),
  );
  if (!isEnsemble) {
    fail(
      "option",
      `${plan.model} is no ensemble, so there are no members: \`ensemble 5\` in a train block makes one`,
    );
  }
  return outputs.map((name) => name + membersSuffix);
}

/** The output of a result. */
export function outputOf(name: string): string {
  return name.endsWith(membersSuffix) ? name.slice(0, -membersSuffix.length) : name;
}
