// A tensor and a rearrangement in; the records of ops whose every output element is one input element or a fill value out.

import {
  addDims,
  dimEqual,
  dimText,
  elementCount,
  multiplyDims,
  shapeText,
  subtractDims,
} from "../types/dimension.js";
import { isAlwaysNegative } from "../types/bounds.js";
import type { Dim } from "../types/dimension.js";
import type { Node, NodeOf, OpName, Shape } from "../types/graph.js";
import {
  at,
  broadcastShapes,
  extentAt,
  indices,
  inputAt,
  wantAxes,
  wantOperands,
} from "./broadcast.js";
import { isProblem, problem } from "./problem.js";
import type { ShapeProblem } from "./problem.js";
import { vjp } from "./rule.js";
import { reshapeIndex } from "./indexing.js";
import type { Arrangement, GatherLowering, GatherRequest, OpTable, ElementRun } from "./rule.js";

type ViewName = "reshape" | "transpose" | "broadcast" | "slice" | "pad" | "flip";

/** A view whose elements all come from operand 0. */
function view<K extends OpName>(
  arrangement: Arrangement<K>,
  map: <E>(request: GatherRequest<E, K>) => readonly E[],
): GatherLowering<K> {
  return {
    kind: "gather",
    arrangement,
    summed: () => [],
    fill: () => undefined,
    sources: (request) => [{ operand: 0, index: map(request), guard: undefined }],
  };
}

/** Of a flat operand, entries next to each other. */
function runOfSlice({ inputs, attributes }: NodeOf<"slice">): ElementRun | undefined {
  const [start, ...others] = attributes.starts;
  const [count] = attributes.counts;
  const isFlat = inputAt(inputs, 0).shape.length === 1 && others.length === 0;
  if (!isFlat || start === undefined || count === undefined || attributes.steps[0] !== 1)
    return undefined;
  return { start, count };
}

/** Whether each entry of parallel lists is a whole number of at least `least`, where it is known. */
function atLeast(list: readonly Dim[], least: number): boolean {
  return list.every(
    (entry) => typeof entry !== "number" || (Number.isInteger(entry) && entry >= least),
  );
}

function wantLength(
  list: readonly unknown[],
  shape: Shape,
  what: string,
): ShapeProblem | undefined {
  if (list.length === shape.length) return undefined;
  return problem("axis", `${what} says something of every axis`, {
    expected: `${shape.length} entries for ${shapeText(shape)}`,
    found: `${list.length} entries`,
    operands: [0],
  });
}

/** `last` is the highest index that a slice touches along an axis. */
function wantInside(axis: number, last: Dim, extent: Dim, shape: Shape): ShapeProblem | undefined {
  const room = subtractDims(extent, last);
  if (!isAlwaysNegative(subtractDims(room, 1))) return undefined;
  return problem("shape", `a slice reaches beyond axis ${axis} of ${shapeText(shape)}`, {
    expected: `indices from 0 to ${dimText(subtractDims(extent, 1))}`,
    found: `index ${dimText(last)}`,
    operands: [0],
  });
}

/** The highest index of a slice: start + (count − 1) · step. */
function lastIndex(start: Dim, count: Dim, step: number): Dim {
  return addDims(start, multiplyDims(step, subtractDims(count, 1)));
}

function sliceProblem(
  shape: Shape,
  attributes: {
    readonly starts: readonly Dim[];
    readonly counts: Shape;
    readonly steps: readonly number[];
  },
): ShapeProblem | undefined {
  const { starts, counts, steps } = attributes;
  const wrong =
    wantLength(starts, shape, "slice") ??
    wantLength(counts, shape, "slice") ??
    wantLength(steps, shape, "slice");
  if (wrong !== undefined) return wrong;
  if (!atLeast(starts, 0) || !atLeast(steps, 1) || starts.some(isAlwaysNegative)) {
    return problem("argument", "a slice starts at 0 or later and steps forward", { operands: [0] });
  }
  if (!atLeast(counts, 1) || counts.some(isAlwaysNegative)) {
    return problem("shape", `this slice of ${shapeText(shape)} is empty`, { operands: [0] });
  }
  for (const axis of indices(shape.length)) {
    const last = lastIndex(at(starts, axis), at(counts, axis), at(steps, axis));
    const outside = wantInside(axis, last, at(shape, axis), shape);
    if (outside !== undefined) return outside;
  }
  return undefined;
}

