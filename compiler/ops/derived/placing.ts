// Tensors and places in; gathering, sorting, running sums and one-hot codes out.

import { dimText } from "../../types/dimension.js";
import type { Dim } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import { extentAt, indices } from "../broadcast.js";
import type { GraphBuilder } from "../builder.js";
import { opTable } from "../table.js";
import { axisAt, booleanAt, countable, dimAt, tensorAt } from "./arguments.js";
import { define, defineSeveral, fail, parameter } from "./primitive.js";
import type { Call, Indexing, Primitive } from "./primitive.js";

const x = parameter("x", "tensor");
const lastAxis = parameter("axis", "axis", -1);

/** Integer places; anything else is a mistake, never rounded. */
function placesAt(call: Call, position: number): Node {
  const places = tensorAt(call, position);
  if (places.type === "i32" || places.type === "u32") return places;
  return fail("type", "places are integers", {
    expected: "i32 or u32",
    found: places.type,
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
  const places = b.cast(placesAt(call, 0), "i32");
  const classes = dimAt(call, 1, "classes");
  const codes = b.equal(b.reshape(places, [...places.shape, 1]), b.iota([classes], 0));
  return b.cast(codes, "f32");
}

/** The tensor with `axis` as the last one, and the way back. */
function lastly(
  b: GraphBuilder,
  tensor: Node,
  axis: number,
): { moved: Node; back: (y: Node) => Node } {
  const others = indices(tensor.shape.length).filter((other) => other !== axis);
  const order = [...others, axis];
  const inverse = indices(order.length).map((other) => order.indexOf(other));
  return { moved: b.transpose(tensor, order), back: (y) => b.transpose(y, inverse) };
}

/**
 * The places of the `count` first along the last axis, in sorted order. Each element counts those that come before it
 * (smaller ones, and equal ones to its left): n² comparisons, no data-dependent control flow, stable.
 */
function sortedPlaces(b: GraphBuilder, y: Node, count: Dim, descending: boolean): Node {
  const outer = y.shape.slice(0, -1);
  const n = extentAt(y.shape, y.shape.length - 1);
  const own = b.reshape(y, [...outer, n, 1]);
  const other = b.reshape(y, [...outer, 1, n]);
  const ahead = descending ? b.greater(other, own) : b.less(other, own);
  const tie = b.and(b.equal(other, own), b.less(b.iota([n, n], 1), b.iota([n, n], 0)));
  const rank = b.sum(b.cast(b.or(ahead, tie), "i32"), [outer.length + 1]);
  const wanted = b.equal(b.reshape(rank, [...outer, 1, n]), b.iota([count, n], 0));
  return b.sum(b.select(wanted, b.iota([count, n], 1), 0), [outer.length + 1]);
}

/** Values along the last axis by places that share all other axes. */
function takeLast(b: GraphBuilder, y: Node, places: Node): Node {
  const axis = y.shape.length - 1;
  return b.take(y, places, axis, axis);
}

function ordering(call: Call, what: "values" | "places"): Node {
  const { b } = call;
  const tensor = countable(b, tensorAt(call, 0));
  const axis = axisAt(call, 1, tensor.shape.length);
  const { moved, back } = lastly(b, tensor, axis);
  const n = extentAt(tensor.shape, axis);
  const places = sortedPlaces(b, moved, n, booleanAt(call, 2, "descending"));
  return back(what === "places" ? places : takeLast(b, moved, places));
}

function largest(call: Call): readonly Node[] {
  const { b } = call;
  const tensor = countable(b, tensorAt(call, 0));
  const axis = axisAt(call, 2, tensor.shape.length);
  const n = extentAt(tensor.shape, axis);
  const count = dimAt(call, 1, "k");
  if (typeof count === "number" && (count < 1 || (typeof n === "number" && count > n))) {
    fail("argument", `top_k gives 1 to ${dimText(n)} of ${dimText(n)} values`, {
      expected: `a number from 1 to ${dimText(n)}`,
      found: String(count),
      operands: [1],
    });
  }
  const { moved, back } = lastly(b, tensor, axis);
  const places = sortedPlaces(b, moved, count, true);
  return [back(takeLast(b, moved, places)), back(places)];
}

export const placing: Readonly<Record<string, Primitive>> = {
  take: define("take", {
    doc: opTable.take.doc,
    parameters: [x, parameter("places", "tensor"), parameter("axis", "axis", 0)],
    indexing: (call) => {
      const { shape } = tensorAt(call, 0);
      return entriesOf(1, extentAt(shape, axisAt(call, 2, shape.length)));
    },
    expand: (call) => {
      const tensor = tensorAt(call, 0);
      return call.b.take(tensor, placesAt(call, 1), axisAt(call, 2, tensor.shape.length));
    },
  }),
  scatter_add: define("scatter_add", {
    doc: `${opTable.scatterAdd.doc} \`count\` places lie along the axis of the result.`,
    parameters: [
      parameter("updates", "tensor"),
      parameter("places", "tensor"),
      parameter("count", "dimension"),
      parameter("axis", "axis", 0),
    ],
    indexing: (call) => entriesOf(1, dimAt(call, 2, "count")),
    expand: (call) => {
      const updates = countable(call.b, tensorAt(call, 0));
      const places = placesAt(call, 1);
      const axis = axisAt(call, 3, updates.shape.length - places.shape.length + 1);
      return call.b.scatterAdd(updates, places, axis, dimAt(call, 2, "count"));
    },
  }),
  one_hot: define("one_hot", {
    doc: "1 at the place that an integer names along a new last axis, else 0; f32.",
    parameters: [x, parameter("classes", "dimension")],
    indexing: (call) => ({
      position: 0,
      extent: dimAt(call, 1, "classes"),
      one: "class",
      many: "classes",
    }),
    expand: oneHot,
  }),
  cumsum: define("cumsum", {
    doc: opTable.cumsum.doc,
    parameters: [x, lastAxis, parameter("reverse", "boolean", false)],
    expand: (call) => {
      const tensor = countable(call.b, tensorAt(call, 0));
      const axis = axisAt(call, 1, tensor.shape.length);
      return call.b.cumsum(tensor, axis, booleanAt(call, 2, "reverse"));
    },
  }),
  sort: define("sort", {
    doc: "The values in ascending order along an axis; stable.",
    parameters: [x, lastAxis, parameter("descending", "boolean", false)],
    expand: (call) => ordering(call, "values"),
  }),
  argsort: define("argsort", {
    doc: "The places of the values in ascending order along an axis; the first wins a tie.",
    parameters: [x, lastAxis, parameter("descending", "boolean", false)],
    expand: (call) => ordering(call, "places"),
  }),
  top_k: defineSeveral("top_k", {
    doc: "The k largest values along an axis, largest first, and their places; the first wins a tie.",
    parameters: [x, parameter("k", "dimension"), lastAxis],
    expand: largest,
  }),
};
