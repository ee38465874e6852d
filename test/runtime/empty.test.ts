// Free dimensions of length 0 in; empty outputs where nothing needs a value, and errors in words where a loss does, alike on both backends, out.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/api.js";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

const model = compileOne(`
model Tagger {
  input token: [batch, time]
  target y: [batch, time]
  h = token[..., new] |> gru(4)
  output prediction = (h |> dense(1))[..., 0]
  loss (prediction - y) ^ 2
  metric mae = mean(abs(prediction - y))
}
train Tagger { optimizer adam(lr: 0.01)  batch 2  epochs 1  seed 1 }
`);

let net: TrainingNet;

const empty = (batch: number, time: number): { data: number[]; shape: number[] } => ({
  data: [],
  shape: [batch, time],
});

describe.each(softwareExpected ? (["f32", "webgpu"] as const) : (["f32"] as const))(
  "a free dimension of 0 on %s",
  (machine) => {
    beforeAll(async () => {
      net = await open(model, machine, { seed: 1 });
    });
    afterAll(() => {
      net.destroy();
    });

    it.each([
      [2, 0],
      [0, 3],
      [0, 0],
    ])("predicts nothing for %d × %d", async (batch, time) => {
      const { prediction } = await net.predict({ token: empty(batch, time) });
      expect([...(prediction as Float32Array)]).toEqual([]);
      // What comes next is as ever.
      const next = await net.predict({ token: [[1, 2]] });
      expect(next["prediction"]).toHaveLength(2);
    });

    it.each([
      [2, 0],
      [0, 3],
    ])("is refused by step, evaluate and fit for %d × %d", async (batch, time) => {
      const data = { token: empty(batch, time), y: empty(batch, time) };
      const none = time === 0 ? "length along time" : "examples";
      const told = (what: string): object =>
        expect.objectContaining({
          code: "data",
          message: `${what} has no ${none}: only predict takes what is empty`,
        }) as object;
      await expect(net.step(data)).rejects.toEqual(told("a batch"));
      await expect(net.evaluate(data)).rejects.toEqual(told("the data"));
      await expect(net.evaluate([data])).rejects.toEqual(told("a batch"));
      await expect(net.fit(data)).rejects.toEqual(told("the data"));
      // A net that was given nothing has learned nothing, and goes on.
      const { loss } = await net.evaluate({ token: [[1, 2]], y: [[1, 2]] });
      expect(Number.isFinite(loss)).toBe(true);
    });
  },
);
