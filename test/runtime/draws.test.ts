// Shapes of what is drawn in; that JavaScript, WebAssembly and WebGPU draw the same numbers, out.

import { expect, it } from "vitest";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";
import type { TestBackend } from "../support/compiled.js";

const backends: readonly TestBackend[] = softwareExpected ? ["f32", "any adapter"] : ["f32"];

// Drawn in loops of eight with a rest, in one kernel with what is computed of them.
it.each([
  ["weight W: [15, 15] ~ orthogonal()", "x @ W", 15],
  ["weight W: [10, 31] ~ orthogonal()", "x @ W", 10],
  ["weight W: [7, 5] = 1\n  n: [7, 5] ~ bernoulli(0.5)", "x @ (W * n / sqrt(sum(W ^ 2)))", 7],
])("%s", async (declared, output, width) => {
  const model = compileOne(
    `model M {\n  input x: [batch, ${width}]\n  ${declared}\n  output y = ${output}\n  loss mean(y ^ 2)\n}\n` +
      "train M { optimizer sgd(lr: 0.1) }",
  );
  const identity = Array.from({ length: width ** 2 }, (_, at) => +(at % (width + 1) === 0));
  const drawnOn = async (backend: TestBackend) => {
    const net = await open(model, backend, { seed: 4 });
    const { y } = await net.predict({ x: { data: identity, shape: [width, width] } }, { seed: 3 });
    net.destroy();
    return Array.from(y as Float32Array);
  };
  const expected = await drawnOn("f64");
  for (const backend of backends) {
    const found = await drawnOn(backend);
    expected.forEach((value, at) => {
      expect(found[at], `${backend}, ${at}`).toBeCloseTo(value, 3);
    });
  }
});

/** Bounds beyond i32 that are numbers, and as tensors of u32. */
const beyond = [
  ["u32", 3_000_000_000, 4_000_000_000],
  ["u32", 7, 2 ** 32 - 1],
  ["f32", 2 ** 32 - 300, 2 ** 32 - 100],
] as const;
it.each(beyond)("%s from %d to %d", async (type, low, high) => {
  const drawnOn = async (backend: TestBackend, bounds: string) => {
    const model = compileOne(`model M {
      bounds: u32[2] = [${low}, ${high}]
      input v: ${type}[batch] ~ randint(${bounds})
      output y = v
    }`);
    const net = await open(model, backend, { seed: 4 });
    const { y } = await net.predict({}, { batch: 500 });
    net.destroy();
    return Array.from(y as ArrayLike<number>);
  };
  const expected = await drawnOn("f64", "bounds[0], bounds[1]");
  const [least, most] = [Math.min(...expected), Math.max(...expected)];
  expect(least).toBeGreaterThanOrEqual(low);
  expect(most).toBeLessThan(high);
  expect(most - least).toBeGreaterThan((high - low) * 0.9);
  for (const backend of ["f64", ...backends] as const) {
    const found = await drawnOn(backend, `${low}, ${high}`);
    // Devices round large integers to f32 as they like.
    const worst = Math.max(...found.map((value, at) => Math.abs(value - (expected[at] ?? NaN))));
    expect(worst, backend).toBeLessThanOrEqual(type === "f32" && backend !== "f64" ? 256 : 0);
  }
});

it("what is drawn outside of a loop is the same in each of its turns", async () => {
  const model = compileOne(`model M {
    input x: [batch, 2]
    noise: [2] ~ uniform(-1, 1)
    output y = scan t in range(3) {
      carry c: [2] = 0
      c <- c + 2 * noise
      yield c
    }
  }`);
  for (const backend of backends) {
    const net = await open(model, backend, { seed: 4 });
    const { y = [] } = await net.predict({ x: { data: [0, 0], shape: [1, 2] } }, { seed: 3 });
    net.destroy();
    const [first = NaN, second = NaN, ...others] = Array.from(y as Float32Array);
    expect(Math.abs(first - second)).toBeGreaterThan(0.01);
    [2 * first, 2 * second, 3 * first, 3 * second].forEach((expected, at) => {
      expect(others[at], `${backend}, ${at}`).toBeCloseTo(expected, 5);
    });
  }
});

// A curriculum: what is learnt on easy examples first is evaluated as the body says outside of training.
it.each(backends)("an input is drawn otherwise while training, on %s", async (backend) => {
  const model = compileOne(`model M {
    most = if training then 10 * progress else 100
    input x: [batch] ~ uniform(most, most + 1)
    target y: [batch] = if training then x else -x
    weight w: [] = 0
    output seen = x + w
    loss mean(y) + 0 * w
  }
  train M { optimizer sgd(lr: 0)  batch 50  steps 10 }`);
  const net = await open(model, backend, { seed: 2 });
  const losses: number[] = [];
  await net.fit({}, { onStep: ({ loss }) => losses.push(loss) });
  losses.forEach((loss, step) => {
    expect(loss, `step ${step}`).toBeGreaterThan(step);
    expect(loss, `step ${step}`).toBeLessThan(step + 1);
  });
  const { loss } = await net.evaluate({}, { examples: 50 });
  expect(loss).toBeGreaterThan(-101);
  expect(loss).toBeLessThan(-100);
  const { seen } = await net.predict({}, { batch: 50 });
  const values = Array.from(seen as Float32Array);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(100);
  expect(Math.max(...values)).toBeLessThan(101);
  net.destroy();
});
