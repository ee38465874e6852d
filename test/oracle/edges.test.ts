// Functions of the library where single precision ends in; values and derivatives that keep their digits out.

import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";

const backends = ["f64", "f32"] as const;

/** The outputs of a model of so many lines. */
async function outputsOf(
  backend: (typeof backends)[number],
  lines: string,
  inputs: Readonly<Record<string, number[]>>,
): Promise<Record<string, number[]>> {
  const net = await open(compileOne(`model M {\n${lines}\n}`), backend);
  const found = (await net.predict(inputs)) as Record<string, Float32Array>;
  net.destroy();
  return Object.fromEntries(
    Object.entries(found).map(([name, values]) => [name, Array.from(values)]),
  );
}

it.each(backends)("atanh has the derivative 0 from both ends on (%s)", async (backend) => {
  const { slope } = await outputsOf(
    backend,
    "input x: [batch]\noutput slope = grad(sum(atanh(x)), x)",
    { x: [-2, -1, -0.5, 0, 0.5, 1, 2] },
  );
  [0, 0, 4 / 3, 1, 4 / 3, 0, 0].forEach((value, at) => {
    expect(slope?.[at]).toBeCloseTo(value, 5);
  });
});

it.each(backends)("the derivative of solve by B is no part of that by A (%s)", async (backend) => {
  const { X, slope } = await outputsOf(
    backend,
    "input A: [batch, 2, 2]\ninput B: [batch, 2, 1]\nX = solve(A, B)\noutput X\noutput slope = grad(sum(X), B)",
    { A: [1e-20, 0, 0, 1], B: [1, 1] },
  );
  expect((X?.[0] ?? 0) / 1e20).toBeCloseTo(1, 5);
  expect((slope?.[0] ?? 0) / 1e20).toBeCloseTo(1, 5);
  expect([X?.[1], slope?.[1]]).toEqual([1, 1]);
});

it.each(backends)(
  "sparsity of units that never, or always, fire is finite (%s)",
  async (backend) => {
    const { cost, slope } = await outputsOf(
      backend,
      "input x: [batch, 2]\noutput cost = sparsity(x, target: 0.25)\noutput slope = grad(sparsity(x, target: 0.25), x)",
      { x: [0, 1, 0, 1] },
    );
    const [rare, rest] = [1e-6, 1 - 1e-6];
    const never = 0.25 * Math.log(0.25 / rare) + 0.75 * Math.log(0.75 / rest);
    const always = 0.25 * Math.log(0.25 / rest) + 0.75 * Math.log(0.75 / rare);
    expect((cost?.[0] ?? NaN) / (never + always)).toBeCloseTo(1, 2);
    expect(slope?.every(Number.isFinite)).toBe(true);
  },
);

it.each(backends)("focal keeps its digits where the class is almost sure (%s)", async (backend) => {
  const gap = 10.6;
  const found = await outputsOf(
    backend,
    "input z: [batch, 3]\ninput t: category(3)[batch]\nf = focal(z, t, gamma: 0.5)\noutput f\noutput slope = grad(sum(f), z)",
    { z: [gap, 0, 0, -60, 60, 0, -1e30, 1, 1], t: [0, 0, 1] },
  );
  const cost = (odds: number): number => (odds / (1 + odds)) ** 0.5 * Math.log1p(odds);
  const odds = 2 * Math.exp(-gap);
  const slopeOfOdds = (cost(odds * 1.00001) - cost(odds / 1.00001)) / 0.00002;
  const wanted = [cost(odds), 120, cost(1)];
  wanted.forEach((value, at) => {
    expect((found["f"]?.[at] ?? NaN) / value).toBeCloseTo(1, 5);
  });
  [-slopeOfOdds, slopeOfOdds / 2, slopeOfOdds / 2].forEach((value, at) => {
    expect((found["slope"]?.[at] ?? NaN) / value).toBeCloseTo(1, 4);
  });
  expect(found["slope"]?.slice(3).every(Number.isFinite)).toBe(true);
});
