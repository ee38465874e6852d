// Stages that stop early by a loss or a metric in; at which epoch they have their best weights, out.
import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";

/** One weight that each step moves on by 1, so that what is watched is a function of the epoch. */
const source = (on: string): string => `
optimizer forward() { w <- w + 1 }
model M {
  input x: [batch]
  target y: [batch]
  param w: [] = 0
  output value = w * x
  loss first = mean(0.1 * value + 0 * y)
  loss second = mean((value - 3.0 * x) ^ 2)
  metric peak = 10 - (w - 2) ^ 2
  metric error = (w - 4) ^ 2
}
train M { optimizer forward()  batch 4  epochs 9  validation 0.5  stop_early(patience: 2${on}) }`;

// Steps of an epoch: half of eight examples are one batch, so that w is 1 behind the first.
const data = { x: Array<number>(8).fill(1), y: Array<number>(8).fill(0) };

it.each([
  ["", 3],
  [", on: loss", 3],
  [", on: first", 1],
  [", on: second", 3],
  [", on: peak", 2],
  [", on: error, rising: false", 4],
  [", on: peak, rising: false", 1],
])("stop_early(patience: 2%s) keeps the weights of the best epoch", async (on, best) => {
  const net = await open(compileOne(source(on)), "f64");
  const history = await net.fit(data);
  expect([...(await net.read("w"))]).toEqual([best]);
  const last = history.epochs[best - 1];
  expect(history.best).toEqual({ epoch: best - 1, loss: last?.validation?.loss });
  expect(history.stopped).toBe("early");
  net.destroy();
});
