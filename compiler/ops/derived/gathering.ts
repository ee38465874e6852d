// Tensors and indices in; gathering, adding at indices and one-hot codes out.

import type { Dim } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import { extentAt } from "../broadcast.js";
import { opTable } from "../table.js";
import { axisAt, countable, dimAt, tensorAt } from "./arguments.js";
import { define, fail, parameter } from "./primitive.js";
import type { Call, Indexing, Primitive } from "./primitive.js";

const x = parameter("x", "tensor");
const places = parameter("places", "index");

/** Integer indices; anything else is a mistake, never rounded. */
function indicesAt(call: Call, position: number): Node {
  const indices = tensorAt(call, position);
  if (indices.type === "i32" || indices.type === "u32") return indices;
  return fail("type", "places are integers", {
    expected: "i32 or u32",
    found: indices.type,
    operands: [position],
  });
}

const entriesOf = (position: number, extent: Dim): Indexing => ({
  position,
  extent,
  one: "entry",
  many: "entries",
});

function oneHot(call: Call): Node {
  const { b } = call;
  const indices = b.cast(indicesAt(call, 0), "i32");
  const classes = dimAt(call, 1, "classes");
  const codes = b.equal(b.reshape(indices, [...indices.shape, 1]), b.iota([classes], 0));
  return b.cast(codes, "f32");
}

export const gathering: Readonly<Record<string, Primitive>> = {
  take: define("take", {
    doc: opTable.take.doc,
    parameters: [x, places, parameter("axis", "axis", 0)],
    indexing: (call) => {
      const { shape } = tensorAt(call, 0);
      return entriesOf(1, extentAt(shape, axisAt(call, 2, shape.length)));
    },
    expand: (call) => {
      const tensor = tensorAt(call, 0);
      return call.b.take(tensor, indicesAt(call, 1), axisAt(call, 2, tensor.shape.length));
    },
  }),
  scatter_add: define("scatter_add", {
    doc: `${opTable.scatterAdd.doc} \`count\` places lie along the axis of the result.`,
    parameters: [
      parameter("updates", "tensor"),
      places,
      parameter("count", "dimension"),
      parameter("axis", "axis", 0),
    ],
    indexing: (call) => entriesOf(1, dimAt(call, 2, "count")),
    expand: (call) => {
      const updates = countable(call.b, tensorAt(call, 0));
      const indices = indicesAt(call, 1);
      const axis = axisAt(call, 3, updates.shape.length - indices.shape.length + 1);
      return call.b.scatterAdd(updates, indices, axis, dimAt(call, 2, "count"));
    },
  }),
  one_hot: define("one_hot", {
    doc: "1 at the place that an integer names along a new last axis, else 0; f32.",
    parameters: [parameter("x", "index"), parameter("classes", "dimension")],
    indexing: (call) => ({
      position: 0,
      extent: dimAt(call, 1, "classes"),
      one: "class",
      many: "classes",
    }),
    expand: oneHot,
  }),
};
