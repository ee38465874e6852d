// Nets of equal layers in; that the layers share their kernels, from their initial values to their updates, and still compute what each should, out.

import { describe, expect, it } from "vitest";
import { readSafetensors } from "../../runtime/safetensors.js";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";
import type { TestBackend } from "../support/compiled.js";

function netOf(layers: number): string {
  return `model m {
  input x: [batch, 6]
  target y: [batch, 6]
  h = x
  for i in range(${layers}) {
    keep: [batch, 6] ~ bernoulli(0.5)
    h = (h |> dense(6, activation: tanh)) * (if training then keep else 1)
  }
  output h
  loss mse(h, y)
}
train m { optimizer sgd(0.1)  batch 4  epochs 1 }`;
}

function kernelsIn(layers: number): Readonly<Record<string, number>> {
  const { programs } = compileOne(netOf(layers)).plan;
  return Object.fromEntries(
    programs.map(({ name, dispatches }) => [
      name,
      new Set(dispatches.map((one) => one.kernel)).size,
    ]),
  );
}

type Rows = readonly (readonly number[])[];

/** In double precision: the layers' weights one after the other. */
function predicted(rows: Rows, weights: readonly Float32Array[], biases: readonly Float32Array[]) {
  return rows.map((row) =>
    weights.reduce((h, weight, layer) => {
      const sums = h.map((_, out) =>
        h.reduce(
          (sum, value, k) => sum + value * (weight[k * 6 + out] ?? 0),
          biases[layer]?.[out] ?? 0,
        ),
      );
      return sums.map(Math.tanh);
    }, row),
  );
}

describe("equal layers", () => {
  it("share the kernels of every program, however many they are", () => {
    const [few, many] = [kernelsIn(8), kernelsIn(24)];
    expect(many).toEqual(few);
    expect(few.init).toBeLessThan(4);
  });

  const backends: readonly TestBackend[] = softwareExpected ? ["f32", "webgpu"] : ["f32"];
  it.each(backends)("have weights, draws and updates of their own: %s", async (backend) => {
    const model = compileOne(netOf(5));
    const net = await open(model, backend, { seed: 3 });
    const tensors = async (): Promise<[Float32Array[], Float32Array[]]> => {
      const all = [...readSafetensors(await net.save()).tensors].map(
        ([name, { data }]) => [name, new Float32Array(data.slice().buffer)] as const,
      );
      const of = (end: string): Float32Array[] =>
        all.flatMap(([name, values]) => (name.endsWith(end) ? [values] : []));
      return [of("W"), of("b")];
    };
    const rows = [0, 1, 2, 3].map((row) => [0, 1, 2, 3, 4, 5].map((k) => Math.sin(row * 6 + k)));
    const x = Float32Array.from(rows.flat());
    const check = async (): Promise<Float32Array[]> => {
      const [weights, biases] = await tensors();
      expect(weights.length).toBe(5);
      expect(new Set(weights.map(String)).size).toBe(5);
      const { h } = await net.predict({ x });
      const expected = predicted(rows, weights, biases).flat();
      const worst = Math.max(...expected.map((value, at) => Math.abs(value - Number(h?.[at]))));
      expect(worst).toBeLessThan(1e-4);
      return weights;
    };
    const before = await check();
    await net.fit({ x, y: Float32Array.from(x, (value) => -value) });
    const after = await check();
    for (const [layer, weight] of before.entries()) expect(after[layer]).not.toEqual(weight);
  });
});
