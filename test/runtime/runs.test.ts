// Runs cut off, gone on with and begun anew, data that changes, options that are wrong, in; what each run is and says, out.

import { expect, it } from "vitest";
import type { FitOptions, StageReport, TrainingNet } from "../../runtime/api.js";
import type { NnError } from "../../runtime/errors.js";
import type { Plan, PlanStage } from "../../runtime/plan.js";
import { readSafetensors, writeSafetensors } from "../../runtime/safetensors.js";
import { freshRun, watchValidation } from "../../runtime/train/state.js";
import { lineData, lineModule, linePlan } from "./support/line.js";
import { onBothBackends } from "./support/open.js";

const data = lineData(30);

async function errorOf(promise: Promise<unknown>): Promise<NnError> {
  try {
    await promise;
  } catch (error) {
    return error as NnError;
  }
  throw new Error("nothing was thrown");
}

/** Cut off at a step. */
async function cutOff(net: TrainingNet, step: number, options: FitOptions = {}): Promise<void> {
  const abort = new AbortController();
  const onStep = (report: { step: number }): void => {
    if (report.step === step) abort.abort();
  };
  const { stopped } = await net.fit(data, { ...options, signal: abort.signal, onStep });
  expect(stopped).toBe("aborted");
}

onBothBackends("a new fit", lineModule, (open) => {
  it("is a new run after one that was aborted, or failed, or finished", async () => {
    const net = await open(linePlan());
    await cutOff(net, 11);
    // On a device a step is told some steps late, but not after its epoch.
    expect(net.run?.step).toBeLessThanOrEqual(16);
    const weights = await net.save();
    const history = await net.fit(data);
    expect(history.epochs.map(({ epoch, step }) => [epoch, step])).toEqual([
      [0, 8],
      [1, 16],
      [2, 24],
    ]);
    expect(history.resumed).toBeUndefined();
    const onEpoch = (): never => {
      throw new Error("the caller's");
    };
    expect((await errorOf(net.fit(data, { onEpoch }))).message).toBe("the caller's");
    expect(net.run).toEqual({ stage: "train", epoch: 1, step: 8 });
    expect((await net.fit(data, { epochs: 1 })).steps).toBe(8);
    // It begins as that of a net that was just loaded does: with optimizer state of its own.
    const other = await open(linePlan(), { weights });
    await net.write("w", await other.read("w"));
    await net.write("b", await other.read("b"));
    const losses = async (one: TrainingNet): Promise<number[]> => {
      const seen: number[] = [];
      await one.fit(data, { steps: 2, onStep: ({ loss }) => seen.push(loss) });
      return seen;
    };
    expect((await losses(net))[1]).toBeCloseTo((await losses(other))[1] ?? NaN, 3);
  });

  it("that is refused leaves the unfinished run as it is", async () => {
    const net = await open(linePlan());
    await cutOff(net, 11);
    const before = net.run;
    await errorOf(net.fit({ x: [[1, 2]] }));
    expect((await net.fit(data, { signal: AbortSignal.abort() })).stopped).toBe("aborted");
    expect(net.run).toEqual(before);
    const history = await net.fit(data, { resume: true });
    expect(history.resumed).toEqual(before);
    expect(history.epochs.at(-1)).toMatchObject({ epoch: 2, step: 24, examples: 30 });
  });

  it("goes on after an error in a callback as if it had not been", async () => {
    const [net, whole] = [await open(linePlan()), await open(linePlan())];
    const { epochs } = await whole.fit(data);
    let isWrong = true;
    const onStep = ({ step }: { step: number }): void => {
      if (step === 12 && isWrong) throw new Error("the caller's");
    };
    await errorOf(net.fit(data, { onStep }));
    isWrong = false;
    const rest = await net.fit(data, { resume: true, onStep });
    expect(await net.read("w")).toEqual(await whole.read("w"));
    expect(rest.epochs.map(({ loss }) => loss)).toEqual(epochs.slice(1).map(({ loss }) => loss));
  });
});

