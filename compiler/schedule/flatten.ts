// Takes a loop nest, gives it over a single axis where it touches every buffer at the same row-major position.
import type { Dim } from "../types/dimension.js";
import type { Axis, LoopNest, Scalar } from "../types/nest.js";
import { operandsOf } from "./operands.js";
import type { ScalarBuilder } from "./scalars.js";

/**
 * Elementwise kernels over several axes mostly read and write at the position of the point: then the axes need not be
 * told apart, and neither division nor multiplication is left. `position` is the row-major position of the point.
 */
export function flattenNest(
  k: ScalarBuilder,
  nest: LoopNest,
  newAxis: (extent: Dim) => Axis,
  elements: Dim,
  position: Scalar,
): LoopNest {
  if (nest.axes.length < 2 || nest.stores.some(({ rows }) => rows !== undefined)) return nest;
  const outer = new Set(nest.axes);
  const roots = nest.stores.flatMap((store) => [store.index, store.value]);
  if (!onlyThrough(roots, position, outer)) return nest;
  const axis = newAxis(elements);
  const replace = replacer(k, position, k.axis(axis));
  return {
    ...nest,
    axes: [axis],
    stores: nest.stores.map((store) => ({
      buffer: store.buffer,
      index: replace(store.index),
      value: replace(store.value),
    })),
  };
}

/** No axis of `outer` is reached but through `position`, with nothing added behind it that mixes axes. */
function onlyThrough(
  roots: readonly Scalar[],
  position: Scalar,
  outer: ReadonlySet<Axis>,
): boolean {
  const seen = new Set<Scalar>([position]);
  const stack = [...roots];
  for (let scalar = stack.pop(); scalar !== undefined; scalar = stack.pop()) {
    if (seen.has(scalar)) continue;
    seen.add(scalar);
    if (scalar.kind === "axis" && outer.has(scalar.axis)) return false;
    stack.push(...operandsOf(scalar));
  }
  return true;
}

function replacer(k: ScalarBuilder, from: Scalar, to: Scalar): (scalar: Scalar) => Scalar {
  const memo = new Map<Scalar, Scalar>([[from, to]]);
  const replace = (scalar: Scalar): Scalar => {
    const known = memo.get(scalar);
    if (known !== undefined) return known;
    const made = rebuild(k, scalar, replace);
    memo.set(scalar, made);
    return made;
  };
  return replace;
}

function rebuild(k: ScalarBuilder, scalar: Scalar, replace: (scalar: Scalar) => Scalar): Scalar {
  switch (scalar.kind) {
    case "literal":
    case "axis":
    case "dim":
    case "host":
    case "argument":
      return scalar;
    case "load":
      return k.load(scalar.buffer, replace(scalar.index), scalar.type);
    case "random":
      return k.random(scalar.source, scalar.stream, replace(scalar.index));
    case "op":
      return k.op(scalar.op, scalar.type, ...scalar.arguments.map(replace));
    case "guard":
      return k.guard(replace(scalar.condition), replace(scalar.value), replace(scalar.otherwise));
    case "reduce":
      return k.reduce(
        scalar.combine,
        scalar.type,
        scalar.axes,
        replace(scalar.value),
        scalar.terms,
      );
  }
}
