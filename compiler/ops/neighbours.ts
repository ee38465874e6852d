// Tensors in; the records of ops that gather over neighbouring elements out: windows and their adjoint, joins, running sums.

import {
  addDims,
  dimEqual,
  dimText,
  floorDivideDims,
  multiplyDims,
  shapeText,
  subtractDims,
} from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { Shape, WindowAttributes } from "../types/graph.js";
import {
  at,
  extentAt,
  inputAt,
  wantAxes,
  wantAxis,
  wantOperands,
  wantSameType,
  wantType,
} from "./broadcast.js";
import { numbers, real } from "./pointwise.js";
import { problem } from "./problem.js";
import type { ShapeProblem } from "./problem.js";
import { vjp } from "./rule.js";
import type { GatherRequest, GatherSource, OpTable } from "./rule.js";

type NeighbourName = "window" | "fold" | "concat" | "cumsum";

/** How many windows fit: ⌊(extent − reach) / stride⌋ + 1, where reach = dilation · (size − 1) + 1. */
export function windowCount(extent: Dim, size: number, stride: number, dilation: number): Dim {
  const reach = dilation * (size - 1) + 1;
  return addDims(floorDivideDims(subtractDims(extent, reach), stride), 1);
}

/** The counts of windows along the slid axes, or a problem where none fits. */
function windowCounts(
  extents: Shape,
  { sizes, strides, dilations, axes }: WindowAttributes,
): Shape | ShapeProblem {
  const counts: Dim[] = [];
  for (const [slot, extent] of extents.entries()) {
    const size = at(sizes, slot);
    const count = windowCount(extent, size, at(strides, slot), at(dilations, slot));
    if (typeof count === "number" && count < 1) {
      return problem(
        "shape",
        `a window of ${size} does not fit into ${dimText(extent)} along axis ${at(axes, slot)}`,
        {
          expected: `an axis of at least ${at(dilations, slot) * (size - 1) + 1}`,
          found: dimText(extent),
          operands: [0],
        },
      );
    }
    counts.push(count);
  }
  return counts;
}

function wantParallel(attributes: WindowAttributes): ShapeProblem | undefined {
  const { axes, sizes, strides, dilations } = attributes;
  const lists = [sizes, strides, dilations];
  const fits = lists.every(
    (list) => list.length === axes.length && list.every((n) => Number.isInteger(n) && n >= 1),
  );
  if (fits) return undefined;
  return problem(
    "argument",
    "sizes, strides and dilations are positive integers, one for each slid axis",
  );
}

function lifted(attributes: WindowAttributes): WindowAttributes {
  return { ...attributes, axes: attributes.axes.map((axis) => axis + 1) };
}

/**
 * How many windows may hold an element of a slid axis. Undilated ones start at ⌊i / stride⌋ and before it, so that only
 * those that reach i are tried; dilated ones are tried one element of a window after the other.
 */
function foldTries({ sizes, strides, dilations }: WindowAttributes, slot: number): number {
  const size = at(sizes, slot);
  return at(dilations, slot) === 1 ? Math.ceil(size / at(strides, slot)) : size;
}

interface FoldSource<E> {
  readonly window: E;
  readonly within: E;
  readonly guards: readonly E[];
}

/** The window of try t that may hold element i, and the index of i within it, along one axis. */
function foldSource<E>(
  { k, node }: GatherRequest<E, "fold">,
  slot: number,
  position: E,
  attempt: E,
): FoldSource<E> {
  const { axes, sizes, strides, dilations } = node.attributes;
  const count = extentAt(inputAt(node.inputs, 0).shape, at(axes, slot));
  const [size, stride, dilation] = [at(sizes, slot), at(strides, slot), at(dilations, slot)];
  if (dilation === 1) {
    const window = k.add(k.divide(position, stride), k.multiply(attempt, -1));
    const within = k.add(k.modulo(position, stride), k.multiply(attempt, stride));
    const guards = [
      k.lessEqual(k.constant(0), window),
      k.less(window, k.constant(count)),
      k.less(within, k.constant(size)),
    ];
    return { window, within, guards };
  }
  const start = k.add(position, k.multiply(attempt, -dilation));
  const last = multiplyDims(stride, subtractDims(count, 1));
  return {
    window: stride === 1 ? start : k.divide(start, stride),
    within: attempt,
    guards: [
      k.lessEqual(k.constant(0), start),
      k.lessEqual(start, k.constant(last)),
      ...(stride === 1 ? [] : [k.equal(k.modulo(start, stride), k.constant(0))]),
    ],
  };
}

