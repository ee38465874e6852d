// Takes no input, gives samples of nests of every family: elementwise, contractions, rows, indices, padding.

import { freeDim } from "../../compiler/types/dimension.js";
import type { LoopNest } from "../../compiler/types/nest.js";
import type { NestBuilder } from "./nests.js";
import * as nests from "./nests.js";

const { at, op, int, float, reduce, guard, offset, inside, cast, dim } = nests;

/** Nests to run over the inputs of a builder, and the values of those. */
export interface Sample {
  readonly name: string;
  readonly builder: NestBuilder;
  readonly nests: readonly LoopNest[];
  readonly sizes?: Readonly<Record<string, number>>;
  /** Values of inputs by name; others are made up. */
  readonly inputs?: Readonly<Record<string, readonly number[]>>;
}

export const batch = freeDim("batch");

/** Numbers between -2 and 2, the same in every run. */
export function made(count: number, seed: number): number[] {
  let state = seed * 7919 + 17;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.fround((state / 2 ** 32) * 4 - 2);
  });
}

function elementwise(): Sample {
  const b = nests.createBuilder();
  const x = b.input("x", nests.scheduleOf(b, []).slots.length + 5 * 7 * 3);
  const y = b.input("y", 7);
  const out = b.temporary(7 * 3 * 5);
  const [i, j, k] = [b.axis(7), b.axis(3), b.axis(5)];
  const value = op(
    "add",
    op("multiply", b.load(x, offset([5, 7, 3], [at(k), at(i), at(j)])), b.load(y, at(i))),
    float(0.5),
  );
  const store = { buffer: out, index: offset([7, 3, 5], [at(i), at(j), at(k)]), value };
  return {
    name: "transposed and broadcast",
    builder: b,
    nests: [nests.nestOf("e", [i, j, k], [store])],
  };
}

export function matmul(m: number | typeof batch, n: number, k: number, sizes = {}): Sample {
  const b = nests.createBuilder();
  const x = b.input("x", typeof m === "number" ? m * k : countOf(m, k));
  const w = b.input("w", k * n);
  const bias = b.input("b", n);
  const out = b.temporary(typeof m === "number" ? m * n : countOf(m, n));
  const [i, j, r] = [b.axis(m), b.axis(n), b.axis(k)];
  const sum = reduce(
    "sum",
    [r],
    op(
      "multiply",
      b.load(x, offset([m, k], [at(i), at(r)])),
      b.load(w, offset([k, n], [at(r), at(j)])),
    ),
  );
  const value = op("maximum", op("add", sum, b.load(bias, at(j))), float(0));
  const store = { buffer: out, index: offset([m, n], [at(i), at(j)]), value };
  return {
    name: `matmul ${typeof m === "number" ? m : "batch"} × ${k} × ${n}`,
    builder: b,
    nests: [nests.nestOf("matmul", [i, j], [store])],
    sizes,
  };
}

function countOf(free: typeof batch, by: number) {
  return { kind: "dim" as const, terms: free.terms.map((term) => ({ ...term, coefficient: by })) };
}

/** A convolution of `[batch, h, h, c]` with `[k, k, c, o]`, stride s, padding p. */
export function convolution(
  h: number,
  c: number,
  k: number,
  o: number,
  s: number,
  p: number,
): Sample {
  const b = nests.createBuilder();
  const out = Math.floor((h + 2 * p - k) / s) + 1;
  const x = b.input("x", countOf(batch, h * h * c));
  const w = b.input("w", k * k * c * o);
  const y = b.temporary(countOf(batch, out * out * o));
  const [n, oy, ox, oc] = [b.axis(batch), b.axis(out), b.axis(out), b.axis(o)];
  const [ky, kx, ic] = [b.axis(k), b.axis(k), b.axis(c)];
  const position = (o: typeof oy, r: typeof ky) =>
    op("subtract", op("add", op("multiply", at(o), int(s)), at(r)), int(p));
  const [iy, ix] = [position(oy, ky), position(ox, kx)];
  const image = guard(
    op("and", inside(iy, h), inside(ix, h)),
    b.load(x, offset([batch, h, h, c], [at(n), iy, ix, at(ic)])),
    float(0),
  );
  const weight = b.load(w, offset([k, k, c, o], [at(ky), at(kx), at(ic), at(oc)]));
  const value = reduce("sum", [ky, kx, ic], op("multiply", image, weight));
  const store = {
    buffer: y,
    index: offset([batch, out, out, o], [at(n), at(oy), at(ox), at(oc)]),
    value,
  };
  return {
    name: `convolution ${h} × ${h} × ${c}, kernel ${k}, stride ${s}, padding ${p}`,
    builder: b,
    nests: [nests.nestOf("conv", [n, oy, ox, oc], [store])],
    sizes: { batch: 3 },
  };
}

