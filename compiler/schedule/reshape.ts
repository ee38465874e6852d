// Takes an index into one shape, gives the index of the same row-major position in another, with as little division as possible.
import type { Dim } from "../types/dimension.js";
import { dimEqual, divideExactly, elementCount, multiplyDims } from "../types/dimension.js";
import type { Shape } from "../types/graph.js";
import type { Scalar } from "../types/nest.js";
import { linearIndex } from "./evaluation.js";
import type { ScalarBuilder } from "./scalars.js";

interface AxisRun {
  readonly from: number[];
  readonly to: number[];
}

/** `index` runs over `from`; both shapes have equally many elements. */
export function unflatten(
  k: ScalarBuilder,
  from: Shape,
  to: Shape,
  index: readonly Scalar[],
): Scalar[] {
  const result = to.map(() => k.index(0));
  for (const run of runsOfAxes(from, to)) {
    const position = linearIndex(
      k,
      run.from.map((axis) => from[axis] ?? 1),
      run.from.map((axis) => index[axis] ?? k.index(0)),
    );
    const extents = run.to.map((axis) => to[axis] ?? 1);
    for (const [at, axis] of run.to.entries()) {
      const quotient = k.divide(position, k.dim(elementCount(extents.slice(at + 1))));
      result[axis] = at === 0 ? quotient : k.modulo(quotient, k.dim(extents[at] ?? 1));
    }
  }
  return result;
}

/** Cuts both shapes into the shortest runs of axes with equal products; the rest is one run. */
function runsOfAxes(from: Shape, to: Shape): AxisRun[] {
  const runs: AxisRun[] = [];
  let left = 0;
  let right = 0;
  while (left < from.length || right < to.length) {
    const run = nextRun(from, to, left, right);
    runs.push(run);
    left += run.from.length;
    right += run.to.length;
  }
  return runs.filter((run) => run.to.length > 0);
}

function nextRun(from: Shape, to: Shape, left: number, right: number): AxisRun {
  const run: AxisRun = { from: [], to: [] };
  let a: Dim = 1;
  let b: Dim = 1;
  const takeLeft = (): void => {
    const axis = left + run.from.length;
    a = multiplyDims(a, from[axis] ?? 1);
    run.from.push(axis);
  };
  const takeRight = (): void => {
    const axis = right + run.to.length;
    b = multiplyDims(b, to[axis] ?? 1);
    run.to.push(axis);
  };
  const leftRemains = (): boolean => left + run.from.length < from.length;
  const rightRemains = (): boolean => right + run.to.length < to.length;
  if (leftRemains()) takeLeft();
  if (rightRemains()) takeRight();
  while (!dimEqual(a, b) && (leftRemains() || rightRemains())) {
    const growRight = leftRemains() ? divideExactly(a, b) !== undefined : true;
    if (growRight && rightRemains()) takeRight();
    else if (leftRemains()) takeLeft();
    else takeRight();
  }
  return run;
}
