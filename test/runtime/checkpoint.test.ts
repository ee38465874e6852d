// Runs cut off at many places in; the same weights, bit for bit, as of a run that was not, out.

import { expect, it } from "vitest";
import type { FitOptions, TrainingNet } from "../../runtime/api.js";
import type { NnError } from "../../runtime/errors.js";
import type { PlanStage } from "../../runtime/plan.js";
import { readSafetensors, writeSafetensors, tensorBytes } from "../../runtime/safetensors.js";
import { lineData, lineModule, linePlan } from "./support/line.js";
import { onBothBackends } from "./support/open.js";

async function errorOf(promise: Promise<unknown>): Promise<NnError> {
  try {
    await promise;
  } catch (error) {
    return error as NnError;
  }
  throw new Error("nothing was thrown");
}

const data = lineData(30);

/** The end of a run, its whole state included. */
async function endOf(net: TrainingNet): Promise<string> {
  const { tensors, metadata } = readSafetensors(await net.save({ optimizer: true }));
  const bytes = [...tensors].map(([name, tensor]) => `${name} ${[...tensor.data].join(" ")}`);
  return JSON.stringify([bytes, metadata]);
}

onBothBackends("a resumed run", lineModule, (open) => {
  const stages: Partial<PlanStage>[] = [
    { name: "pretrain", epochs: 2, accumulate: 2 },
    {
      name: "finetune",
      epochs: 6,
      validation: 0.2,
      stopEarly: { patience: 3 },
      plateaus: [{ factor: 0.5, patience: 1 }],
    },
  ];
  const plan = linePlan(stages, { fitted: true });

  it.each([1, 3, 4, 5, 8, 12, 20, 29])(
    "equals an uninterrupted one, cut at step %i",
    async (cut) => {
      const whole = await open(plan);
      const history = await whole.fit(data);

      const first = await open(plan);
      const abort = new AbortController();
      let seen = 0;
      const options: FitOptions = {
        signal: abort.signal,
        onStep: () => {
          if (++seen === cut) abort.abort();
        },
      };
      expect((await first.fit(data, options)).stopped).toBe("aborted");
      const bytes = await first.save({ optimizer: true });

      const second = await open(plan, { weights: bytes });
      const rest = await second.fit(data, { resume: true });
      expect(await endOf(second)).toBe(await endOf(whole));
      expect(rest.epochs.at(-1)?.loss).toBe(history.epochs.at(-1)?.loss);
      expect(rest.best).toEqual(history.best);
    },
  );

  it("equals an uninterrupted one, saved at the end of each epoch", async () => {
    const whole = await open(plan);
    const saved: Uint8Array[] = [];
    await whole.fit(data, {
      onEpoch: async () => saved.push(await whole.save({ optimizer: true })),
    });
    const end = await endOf(whole);
    for (const bytes of [saved[0], saved[1], saved[3], saved.at(-1)]) {
      if (!bytes) throw new Error("not saved");
      const net = await open(plan, { weights: bytes });
      await net.fit(data, { resume: true });
      expect(await endOf(net)).toBe(end);
    }
  });

  it("goes on with single steps as well", async () => {
    const single = linePlan([{}]);
    const batch = { x: [[1, 2]], t: [3] };
    const whole = await open(single, { seed: 5 });
    for (let step = 0; step < 6; step++) await whole.step(batch);
    const first = await open(single, { seed: 5 });
    for (let step = 0; step < 3; step++) await first.step(batch);
    const second = await open(single, { weights: await first.save({ optimizer: true }) });
    for (let step = 0; step < 3; step++) await second.step(batch);
    expect(await endOf(second)).toBe(await endOf(whole));
    expect((await second.report()).step).toBe(6);
  });
});

