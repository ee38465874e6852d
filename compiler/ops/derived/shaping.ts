// Tensors and shapes in; the primitives of the language that rearrange, join and part tensors out.

import {
  addDims,
  dimText,
  divideExactly,
  elementCount,
  floorDivideDims,
  multiplyDims,
  shapeText,
  subtractDims,
} from "../../types/dimension.js";
import type { Dim } from "../../types/dimension.js";
import type { Node, Shape } from "../../types/graph.js";
import { at, extentAt, indices } from "../broadcast.js";
import { opTable } from "../table.js";
import {
  axesAt,
  axisAt,
  dimAt,
  integerAt,
  normalAxis,
  shapeAt,
  tensorAt,
  tensorsAt,
} from "./arguments.js";
import { define, defineSeveral, fail, optional, parameter } from "./primitive.js";
import { padded } from "./padding.js";
import type { Call, Primitive } from "./primitive.js";

const x = parameter("x", "tensor");

/** The one −1 of a shape stands for what the others leave. */
function inferred(shape: readonly Dim[], from: Shape): Dim[] {
  const hole = shape.indexOf(-1);
  if (hole < 0) return [...shape];
  const others = shape.filter((_, axis) => axis !== hole);
  const rest = divideExactly(elementCount(from), elementCount(others));
  if (rest === undefined || others.includes(-1)) {
    return fail("shape", `the −1 in ${shapeText(shape)} cannot be found from ${shapeText(from)}`, {
      operands: [0, 1],
    });
  }
  return shape.map((extent, axis) => (axis === hole ? rest : extent));
}

function transposed(call: Call): Node {
  const tensor = tensorAt(call, 0);
  const rank = tensor.shape.length;
  const axes = axesAt(call, 1, rank) ?? indices(rank).reverse();
  return call.b.transpose(tensor, axes);
}

function stacked(call: Call): Node {
  const parts = tensorsAt(call, 0);
  const { shape } = at(parts, 0);
  const axis = axisAt(call, 1, shape.length + 1);
  const widened = parts.map((part) => {
    if (part.shape.length !== shape.length) {
      return fail("shape", "stacked tensors have one shape", {
        expected: shapeText(shape),
        found: shapeText(part.shape),
        operands: [0],
      });
    }
    return call.b.reshape(part, [...part.shape.slice(0, axis), 1, ...part.shape.slice(axis)]);
  });
  return call.b.concat(widened, axis);
}

function parts(call: Call): Node[] {
  const tensor = tensorAt(call, 0);
  const axis = axisAt(call, 2, tensor.shape.length);
  const extent = extentAt(tensor.shape, axis);
  const counts = Array.isArray(call.values[1])
    ? shapeAt(call, 1, "parts")
    : equalParts(integerAt(call, 1, "parts"), extent);
  const rest = subtractDims(extent, addDims(...counts));
  if (rest !== 0) {
    fail("shape", `the parts do not add up to axis ${axis}`, {
      expected: dimText(extent),
      found: dimText(addDims(...counts)),
      operands: [0, 1],
    });
  }
  let start: Dim = 0;
  return counts.map((count) => {
    const begin = start;
    start = addDims(start, count);
    const along = (other: Shape, own: Dim): Dim[] => other.map((d, n) => (n === axis ? own : d));
    const starts = along(
      tensor.shape.map(() => 0),
      begin,
    );
    return call.b.slice(tensor, starts, along(tensor.shape, count));
  });
}

function equalParts(count: number, extent: Dim): Dim[] {
  const own = count > 0 && count <= 65_536 ? divideExactly(extent, count) : undefined;
  if (own === undefined) {
    return fail("shape", `an axis of ${dimText(extent)} does not part evenly into ${count}`, {
      operands: [0, 1],
    });
  }
  return indices(count).map(() => own);
}