onBothBackends("resume", lineModule, (open) => {
  it("refuses what the run was not, and says what differs", async () => {
    const plan = linePlan([{ validation: 0.2 }]);
    const first = await open(plan);
    await cutOff(first, 8);
    const weights = await first.save({ optimizer: true });
    const changed = { ...data, t: data.t.map((value, index) => (index === 17 ? 9 : value)) };
    const cases: [unknown, FitOptions, RegExp][] = [
      [data, { batch: 5 }, /examples in a batch: it had 4, this call has 5/],
      [lineData(31), {}, /the data: it had 30 examples/],
      [changed, {}, /the data: it had 30 examples \(\w+\), this call has 30 examples/],
      [
        data,
        { validation: 0.5 },
        /validates on: it had a share of 0.2, this call has a share of 0/,
      ],
      [data, { validation: data }, /this call has data of its own/],
      [() => [data], { validation: 0 }, /the data: .* this call has stream/],
    ];
    const net = await open(plan, { weights });
    for (const [given, options, text] of cases) {
      const error = await errorOf(net.fit(given as never, { ...options, resume: true }));
      expect(error.code).toBe("option");
      expect(error.message).toMatch(text);
    }
    const seeded = await open(plan, { weights, seed: 99 });
    const error = await errorOf(seeded.fit(data, { resume: true }));
    expect(error.message).toContain("the seed: it had 7, this call has 99");
    // What was refused has changed nothing.
    await net.fit(data, { resume: true });
    await first.fit(data, { resume: true });
    expect(await net.read("w")).toEqual(await first.read("w"));
  });

  it("refuses a run of another optimizer, whose weights can be trained anew", async () => {
    const named = (optimizer: string): Plan =>
      linePlan([
        {
          formulas: optimizer,
          terms: [{ name: "the optimizer", words: optimizer, formulas: optimizer }],
        },
      ]);
    const first = await open(named("momentum"));
    await cutOff(first, 5);
    const weights = await first.save({ optimizer: true });
    const net = await open(named("adam"), { weights });
    expect((await errorOf(net.fit(data, { resume: true }))).message).toContain(
      "the optimizer: it had momentum, this call has adam",
    );
    const file = readSafetensors(weights);
    const rename = ([name, tensor]: [string, never]): [string, never] => [
      name.replace("optimizer/velocity", "optimizer/other"),
      tensor,
    ];
    const tensors = new Map([...file.tensors].map((entry) => rename(entry as never)));
    const other = await open(named("momentum"), {
      weights: writeSafetensors(tensors, file.metadata),
    });
    expect((await errorOf(other.fit(data, { resume: true }))).message).toContain(
      "the optimizer state velocity is missing",
    );
    expect((await other.fit(data)).stopped).toBe("finished");
  });

  it("refuses where no run was cut off, and one that is finished", async () => {
    const net = await open(linePlan());
    expect((await errorOf(net.fit(data, { resume: true }))).message).toContain("no unfinished run");
    let atEnd: Uint8Array = new Uint8Array();
    await net.fit(data, { onEpoch: async () => (atEnd = await net.save({ optimizer: true })) });
    expect((await errorOf(net.fit(data, { resume: true }))).message).toContain("no unfinished run");
    const later = await open(linePlan(), { weights: atEnd });
    const error = await errorOf(later.fit(data, { resume: true }));
    expect(error.message).toContain("asks for 3 epochs, and the run has made 3 epochs (24 steps)");
    expect(error.details).toEqual({ nothingLeft: true });
    const { epochs } = await later.fit(data, { resume: true, epochs: 4 });
    expect(epochs.map(({ epoch }) => epoch)).toEqual([3]);
    await cutOff(net, 3);
    await net.step({ x: [[1, 2]], t: [1] });
    expect((await errorOf(net.fit(data, { resume: true }))).message).toContain("1 in all");
    const garbage = { "nnc.model": "Line", "nnc.training": '{"counter":' };
    const file = writeSafetensors(readSafetensors(atEnd).tensors, garbage);
    expect((await errorOf(open(linePlan(), { weights: file }))).code).toBe("weights");
    const odd = writeSafetensors(readSafetensors(atEnd).tensors, { "nnc.training": "[1]" });
    expect((await errorOf(open(linePlan(), { weights: odd }))).code).toBe("weights");
  });
});