function padSources<E>({ k, node, out }: GatherRequest<E, "pad">): {
  index: E[];
  guard: E | undefined;
} {
  const { before, after, interior } = node.attributes;
  const { shape } = inputAt(node.inputs, 0);
  const guards: E[] = [];
  const index = out.map((position, axis) => {
    const front = at(before, axis);
    const stride = at(interior, axis) + 1;
    const shifted = front === 0 ? position : k.add(position, k.constant(multiplyDims(-1, front)));
    if (front !== 0) guards.push(k.lessEqual(k.constant(0), shifted));
    const last = multiplyDims(stride, subtractDims(at(shape, axis), 1));
    if (at(after, axis) !== 0) guards.push(k.lessEqual(shifted, k.constant(last)));
    if (stride === 1) return shifted;
    guards.push(k.equal(k.modulo(shifted, stride), k.constant(0)));
    return k.divide(shifted, stride);
  });
  const guard =
    guards.length === 0 ? undefined : guards.reduce((left, right) => k.and(left, right));
  return { index, guard };
}

export const views: Pick<OpTable, ViewName> = {
  reshape: {
    family: "gather",
    doc: "The same elements in row-major order, in another shape.",
    shape: ({ inputs, attributes: { shape } }) => {
      const wrong = wantOperands(inputs, 1, "reshape");
      if (wrong !== undefined) return wrong;
      const x = inputAt(inputs, 0);
      const [have, want] = [elementCount(x.shape), elementCount(shape)];
      if (dimEqual(have, want)) return { type: x.type, shape };
      return problem(
        "shape",
        `${shapeText(x.shape)} has ${dimText(have)} elements, ${shapeText(shape)} has ${dimText(want)}`,
        {
          expected: `a shape of ${dimText(have)} elements`,
          found: shapeText(shape),
          operands: [0],
        },
      );
    },
    vjp: vjp("each", ({ b, node, g }) => [b.reshape(g, inputAt(node.inputs, 0).shape)]),
    lift: ({ b, node, inputs, extent }) =>
      b.node("reshape", inputs, { shape: [extent, ...node.shape] }),
    lowering: view({ kind: "kept" }, ({ k, node, out }) =>
      reshapeIndex(k, out, inputAt(node.inputs, 0).shape, node.shape),
    ),
  },
  transpose: {
    family: "gather",
    doc: "The axes in another order: axis i of the result is axis permutation[i] of the operand.",
    shape: ({ inputs, attributes: { permutation } }) => {
      const wrong = wantOperands(inputs, 1, "transpose");
      if (wrong !== undefined) return wrong;
      const x = inputAt(inputs, 0);
      return (
        wantLength(permutation, x.shape, "transpose") ??
        wantAxes(permutation, x.shape, "transpose") ?? {
          type: x.type,
          shape: permutation.map((axis) => at(x.shape, axis)),
        }
      );
    },
    vjp: vjp("each", ({ b, node, g }) => {
      const { permutation } = node.attributes;
      return [
        b.transpose(
          g,
          indices(permutation.length).map((axis) => permutation.indexOf(axis)),
        ),
      ];
    }),
    lift: ({ b, node, inputs }) =>
      b.node("transpose", inputs, {
        permutation: [0, ...node.attributes.permutation.map((axis) => axis + 1)],
      }),
    lowering: view({ kind: "permuted" }, ({ node, out }) => {
      const { permutation } = node.attributes;
      return indices(permutation.length).map((axis) => at(out, permutation.indexOf(axis)));
    }),
  },
  broadcast: {
    family: "gather",
    doc: "Repeated along axes of 1 and missing leading axes, to a given shape.",
    shape: ({ inputs, attributes: { shape } }) => {
      const wrong = wantOperands(inputs, 1, "broadcast");
      if (wrong !== undefined) return wrong;
      const x = inputAt(inputs, 0);
      const joined = broadcastShapes([shape, x.shape]);
      if (
        !isProblem(joined) &&
        joined.length === shape.length &&
        joined.every((d, i) => dimEqual(d, at(shape, i)))
      ) {
        return { type: x.type, shape };
      }
      return problem("shape", `${shapeText(x.shape)} does not fill ${shapeText(shape)}`, {
        expected: `axes of 1, or those of ${shapeText(shape)}`,
        found: shapeText(x.shape),
        operands: [0],
      });
    },
    // The driver undoes the broadcasting.
    vjp: vjp("many", ({ g }) => [g]),
    lift: ({ b, node, inputs, extent }) => {
      const x = inputAt(inputs, 0);
      const missing = node.shape.length - (x.shape.length - 1);
      const ones = Array.from({ length: missing }, () => 1);
      const aligned = b.reshape(x, [extent, ...ones, ...x.shape.slice(1)]);
      return b.node("broadcast", [aligned], { shape: [extent, ...node.shape] });
    },
    lowering: view({ kind: "repeated" }, ({ k, node, out }) => {
      const { shape } = inputAt(node.inputs, 0);
      const missing = out.length - shape.length;
      return shape.map((extent, axis) => (extent === 1 ? k.constant(0) : at(out, axis + missing)));
    }),
  },
  slice: {
    family: "gather",
    doc: "Every step-th element from a start, so many of each axis.",
    shape: ({ inputs, attributes }) => {
      const wrong = wantOperands(inputs, 1, "slice");
      if (wrong !== undefined) return wrong;
      const x = inputAt(inputs, 0);
      return sliceProblem(x.shape, attributes) ?? { type: x.type, shape: attributes.counts };
    },
    vjp: vjp("some", ({ b, node, g }) => {
      const { starts, counts, steps } = node.attributes;
      const { shape } = inputAt(node.inputs, 0);
      const after = shape.map((extent, axis) =>
        subtractDims(
          extent,
          addDims(lastIndex(at(starts, axis), at(counts, axis), at(steps, axis)), 1),
        ),
      );
      return [b.pad(g, starts, after, { interior: steps.map((step) => step - 1) })];
    }),
    lift: ({ b, node, inputs, extent }) => {
      const { starts, counts, steps } = node.attributes;
      return b.node("slice", inputs, {
        starts: [0, ...starts],
        counts: [extent, ...counts],
        steps: [1, ...steps],
      });
    },
    lowering: view({ kind: "run", of: runOfSlice }, ({ k, node, out }) => {
      const { starts, steps } = node.attributes;
      return out.map((position, axis) => {
        const step = at(steps, axis);
        const start = at(starts, axis);
        const scaled = step === 1 ? position : k.multiply(position, step);
        return start === 0 ? scaled : k.add(scaled, k.constant(start));
      });
    }),
    bounds: ({ inputs, attributes: { starts, counts, steps } }) =>
      inputAt(inputs, 0).shape.flatMap((extent, axis) => {
        const last = lastIndex(at(starts, axis), at(counts, axis), at(steps, axis));
        return [at(starts, axis), subtractDims(subtractDims(extent, 1), last)];
      }),
  },
  pad: {
    family: "gather",
    doc: "Surrounded, and spread out, by a value.",
    shape: ({ inputs, attributes: { before, after, interior } }) => {
      const wrong = wantOperands(inputs, 1, "pad");
      if (wrong !== undefined) return wrong;
      const x = inputAt(inputs, 0);
      const lengths =
        wantLength(before, x.shape, "pad") ??
        wantLength(after, x.shape, "pad") ??
        wantLength(interior, x.shape, "pad");
      if (lengths !== undefined) return lengths;
      const margins = [...before, ...after];
      if (!atLeast([...margins, ...interior], 0) || margins.some(isAlwaysNegative)) {
        return problem("argument", "padding is not negative; to take away, slice", {
          operands: [0],
        });
      }
      const shape = x.shape.map((extent, axis) =>
        addDims(at(before, axis), at(after, axis), lastIndex(1, extent, at(interior, axis) + 1)),
      );
      return { type: x.type, shape };
    },
    vjp: vjp("some", ({ b, node, g }) => {
      const { before, interior } = node.attributes;
      const { shape } = inputAt(node.inputs, 0);
      return [
        b.slice(
          g,
          before,
          shape,
          interior.map((gap) => gap + 1),
        ),
      ];
    }),
    lift: ({ b, node, inputs }) => {
      const { before, after, interior, value } = node.attributes;
      return b.node("pad", inputs, {
        before: [0, ...before],
        after: [0, ...after],
        interior: [0, ...interior],
        value,
      });
    },
    lowering: {
      kind: "gather",
      arrangement: { kind: "anyhow" },
      summed: () => [],
      fill: (node) => node.attributes.value,
      sources: (request) => [{ operand: 0, ...padSources(request) }],
    },
    bounds: ({ attributes: { before, after } }) => [...before, ...after],
  },
  flip: {
    family: "gather",
    doc: "Backwards along axes.",
    shape: ({ inputs, attributes: { axes } }) => {
      const wrong = wantOperands(inputs, 1, "flip");
      if (wrong !== undefined) return wrong;
      const x = inputAt(inputs, 0);
      return wantAxes(axes, x.shape, "flip") ?? { type: x.type, shape: x.shape };
    },
    vjp: vjp("each", ({ b, node, g }) => [b.flip(g, node.attributes.axes)]),
    lift: ({ b, node, inputs }) =>
      b.node("flip", inputs, { axes: node.attributes.axes.map((axis) => axis + 1) }),
    lowering: view({ kind: "permuted" }, ({ k, node, out }) =>
      out.map((position, axis) => {
        if (!node.attributes.axes.includes(axis)) return position;
        const last = subtractDims(extentAt(node.shape, axis), 1);
        return k.add(k.constant(last), k.multiply(position, -1));
      }),
    ),
  },
};

/** Whether nothing would change: for the builder's conveniences. */
export function isWhole(x: Node, starts: readonly Dim[], counts: Shape): boolean {
  return (
    starts.every((start) => start === 0) &&
    counts.every((count, axis) => dimEqual(count, at(x.shape, axis)))
  );
}