/** Elements from `start` up to `stop`, counted from the back where negative. */
function sliced(call: Call): Node {
  const tensor = tensorAt(call, 0);
  const axis = axisAt(call, 3, tensor.shape.length);
  const extent = extentAt(tensor.shape, axis);
  const fromEnd = (dim: Dim): Dim =>
    typeof dim === "number" && dim < 0 ? addDims(extent, dim) : dim;
  const start = fromEnd(dimAt(call, 1, "start"));
  const stop = call.values[2] === undefined ? extent : fromEnd(dimAt(call, 2, "stop"));
  const step = integerAt(call, 4, "step");
  if (step < 1)
    return fail("argument", "a slice steps forward; to go backwards, flip", { operands: [4] });
  const count = floorDivideDims(addDims(subtractDims(stop, start), step - 1), step);
  return call.b.slice(
    tensor,
    tensor.shape.map((_, n) => (n === axis ? start : 0)),
    tensor.shape.map((other, n) => (n === axis ? count : other)),
    tensor.shape.map((_, n) => (n === axis ? step : 1)),
  );
}

function flattened(call: Call): Node {
  const tensor = tensorAt(call, 0);
  const [first] = tensor.shape;
  if (first === undefined)
    return fail("shape", "flatten keeps the first axis, and a scalar has none", { operands: [0] });
  return call.b.reshape(tensor, [first, multiplyDims(1, ...tensor.shape.slice(1))]);
}

function flipped(call: Call): Node {
  const tensor = tensorAt(call, 0);
  const rank = tensor.shape.length;
  return call.b.flip(tensor, axesAt(call, 1, rank) ?? [normalAxis(-1, rank, 1)]);
}

export const shaping: Readonly<Record<string, Primitive>> = {
  reshape: define("reshape", {
    doc: `${opTable.reshape.doc} One extent may be −1.`,
    parameters: [x, parameter("shape", "shape")],
    expand: (call) => {
      const tensor = tensorAt(call, 0);
      return call.b.reshape(tensor, inferred(shapeAt(call, 1, "shape"), tensor.shape));
    },
  }),
  flatten: define("flatten", {
    doc: "The first axis kept, all others as one.",
    parameters: [x],
    expand: flattened,
  }),
  transpose: define("transpose", {
    doc: `${opTable.transpose.doc} Without one, all axes are reversed.`,
    parameters: [x, optional("axes", "axes")],
    expand: transposed,
  }),
  broadcast: define("broadcast", {
    doc: opTable.broadcast.doc,
    parameters: [x, parameter("shape", "shape")],
    expand: (call) => call.b.broadcast(tensorAt(call, 0), shapeAt(call, 1, "shape")),
  }),
  concat: define("concat", {
    doc: opTable.concat.doc,
    parameters: [parameter("tensors", "tensors"), parameter("axis", "axis", 0)],
    expand: (call) => {
      const tensors = tensorsAt(call, 0);
      return call.b.concat(tensors, axisAt(call, 1, at(tensors, 0).shape.length));
    },
  }),
  stack: define("stack", {
    doc: "Tensors of one shape side by side along a new axis.",
    parameters: [parameter("tensors", "tensors"), parameter("axis", "axis", 0)],
    expand: stacked,
  }),
  split: defineSeveral("split", {
    doc: "An axis in so many equal parts, or in parts of the listed sizes.",
    parameters: [x, parameter("parts", "integers"), parameter("axis", "axis", -1)],
    expand: parts,
  }),
  pad: define("pad", {
    doc:
      `${opTable.pad.doc} With mode "reflect" by its mirror image without the outermost entry, with "edge" by that, with "wrap" ` +
      "by its own other end.",
    parameters: [
      ...[x, parameter("padding", "margins"), parameter("value", "number", 0)],
      parameter("mode", "string", "constant"),
    ],
    expand: padded,
  }),
  flip: define("flip", {
    doc: "Backwards along axes; the last unless told.",
    parameters: [x, optional("axis", "axes")],
    expand: flipped,
  }),
  slice: define("slice", {
    doc: "Part of an axis, from `start` up to `stop` (excluded); negative positions count from the back.",
    parameters: [
      x,
      parameter("start", "dimension"),
      optional("stop", "dimension"),
      parameter("axis", "axis", -1),
      parameter("step", "integer", 1),
    ],
    expand: sliced,
  }),
};