onBothBackends("the rows held out", lineModule, (open, backend) => {
  it("are the same for all stages, and no stage is trained on them", async () => {
    const stages: Partial<PlanStage>[] = [
      { name: "one", epochs: 1, seed: 1, validation: 0 },
      { name: "two", epochs: 1, seed: 2, validation: 0.1 },
      { name: "three", epochs: 1, seed: 3, validation: 0.3 },
    ];
    const net = await open(linePlan(stages));
    const { epochs } = await net.fit(data);
    expect(epochs.map(({ examples, validation }) => [examples, validation?.examples])).toEqual([
      [21, undefined],
      [21, 9],
      [21, 9],
    ]);
    const [alone] = (await net.fit(data, { stage: "two" })).epochs;
    expect([alone?.examples, alone?.validation?.examples]).toEqual([21, 9]);
  });

  it.skipIf(backend === "webgpu")("are chosen by one seed", async () => {
    const stages: Partial<PlanStage>[] = [
      { name: "two", epochs: 1, seed: 2, validation: 0.1 },
      { name: "three", epochs: 1, seed: 3, validation: 0.3 },
    ];
    const held = await heldRows(await open(linePlan(stages)), "two");
    expect(held).toHaveLength(9);
    expect(await heldRows(await open(linePlan(stages)), "three")).toEqual(held);
  });

  /** Rows whose target changes the validation loss of a stage at the weights of the beginning. */
  async function heldRows(net: TrainingNet, stage: string): Promise<number[]> {
    const w = await net.read("w");
    const b = await net.read("b");
    const lossOf = async (t: Float32Array): Promise<number> => {
      await net.write("w", w);
      await net.write("b", b);
      const { epochs } = await net.fit({ x: data.x, t }, { stage, steps: 1, batch: 1000 });
      return epochs[0]?.validation?.loss ?? NaN;
    };
    const losses = new Map<number, number>();
    for (let row = 0; row < 30; row++) {
      const t = data.t.slice();
      t[row] = 100;
      losses.set(row, await lossOf(t));
    }
    // A spoilt row that is held out makes the loss large at once.
    return [...losses].filter(([, loss]) => loss > 900).map(([row]) => row);
  }
});

onBothBackends("a stage's end", lineModule, (open) => {
  it("tells of an early stop, and of the best weights put back", async () => {
    const net = await open(linePlan([{ stopEarly: { patience: 2 }, epochs: 50 }]));
    const other = lineData(8);
    const validation = { x: other.x, t: other.t.map(() => 1) };
    const stages: StageReport[] = [];
    const history = await net.fit(data, { validation, onStage: (report) => stages.push(report) });
    expect(history.stages).toEqual(stages);
    expect(stages).toHaveLength(1);
    expect(stages[0]).toMatchObject({ stage: "train", stopped: "early", weights: "best" });
    expect(history.weights).toBe("best");
    expect(history.best?.epoch).toBe((stages[0]?.epoch ?? NaN) - 3);
    const plain = await (await open(linePlan())).fit(data);
    expect([plain.weights, plain.best, plain.stages.length]).toEqual(["last", undefined, 1]);
  });
});

onBothBackends("options", lineModule, (open) => {
  it("that are not there or cannot be are refused, with the one that is meant", async () => {
    const net = await open(linePlan());
    const fit = (options: object): Promise<unknown> => net.fit(data, options);
    expect((await errorOf(fit({ epoch: 3 }))).message).toContain('did you mean "epochs"?');
    expect((await errorOf(fit({ onepoch: () => 0 }))).message).toContain('"onEpoch"');
    for (const wrong of [
      { batch: 2.5 },
      { validation: 1 },
      { validation: "0.1" },
      { validation: NaN },
      { signal: {} },
      { onStep: 3 },
      { resume: 1 },
      { epochs: "3" },
      { stepsPerEpoch: 0 },
      { stage: 1 },
    ])
      expect((await errorOf(fit(wrong))).code).toBe("option");
    const batch = { x: [[1, 2]], t: [1] };
    expect((await errorOf(net.step(batch, { progess: 1 } as never))).message).toContain("progress");
    expect((await errorOf(net.step(batch, { progress: 2 }))).code).toBe("option");
    expect((await errorOf(net.evaluate(data, { bach: 1 } as never))).message).toContain("batch");
    expect((await errorOf(net.evaluate(data, { batch: 0 }))).code).toBe("option");
    const lacking = { validation: { x: data.x } };
    expect((await errorOf(fit(lacking))).message).toBe('Line needs "t" too');
    expect((await net.fit(data, { epochs: undefined, batch: undefined } as never)).steps).toBe(24);
  });
});

