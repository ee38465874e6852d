// Takes a scalar, gives the scalars that it is computed from, and walks over all that some need.
import { reachable } from "../reachable.js";
import type { Scalar } from "../types/nest.js";

/** The scalars that a scalar is computed from. */
export function operandsOf(scalar: Scalar): readonly Scalar[] {
  switch (scalar.kind) {
    case "literal":
    case "axis":
    case "dim":
    case "host":
    case "argument":
      return [];
    case "load":
      return [scalar.index];
    case "random":
      return [scalar.stream, scalar.index];
    case "op":
      return scalar.arguments;
    case "guard":
      return [scalar.condition, scalar.value, scalar.otherwise];
    case "reduce":
      return [scalar.value];
  }
}

/** Every scalar that the roots are computed from, each once, roots included. */
export function reachableScalars(roots: readonly Scalar[]): Set<Scalar> {
  return reachable(roots, operandsOf);
}
