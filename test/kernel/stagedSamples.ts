// Takes no input, gives samples of nests that contract: over free dimensions, in batches, with parts of terms that are computed.

import { multiplyDims } from "../../compiler/types/dimension.js";
import { batch, convolution, matmul } from "./nestSamples.js";
import type { Sample } from "./nestSamples.js";
import * as nests from "./nests.js";

const { at, op, float, guard, reduce, offset } = nests;

/** Two sums over the examples that share what they read of them: of a free length, and stored in one go. */
function gradients(m: number, n: number, examples: number): Sample {
  const b = nests.createBuilder();
  const x = b.input("x", multiplyDims(batch, m));
  const g = b.input("g", multiplyDims(batch, n));
  const out = [b.temporary(m * n), b.temporary(m * n)];
  const [i, j, e] = [b.axis(m), b.axis(n), b.axis(batch)];
  const left = b.load(x, offset([batch, m], [at(e), at(i)]));
  const right = b.load(g, offset([batch, n], [at(e), at(j)]));
  const sums = [
    reduce("sum", [e], op("multiply", left, right)),
    reduce("sum", [e], op("multiply", op("tanh", left), op("minimum", right, float(0.5)))),
  ];
  const index = offset([m, n], [at(i), at(j)]);
  const stores = sums.map((value, which) => ({ buffer: out[which] ?? 0, index, value }));
  return {
    name: `sums of ${m} × ${n} over ${examples} examples`,
    builder: b,
    nests: [nests.nestOf("gradients", [i, j], stores)],
    sizes: { batch: examples },
  };
}

/** Scores of attention: a product in each head of each example, of which what lies ahead counts nothing. */
function scores(heads: number, time: number, width: number): Sample {
  const b = nests.createBuilder();
  const elements = multiplyDims(batch, heads * time * width);
  const [q, k] = [b.input("q", elements), b.input("k", elements)];
  const out = b.temporary(multiplyDims(batch, heads * time * time));
  const [e, h, i, j, d] = [b.axis(batch), b.axis(heads), b.axis(time), b.axis(time), b.axis(width)];
  const of = (buffer: number, row: typeof i) =>
    b.load(buffer, offset([batch, time, heads, width], [at(e), at(row), at(h), at(d)]));
  const sum = reduce("sum", [d], op("multiply", op("multiply", of(q, i), float(0.3)), of(k, j)));
  const value = guard(op("lessEqual", at(j), at(i)), sum, float(-100));
  const index = offset([batch, heads, time, time], [at(e), at(h), at(i), at(j)]);
  return {
    name: `scores of ${heads} heads, ${time} × ${time} over ${width}`,
    builder: b,
    nests: [nests.nestOf("scores", [e, h, i, j], [{ buffer: out, index, value }])],
    sizes: { batch: 3 },
  };
}

/** Of extrema instead of sums: nothing is neutral there but what they start from. */
function tropical(m: number, n: number, k: number): Sample {
  const b = nests.createBuilder();
  const [x, w] = [b.input("x", m * k), b.input("w", k * n)];
  const out = b.temporary(m * n);
  const [i, j, r] = [b.axis(m), b.axis(n), b.axis(k)];
  const left = b.load(x, offset([m, k], [at(i), at(r)]));
  const right = b.load(w, offset([k, n], [at(r), at(j)]));
  const value = reduce("max", [r], op("subtract", op("add", left, right), float(9)));
  const index = offset([m, n], [at(i), at(j)]);
  return {
    name: `greatest sums of ${m} × ${k} and ${k} × ${n}`,
    builder: b,
    nests: [nests.nestOf("tropical", [i, j], [{ buffer: out, index, value }])],
  };
}

export const stagedSamples: readonly Sample[] = [
  ...(
    [
      [1, 1, 1],
      [1, 16, 40],
      [37, 50, 61],
      [64, 32, 64],
      [33, 64, 300],
      [70, 36, 1100],
    ] as const
  ).map(([m, n, k]) => matmul(m, n, k)),
  matmul(batch, 100, 30, { batch: 41 }),
  gradients(33, 20, 1),
  gradients(17, 36, 37),
  gradients(8, 40, 1100),
  scores(2, 19, 8),
  scores(3, 4, 33),
  tropical(34, 9, 21),
  { ...convolution(9, 3, 3, 32, 1, 1), sizes: { batch: 5 } },
  { ...convolution(11, 2, 5, 7, 2, 2), sizes: { batch: 2 } },
];
