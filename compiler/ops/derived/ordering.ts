// Tensors in; sorted values, their indices, the largest, and running sums out: in n log n steps, through few kernels.

import { dimText } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import { extentAt } from "../broadcast.js";
import { opTable } from "../table.js";
import { axisAt, booleanAt, countable, dimAt, tensorAt } from "./arguments.js";
import { lastly } from "./lastly.js";
import { define, defineSeveral, fail, parameter } from "./primitive.js";
import type { Call, Primitive } from "./primitive.js";
import { runningSum } from "./runningSum.js";
import { sortedIndices, takeLast } from "./mergeSort.js";

const x = parameter("x", "tensor");
const lastAxis = parameter("axis", "axis", -1);

function sorted(call: Call, what: "values" | "indices"): Node {
  const { b } = call;
  const tensor = countable(b, tensorAt(call, 0));
  const axis = axisAt(call, 1, tensor.shape.length);
  const { moved, back } = lastly(b, tensor, axis);
  const n = extentAt(tensor.shape, axis);
  const indices = sortedIndices(b, moved, n, booleanAt(call, 2, "descending"));
  return back(what === "indices" ? indices : takeLast(b, moved, indices));
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
  const indices = sortedIndices(b, moved, count, true);
  return [back(takeLast(b, moved, indices)), back(indices)];
}

export const ordering: Readonly<Record<string, Primitive>> = {
  cumsum: define("cumsum", {
    doc: opTable.cumsum.doc,
    parameters: [x, lastAxis, parameter("reverse", "boolean", false)],
    expand: (call) => {
      const tensor = countable(call.b, tensorAt(call, 0));
      const axis = axisAt(call, 1, tensor.shape.length);
      return runningSum(call.b, tensor, axis, booleanAt(call, 2, "reverse"));
    },
  }),
  sort: define("sort", {
    doc: "The values in ascending order along an axis; stable.",
    parameters: [x, lastAxis, parameter("descending", "boolean", false)],
    expand: (call) => sorted(call, "values"),
  }),
  argsort: define("argsort", {
    doc: "The places of the values in ascending order along an axis; the first wins a tie.",
    parameters: [x, lastAxis, parameter("descending", "boolean", false)],
    expand: (call) => sorted(call, "indices"),
  }),
  top_k: defineSeveral("top_k", {
    doc: "The k largest values along an axis, largest first, and their places; the first wins a tie.",
    parameters: [x, parameter("k", "dimension"), lastAxis],
    expand: largest,
  }),
};
