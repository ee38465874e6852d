// A program over a whole set in; what the user wrote that it is run for, in words for a message, out.

import type { Plan, PlanProgram } from "../plan.js";

const words: Readonly<Record<string, string>> = {
  loss: "the loss",
  penalty: "the regularizer",
  metric: "the metric",
};

/** The losses, metrics and fitted values that a program of a series computes or prepares. */
export function servedBy(plan: Plan, program: PlanProgram): string {
  const names = new Set<string>();
  // A set is visited with what is added on the way: the programs that go on with held values.
  const programs = new Set([program]);
  for (const one of programs) {
    for (const { name } of one.results) {
      if (plan.held?.some((held) => held.name === name) !== true) names.add(inWords(name));
      for (const other of plan.programs) {
        if (other.series === program.series && other.inputs.includes(name)) programs.add(other);
      }
    }
    if (one.series === "fitted") for (const name of fittedBy(plan, one)) names.add(name);
  }
  return [...names].join(", ") || program.name;
}

/** "metric.accuracy" as "the metric accuracy". */
function inWords(name: string): string {
  const [kind = "", ...rest] = name.split(".");
  return Object.hasOwn(words, kind) ? `${words[kind] ?? ""} ${rest.join(".")}` : name;
}

function fittedBy(plan: Plan, { dispatches }: PlanProgram): string[] {
  const storages = new Set(
    dispatches.flatMap(({ buffers }) =>
      buffers.flatMap((buffer) => (buffer.kind === "storage" ? [buffer.storage] : [])),
    ),
  );
  return plan.parameters
    .filter(({ role, storage }) => role === "fitted" && storages.has(storage))
    .map(({ name }) => `the fitted value ${name}`);
}