onBothBackends("data", lineModule, (open, backend) => {
  it("of a call is the call's: what is written to it afterwards changes nothing", async () => {
    const mine = (): { x: Float32Array; t: Float32Array } => lineData(30);
    const results: unknown[] = [];
    for (const spoils of [false, true]) {
      const net = await open(linePlan([{}, { name: "second", epochs: 1 }], { fitted: true }));
      const spoil = ({ x, t }: { x: Float32Array; t: Float32Array }): void => {
        if (!spoils) return;
        x.fill(NaN);
        structuredClone(t, { transfer: [t.buffer] });
      };
      const sets = [mine(), mine(), mine(), mine()] as const;
      const prepared = net.prepare(sets[0]);
      spoil(sets[0]);
      await prepared;
      const stepped = net.step(sets[1]);
      spoil(sets[1]);
      await stepped;
      const evaluated = net.evaluate(sets[2], { batch: 3 });
      spoil(sets[2]);
      const { loss } = await evaluated;
      const fitted = net.fit(sets[3]);
      spoil(sets[3]);
      results.push([loss, (await fitted).epochs.map((epoch) => epoch.loss), await net.read("w")]);
    }
    expect(results[1]).toEqual(results[0]);
  });

  it.skipIf(backend === "webgpu")("that is large is checked when it is used", async () => {
    const rows = 600_000;
    const large = lineData(rows);
    const options = { batch: 100_000, epochs: 3 };
    const spoilt = async (change: () => void): Promise<NnError> => {
      const net = await open(linePlan([{ seed: 3 }]));
      return errorOf(net.fit(large, { ...options, onEpoch: change }));
    };
    const kept = large.x[2 * 77_777 + 1] ?? 0;
    const nan = await spoilt(() => {
      large.x[2 * 77_777 + 1] = NaN;
    });
    expect([nan.name, nan.code]).toEqual(["NnError", "value"]);
    expect(nan.message).toContain("x[77777, 1] is NaN");
    large.x[2 * 77_777 + 1] = kept;
    const gone = await spoilt(() => {
      structuredClone(large.x, { transfer: [large.x.buffer] });
    });
    expect([gone.name, gone.code]).toEqual(["NnError", "data"]);
    expect(gone.message).toContain("x had 1200000 numbers and has 0 now");
  });
});

// torch.optim.lr_scheduler.ReduceLROnPlateau over the same losses, with a rate of 1.
const validationLosses = [
  ...[1, 0.9, 0.95, 0.91, 0.92, 0.93, 0.94, 0.95, 0.5, 0.49999, 0.49996, 0.49995, 0.49994, 0.49993],
  0.3,
];
it.each<[number, number, readonly number[]]>([
  [0.5, 2, [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125, 0.125]],
  [0.5, 1, [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.125, 0.0625, 0.0625, 0.0625, 0.0625]],
])(
  "a plateau of factor %d and patience %d falls when PyTorch's does",
  (factor, patience, rates) => {
    const { stages } = linePlan([{ plateaus: [{ factor, patience }] }]);
    const [stage] = stages;
    if (!stage) throw new Error("no stage");
    const terms = {
      model: "",
      stages: [],
      batch: 1,
      seed: 0,
      validation: "",
      data: "",
    };
    const run = freshRun(stage, terms);
    const found = validationLosses.map((loss) => {
      watchValidation(run, stage, loss, loss);
      return run.plateaus[0]?.value;
    });
    expect(found.slice(0, rates.length)).toEqual(rates);
  },
);

onBothBackends("a step", lineModule, (open) => {
  it("refuses batches that no update of it would take, and changes nothing", async () => {
    const net = await open(linePlan());
    await net.prepare(data);
    const batch = lineData(4);
    const before = await net.save({ optimizer: true });
    const error = await errorOf(net.step([batch, batch] as never));
    expect(error.code).toBe("data");
    expect(error.message).toContain("takes one batch, not 2");
    expect(await net.save({ optimizer: true })).toEqual(before);
    await net.step([batch] as never);
    expect(await net.save({ optimizer: true })).not.toEqual(before);
  });
});
