// The inputs of a plan and the sizes of its free dimensions in; data of the declared types, the same in every run, out.

import type { Plan, PlanInput } from "../../runtime/plan.js";
import { countOf, evaluateShape } from "../../runtime/dimensions.js";
import { generator } from "./sampleValues.js";

export interface DrawnTensor {
  readonly data: number[];
  readonly shape: number[];
}

/** Of every input that is given (or only of these roles). */
export function drawnData(
  plan: Plan,
  dimensions: Readonly<Record<string, number>>,
  roles: readonly PlanInput["role"][] = ["input", "target"],
): Record<string, DrawnTensor> {
  const given = plan.inputs.filter(
    (input) => input.source === "given" && roles.includes(input.role),
  );
  return Object.fromEntries(
    given.map((input, at) => {
      const shape = [...evaluateShape(input.shape, dimensions)];
      const next = generator(at + 31);
      const length = countOf(shape);
      return [input.name, { shape, data: Array.from({ length }, () => entry(input, next())) }];
    }),
  );
}

/** Numbers between 0 and 1, classes, truth values, small whole numbers. */
function entry({ type, categories }: PlanInput, unit: number): number {
  if (categories !== undefined) return Math.floor(unit * categories);
  if (type === "bool") return unit < 0.5 ? 0 : 1;
  return type === "f32" ? Math.fround(0.02 + 0.96 * unit) : Math.floor(unit * 5);
}
