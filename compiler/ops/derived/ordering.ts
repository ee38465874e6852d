// Tensors in; sorted values, their indices, the largest, and running sums, products and extremes out: in n log n steps, through few kernels.

import { dimText } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import { extentAt } from "../broadcast.js";
import { opTable } from "../table.js";
import { axisAt, booleanAt, countable, dimAt, realAt, tensorAt } from "./arguments.js";
import { lastly } from "./lastly.js";
import { define, defineSeveral, fail, parameter } from "./primitive.js";
import type { Call, Primitive } from "./primitive.js";
import { running } from "./running.js";
import type { RunningName } from "./running.js";
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

const sinceBefore = "of each element and all before it along an axis; `reverse` runs from the end";
const runs: readonly (readonly [RunningName, doc: string])[] = [
  ["cummax", `The largest ${sinceBefore}. Of equal ones the derivative goes to the one met first.`],
  [
    "cummin",
    `The smallest ${sinceBefore}. Of equal ones the derivative goes to the one met first.`,
  ],
  ["cumprod", `The product ${sinceBefore}. Its derivative is exact where factors are zero.`],
  ["cumlogsumexp", `log Σ exp(x) ${sinceBefore}.`],
];

function runningOf(name: RunningName, doc: string): Primitive {
  return define(name, {
    doc,
    parameters: [x, lastAxis, parameter("reverse", "boolean", false)],
    expand: (call) => {
      const tensor =
        name === "cumlogsumexp" ? realAt(call, 0) : countable(call.b, tensorAt(call, 0));
      const axis = axisAt(call, 1, tensor.shape.length);
      return running(call.b, name, { x: tensor, axis, reverse: booleanAt(call, 2, "reverse") });
    },
  });
}

export const ordering: Readonly<Record<string, Primitive>> = {
  ...Object.fromEntries(runs.map(([name, doc]) => [name, runningOf(name, doc)])),
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
