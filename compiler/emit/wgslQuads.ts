// Takes a kernel whose quads load together, gives what WGSL needs for it: directives, built-in values, and the function that loads.
import type { Kernel } from "../kernel/ir.js";
import { quadSize, quadStrides } from "../kernel/ir.js";
import type { WideLoad } from "./wgslVectors.js";
import { laneNames, vectorName } from "./wgslVectors.js";

/** All invocations of a quad come to each load that they do together: `verifyKernel` holds it, and compilers see no proof. */
export const quadDirectives = [
  "enable subgroups;",
  "requires subgroup_id;",
  "diagnostic(off, subgroup_uniformity);",
];

export const quadParameters = ["subgroup_id", "subgroup_size", "subgroup_invocation_id"].map(
  (name) => `@builtin(${name}) ${name}: u32`,
);

/**
 * Nothing promises where in the workgroup the invocations of a subgroup stand: so each takes the place that its subgroup and its
 * number there give it, of which there are as many, where each workgroup is of whole subgroups.
 */
export const placeInQuads =
  "let local_index = subgroup_id * subgroup_size + subgroup_invocation_id;";

/** The element that an invocation loads for its quad, counted from the first one. */
export function laneLines({ body }: Kernel): readonly string[] {
  const strides = [...quadStrides(body)].filter((stride) => stride !== 1);
  return [
    `let lane = i32(subgroup_invocation_id % ${quadSize}u);`,
    ...strides.map((stride) => `let ${laneOffset(stride)} = lane * ${stride};`),
  ];
}

export function laneOffset(stride: number): string {
  return stride === 1 ? "lane" : `lane_${stride}`;
}

/** Its name: each invocation of a quad loads one element, `by` elements from the first, for all four. */
export function quadLoadFunction(
  functions: Map<string, string>,
  { binding, type }: WideLoad,
  half: boolean,
): string {
  const source = `b${binding + 1}`;
  const name = `quad_${source}`;
  const vector = vectorName(type, true);
  const elements = laneNames.map((_, lane) => `quadBroadcast(own, ${lane}u)`);
  functions.set(
    name,
    `fn ${name}(at: i32, by: i32) -> ${vector} {\n  let own = ${half ? `f32(${source}[at + by])` : `${source}[at + by]`};\n  return ${vector}(${elements.join(", ")});\n}`,
  );
  return name;
}
