// In: a plan, one of its programs and sizes; out: random values of the inputs that the program does not draw itself.
import type { Values } from "../../runtime/backend.js";
import { countOf, evaluateShape } from "../../runtime/dimensions.js";
import type { Dimensions } from "../../runtime/dimensions.js";
import type { Plan, PlanHeld, PlanInput, PlanProgram } from "../../runtime/plan.js";
import { findDraw } from "../../runtime/session.js";
import { randomSource } from "../gradcheck/measure.js";

/** Of integers whose range is not known. */
const usualRange = 10;

export function randomInputs(
  plan: Plan,
  program: PlanProgram,
  sizes: Dimensions,
): ReadonlyMap<string, Values> {
  const declared = [...plan.inputs, ...(plan.held ?? [])];
  const given = declared.filter(
    ({ name }) => program.inputs.includes(name) && findDraw(plan, name) < 0,
  );
  return new Map(given.map((input, at) => [input.name, randomValues(input, sizes, 1 + at)]));
}

/** Inputs from normal(0, 1), targets from uniform(0, 1), integers within their range. */
function randomValues(input: PlanInput | PlanHeld, sizes: Dimensions, seed: number): Values {
  const length = countOf(evaluateShape(input.shape, sizes));
  const { uniform, normal } = randomSource(seed);
  if (input.type === "f32") {
    const isTarget = "role" in input && input.role === "target";
    return Float32Array.from({ length }, isTarget ? uniform : normal);
  }
  const [least, end] = input.type === "bool" ? [0, 2] : rangeOf(input);
  const whole = (): number => least + Math.floor(uniform() * (end - least));
  return input.type === "i32"
    ? Int32Array.from({ length }, whole)
    : Uint32Array.from({ length }, whole);
}

function rangeOf(input: PlanInput | PlanHeld): readonly [number, number] {
  if ("range" in input) return input.range;
  return [0, ("categories" in input ? input.categories : undefined) ?? usualRange];
}