/** The derivative of a strided convolution by its input: a gather with a divisor. */
export function inputGradient(
  h: number,
  c: number,
  k: number,
  o: number,
  s: number,
  examples = 2,
): Sample {
  const b = nests.createBuilder();
  const out = Math.floor((h - k) / s) + 1;
  const g = b.input("g", countOf(batch, out * out * o));
  const w = b.input("w", k * k * c * o);
  const dx = b.temporary(countOf(batch, h * h * c));
  const [n, iy, ix, ic] = [b.axis(batch), b.axis(h), b.axis(h), b.axis(c)];
  const [ky, kx, oc] = [b.axis(k), b.axis(k), b.axis(o)];
  const rise = (i: typeof iy, r: typeof ky) => op("subtract", at(i), at(r));
  const valid = (e: ReturnType<typeof rise>) =>
    op(
      "and",
      op("and", op("greaterEqual", e, int(0)), op("less", op("divide", e, int(s)), int(out))),
      op("equal", op("modulo", e, int(s)), int(0)),
    );
  const [ey, ex] = [rise(iy, ky), rise(ix, kx)];
  const load = b.load(
    g,
    offset(
      [batch, out, out, o],
      [at(n), op("divide", ey, int(s)), op("divide", ex, int(s)), at(oc)],
    ),
  );
  const value = reduce(
    "sum",
    [ky, kx, oc],
    op(
      "multiply",
      guard(op("and", valid(ey), valid(ex)), load, float(0)),
      b.load(w, offset([k, k, c, o], [at(ky), at(kx), at(ic), at(oc)])),
    ),
  );
  const store = {
    buffer: dx,
    index: offset([batch, h, h, c], [at(n), at(iy), at(ix), at(ic)]),
    value,
  };
  return {
    name: `input gradient of a convolution, stride ${s}, ${examples} examples`,
    builder: b,
    nests: [nests.nestOf("gather", [n, iy, ix, ic], [store])],
    sizes: { batch: examples },
  };
}

function softmax(rows: number, columns: number): Sample {
  const b = nests.createBuilder();
  const x = b.input("x", rows * columns);
  const y = b.temporary(rows * columns);
  const [i, j] = [b.axis(rows), b.axis(columns)];
  const [r, s] = [b.axis(columns), b.axis(columns)];
  const entry = (axis: typeof j) => b.load(x, offset([rows, columns], [at(i), at(axis)]));
  const most = reduce("max", [r], entry(r));
  const total = reduce("sum", [s], op("exp", op("subtract", entry(s), most)));
  const value = op("divide", op("exp", op("subtract", entry(j), most)), total);
  const store = { buffer: y, index: offset([rows, columns], [at(i), at(j)]), value };
  return {
    name: `softmax of ${rows} × ${columns}`,
    builder: b,
    nests: [nests.nestOf("softmax", [i, j], [store])],
  };
}

function losses(rows: number, columns: number): Sample {
  const b = nests.createBuilder();
  const x = b.input("x", countOf(batch, columns));
  const y = b.temporary(1);
  const z = b.temporary(1);

  const [i, r, s] = [b.axis(batch), b.axis(columns), b.axis(columns)];
  const entry = (axis: typeof r) => b.load(x, offset([batch, columns], [at(i), at(axis)]));
  const most = reduce("max", [r], entry(r));
  const total = reduce("sum", [s], op("exp", op("subtract", entry(s), most)));
  const sum = reduce("sum", [i], op("add", op("log", total), most));
  const mean = op("divide", sum, cast("f32", dim(batch)));
  const stores = [
    { buffer: y, index: int(0), value: mean },
    { buffer: z, index: int(0), value: op("multiply", mean, float(2)) },
  ];
  return {
    name: `mean of a nested reduction over ${columns} columns`,
    builder: b,
    nests: [nests.nestOf("loss", [], stores)],
    sizes: { batch: rows },
  };
}

