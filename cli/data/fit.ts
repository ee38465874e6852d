// In: the shape of an array and the shape that a model wants; out: the wanted shape with its free dimensions
// filled in, or undefined where the array does not fit.
import { countOf } from "../../runtime/dimensions.js";

export type WantedShape = readonly (number | string)[];

/** Whether a dimension is a plain free name; a computed one ("2 * n") is checked when the model runs. */
function agrees(found: number, wanted: number | string): boolean {
  return typeof wanted === "string" || found === wanted;
}

/**
 * Pairs the axes in order; an axis of length 1 may be missing from or extra in the found shape. Gives for
 * each wanted axis its size. Axes are paired with each other before one is left out, from the front.
 */
function pairAxes(found: readonly number[], wanted: WantedShape): number[] | undefined {
  const dead = new Set<string>();
  const pair = (i: number, j: number): number[] | undefined => {
    const size = found[i];
    const want = wanted[j];
    if (size === undefined && want === undefined) return [];
    const key = `${i},${j}`;
    if (dead.has(key)) return undefined;
    if (size !== undefined && want !== undefined && agrees(size, want)) {
      const rest = pair(i + 1, j + 1);
      if (rest) return [size, ...rest];
    }
    if (size === 1) {
      const rest = pair(i + 1, j);
      if (rest) return rest;
    }
    if (want === 1) {
      const rest = pair(i, j + 1);
      if (rest) return [1, ...rest];
    }
    dead.add(key);
    return undefined;
  };
  return pair(0, 0);
}

/**
 * The wanted shape in numbers. Besides axes of length 1, a flat row `[rows, n]` takes the declared shape
 * of a row where n is its number of elements; nothing else is reshaped.
 */
export function fitShape(found: readonly number[], wanted: WantedShape): number[] | undefined {
  const paired = pairAxes(found, wanted);
  if (paired) return paired;
  const [rows, width, ...more] = found;
  const row = wanted.slice(1);
  if (rows === undefined || width === undefined || more.length > 0) return undefined;
  if (typeof wanted[0] !== "string") return undefined;
  const sizes = row.filter((size) => typeof size === "number");
  if (sizes.length !== row.length || countOf(sizes) !== width) return undefined;
  return [rows, ...sizes];
}
