// GPUBuffers that cannot be read in; which of the inputs is told, and a net that is as if it had never been given them, out.

import { afterEach, expect, it } from "vitest";
import { load, type NnError } from "../../runtime/index.js";
import type { AnyModel, TrainingNet } from "../../runtime/api.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import { countBuffers } from "./support/buffers.js";
import { lineData, lineModule, linePlan } from "./support/line.js";

type Batch = AnyModel["data"];

const cpu = { cpu: () => Promise.resolve(lineModule) };
const given = lineData(8);

const opened: { destroy(): unknown }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.destroy();
});

interface Opened {
  readonly net: TrainingNet;
  /** Labels of the buffers that live. */
  readonly living: () => readonly string[];
  /** Puts numbers on the device. */
  readonly upload: (values: Float32Array, usage?: number) => GPUBuffer;
  /** Buffers of the size of x that cannot be read, and what the first words of the refusal are. */
  readonly bad: () => [GPUBuffer, RegExp][];
}

async function open(plan = linePlan()): Promise<Opened> {
  const [device, other] = [await softwareDevice(), await softwareDevice()];
  const living = countBuffers(device);
  const net = await load(plan, { ...cpu, device, seed: 7 });
  opened.push(net, device, other);
  const size = given.x.byteLength;
  const upload = (values: Float32Array, usage = 140): GPUBuffer => {
    const buffer = device.createBuffer({ size: values.byteLength, usage });
    device.queue.writeBuffer(buffer, 0, values.slice());
    return buffer;
  };
  const destroyed = (): GPUBuffer => {
    const buffer = upload(given.x);
    buffer.destroy();
    return buffer;
  };
  const bad = (): [GPUBuffer, RegExp][] => [
    [destroyed(), /^the GPU refused the GPUBuffer of x: /],
    [other.createBuffer({ size, usage: 140 }), /^the GPU refused the GPUBuffer of x: /],
    [upload(given.x, 136), /^the GPUBuffer of x lacks the usage COPY_SRC$/],
    [
      device.createBuffer({ size, usage: 6, mappedAtCreation: true }),
      /^the GPUBuffer of x is mapped: unmap it first$/,
    ],
  ];
  return { net, living, upload, bad };
}

async function refusal(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "none",
    (error: unknown) => `${(error as NnError).code}: ${(error as NnError).message}`,
  );
}

describeGpu("a GPUBuffer that cannot be read", () => {
  it("is told by the name of its input, in every call", async () => {
    const { net, upload, bad } = await open();
    const t = upload(given.t);
    const calls: ((x: GPUBuffer) => Promise<unknown>)[] = [
      (x) => net.predict({ x }),
      (x) => net.step({ x, t }),
      (x) => net.fit({ x, t }),
      (x) => net.fit(() => [{ x, t }]),
      (x) => net.evaluate({ x, t }),
    ];
    for (const call of calls) {
      for (const [buffer, words] of bad()) {
        const told = await refusal(call(buffer));
        expect(told.replace(/^option: /, "")).toMatch(words);
      }
    }
  });
});

/** Of the first and the last part of the data. */
const parts = [0, 4].map((start) => ({
  x: given.x.slice(2 * start, 2 * start + 8),
  t: given.t.slice(start, start + 4),
}));

/** Weights, states and counters after these parts, each given as numbers. */
async function stateAfter(taken: readonly number[], plan = linePlan()): Promise<Uint8Array> {
  const { net } = await open(plan);
  for (const index of taken) await net.step(parts[index]);
  return net.save({ optimizer: true });
}

