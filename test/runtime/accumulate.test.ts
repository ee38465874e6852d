// Models that accumulate, and metrics of a batch, in; what steps and epochs report, and what states become, on both backends, out.

import { afterAll, describe, expect, it } from "vitest";
import type { StepReport, TrainingNet } from "../../runtime/api.js";
import type { NnError } from "../../runtime/errors.js";
import type { CompiledModel } from "../../compiler/compile.js";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

function source(accumulate: number, batch: number): string {
  return `model Counting {
  input x: [batch]
  target t: [batch]
  state seen: [] = 0
  state running: [] = 0
  weight w: [] = 0.5
  if training {
    seen <- seen + 1
    running <- 0.9 * running + 0.1 * mean(x)
  }
  output y = x * w
  loss square = (y - t) ^ 2
  metric error = abs(y - t)
  metric r2(y, t)
}
train Counting { optimizer sgd(lr: 0)  batch ${batch}  accumulate ${accumulate}  epochs 1  seed 3 }`;
}
const accumulating = compileOne(source(4, 300));
const stepping = compileOne(source(1, 300));
const atOnce = compileOne(source(1, 1000));

const n = 1000;
const x = Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.3) + 2);
const t = Float32Array.from({ length: n }, (_, i) => Math.cos(i * 0.7) * 2);
const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
const errors = [...x].map((one, i) => one / 2 - (t[i] ?? 0));
const loss = mean(errors.map((one) => one * one));
const error = mean(errors.map(Math.abs));
const center = mean([...t]);
const r2 = 1 - loss / mean([...t].map((one) => (one - center) ** 2));

const nets: TrainingNet[] = [];
afterAll(() => {
  for (const net of nets) net.destroy();
});

describe.each(softwareExpected ? (["f32", "webgpu"] as const) : (["f32"] as const))(
  "on %s",
  (backend) => {
    const opened = async (model: CompiledModel): Promise<TrainingNet> => {
      const net = await open(model, backend);
      nets.push(net);
      return net;
    };

    it("every micro-batch counts in the losses, the metrics and the states", async () => {
      const net = await opened(accumulating);
      const steps: StepReport[] = [];
      const { epochs } = await net.fit({ x, t }, { onStep: (step) => void steps.push(step) });
      expect(steps).toHaveLength(1);
      for (const report of [steps[0], epochs[0]]) {
        expect(report?.loss).toBeCloseTo(loss, 5);
        expect(report?.metrics["error"]).toBeCloseTo(error, 5);
      }
      expect((await net.report()).loss).toBeCloseTo(loss, 5);
      expect((await net.read("seen"))[0]).toBe(4);
      const plain = await opened(stepping);
      await plain.fit({ x, t });
      expect(await net.read("running")).toEqual(await plain.read("running"));
    });

    it("a loss that is no number in any of them ends the run", async () => {
      const net = await opened(accumulating);
      const batches = [0, 1, 2, 3].map((at) => ({
        x: Float32Array.from([1, 2]),
        t: Float32Array.from([at === 1 ? 3e38 : 1, 2]),
      }));
      const code = await net
        .fit(() => batches, { epochs: 1 })
        .then(
          () => "nothing was thrown",
          (thrown: unknown) => (thrown as NnError).code,
        );
      expect(code).toBe("not-finite");
    });

    it("a metric of all examples is told of one batch, never as an average of several", async () => {
      const told: StepReport[] = [];
      const net = await opened(stepping);
      const { epochs } = await net.fit({ x, t }, { onStep: (step) => void told.push(step) });
      expect(told).toHaveLength(4);
      expect(told.every(({ metrics }) => Number.isFinite(metrics["r2"]))).toBe(true);
      expect(Object.keys(epochs[0]?.metrics ?? {})).toEqual(["error"]);
      expect(epochs[0]?.metrics["error"]).toBeCloseTo(error, 5);
      const whole = await opened(atOnce);
      const run = await whole.fit({ x, t });
      expect(run.epochs[0]?.metrics["r2"]).toBeCloseTo(r2, 4);
      const gathered = await opened(accumulating);
      expect(Object.keys((await gathered.fit({ x, t })).epochs[0]?.metrics ?? {})).toEqual([
        "error",
      ]);
      expect((await gathered.evaluate({ x, t })).metrics["r2"]).toBeCloseTo(r2, 4);
    });
  },
);
