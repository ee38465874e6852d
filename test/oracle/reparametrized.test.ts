// Reparametrized weights as they are drawn in; what the reparametrizations must leave of them before any training, out.

import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";

const inputs = 4;
const units = 3;
const identity = Array.from({ length: inputs ** 2 }, (_, at) => +(at % (inputs + 1) === 0));

/** The weight that was drawn, and the one that is used, row by row. */
async function weightsOf(call: string): Promise<Record<"drawn" | "used", number[]>> {
  const model = compileOne(`model M {
    input x: [batch, ${inputs}]
    output y = x |> dense(${units}, use_bias: false, reparametrize: ${call})
  }`);
  const net = await open(model, "f64", { seed: 5 });
  const { y = [] } = await net.predict({ x: { data: identity, shape: [inputs, inputs] } });
  const drawn = Array.from(await net.read("dense_1.W"));
  net.destroy();
  return { drawn, used: Array.from(y as ArrayLike<number>) };
}

/** By the power method, with steps to spare. */
function largestSingularValue(weight: readonly number[]): number {
  const entry = (row: number, column: number): number => weight[row * units + column] ?? NaN;
  const rows = Array.from({ length: inputs }, (_, row) => row);
  let v = Array.from({ length: units }, (_, column) => 1 + column);
  let length = 0;
  for (let step = 0; step < 500; step += 1) {
    const u = rows.map((row) => v.reduce((sum, one, column) => sum + entry(row, column) * one, 0));
    v = v.map((_, column) =>
      rows.reduce((sum, row) => sum + entry(row, column) * (u[row] ?? 0), 0),
    );
    length = Math.hypot(...v);
    v = v.map((one) => one / length);
  }
  return Math.sqrt(length);
}

it.each(["weight_norm()", "lora(2)"])("%s changes nothing at first", async (call) => {
  const { drawn, used } = await weightsOf(call);
  used.forEach((one, at) => {
    expect(one).toBeCloseTo(drawn[at] ?? NaN, 12);
  });
});

it("spectral_norm starts with the largest singular value of what is drawn", async () => {
  const { drawn, used } = await weightsOf("spectral_norm()");
  const largest = largestSingularValue(drawn);
  expect(largest).toBeGreaterThan(1.05);
  used.forEach((one, at) => {
    expect(one).toBeCloseTo((drawn[at] ?? NaN) / largest, 3);
  });
});