function arg(combine: "argmax" | "argmin", columns: number): Sample {
  const b = nests.createBuilder();
  const rows = 5;
  const x = b.input("x", rows * columns);
  const y = b.temporary(rows, "i32");
  const [i, j] = [b.axis(rows), b.axis(columns)];
  const value = reduce(combine, [j], b.load(x, offset([rows, columns], [at(i), at(j)])));
  const store = { buffer: y, index: at(i), value };
  return {
    name: `${combine} with ties over ${columns}`,
    builder: b,
    nests: [nests.nestOf("arg", [i], [store])],
    inputs: { x: made(rows * columns, 3).map((value) => Math.round(value)) },
  };
}

function concatenation(): Sample {
  const b = nests.createBuilder();
  const x = b.input("x", 6 * 4);
  const y = b.input("y", 6 * 3);
  const z = b.temporary(6 * 7);
  const [i, j] = [b.axis(6), b.axis(7)];
  const right = op("subtract", at(j), int(4));
  const value = guard(
    op("less", at(j), int(4)),
    b.load(x, offset([6, 4], [at(i), at(j)])),
    op("exp", b.load(y, offset([6, 3], [at(i), op("maximum", right, int(0))]))),
  );
  const store = { buffer: z, index: offset([6, 7], [at(i), at(j)]), value };
  return { name: "concatenation", builder: b, nests: [nests.nestOf("concat", [i, j], [store])] };
}

function extremes(): Sample {
  const b = nests.createBuilder();
  const x = b.input("x", 4 * 5);
  const y = b.temporary(4);
  const z = b.temporary(4);
  const [i, j] = [b.axis(4), b.axis(5)];
  const entry = b.load(x, offset([4, 5], [at(i), at(j)]));
  const stores = [
    { buffer: y, index: at(i), value: reduce("max", [j], entry) },
    { buffer: z, index: at(i), value: reduce("min", [j], entry) },
  ];
  return {
    name: "max and min of extremes",
    builder: b,
    nests: [nests.nestOf("extremes", [i], stores)],
    inputs: {
      x: [
        -3e38, -3.1e38, -2e38, -3e38, -3.3e38, 0, 0, 0, 0, 0, 3e38, -3e38, 1, 2, 3, -1, -2, -3, -4,
        -5,
      ],
    },
  };
}

/** A reshape read through a transpose: quotients and remainders of a linear offset. */
function reshaped(): Sample {
  const b = nests.createBuilder();
  const x = b.input("x", 6 * 10);
  const y = b.temporary(4 * 15);
  const [i, j] = [b.axis(4), b.axis(15)];
  const linear = offset([4, 15], [at(i), at(j)]);
  const row = op("divide", linear, int(10));
  const column = op("modulo", linear, int(10));
  const value = b.load(x, offset([10, 6], [column, row]));
  return {
    name: "a reshape of a transpose",
    builder: b,
    nests: [nests.nestOf("reshape", [i, j], [{ buffer: y, index: linear, value }])],
  };
}

/** Scattered gradients are gathered by their owner. */
function scatter(): Sample {
  const b = nests.createBuilder();
  const indices = b.input("indices", 11, "u32");
  const g = b.input("g", 11 * 3);
  const y = b.temporary(5 * 3);
  const [row, column, r] = [b.axis(5), b.axis(3), b.axis(11)];
  const here = op("equal", cast("index", b.load(indices, at(r))), at(row));
  const value = reduce(
    "sum",
    [r],
    guard(here, b.load(g, offset([11, 3], [at(r), at(column)])), float(0)),
  );
  const store = { buffer: y, index: offset([5, 3], [at(row), at(column)]), value };
  return {
    name: "scattered sums",
    builder: b,
    nests: [nests.nestOf("scatter", [row, column], [store])],
    inputs: { indices: [0, 4, 4, 2, 1, 0, 0, 3, 4, 2, 2] },
  };
}

