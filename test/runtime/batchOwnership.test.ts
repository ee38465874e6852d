// Data that its owner changes while a fit runs in; training on what was given, or on batches as they were when asked for, out.
import { describe, expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";

// With a rate of 1 from 0 the weight after a step of its own is the batch's mean, and what steps leave is the last batch's.
const model = compileOne(`model Last {
  input x: [batch]
  weight w: [] = 0
  output y = x * w
  loss 0.5 * (w - x) ^ 2
}
train Last { optimizer sgd(lr: 1)  batch 2  epochs 1 }`);

describe.each(["f32", "webgpu"] as const)("on %s", (backend) => {
  it("tensors belong to the call", async () => {
    const net = await open(model, backend);
    const x = Float32Array.of(3, 3, 3, 3);
    const running = net.fit({ x });
    x.fill(100);
    await running;
    expect((await net.read("w"))[0]).toBe(3);
    net.destroy();
  });

  it("a batch may change once the next is asked for", async () => {
    const net = await open(model, backend);
    const seen: number[] = [];
    const x = new Float32Array(2);
    function* batches() {
      for (const value of [3, 5, 7]) yield { x: x.fill(value) };
      x.fill(100);
    }
    await net.fit(batches, { onStep: ({ step }) => void seen.push(step) });
    expect([(await net.read("w"))[0], seen.length]).toEqual([7, 3]);
    net.destroy();
  });

  it("those of a list are read when their turn comes", async () => {
    const net = await open(model, backend);
    const batches = [3, 5, 7].map((value) => ({ x: new Float32Array(2).fill(value) }));
    const running = net.fit(batches, { epochs: 2 });
    batches[2]?.x.fill(9);
    await running;
    expect((await net.read("w"))[0]).toBe(9);
    net.destroy();
  });
});
