// Batches whose number nobody knows in; that schedules which go by the progress of a run are refused for want of it, and others not, out.
import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";

const model = (rate: string): ReturnType<typeof compileOne> =>
  compileOne(`model M {
    input x: [batch]
    param a: [] = 0
    output q = a * x
    loss mean(x) - a
  }
  train M { optimizer sgd(lr: ${rate}) batch 2 epochs 3 }`);
const batches = Array.from({ length: 3 }, () => ({ x: [1, 2] }));

/** `a` behind a run. */
async function trained(rate: string, data: unknown, options: object = {}): Promise<number> {
  const net = await open(model(rate), "f64");
  try {
    await net.fit(data as never, options);
    return (await net.read("a"))[0] ?? NaN;
  } finally {
    net.destroy();
  }
}

it("a schedule of the progress wants to know how many steps there are", async () => {
  // The sum of (step - 1) / 9 over nine steps.
  for (const data of [batches, { x: [1, 2, 1, 2, 1, 2] }])
    expect(await trained("progress", data)).toBeCloseTo(4, 10);
  for (const options of [{ stepsPerEpoch: 3 }, { epochs: Infinity, steps: 9 }])
    expect(await trained("progress", () => batches, options)).toBeCloseTo(4, 10);
  await expect(trained("progress", () => batches)).rejects.toThrow(/stepsPerEpoch/);
  await expect(trained("cosine(1)", () => batches)).rejects.toThrow(/stepsPerEpoch/);
});

it("others do not", async () => {
  expect(await trained("0.5", () => batches)).toBeCloseTo(4.5, 10);
  expect(await trained("step_decay(1, rate: 0.5, every: 1)", () => batches)).toBeGreaterThan(1);
});
