// Data and wishes in; what fit, step and evaluate make of them, on both backends, out.

import { expect, it } from "vitest";
import type { EpochReport, FitOptions, StepReport, TrainingNet } from "../../runtime/api.js";
import type { NnError } from "../../runtime/errors.js";
import type { PlanStage } from "../../runtime/plan.js";
import { lineData, lineModule, linePlan } from "./support/line.js";
import { onBothBackends, type Open } from "./support/open.js";

async function errorOf(promise: Promise<unknown>): Promise<NnError> {
  try {
    await promise;
  } catch (error) {
    return error as NnError;
  }
  throw new Error("nothing was thrown");
}

async function weightsOf(net: TrainingNet): Promise<number[]> {
  return [...(await net.read("w")), ...(await net.read("b"))];
}

async function trained(
  open: Open,
  stage: Partial<PlanStage>,
  options: FitOptions = {},
  count = 30,
): Promise<{ net: TrainingNet; weights: number[]; epochs: readonly EpochReport[] }> {
  const net = await open(linePlan([stage]));
  const { epochs } = await net.fit(lineData(count), options);
  return { net, weights: await weightsOf(net), epochs };
}

onBothBackends("fit", lineModule, (open) => {
  it("gives the same weights for the same seed, others for another", async () => {
    const first = await trained(open, {});
    expect((await trained(open, {})).weights).toEqual(first.weights);
    expect((await trained(open, { seed: 8 })).weights).not.toEqual(first.weights);
  });

  it("tells every step once and in order, and the mean of each epoch", async () => {
    const steps: StepReport[] = [];
    const { epochs } = await trained(open, {}, { onStep: (report) => steps.push(report) });
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    expect(steps.slice(0, 8).map(({ examples }) => examples)).toEqual([4, 4, 4, 4, 4, 4, 4, 2]);
    expect(steps[0]?.steps).toBe(24);
    const first = steps.slice(0, 8);
    const mean = first.reduce((sum, { loss, examples }) => sum + loss * examples, 0) / 30;
    expect(epochs[0]?.loss).toBeCloseTo(mean, 10);
    expect(epochs[0]).toMatchObject({ epoch: 0, epochs: 3, examples: 30, step: 8, stage: "train" });
  });

  it("skips the partial batch where drop_last says so", async () => {
    const { epochs } = await trained(open, { dropLast: true });
    expect(epochs[0]?.examples).toBe(28);
    const net = await open(linePlan([{ dropLast: true }]));
    expect((await errorOf(net.fit(lineData(3)))).code).toBe("data");
  });

  it("stops after the steps or epochs asked for", async () => {
    const { epochs } = await trained(open, {}, { steps: 10 });
    expect(epochs.map(({ examples }) => examples)).toEqual([30, 8]);
    const net = await open(linePlan());
    expect((await net.fit(lineData(30), { epochs: 2 })).steps).toBe(16);
    expect((await net.fit(lineData(30), { epochs: 1, batch: 30 })).steps).toBe(1);
    expect((await net.fit(lineData(30), { epochs: 0 })).steps).toBe(0);
    for (const wrong of [{ epochs: NaN }, { epochs: -1 }, { steps: 1.5 }])
      expect((await errorOf(net.fit(lineData(30), wrong))).code).toBe("option");
  });

  it("holds the validation share out, and takes other data for it", async () => {
    const { epochs } = await trained(open, { validation: 0.2 });
    expect(epochs[0]?.examples).toBe(24);
    expect(epochs[0]?.validation?.examples).toBe(6);
    const given = await trained(open, { validation: 0.2 }, { validation: lineData(8) });
    expect(given.epochs[0]?.examples).toBe(30);
    expect(given.epochs[0]?.validation?.examples).toBe(8);
  });

  it("stops early and keeps the best weights", async () => {
    const net = await open(linePlan([{ stopEarly: { patience: 2 }, epochs: 50 }]));
    // Validation data of another line: as training goes on, its loss rises.
    const other = lineData(8);
    const validation = { x: other.x, t: other.t.map(() => 1) };
    const losses: number[] = [];
    const history = await net.fit(lineData(30), {
      validation,
      onEpoch: ({ validation: result }) => losses.push(result?.loss ?? NaN),
    });
    expect(history.stopped).toBe("early");
    const best = Math.min(...losses);
    expect(history.best).toEqual({ epoch: losses.indexOf(best), loss: best });
    expect(losses.length).toBe(losses.indexOf(best) + 3);
    expect((await net.evaluate(validation)).loss).toBe(best);
  });

  it("lowers a plateau's rate when the validation loss stops falling", async () => {
    const stage = { plateaus: [{ factor: 0, patience: 1 }], epochs: 6 };
    const net = await open(linePlan([stage]));
    const other = lineData(8);
    const validation = { x: other.x, t: other.t.map(() => 1) };
    const weights: number[][] = [];
    await net.fit(lineData(30), {
      validation,
      onEpoch: async () => weights.push(await weightsOf(net)),
    });
    // A factor of 0 leaves the weights where they are.
    expect(weights.at(-1)).toEqual(weights.at(-2));
    expect(weights[0]).not.toEqual(weights.at(-1));
  });

  it("wants validation data where the stage watches it", async () => {
    const net = await open(linePlan([{ stopEarly: { patience: 2 } }]));
    const { x, t } = lineData(4);
    const error = await errorOf(net.fit([{ x, t }]));
    expect(error.code).toBe("data");
    expect(error.message).toContain("validation");
  });

  it("accumulates: four batches of 4 make one update like one of 16", async () => {
    const small = await trained(open, { accumulate: 4, epochs: 1 }, {}, 16);
    const large = await trained(open, { dimensions: { batch: 16 }, epochs: 1 }, {}, 16);
    // Each of four runs draws anew, so counters 0 to 3 against 0 alone: 0.001 · (0 + 4 + 8 + 12) / 16.
    small.weights.forEach((weight, index) => {
      expect(weight + 0.05 * 0.001 * 1.5).toBeCloseTo(large.weights[index] ?? NaN, 6);
    });
    expect(small.epochs[0]?.step).toBe(1);
    expect(small.epochs[0]?.loss).toBeCloseTo(large.epochs[0]?.loss ?? NaN, 6);
  });

  it("runs objectives in turns", async () => {
    const line = { program: 0, losses: ["error"] };
    const objectives = [
      { ...line, name: "critic", repeat: 2 },
      { ...line, name: "generator" },
    ];
    const net = await open(linePlan([{ objectives, epochs: 1 }]));
    const history = await net.fit(lineData(30));
    // Eight batches, two a step; three updates each step.
    expect(history.steps).toBe(4);
    const saved = await net.save({ optimizer: true });
    const text = new TextDecoder().decode(saved);
    expect(text).toContain('\\"updates\\":{\\"critic\\":8,\\"generator\\":4}');
    await net.step({ x: [[1, 2]], t: [1] }, { objective: "generator" });
    expect((await errorOf(net.step({}, { objective: "critc" }))).message).toContain("critic");
  });

  it("runs the stages of a file in order, or one", async () => {
    const net = await open(linePlan([{ name: "pretrain", epochs: 1 }, { name: "finetune" }]));
    const { epochs } = await net.fit(lineData(8));
    expect(epochs.map(({ stage }) => stage)).toEqual([
      "pretrain",
      "finetune",
      "finetune",
      "finetune",
    ]);
    const one = await net.fit(lineData(8), { stage: "pretrain" });
    expect(one.epochs.map(({ stage, step }) => [stage, step])).toEqual([["pretrain", 2]]);
    expect((await errorOf(net.fit(lineData(8), { stage: "fintune" }))).message).toContain(
      '"finetune"',
    );
  });

  it("takes batches from iterables of every kind", async () => {
    const { x, t } = lineData(8);
    const batches = [
      { x: x.subarray(0, 8), t: t.subarray(0, 4) },
      { x: x.subarray(8), t: t.subarray(4) },
    ];
    async function* stream(): AsyncGenerator<Record<string, Float32Array>> {
      for (const batch of batches) {
        await Promise.resolve();
        yield batch;
      }
    }
    const results: number[][] = [];
    for (const data of [batches, () => stream(), () => batches]) {
      const net = await open(linePlan());
      const { epochs } = await net.fit(data, { epochs: 3, stepsPerEpoch: 2 });
      expect(epochs).toHaveLength(3);
      results.push(await weightsOf(net));
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    const net = await open(linePlan());
    const once = await net.fit(stream(), { epochs: 1 });
    expect(once.epochs).toHaveLength(1);
    expect((await errorOf(net.fit([]))).code).toBe("data");
  });

  it("stops at a signal, after a step", async () => {
    const net = await open(linePlan());
    const abort = new AbortController();
    const history = await net.fit(lineData(30), {
      signal: abort.signal,
      onStep: ({ step }) => {
        if (step === 5) abort.abort();
      },
    });
    expect(history.stopped).toBe("aborted");
    expect(history.steps).toBeGreaterThanOrEqual(5);
    expect(history.steps).toBeLessThan(20);
  });

  it.each<[string, unknown, string, string]>([
    ["data without a target", { x: [[1, 2]] }, "name", '"t"'],
    ["a misspelt input", { xs: [[1, 2]], t: [1] }, "name", '"x"'],
    ["inputs of different lengths", { x: [[1, 2]], t: [1, 2] }, "shape", "batch"],
    [
      "a NaN far behind",
      { x: new Float32Array(60).fill(NaN, 50), t: lineData(30).t },
      "value",
      "x[25, 0]",
    ],
    ["nothing", { x: [], t: [] }, "data", "no examples"],
    ["a number", 7, "data", "tensors by name"],
  ])("refuses %s before it trains", async (_, data, code, text) => {
    const net = await open(linePlan());
    const before = await weightsOf(net);
    const error = await errorOf(net.fit(data as never));
    expect(error.code).toBe(code);
    expect(error.message).toContain(text);
    expect(await weightsOf(net)).toEqual(before);
  });

  it("goes on with the stage that was cut off", async () => {
    const plan = linePlan([{ name: "pretrain", epochs: 1 }, { name: "finetune" }]);
    const net = await open(plan);
    const abort = new AbortController();
    const stop = ({ stage, epoch }: EpochReport): void => {
      if (stage === "finetune" && epoch === 0) abort.abort();
    };
    await net.fit(lineData(8), { signal: abort.signal, onEpoch: stop });
    const { epochs } = await net.fit(lineData(8), { resume: true });
    expect(epochs.map(({ stage, epoch }) => [stage, epoch])).toEqual([
      ["finetune", 1],
      ["finetune", 2],
    ]);
  });

  it("does one fit at a time", async () => {
    const net = await open(linePlan());
    const first = net.fit(lineData(30));
    expect((await errorOf(net.fit(lineData(30)))).code).toBe("busy");
    await first;
  });
});

onBothBackends("step and report", lineModule, (open) => {
  it("reports many steps without waiting between them", async () => {
    const net = await open(linePlan());
    const data = { x: [[1, 0]], t: [1] };
    expect((await errorOf(net.report())).code).toBe("option");
    const reports: Promise<{ step: number }>[] = [];
    for (let step = 1; step <= 200; step++) {
      await net.step(data);
      if (step % 10 === 0) reports.push(net.report());
    }
    const steps = (await Promise.all(reports)).map(({ step }) => step);
    expect(steps).toEqual(Array.from({ length: 20 }, (_, index) => 10 * (index + 1)));
  });

  it("follows progress", async () => {
    const data = { x: [[1, 0]], t: [1] };
    const weights: number[][] = [];
    for (const progress of [0, 1]) {
      const net = await open(linePlan());
      await net.step(data, { progress, epoch: 3 });
      weights.push(await weightsOf(net));
    }
    expect(weights[0]).not.toEqual(weights[1]);
  });

  it("accumulates single batches, or takes several at once", async () => {
    const batches = [1, 2, 3, 4].map((n) => ({ x: [[n, 0]], t: [n] }));
    const [first, second] = [
      await open(linePlan([{ accumulate: 4 }])),
      await open(linePlan([{ accumulate: 4 }])),
    ];
    const start = await weightsOf(first);
    for (const [index, batch] of batches.entries()) {
      expect(await weightsOf(first)).toEqual(start);
      await first.step(batch);
      if (index === 3) expect((await first.report()).step).toBe(1);
    }
    await second.step(batches);
    expect(await weightsOf(first)).not.toEqual(start);
    expect(await weightsOf(second)).toEqual(await weightsOf(first));
    expect((await second.report()).loss).toBe((await first.report()).loss);
  });
});

onBothBackends("fitted values and whole-set metrics", lineModule, (open) => {
  it("are computed before the first step, from the training share", async () => {
    const { x, t } = lineData(30);
    const net = await open(linePlan([{ validation: 0.2 }], { fitted: true }));
    expect((await errorOf(net.step({ x: [[1, 2]], t: [1] }))).code).toBe("not-prepared");
    await net.fit({ x, t }, { epochs: 1 });
    const share = await net.read("mean");
    await net.prepare({ x, t });
    const whole = await net.read("mean");
    const mean = (axis: number): number =>
      x.filter((_, index) => index % 2 === axis).reduce((sum, value) => sum + value, 0) / 30;
    expect(whole[0]).toBeCloseTo(mean(0), 5);
    expect(whole[1]).toBeCloseTo(mean(1), 5);
    expect([...share]).not.toEqual([...whole]);
    await net.step({ x: [[1, 2]], t: [1] });
  });

  it("run over the whole set, twice alike", async () => {
    const { x, t } = lineData(30);
    const net = await open(linePlan());
    const { metrics } = await net.evaluate({ x, t });
    const mean = x.filter((_, index) => index % 2 === 0).reduce((sum, v) => sum + v, 0) / 30;
    expect(metrics["middle"]).toBeCloseTo(mean, 5);
    expect((await net.evaluate({ x, t })).metrics).toEqual(metrics);
    expect((await net.evaluate({ x, t }, { batch: 30 })).metrics["middle"]).toBeCloseTo(mean, 5);
  });

  it("want every input that the losses need", async () => {
    const net = await open(linePlan());
    const error = await errorOf(net.evaluate({ x: [[1, 2]] }));
    expect([error.code, error.message]).toEqual(["name", 'Line needs "t" too']);
  });

  it("refuse a generator, which can be read but once", async () => {
    const net = await open(linePlan([{}], { fitted: true }));
    function* batches(): Generator<Record<string, Float32Array>> {
      yield lineData(4);
    }
    expect((await errorOf(net.fit(batches()))).message).toContain("prepare");
    await net.prepare(lineData(8));
    await net.fit(batches(), { epochs: 1 });
  });
});
