// An input of whose values the model asks which the data had none of comes in; how its buffer marks those, and the name of their mask, goes out.
import type { ElementType } from "./types/graph.js";

/** The leaf that stands for the mask of an input; no name of a program is like it. */
export const maskOf = (input: string): string => `${input}${ending}`;

/** The input of a leaf, which is itself or its mask. */
export const inputOfLeaf = (leaf: string): string =>
  leaf.endsWith(ending) ? leaf.slice(0, -ending.length) : leaf;

const ending = " is missing";

/**
 * What the host puts where a value is missing, of which programs make the mask and the declared value: the number of the type
 * that data has least use for. NaN would do for floats alone, and shaders need not keep it.
 */
export function markerOf(type: Exclude<ElementType, "bool">): number {
  return { f32: -3.4028234663852886e38, i32: -(2 ** 31), u32: 2 ** 32 - 1 }[type];
}
