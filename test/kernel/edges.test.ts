// A matrix product whose rows are a free dimension in; how many elements its kernel for the CPU reads at each number of rows, out.

import { expect, it } from "vitest";
import { cpuModuleText, planPrograms } from "../../compiler/emit/plan.js";
import { mapSchedule } from "../../compiler/kernel/index.js";
import { freeDim, multiplyDims } from "../../compiler/types/dimension.js";
import * as nests from "./nests.js";
import { loadModule } from "./run.js";

const [inner, columns] = [19, 8];

/** Reads of the left factor, of which a tile of rows shares none and a tile of columns all. */
function readsAt(rows: number): number {
  const { at, op, offset, reduce } = nests;
  const b = nests.createBuilder();
  const batch = freeDim("batch");
  const x = b.input("x", multiplyDims(batch, inner));
  const w = b.input("w", inner * columns);
  const out = b.temporary(multiplyDims(batch, columns));
  const [i, j, r] = [b.axis(batch), b.axis(columns), b.axis(inner)];
  const product = op(
    "multiply",
    b.load(x, offset([batch, inner], [at(i), at(r)])),
    b.load(w, offset([inner, columns], [at(r), at(j)])),
  );
  const store = {
    buffer: out,
    index: offset([batch, columns], [at(i), at(j)]),
    value: reduce("sum", [r], product),
  };
  const schedule = nests.scheduleOf(b, [nests.nestOf("product", [i, j], [store])]);
  const { kernels } = planPrograms(
    [
      {
        head: { name: "p", kind: "predict", inputs: [] },
        schedule,
        kernels: mapSchedule(schedule),
      },
    ],
    { storages: [], dimensions: ["batch"], describe: ({ path }) => path },
  );
  const [kernel] = Object.values(loadModule(cpuModuleText(kernels, "f32")).kernels);
  let reads = 0;
  const counted = new Proxy(new Float32Array(rows * inner).fill(1), {
    get: (target, name) => {
      reads += typeof name === "string" ? 1 : 0;
      return Reflect.get(target, name) as number;
    },
  });
  const result = new Float32Array(rows * columns);
  const words = new Uint32Array(4).fill(rows);
  kernel?.(
    [counted, new Float32Array(inner * columns).fill(1), result],
    words,
    new Float32Array(words.buffer),
    [],
  );
  expect([...result]).toEqual(Array.from({ length: rows * columns }, () => inner));
  return reads;
}

it("no row is computed again, however many there are", () => {
  // A kernel reads a row once for each block of columns, in a block of rows or alone.
  const [alone, together] = [readsAt(1), readsAt(64) / 64];
  for (const rows of [2, 3, 5, 7, 9]) expect(readsAt(rows), `${rows} rows`).toBe(rows * alone);
  expect(alone).toBe(together);
});
