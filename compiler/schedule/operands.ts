// Takes a scalar, gives the scalars that it is computed from, the scalar over others, and walks over all that some need.
import { reachable } from "../reachable.js";
import type { Over } from "../rewrite.js";
import type { Axis, Scalar } from "../types/nest.js";

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

/** A scalar over what takes its operands' places: the very scalar where these are the same. */
export const overOperands: Over<Scalar> = (scalar, inner) => {
  switch (scalar.kind) {
    case "literal":
    case "axis":
    case "dim":
    case "host":
    case "argument":
      return scalar;
    case "load": {
      const index = inner(scalar.index);
      return index === scalar.index ? scalar : { ...scalar, index };
    }
    case "random": {
      const [stream, index] = [inner(scalar.stream), inner(scalar.index)];
      return stream === scalar.stream && index === scalar.index
        ? scalar
        : { ...scalar, stream, index };
    }
    case "op": {
      const operands = scalar.arguments.map(inner);
      const same = operands.every((operand, at) => operand === scalar.arguments[at]);
      return same ? scalar : { ...scalar, arguments: operands };
    }
    case "guard": {
      const condition = inner(scalar.condition);
      const [value, otherwise] = [inner(scalar.value), inner(scalar.otherwise)];
      const same = value === scalar.value && otherwise === scalar.otherwise;
      return same && condition === scalar.condition
        ? scalar
        : { ...scalar, condition, value, otherwise };
    }
    case "reduce": {
      const value = inner(scalar.value);
      return value === scalar.value ? scalar : { ...scalar, value };
    }
  }
};

/** Every scalar that the roots are computed from, each once, roots included. */
export function reachableScalars(roots: readonly Scalar[]): Set<Scalar> {
  return reachable(roots, operandsOf);
}

const noAxes: ReadonlySet<Axis> = new Set();

/** The axes that a scalar depends on, those that its own reductions bind left out. */
export function createAxesOf(): (scalar: Scalar) => ReadonlySet<Axis> {
  const memo = new Map<Scalar, ReadonlySet<Axis>>();
  const axesOf = (scalar: Scalar): ReadonlySet<Axis> => {
    const known = memo.get(scalar);
    if (known) return known;
    const axes = collectAxes(scalar);
    memo.set(scalar, axes);
    return axes;
  };
  const collectAxes = (scalar: Scalar): ReadonlySet<Axis> => {
    if (scalar.kind === "axis") return new Set([scalar.axis]);
    const operands = operandsOf(scalar).map(axesOf);
    const largest = operands.reduce((a, b) => (b.size > a.size ? b : a), noAxes);
    const bound = scalar.kind === "reduce" ? scalar.axes : [];
    const covered = operands.every((set) => [...set].every((axis) => largest.has(axis)));
    // Most scalars depend on what one of their operands depends on, and share its set.
    if (covered && bound.length === 0) return largest;
    const axes = new Set(operands.flatMap((set) => [...set]));
    for (const axis of bound) axes.delete(axis);
    return axes;
  };
  return axesOf;
}
