// Models with several outputs in; predictions of one alone, which ask for its own inputs, and kernels still shared where that is free, out.

import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";

async function predicted(
  body: string,
  inputs: Readonly<Record<string, number[]>>,
  output: string,
): Promise<number[]> {
  const net = await open(compileOne(`model M { ${body} }`), "f64");
  const outputs: Record<string, ArrayLike<number>> = await net.predict(inputs, {
    outputs: [output],
  });
  return Array.from(outputs[output] ?? []);
}

const two = "input x: [batch]  input y: [batch]";

it("an output asks for nothing that only another's last step reads", async () => {
  const body = `${two}  output a = x / 4  output b = 2 * y`;
  expect(await predicted(body, { x: [2, 6] }, "a")).toEqual([0.5, 1.5]);
  expect(await predicted(body, { y: [3] }, "b")).toEqual([6]);
});

it("an output asks for nothing that a step before another's reads", async () => {
  // Each exponential is read by two kernels, so that it has one of its own.
  const body = `input x: [batch, 40]  input y: [batch, 40]
    p = exp(erf(sin(x))) ^ 0.3  q = exp(erf(sin(y))) ^ 0.3
    output a = p @ transpose(p)  output b = q @ transpose(q)`;
  const wide = { data: new Array<number>(40).fill(0), shape: [1, 40] };
  expect(await predicted(body, { x: wide as never }, "a")).toEqual([40]);
  expect(await predicted(body, { y: wide as never }, "b")).toEqual([40]);
});

it("outputs of the same inputs share a kernel, and so do inputs that one output reads both", () => {
  const kernels = (body: string): number =>
    compileOne(`model M { ${body} }`).plan.programs[0]?.dispatches.length ?? NaN;
  expect(kernels(`${two}  output a = x + 2 * y  output b = y / (1 + x ^ 2)`)).toBe(1);
  expect(
    kernels(`input x: [batch, 40]  input y: [batch, 40]
      p = exp(erf(sin(x))) ^ 0.3  q = exp(erf(sin(y))) ^ 0.3
      output a = p @ transpose(q) + q @ transpose(p)`),
  ).toBe(3);
});
