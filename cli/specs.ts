// In: the plan of a compiled model; out: what its inputs and targets want of the data.
import { formatShape } from "../runtime/dimensions.js";
import type { Plan, PlanDim, PlanInput } from "../runtime/plan.js";
import type { InputSpec } from "./data/spec.js";
import { Failure } from "./failure.js";

/** A computed dimension stays text; only plain names are compared between arrays. */
export function planShape(shape: readonly PlanDim[]): (number | string)[] {
  return shape.map((dim) => (typeof dim === "number" ? dim : formatShape([dim]).slice(1, -1)));
}

function specOf(input: PlanInput, optional: boolean): InputSpec {
  const { name, role, type, categories, range, bounds, missing, shape } = input;
  return {
    name,
    role,
    type: categories === undefined ? type : "category",
    shape: planShape(shape),
    optional: optional || input.source === "drawn",
    ...(categories === undefined ? {} : { categories }),
    ...(range === undefined ? {} : { range }),
    ...(bounds === undefined ? {} : { bounds }),
    ...(missing === undefined ? {} : { missing }),
  };
}

/** All that data may be given for; what is not in `needed` may be left out. Computed targets never are given. */
export function inputSpecs(plan: Plan, needed: ReadonlySet<string>): InputSpec[] {
  return plan.inputs
    .filter((input) => input.source !== "computed")
    .map((input) => specOf(input, !needed.has(input.name)));
}

/** The trained values of free dimensions but `batch`: the length of a window of text. */
export function trainedLengths(plan: Plan): Map<string, number> {
  return new Map(
    plan.dimensions
      .filter(({ name }) => name !== "batch")
      .map(({ name, trained }) => [name, trained]),
  );
}

/** `--examples` says how many to draw, and data say for themselves how many they have. Throws Failure. */
export function refuseUndrawn(
  { model, inputs }: Plan,
  { examples }: { readonly examples: number | undefined },
  wanted: number | undefined,
): void {
  if (wanted === undefined) return;
  const isDrawn = inputs.some(({ source }) => source !== "given");
  if (isDrawn && examples === undefined) return;
  const why = isDrawn ? `the data given have ${examples ?? 0}` : `${model} draws nothing`;
  throw new Failure(2, "usage", `--examples says how many examples are drawn, and ${why}`, {
    hint: "--rows A:B takes a part of the data",
  });
}
