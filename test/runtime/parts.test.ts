// A metric over a whole set whose batches are of different lengths in; an error that names the metric, not the value that the runtime holds, out.
import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";

const source = `
model Lengths {
  input x: [batch, time]
  weight w: [] = 1
  loss mean((x * w) ^ 2)
  metric spread = max(sum(x, axis: 0) ^ 2)
}
train Lengths { optimizer sgd(lr: 0.1)  batch 2 }`;

const rows = (time: number): { data: Float32Array; shape: number[] } => ({
  data: new Float32Array(2 * time).fill(1),
  shape: [2, time],
});

it("batches that do not fit together are told of by what they are for", async () => {
  const net = await open(compileOne(source), "f32");
  const batches = (): unknown[] => [{ x: rows(3) }, { x: rows(4) }];
  const evaluating = net.evaluate(batches as never);
  await expect(evaluating).rejects.toThrow(
    /the batches give (the loss mean, )?the metric spread values of different sizes to put together/,
  );
  net.destroy();
});
