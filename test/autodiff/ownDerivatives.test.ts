// Functions with a derivative of their own, written with stop_gradient, in; their values and derivatives out.

import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";

const x = [-1.5, -0.3, 0.2, 0.7, 2.6];

/** The lines of LANGUAGE.md; the value and the slope that each has at x. */
const functions: readonly (readonly [string, (x: number) => number, (x: number) => number])[] = [
  // The gradient is reversed.
  ["2 * stop_gradient(x) - x", (x) => x, () => -1],
  // It passes straight through.
  ["x + stop_gradient(round(x) - x)", Math.round, () => 1],
  // Any value and any derivative.
  [
    "stop_gradient(sign(x)) + (x - stop_gradient(x)) * stop_gradient(1 / (1 + x ^ 2))",
    Math.sign,
    (x) => 1 / (1 + x * x),
  ],
];

it.each(functions)("%s", async (text, value, slope) => {
  const source = `fn own(x) = ${text}
model M {
  input x: [batch]
  y = own(3 * x)
  slope = grad(y ^ 2, x)
  output y
  output slope
}`;
  for (const backend of ["f64", "f32"] as const) {
    const net = await open(compileOne(source), backend);
    const { y, slope: found } = (await net.predict({ x })) as Record<string, Float32Array>;
    for (const [at, one] of x.entries()) {
      expect(y?.[at]).toBeCloseTo(value(3 * one), 5);
      expect(found?.[at]).toBeCloseTo(6 * value(3 * one) * slope(3 * one), 4);
    }
    net.destroy();
  }
});
