// A tensor and axes (or all but some) in; the reductions of the language out.

import type { Node } from "../../types/graph.js";
import { at, indices } from "../broadcast.js";
import type { ReductionName } from "../../types/opNames.js";
import { opTable } from "../table.js";
import {
  axesAt,
  booleanAt,
  castTo,
  countable,
  countAlong,
  promote,
  tensorAt,
} from "./arguments.js";
import { define, fail, optional, parameter } from "./primitive.js";
import type { Call, Parameter, Primitive } from "./primitive.js";

const over: readonly Parameter[] = [
  optional("axis", "axes"),
  optional("except", "axes"),
  parameter("keep", "boolean", false),
];

/** The axes to reduce, from `axis` or `except` at these positions; all where neither was given. */
function reducedAxes(call: Call, rank: number, position: number): number[] {
  const axes = axesAt(call, position, rank);
  const except = axesAt(call, position + 1, rank);
  if (axes !== undefined && except !== undefined) {
    return fail("argument", 'a reduction takes "axis" or "except", not both', {
      operands: [position, position + 1],
    });
  }
  if (axes !== undefined) return axes;
  return except === undefined
    ? indices(rank)
    : indices(rank).filter((axis) => !except.includes(axis));
}

/** Truth values count as 0 and 1. */
function numberReduction(name: "sum" | "prod"): Primitive {
  return define(name, {
    doc: opTable[name].doc,
    parameters: [parameter("x", "tensor"), ...over],
    folding: { reduction: name },
    expand: (call) => {
      const x = countable(call.b, tensorAt(call, 0));
      return call.b[name](x, reducedAxes(call, x.shape.length, 1), booleanAt(call, 3, "keep"));
    },
  });
}

function truthReduction(name: "any" | "all"): Primitive {
  return define(name, {
    doc: opTable[name].doc,
    parameters: [parameter("x", "tensor"), ...over],
    expand: (call) => {
      const x = tensorAt(call, 0);
      return call.b[name](x, reducedAxes(call, x.shape.length, 1), booleanAt(call, 3, "keep"));
    },
  });
}

/** Of two values elementwise, of one a reduction. */
function extremum(name: "max" | "min", elementwise: "maximum" | "minimum"): Primitive {
  const parameters = [parameter("x", "tensor"), optional("y", "tensor"), ...over];
  return define(name, {
    doc: `${opTable[elementwise].doc} Of one tensor: ${opTable[name].doc.toLowerCase()}`,
    parameters,
    folding: { reduction: name, pairwise: elementwise },
    expand: (call) => {
      const { b, values } = call;
      if (values[1] !== undefined) {
        if (values[2] !== undefined || values[3] !== undefined) {
          fail("argument", `${name} of two values is elementwise and takes no axis`);
        }
        const pair = promote(b, [values[0] ?? 0, values[1]]).map((value) => countable(b, value));
        return b[elementwise](at(pair, 0), at(pair, 1));
      }
      const x = countable(b, tensorAt(call, 0));
      return b[name](x, reducedAxes(call, x.shape.length, 2), booleanAt(call, 4, "keep"));
    },
  });
}

function extremumIndex(name: "argmax" | "argmin"): Primitive {
  return define(name, {
    doc: opTable[name].doc,
    parameters: [
      parameter("x", "tensor"),
      optional("axis", "axes"),
      optional("except", "axes"),
      parameter("keep", "boolean", false),
    ],
    expand: (call) => {
      const { b, values } = call;
      const x = countable(b, tensorAt(call, 0));
      const rank = x.shape.length;
      const told = values[1] !== undefined || values[2] !== undefined;
      const axes = told ? reducedAxes(call, rank, 1) : rank === 0 ? [] : [rank - 1];
      const [axis] = axes;
      if (axis === undefined || axes.length !== 1) {
        return fail("axis", `${name} works along one axis`, { operands: [1] });
      }
      const result = b[name](x, axis);
      if (!booleanAt(call, 3, "keep")) return result;
      return b.reshape(
        result,
        x.shape.map((extent, n) => (n === axis ? 1 : extent)),
      );
    },
  });
}

function mean(call: Call): Node {
  const { b } = call;
  const x = castTo(b, tensorAt(call, 0), "f32");
  const axes = reducedAxes(call, x.shape.length, 1);
  return b.divide(b.sum(x, axes, booleanAt(call, 3, "keep")), countAlong(b, x.shape, axes));
}

export const reducing: Readonly<Record<ReductionName | "mean" | "argmax" | "argmin", Primitive>> = {
  sum: numberReduction("sum"),
  mean: define("mean", {
    doc: "The mean over axes, as f32.",
    parameters: [parameter("x", "tensor"), ...over],
    folding: { reduction: "mean" },
    expand: mean,
  }),
  prod: numberReduction("prod"),
  max: extremum("max", "maximum"),
  min: extremum("min", "minimum"),
  any: truthReduction("any"),
  all: truthReduction("all"),
  argmax: extremumIndex("argmax"),
  argmin: extremumIndex("argmin"),
};
