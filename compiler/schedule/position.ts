// Takes axes, gives the scalar of their point's row-major position.
import type { Dim } from "../types/dimension.js";
import type { Axis, Scalar } from "../types/nest.js";

/** 0 of none. */
export function positionOf(axes: readonly Axis[]): Scalar {
  const [first, ...others] = axes;
  if (!first) return indexLiteral(0);
  return others.reduce(
    (position, axis) =>
      indexOperation(
        "add",
        indexOperation("multiply", position, extentOf(axis.extent)),
        indexOf(axis),
      ),
    indexOf(first),
  );
}

export function indexOperation(op: "add" | "multiply", left: Scalar, right: Scalar): Scalar {
  return { kind: "op", type: "index", op, arguments: [left, right] };
}

export function indexOf(axis: Axis): Scalar {
  return { kind: "axis", type: "index", axis };
}

export function indexLiteral(value: number): Scalar {
  return { kind: "literal", type: "index", value };
}

export function extentOf(extent: Dim): Scalar {
  return typeof extent === "number"
    ? indexLiteral(extent)
    : { kind: "dim", type: "index", dim: extent };
}
