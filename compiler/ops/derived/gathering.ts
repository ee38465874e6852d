// Tensors and indices in; gathering by them, what updates leave where they name a place, and one-hot codes out.

import type { Dim } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import { extentAt } from "../broadcast.js";
import { opTable } from "../table.js";
import { scatterAddAlong, takeAlong, updatesAlong } from "./along.js";
import { axisAt, castTo, countable, dimAt, promote, tensorAt } from "./arguments.js";
import { define, fail, parameter } from "./primitive.js";
import type { Call, Indexing, Parameter, Primitive } from "./primitive.js";
import { scatterWinners, scatterWinnersAlong } from "./scattering.js";
import type { Winner } from "./scattering.js";

const x = parameter("x", "tensor");
const places = parameter("places", "index");
const lastAxis = parameter("axis", "axis", -1);

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
  fromTheEnd: true,
});

const updates = parameter("updates", "tensor");
const count = parameter("count", "dimension");
const countPosition = 2;

/** The axis of the result of a scatter whose updates have the axes of the places where it has one. */
function scatteredAxis(call: Call, own: Node, indices: Node): number {
  return axisAt(call, 3, own.shape.length - indices.shape.length + 1);
}

/** Updates and what stands where there is none, in one element type: that of the updates, where a known number has it. */
function updatesAt(call: Call): readonly [Node, Node] {
  const own = countable(call.b, tensorAt(call, 0));
  const given = call.values[4];
  if (typeof given === "number" && (given >= 0 || own.type !== "u32")) {
    return [own, castTo(call.b, tensorAt(call, 4), own.type)];
  }
  const [first, second] = promote(call.b, [own, countable(call.b, tensorAt(call, 4))]);
  if (first === undefined || second === undefined) throw new Error("two operands");
  return [first, second];
}

const wins: Readonly<Record<string, { readonly winner: Winner; readonly doc: string }>> = {
  set: { winner: "last", doc: "the last of the updates that name it" },
  min: { winner: "min", doc: "the smallest of the updates that name it (the first wins a tie)" },
  max: { winner: "max", doc: "the largest of the updates that name it (the first wins a tie)" },
};

function scatters(layout: "" | "_along"): Record<string, Primitive> {
  const along = layout === "_along";
  const parameters: readonly Parameter[] = [
    ...[updates, places, count, parameter("axis", "axis", along ? -1 : 0)],
    { ...parameter("otherwise", "tensor", 0), untyped: true },
  ];
  const made = Object.entries(wins).map(([word, { winner, doc }]): [string, Primitive] => {
    const name = `scatter_${word}${layout}`;
    const primitive = define(name, {
      doc: `Each of the \`count\` entries along the axis is ${doc}, and \`otherwise\` where none does.`,
      parameters,
      indexing: (call) => entriesOf(1, dimAt(call, countPosition, "count")),
      expand: (call) => {
        const [own, otherwise] = updatesAt(call);
        const indices = indicesAt(call, 1);
        const rest = { winner, otherwise, count: dimAt(call, countPosition, "count") };
        if (!along) {
          const axis = scatteredAxis(call, own, indices);
          return scatterWinners(call.b, { ...rest, updates: own, places: indices, axis });
        }
        const axis = axisAt(call, 3, own.shape.length);
        const wide = updatesAlong(call.b, own, indices, axis);
        return scatterWinnersAlong(call.b, { ...rest, updates: wide, places: indices, axis });
      },
    });
    return [name, primitive];
  });
  return Object.fromEntries(made);
}

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
  take_along: define("take_along", {
    doc: "Elements along an axis by a place for each; the other axes of tensor and places broadcast.",
    parameters: [x, places, lastAxis],
    indexing: (call) => {
      const { shape } = tensorAt(call, 0);
      return entriesOf(1, extentAt(shape, axisAt(call, 2, shape.length)));
    },
    expand: (call) => {
      const tensor = tensorAt(call, 0);
      return takeAlong(call.b, tensor, indicesAt(call, 1), axisAt(call, 2, tensor.shape.length));
    },
  }),
  scatter_add: define("scatter_add", {
    doc: `${opTable.scatterAdd.doc} \`count\` places lie along the axis of the result.`,
    parameters: [updates, places, count, parameter("axis", "axis", 0)],
    indexing: (call) => entriesOf(1, dimAt(call, countPosition, "count")),
    expand: (call) => {
      const own = countable(call.b, tensorAt(call, 0));
      const indices = indicesAt(call, 1);
      const axis = scatteredAxis(call, own, indices);
      return call.b.scatterAdd(own, indices, axis, dimAt(call, countPosition, "count"));
    },
  }),
  scatter_add_along: define("scatter_add_along", {
    doc: "The adjoint of take_along: zeros with `count` entries along the axis, to which each update is added at its own place.",
    parameters: [updates, places, count, lastAxis],
    indexing: (call) => entriesOf(1, dimAt(call, countPosition, "count")),
    expand: (call) => {
      const own = countable(call.b, tensorAt(call, 0));
      const axis = axisAt(call, 3, own.shape.length);
      return scatterAddAlong(call.b, {
        ...{ updates: own, places: indicesAt(call, 1), axis },
        count: dimAt(call, countPosition, "count"),
      });
    },
  }),
  ...scatters(""),
  ...scatters("_along"),
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