onBothBackends("weights", lineModule, (open) => {
  it("come back as they were saved, without the run", async () => {
    const net = await open(linePlan());
    await net.fit(data);
    const bytes = await net.save();
    const { tensors, metadata } = readSafetensors(bytes);
    expect([...tensors.keys()].sort()).toEqual(["b", "mean", "w"]);
    expect(metadata).toEqual({ "nnc.model": "Line" });
    const again = await open(linePlan(), { weights: bytes });
    expect(await again.save()).toEqual(bytes);
    expect(again.loaded?.matched).toEqual(["w", "b", "mean"]);
  });

  const wrong = (): Uint8Array => {
    const values = (count: number): Uint8Array => tensorBytes(new Float32Array(count).fill(1));
    return writeSafetensors(
      new Map([
        ["w", { dtype: "F32", shape: [3], data: values(3) }],
        ["mean", { dtype: "F32", shape: [2], data: values(2) }],
        ["head.W", { dtype: "F32", shape: [1], data: values(1) }],
      ] as const),
    );
  };

  it("that do not fit are refused with the difference", async () => {
    const error = await errorOf(open(linePlan(), { weights: wrong() }));
    expect(error.code).toBe("weights");
    expect(error.message).toContain("w has shape [3], the model wants [2]");
    expect(error.message).toContain("missing from the file: b []");
    expect(error.message).toContain("not in the model: head.W");
  });

  it("are taken in part where that is asked for", async () => {
    const net = await open(linePlan(), { weights: wrong(), partial: true });
    expect(net.loaded).toEqual({
      matched: ["mean"],
      missing: ["b"],
      mismatched: ["w"],
      extra: ["head.W"],
    });
    expect(await net.read("mean")).toEqual(new Float32Array([1, 1]));
    expect(await net.read("w")).toEqual(new Float32Array([0.875, 1]));
  });

  it("that are no safetensors file are refused", async () => {
    expect((await errorOf(open(linePlan(), { weights: new Uint8Array(20) }))).code).toBe("weights");
    const response = new Response("gone", { status: 404 });
    expect((await errorOf(open(linePlan(), { weights: response }))).message).toContain("404");
    const buffer = (await (await open(linePlan())).save()).slice().buffer;
    await open(linePlan(), { weights: new Response(buffer) });
    await open(linePlan(), { weights: buffer });
  });

  it("of an earlier file begin a stage", async () => {
    const start = [{ parameters: ["mean"], file: "earlier.safetensors" }];
    const plan = linePlan([{ start, epochs: 1 }]);
    const asked: string[] = [];
    const readFile = (file: string): Promise<Uint8Array> => {
      asked.push(file);
      return Promise.resolve(wrong());
    };
    const net = await open(plan, { readFile });
    await net.fit(data);
    expect(asked).toEqual(["earlier.safetensors"]);
    expect(await net.read("mean")).toEqual(new Float32Array([1, 1]));
    const bad = linePlan([{ start: [{ parameters: ["b"], file: "x" }] }]);
    expect((await errorOf((await open(bad, { readFile })).fit(data))).message).toContain("b");
    // Node has no address for it.
    expect((await errorOf((await open(plan)).fit(data))).message).toContain(
      "earlier.safetensors cannot be read as a safetensors file: give load({ readFile })",
    );
  });

  it("of a later stage that do not fit are refused before the first has run", async () => {
    const start = [{ parameters: ["b"], file: "earlier.safetensors" }];
    const readFile = (): Promise<Uint8Array> => Promise.resolve(wrong());
    const plan = linePlan([
      { name: "one", epochs: 1 },
      { name: "two", epochs: 1, start },
    ]);
    const net = await open(plan, { readFile });
    const before = await net.save();
    let steps = 0;
    const onStep = (): void => {
      steps += 1;
    };
    const error = await errorOf(net.fit(data, { onStep }));
    expect(error.code).toBe("weights");
    expect(error.message).toContain("earlier.safetensors");
    expect(steps).toBe(0);
    expect(await net.save()).toEqual(before);
    expect((await net.fit(data, { stage: "one" })).stopped).toBe("finished");
  });

  it("of an earlier file are refused where their shapes differ, and nothing is changed", async () => {
    const start = [{ parameters: ["mean", "w"], file: "earlier.safetensors" }];
    const readFile = (): Promise<Uint8Array> => Promise.resolve(wrong());
    const net = await open(linePlan([{ start, epochs: 1 }]), { readFile });
    const before = await net.save();
    const error = await errorOf(net.fit(data));
    expect(error.code).toBe("weights");
    expect(error.message).toContain("earlier.safetensors");
    expect(error.message).toContain("w has shape [3], the model wants [2]");
    expect(error.message).not.toContain("head.W");
    expect(await net.save()).toEqual(before);
  });
});
