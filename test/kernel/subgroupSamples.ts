// Takes no input, gives samples of reductions of every kind over rows of odd lengths, one of them and several at once.

import type { Combine, Scalar } from "../../compiler/types/nest.js";
import { made, matmul } from "./nestSamples.js";
import type { Sample } from "./nestSamples.js";
import * as nests from "./nests.js";

const { at, op, float, reduce, offset, cast } = nests;

/** What is reduced of an entry: numbers near 1 for products, truth values. */
function operandOf(combine: Combine, entry: Scalar): Scalar {
  if (combine === "prod") return op("add", op("multiply", entry, float(0.01)), float(1));
  if (combine === "any") return op("greater", entry, float(1.99));
  if (combine === "all") return op("less", entry, float(1.99));
  return entry;
}

function typeOf({ type }: Scalar) {
  return type === "index" ? "i32" : type;
}

function rowsOf(
  name: string,
  combines: readonly Combine[],
  rows: number,
  columns: number,
  whole: boolean,
): Sample {
  const b = nests.createBuilder();
  const x = b.input("x", rows * columns);
  const [i, j] = [b.axis(rows), b.axis(columns)];
  const read = b.load(x, offset([rows, columns], [at(i), at(j)]));
  const entry = whole ? cast("i32", op("multiply", read, float(8))) : read;
  const stores = combines.map((combine) => {
    const value = reduce(combine, [j], operandOf(combine, entry));
    return { buffer: b.temporary(rows, typeOf(value)), index: at(i), value };
  });
  return {
    name: `${name} of ${rows} × ${columns}`,
    builder: b,
    nests: [nests.nestOf("reduced", [i], stores)],
    // Few values, so that extrema occur again.
    inputs: { x: made(rows * columns, columns).map((value) => Math.round(value * 8) / 8) },
  };
}

/** Each entry of a row takes part in what is made of two reductions of it, of which one needs the other. */
function standardized(rows: number, columns: number): Sample {
  const b = nests.createBuilder();
  const x = b.input("x", rows * columns);
  const y = b.temporary(rows * columns);
  const [i, j, r, s] = [b.axis(rows), b.axis(columns), b.axis(columns), b.axis(columns)];
  const entry = (axis: typeof j) => b.load(x, offset([rows, columns], [at(i), at(axis)]));
  const mean = op("divide", reduce("sum", [r], entry(r)), float(columns));
  const apart = (axis: typeof j) => op("subtract", entry(axis), mean);
  const squares = reduce("sum", [s], op("multiply", apart(s), apart(s)));
  const value = op("divide", apart(j), op("add", squares, float(1)));
  const store = { buffer: y, index: offset([rows, columns], [at(i), at(j)]), value };
  return {
    name: `standardized rows, ${rows} × ${columns}`,
    builder: b,
    nests: [nests.nestOf("standardized", [i, j], [store])],
  };
}

const kinds = ["sum", "prod", "max", "min", "any", "all", "argmax", "argmin"] as const;
const whole = ["sum", "max", "min", "argmax", "argmin"] as const;

export const subgroupSamples: readonly Sample[] = [
  ...kinds.map((kind) => rowsOf(kind, [kind], 3, 131, false)),
  ...whole.map((kind) => rowsOf(`${kind} of integers`, [kind], 2, 67, true)),
  ...[1, 2, 5, 63, 64, 65, 257, 1031].map((columns) => rowsOf("sum", ["sum"], 2, columns, false)),
  rowsOf("sum, one row,", ["sum"], 1, 300, false),
  rowsOf("two alike", ["sum", "sum"], 7, 131, false),
  rowsOf("least and largest", ["max", "min"], 5, 67, false),
  rowsOf("a value and its index", ["max", "argmax", "sum"], 3, 97, false),
  ...[1, 130].map((columns) => standardized(3, columns)),
  // Tiles: several alike at once.
  matmul(1, 2, 1100),
  matmul(2, 2, 2053),
];