/** Sums of which one column has no terms, whatever the row: whole blocks of rows and those at an edge share its reduction. */
function emptyColumn(): Sample {
  const b = nests.createBuilder();
  const x = b.input("x", countOf(batch, 4));
  const w = b.input("w", 4 * 3);
  const y = b.temporary(countOf(batch, 3));
  const [i, j, r] = [b.axis(batch), b.axis(3), b.axis(4)];
  const product = op(
    "multiply",
    b.load(x, offset([batch, 4], [at(i), at(r)])),
    b.load(w, offset([4, 3], [at(r), at(j)])),
  );
  const value = reduce("sum", [r], guard(op("less", at(j), int(2)), product, float(0)));
  const store = { buffer: y, index: offset([batch, 3], [at(i), at(j)]), value };
  return {
    name: "a column without terms",
    builder: b,
    nests: [nests.nestOf("sums", [i, j], [store])],
    sizes: { batch: 5 },
  };
}

/** What rows share is stored once a row: the rows run along the first axis, along the last one, or are one alone. */
function rowsOnce(which: "first" | "last" | "one", m: number | typeof batch, n: number): Sample {
  const b = nests.createBuilder();
  const elements = typeof m === "number" ? m * n : countOf(m, n);
  const x = b.input("x", elements);
  const [largest, total] = [b.temporary(elements), b.temporary(elements)];
  const y = b.temporary(elements);
  const [i, j] = [b.axis(m), b.axis(n)];
  const along =
    which === "first" ? [b.axis(n)] : which === "last" ? [b.axis(m)] : [b.axis(m), b.axis(n)];
  const again = along.map((axis) => b.axis(axis.extent));
  const rows = which === "first" ? [i] : which === "last" ? [j] : [];
  const entry = (axes: readonly (typeof i)[]) => {
    const [one = i, other = j] =
      which === "first" ? [i, ...axes] : which === "last" ? [...axes, j] : axes;
    return b.load(x, offset([m, n], [at(one), at(other)]));
  };
  const most = reduce("max", along, entry(along));
  const sum = reduce("sum", again, op("exp", op("subtract", entry(again), most)));
  const row = rows[0] ? at(rows[0]) : int(0);
  const point = offset([m, n], [at(i), at(j)]);
  const value = op("divide", op("exp", op("subtract", b.load(x, point), most)), sum);
  const stores = [
    { buffer: largest, index: row, value: most, rows },
    { buffer: total, index: row, value: sum, rows },
    { buffer: y, index: point, value },
  ];
  const sizes = typeof m === "number" ? {} : { batch: 6 };
  return {
    name: `rows of ${typeof m === "number" ? m : "batch"} × ${n}, ${which}, stored once`,
    builder: b,
    nests: [nests.nestOf("rows", [i, j], stores)],
    sizes,
  };
}

export const samples: readonly Sample[] = [
  elementwise(),
  matmul(8, 8, 8),
  matmul(7, 5, 13),
  matmul(1, 10, 33),
  matmul(batch, 10, 19, { batch: 5 }),
  // Whole quads along the batch, and examples beside them.
  matmul(batch, 3, 9, { batch: 141 }),
  inputGradient(5, 8, 3, 4, 1, 133),
  matmul(3, 4, 1100),
  convolution(9, 3, 3, 5, 1, 1),
  convolution(11, 1, 5, 8, 2, 2),
  convolution(8, 2, 3, 4, 3, 0),
  inputGradient(9, 2, 3, 5, 2),
  inputGradient(7, 4, 3, 4, 1),
  softmax(3, 10),
  softmax(2, 130),
  rowsOnce("first", 3, 10),
  rowsOnce("first", batch, 37),
  rowsOnce("last", 5, 7),
  rowsOnce("last", batch, 9),
  rowsOnce("first", 2, 130),
  rowsOnce("one", 4, 9),
  losses(9, 12),
  losses(200, 3),
  arg("argmax", 9),
  arg("argmin", 300),
  concatenation(),
  extremes(),
  reshaped(),
  scatter(),
  emptyColumn(),
];
