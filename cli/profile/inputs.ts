// In: a plan, one of its programs and sizes; out: random values of the inputs that the program does not draw itself.
import { totalmem } from "node:os";
import { emptyValues } from "../../runtime/backend.js";
import type { Values } from "../../runtime/backend.js";
import { countOf, evaluateShape } from "../../runtime/dimensions.js";
import type { Dimensions } from "../../runtime/dimensions.js";
import { noMemory } from "../../runtime/errors.js";
import { bytesOf, layOut } from "../../runtime/layout.js";
import type { Plan, PlanHeld, PlanInput, PlanProgram } from "../../runtime/plan.js";
import { findDraw } from "../../runtime/session.js";
import { randomSource } from "../gradcheck/measure.js";
import { bytesText } from "../numbers.js";

/** Of integers whose range is not known. */
const usualRange = 10;

export function randomInputs(
  plan: Plan,
  program: PlanProgram,
  sizes: Dimensions,
): ReadonlyMap<string, Values> {
  const given = inputsOf(plan, program);
  return new Map(given.map((input, at) => [input.name, randomValues(input, sizes, 1 + at)]));
}

function inputsOf(plan: Plan, program: PlanProgram): readonly (PlanInput | PlanHeld)[] {
  const declared = [...plan.inputs, ...(plan.held ?? [])];
  return declared.filter(({ name }) => program.inputs.includes(name) && findDraw(plan, name) < 0);
}

/** Throws NnError "out-of-memory" where it is clear beforehand: some systems end a process that fills what it was given. */
export function checkMemory(plan: Plan, program: PlanProgram, sizes: Dimensions): void {
  const given = inputsOf(plan, program).reduce(
    (sum, { shape }) => sum + wordBytes * countOf(evaluateShape(shape, sizes)),
    0,
  );
  // Inputs lie here and on the device.
  const needed = 2 * given + bytesOf(layOut(program.slots, sizes, Infinity));
  if (needed > totalmem()) throw noMemory(`the ${bytesText(needed)} of a run`);
}

const wordBytes = 4;

/** Of more numbers the first are repeated: to draw all would take longer than what is measured. */
const mostDrawn = 65_521;

/** Inputs from normal(0, 1), targets from uniform(0, 1), integers within their range. */
function randomValues(input: PlanInput | PlanHeld, sizes: Dimensions, seed: number): Values {
  const values = emptyOf(input, countOf(evaluateShape(input.shape, sizes)));
  const { length } = values;
  const draw = drawOf(input, seed);
  const drawn = Math.min(length, mostDrawn);
  for (let at = 0; at < drawn; at++) values[at] = draw();
  for (let end = drawn; end > 0 && end < length; end *= 2)
    values.copyWithin(end, 0, Math.min(end, length - end));
  return values;
}

function emptyOf({ name, type }: PlanInput | PlanHeld, length: number): Values {
  try {
    return emptyValues(type, 32, length);
  } catch {
    throw noMemory(`the ${length} numbers of ${name}`);
  }
}

function drawOf(input: PlanInput | PlanHeld, seed: number): () => number {
  const { uniform, normal } = randomSource(seed);
  if (input.type === "f32") {
    const isTarget = "role" in input && input.role === "target";
    return isTarget ? uniform : normal;
  }
  const [least, end] = input.type === "bool" ? [0, 2] : rangeOf(input);
  return () => least + Math.floor(uniform() * (end - least));
}

function rangeOf(input: PlanInput | PlanHeld): readonly [number, number] {
  if ("range" in input) return input.range;
  return [0, ("categories" in input ? input.categories : undefined) ?? usualRange];
}