/** Element i of an axis gets from each window that holds it the element at its index in the window. */
function foldSources<E>(request: GatherRequest<E, "fold">): GatherSource<E>[] {
  const { k, node, out, summed } = request;
  const { axes } = node.attributes;
  const found = axes.map((axis, slot) =>
    foldSource(request, slot, at(out, axis), at(summed, slot)),
  );
  const index = out.map((position, axis) => found[axes.indexOf(axis)]?.window ?? position);
  const guards = found.flatMap((source) => source.guards);
  const guard =
    guards.length === 0 ? undefined : guards.reduce((left, right) => k.and(left, right));
  return [{ operand: 0, index: [...index, ...found.map((source) => source.within)], guard }];
}

function concatSources<E>({ k, node, out }: GatherRequest<E, "concat">): GatherSource<E>[] {
  const { axis } = node.attributes;
  let start: Dim = 0;
  return node.inputs.map((input, operand) => {
    const begin = start;
    start = addDims(start, extentAt(input.shape, axis));
    const position = at(out, axis);
    const own = begin === 0 ? position : k.add(position, k.constant(multiplyDims(-1, begin)));
    // Sources are tried in order, so that the end of each is the only bound to check.
    const last = operand === node.inputs.length - 1;
    const guard = last ? undefined : k.less(position, k.constant(start));
    return { operand, index: out.map((other, at_) => (at_ === axis ? own : other)), guard };
  });
}

