// Programs whose kernels could be printed many times over in; kernels of few statements, and the right numbers, out.
import { expect, it } from "vitest";
import type { Statement } from "../../compiler/kernel/ir.js";
import { mapSchedules } from "../../compiler/kernel/index.js";
import { trainedExtents } from "../../compiler/emit/modelPlan.js";
import type { CompiledModel } from "../../compiler/index.js";
import { compileOne, open } from "../support/compiled.js";

function countStatements(body: readonly Statement[]): number {
  return body.reduce(
    (count, statement) => count + 1 + ("body" in statement ? countStatements(statement.body) : 0),
    0,
  );
}

/** Of the longest kernel on any target. */
function longest({ typed, training }: CompiledModel): number {
  const kernels = mapSchedules(training.schedules, trainedExtents(typed)).flat();
  return Math.max(
    ...kernels.flatMap((each) => Object.values(each)).map(({ body }) => countStatements(body)),
  );
}

it("a branch computes what it needs alone of sums that share a loop", () => {
  // Two gradients in one update: each of 20 points has a branch for one of them.
  const model = compileOne(`
model Pairs {
  input a: category(40)[batch]
  input b: category(50)[batch]
  target y: [batch]
  output p = sum(embedding(a, 40, 8) * embedding(b, 50, 8), axis: 1)
  loss mse(p, y)
}
train Pairs { optimizer sgd(lr: 0.1)  batch 64  epochs 1 }`);
  expect(longest(model)).toBeLessThan(1200);
});

it("what branches in branches compute time and again is stored", async () => {
  const steps = 12;
  const model = compileOne(`
model Neighbours {
  input x: [4]
  h = x
  for i in range(${steps}) { h = pad(h[1:], [[0, 1]]) + pad(h[:-1], [[1, 0]]) * 0.5 }
  output h
}`);
  expect(longest(model)).toBeLessThan(600);
  const x = [1, -2, 0.5, 3];
  let expected = x;
  for (let step = 0; step < steps; step++) {
    const before = expected;
    expected = before.map((_, at) => (before[at + 1] ?? 0) + (before[at - 1] ?? 0) * 0.5);
  }
  const { h } = await (await open(model, "f64")).predict({ x });
  h?.forEach((value, at) => {
    expect(value).toBeCloseTo(expected[at] ?? NaN, 10);
  });
  expect(h).toHaveLength(4);
});
