// Lines of `minimize` with `repeat` and data of few batches in; which batches each update takes, and how many steps an epoch has, out.

import { expect, it } from "vitest";
import type { FitOptions, TrainingNet } from "../../runtime/api.js";
import { compileOne, open } from "../support/compiled.js";

function model(train: string): string {
  return `
model M {
  input x: [batch]
  param a: [] = 0
  param c: [] = 0
  loss la = mean(x * a)
  loss lc = mean(x * c)
}
${train}
`;
}

const ones = (rows: number): object => ({ x: new Float32Array(rows).fill(1) });
const batchesOf = (rows: number, batch: number) => (): Iterable<object> =>
  Array.from({ length: Math.ceil(rows / batch) }, (_, at) =>
    ones(Math.min(batch, rows - at * batch)),
  );

async function trained(
  train: string,
  data: unknown,
  options: FitOptions = {},
): Promise<{ net: TrainingNet; a: number; c: number; steps: readonly number[] }> {
  const net = await open(compileOne(model(train)), "f32");
  const { epochs } = await net.fit(data as never, options);
  const [[a = NaN], [c = NaN]] = [await net.read("a"), await net.read("c")];
  return { net, a, c, steps: epochs.map(({ step }) => step) };
}

const both =
  "minimize la on a with sgd(lr: 1) repeat 3  minimize lc on c with sgd(lr: 0.5) repeat 2";
const single = "minimize la on a with sgd(lr: 1) repeat 3  minimize lc on c with sgd(lr: 0.5)";

// Five updates of two batches a pass; three of five batches: passes end after 5/3, 10/3 and 5 steps.
it.each<[string, number, number, string, number, number, readonly number[]]>([
  [both, 8, 4, "epochs 2", -6, -2, [1, 2]],
  [both, 8, 4, "steps 3", -9, -3, [1, 2, 3]],
  [single, 10, 2, "steps 4", -12, -2, [2, 4]],
  [single, 10, 2, "epochs 3", -15, -2.5, [2, 4, 5]],
  [single, 12, 2, "epochs 2", -12, -2, [2, 4]],
  [`${both} accumulate 2`, 10, 2, "epochs 3", -9, -3, [1, 2, 3]],
])("%s, %i rows in batches of %i, %s", async (lines, rows, batch, length, a, c, steps) => {
  const text = `train M { ${lines} batch ${batch} ${length} }`;
  expect(await trained(text, ones(rows))).toMatchObject({ a, c, steps });
  expect(await trained(text, batchesOf(rows, batch))).toMatchObject({ a, c, steps });
});

it("each repetition takes the next batch, over the end of a pass too", async () => {
  // What is taken of a stream is its batches' weight in a.
  const seen: number[] = [];
  const data = function* (): Generator<object> {
    for (let at = 1; at <= 4; at++) {
      seen.push(at);
      yield { x: [at] };
    }
  };
  const text = `train M { ${single} epochs 3 }`;
  const { a, c, steps } = await trained(text, data);
  // 1 2 3 | 4 1 2 || 3 4 1 || 2 3 4
  expect(steps).toEqual([2, 3, 4]);
  expect(a).toBe(-30);
  expect(c).toBe(-0.5 * (3 + 2 + 1 + 4));
  expect(seen).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
});

it("a generator that ends within a step leaves that step out", async () => {
  const once = (function* (): Generator<object> {
    for (let at = 1; at <= 5; at++) yield { x: [at] };
  })();
  const { a, steps } = await trained(`train M { ${single} epochs 1 }`, once);
  expect([a, steps]).toEqual([-6, [1]]);
  const few = (function* (): Generator<object> {
    yield { x: [1] };
  })();
  await expect(trained(`train M { ${single} epochs 1 }`, few)).rejects.toThrow(
    "fewer batches than the 3 of one step",
  );
});