export const neighbours: Pick<OpTable, NeighbourName> = {
  window: {
    family: "gather",
    doc: "All windows: slid axes become counts of windows, and one axis for each is appended behind.",
    shape: ({ inputs, attributes }) => {
      const wrong = wantOperands(inputs, 1, "window") ?? wantParallel(attributes);
      if (wrong !== undefined) return wrong;
      const { axes, sizes } = attributes;
      const x = inputAt(inputs, 0);
      const outside = wantAxes(axes, x.shape, "window");
      if (outside !== undefined) return outside;
      const counts = windowCounts(
        axes.map((axis) => at(x.shape, axis)),
        attributes,
      );
      if ("kind" in counts) return counts;
      const slid = x.shape.map((extent, axis) => counts[axes.indexOf(axis)] ?? extent);
      return { type: x.type, shape: [...slid, ...sizes] };
    },
    vjp: vjp("many", ({ b, node, g }) => {
      const { shape } = inputAt(node.inputs, 0);
      return [
        b.fold(
          g,
          node.attributes,
          node.attributes.axes.map((axis) => at(shape, axis)),
        ),
      ];
    }),
    lift: ({ b, node, inputs }) => b.node("window", inputs, lifted(node.attributes)),
    lowering: {
      kind: "gather",
      arrangement: { kind: "anyhow" },
      summed: () => [],
      fill: () => undefined,
      sources: ({ k, node, out }) => {
        const { axes, strides, dilations } = node.attributes;
        const { length } = inputAt(node.inputs, 0).shape;
        const index = out.slice(0, length).map((position, axis) => {
          const slot = axes.indexOf(axis);
          if (slot < 0) return position;
          const within = k.multiply(at(out, length + slot), at(dilations, slot));
          return k.add(k.multiply(position, at(strides, slot)), within);
        });
        return [{ operand: 0, index, guard: undefined }];
      },
    },
    bounds: ({ shape, attributes: { axes } }) =>
      axes.map((axis) => subtractDims(extentAt(shape, axis), 1)),
  },
  fold: {
    family: "gather",
    doc: "The adjoint of window: each element is the sum of what all windows hold of it.",
    shape: ({ inputs, attributes }) => {
      const wrong =
        wantOperands(inputs, 1, "fold") ??
        wantType(inputs, 0, real, "fold") ??
        wantParallel(attributes);
      if (wrong !== undefined) return wrong;
      const { axes, sizes, extents } = attributes;
      const x = inputAt(inputs, 0);
      const rank = x.shape.length - axes.length;
      const counts = windowCounts(extents, attributes);
      if ("kind" in counts) return counts;
      const outer = x.shape.slice(0, Math.max(rank, 0));
      const outside = wantAxes(axes, outer, "fold");
      if (outside !== undefined) return outside;
      const expected = [
        ...outer.map((extent, axis) => counts[axes.indexOf(axis)] ?? extent),
        ...sizes,
      ];
      if (!expected.every((extent, axis) => dimEqual(extent, at(x.shape, axis)))) {
        return problem("shape", "these are not the windows of such a tensor", {
          expected: shapeText(expected),
          found: shapeText(x.shape),
          operands: [0],
        });
      }
      const shape = outer.map((extent, axis) => extents[axes.indexOf(axis)] ?? extent);
      return { type: x.type, shape };
    },
    vjp: vjp("many", ({ b, node, g }) => {
      const { axes, sizes, strides, dilations } = node.attributes;
      return [b.window(g, { axes, sizes, strides, dilations })];
    }),
    lift: ({ b, node, inputs }) =>
      b.node("fold", inputs, { ...lifted(node.attributes), extents: node.attributes.extents }),
    lowering: {
      kind: "gather",
      arrangement: { kind: "once" },
      summed: ({ attributes }) => attributes.axes.map((_, slot) => foldTries(attributes, slot)),
      fill: () => 0,
      sources: foldSources,
    },
  },
  concat: {
    family: "gather",
    doc: "Tensors one behind the other along an axis.",
    shape: ({ inputs, attributes: { axis } }) => {
      if (inputs.length === 0) return problem("argument", "concat takes one tensor at least");
      const first = inputAt(inputs, 0);
      const wrong = wantAxis(axis, first.shape, "concat") ?? wantSameType(inputs, "concat");
      if (wrong !== undefined) return wrong;
      for (const [position, { shape }] of inputs.entries()) {
        const agrees =
          shape.length === first.shape.length &&
          shape.every(
            (extent, other) => other === axis || dimEqual(extent, at(first.shape, other)),
          );
        if (agrees) continue;
        return problem("shape", `tensors joined along axis ${axis} agree in all other axes`, {
          expected: shapeText(first.shape),
          found: shapeText(shape),
          operands: [0, position],
        });
      }
      const total = addDims(...inputs.map((input) => at(input.shape, axis)));
      return {
        type: first.type,
        shape: first.shape.map((extent, other) => (other === axis ? total : extent)),
      };
    },
    vjp: vjp("some", ({ b, node, g }) => {
      const { axis } = node.attributes;
      let start: Dim = 0;
      return node.inputs.map(({ shape }) => {
        const begin = start;
        start = addDims(start, at(shape, axis));
        return b.slice(
          g,
          shape.map((_, other) => (other === axis ? begin : 0)),
          shape,
        );
      });
    }),
    lift: ({ b, node, inputs, lifted: marks, extent }) => {
      const all = inputs.map((input, position) =>
        marks[position] === true ? input : b.broadcast(input, [extent, ...input.shape]),
      );
      return b.node("concat", all, { axis: node.attributes.axis + 1 });
    },
    lowering: {
      kind: "gather",
      arrangement: { kind: "pieces", axis: ({ attributes }) => attributes.axis },
      summed: () => [],
      fill: () => undefined,
      sources: concatSources,
    },
  },
  cumsum: {
    family: "gather",
    doc: "The running sum along an axis, each element included; `reverse` runs from the end.",
    shape: ({ inputs, attributes: { axis } }) => {
      const wrong = wantOperands(inputs, 1, "cumsum") ?? wantType(inputs, 0, numbers, "cumsum");
      if (wrong !== undefined) return wrong;
      const x = inputAt(inputs, 0);
      return wantAxis(axis, x.shape, "cumsum") ?? { type: x.type, shape: x.shape };
    },
    vjp: vjp("many", ({ b, node, g }) => [
      b.cumsum(g, node.attributes.axis, !node.attributes.reverse),
    ]),
    lift: ({ b, node, inputs }) =>
      b.node("cumsum", inputs, {
        axis: node.attributes.axis + 1,
        reverse: node.attributes.reverse,
      }),
    lowering: {
      kind: "gather",
      arrangement: { kind: "anyhow" },
      summed: (node) => [extentAt(node.shape, node.attributes.axis)],
      fill: () => 0,
      sources: ({ k, node, out, summed }) => {
        const { axis, reverse } = node.attributes;
        const other = at(summed, 0);
        const own = at(out, axis);
        const guard = reverse ? k.lessEqual(own, other) : k.lessEqual(other, own);
        return [{ operand: 0, index: out.map((index, n) => (n === axis ? other : index)), guard }];
      },
    },
  },
};