describeGpu("a step with GPUBuffers", () => {
  it("that cannot be read changes nothing, and no step beside it fails", async () => {
    const { net, living, upload, bad } = await open();
    const [first, last] = parts.map(({ x, t }) => ({ x: upload(x), t: upload(t) }));
    const after = await stateAfter([0, 1]);
    await net.step(first);
    const [before, report] = [await net.save({ optimizer: true }), await net.report()];
    const { t } = given;
    const [destroyed, foreign] = bad().map(([x]) => x) as [GPUBuffer, GPUBuffer];
    const count = living().length;
    for (const x of [destroyed, foreign]) {
      expect(await refusal(net.step({ x, t }))).toMatch(/^option: /);
      expect(await refusal(net.step([parts[0] as Batch, { x, t }]))).toMatch(/^data: /);
      expect(await net.save({ optimizer: true })).toEqual(before);
      expect(await net.report()).toEqual(report);
    }
    const queued = [
      net.step({ x: destroyed, t }),
      net.step(last as Batch),
      net.step({ x: foreign, t: upload(t) }),
      net.save({ optimizer: true }),
    ].map((call: Promise<unknown>) => call.catch((error: unknown) => (error as NnError).code));
    expect(await Promise.all(queued)).toEqual(["option", undefined, "option", after]);
    expect(living().length).toBe(count + 1);
  });

  it("keeps the order of the calls, and what the buffers held", async () => {
    const wanted: unknown[] = [];
    for (const onDevice of [true, false]) {
      const { net, upload } = await open();
      await net.predict({ x: given.x });
      const batches = onDevice ? parts.map(({ x, t }) => ({ x: upload(x), t: upload(t) })) : parts;
      const calls = [
        net.step(batches[0]),
        net.read("w"),
        net.step(parts[1]),
        net.report(),
        net.write("b", 2),
        net.step(batches[1]),
        net.predict({ x: given.x }),
        net.save({ optimizer: true }),
        net.write("w", [0, 0]),
      ];
      if (onDevice) for (const { x } of batches) (x as GPUBuffer).destroy();
      wanted.push(await Promise.all(calls));
    }
    expect(wanted[0]).toEqual(wanted[1]);
  });

  it("that accumulates is refused as a whole, and batches that wait are kept", async () => {
    const plan = linePlan([{ accumulate: 2 }]);
    const { net, upload, bad } = await open(plan);
    const [first, last] = parts.map(({ x, t }) => ({ x: upload(x), t: upload(t) }));
    const [x] = bad().map(([buffer]) => buffer) as [GPUBuffer];
    const { t } = given;
    expect(await refusal(net.step([first as Batch, { x, t }]))).toMatch(/^option: /);
    await net.step(first);
    expect(await refusal(net.step({ x, t }))).toMatch(/^option: /);
    await net.step(last);
    expect(await net.save({ optimizer: true })).toEqual(await stateAfter([0, 1], plan));
  });
});

describeGpu("a fit on batches of GPUBuffers", () => {
  it("that meets one that cannot be read stands behind the last good step, and goes on from there", async () => {
    const { net, living, upload, bad } = await open();
    const [{ net: whole }, { net: short }] = [await open(), await open()];
    const numbers = (count: number): Batch[] =>
      Array.from({ length: count }, (_, index) => parts[index % 2] as Batch);
    const unreadable = () => ({ data: bad()[0]?.[0] as GPUBuffer, shape: [4, 2] });
    const buffers = (wrong: boolean): Batch[] =>
      numbers(5).map((batch, index) => {
        const { x, t } = batch as (typeof parts)[number];
        return { x: wrong && index === 2 ? unreadable() : upload(x), t };
      });
    await whole.fit(() => numbers(5), { epochs: 2 });
    await short.fit(() => numbers(2), { epochs: 1 });
    const given = [buffers(true), buffers(false), buffers(false)];
    const count = living().length;
    let pass = 0;
    const data = (): Batch[] => given[pass++] as Batch[];
    const told = await refusal(net.fit(data, { epochs: 2 }));
    expect(told).toMatch(/^option: the GPU refused the GPUBuffer of x: /);
    expect(net.run).toEqual({ stage: "train", epoch: 0, step: 2 });
    expect(await net.save()).toEqual(await short.save());
    await net.fit(data, { epochs: 2, resume: true });
    expect(await net.save({ optimizer: true })).toEqual(await whole.save({ optimizer: true }));
    // What took a batch, and a loss, is there from the first of them on.
    expect(living().length).toBeLessThan(count + 8);
  });

  it("takes what each held before the next was asked for", async () => {
    const plan = linePlan([{ accumulate: 2 }]);
    const [{ net, upload }, { net: other }] = [await open(plan), await open(plan)];
    const device = opened.at(1) as GPUDevice;
    const x = upload(given.x.slice(0, 8));
    async function* batches(): AsyncGenerator<Batch> {
      for (const part of parts) {
        device.queue.writeBuffer(x, 0, part.x);
        yield { x, t: part.t };
        await Promise.resolve();
      }
    }
    await net.fit(() => batches(), { epochs: 1 });
    await other.fit(() => parts, { epochs: 1 });
    expect(await net.save({ optimizer: true })).toEqual(await other.save({ optimizer: true }));
  });
});
