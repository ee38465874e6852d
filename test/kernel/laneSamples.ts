// Takes no input, gives samples of nests whose sums have their terms side by side.

import { freeDim, multiplyDims } from "../../compiler/types/dimension.js";
import type { Dim } from "../../compiler/types/dimension.js";
import type { Sample } from "./nestSamples.js";
import * as nests from "./nests.js";

const { at, op, float, reduce, offset } = nests;
const batch = freeDim("batch");

/** A product with the transpose of a matrix, and much to compute of each point. */
export function byTranspose(m: Dim, n: number, k: number, sizes = {}): Sample {
  const b = nests.createBuilder();
  const x = b.input("x", multiplyDims(m, k));
  const w = b.input("w", n * k);
  const out = b.temporary(multiplyDims(m, n));
  const [i, j, r] = [b.axis(m), b.axis(n), b.axis(k)];
  const product = op(
    "multiply",
    b.load(x, offset([m, k], [at(i), at(r)])),
    b.load(w, offset([n, k], [at(j), at(r)])),
  );
  const value = op("erfc", op("tanh", op("multiply", reduce("sum", [r], product), float(0.1))));
  const store = { buffer: out, index: offset([m, n], [at(i), at(j)]), value };
  return {
    name: `tail of ${typeof m === "number" ? m : "batch"} × ${k} by ${n} × ${k}`,
    builder: b,
    nests: [nests.nestOf("tail", [i, j], [store])],
    sizes,
  };
}

export const laneSamples: readonly Sample[] = [
  byTranspose(8, 8, 8),
  byTranspose(3, 13, 19),
  byTranspose(batch, 9, 31, { batch: 5 }),
  byTranspose(3, 5, 1101),
];
