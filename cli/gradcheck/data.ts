// In: what a model's inputs want, the data given and the sizes of free dimensions; out: a small batch for each, drawn where none is given.
import { countOf, evaluateShape } from "../../runtime/dimensions.js";
import type { Dimensions } from "../../runtime/dimensions.js";
import type { Plan } from "../../runtime/plan.js";
import type { Batch, GivenTensor } from "../batches.js";
import type { BoundData } from "../data/bind.js";
import type { InputSpec } from "../data/spec.js";
import { randomSource } from "./measure.js";

/** Inputs are drawn from normal(0, 1), targets from uniform(0, 1), integers from small ranges. */
function drawn(spec: InputSpec, shape: readonly number[], seed: number): GivenTensor {
  const { uniform, normal } = randomSource(seed);
  const length = countOf(shape);
  const whole = (below: number) => (): number => Math.floor(uniform() * below);
  switch (spec.type) {
    case "f32": {
      const draw = spec.role === "target" ? uniform : normal;
      return { data: Float32Array.from({ length }, draw), shape };
    }
    case "i32":
      return { data: Int32Array.from({ length }, whole(10)), shape };
    case "u32":
      return { data: Uint32Array.from({ length }, whole(10)), shape };
    case "category":
      return { data: Uint32Array.from({ length }, whole(spec.categories ?? 2)), shape };
    case "bool":
      return { data: Uint8Array.from({ length }, whole(2)), shape };
  }
}

/** Free dimensions that no data given tells: those of inputs that the model draws itself. */
export function checkDimensions(sizes: Dimensions, given: BoundData): Dimensions {
  return Object.fromEntries(Object.entries(sizes).filter(([name]) => !given.free.has(name)));
}

/** The first rows of what was given, and draws for the other inputs that no draw of the model's own fills. */
export function checkData(
  { inputs }: Plan,
  specs: readonly InputSpec[],
  given: BoundData,
  sizes: Dimensions,
): Batch {
  const entries = specs.flatMap((spec, at): [string, GivenTensor][] => {
    const array = given.arrays.get(spec.name);
    if (array === undefined) {
      if (spec.optional) return [];
      const declared = inputs.find(({ name }) => name === spec.name)?.shape ?? [];
      return [[spec.name, drawn(spec, evaluateShape(declared, sizes), 1000 + at)]];
    }
    const [rows = 0, ...rest] = array.shape;
    if (!array.perExample) return [[spec.name, { data: array.data, shape: array.shape }]];
    const taken = Math.min(rows, sizes.batch ?? rows);
    const width = countOf(rest);
    return [[spec.name, { data: array.data.slice(0, taken * width), shape: [taken, ...rest] }]];
  });
  return Object.fromEntries(entries);
}
