// Calls on one net side by side, cut off by signals, destruction and lost devices, in; typed errors, closed streams and nets that go on, out.

import { expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/api.js";
import type { NnError } from "../../runtime/errors.js";
import { load } from "../../runtime/index.js";
import { openSession } from "../../runtime/train/open.js";
import { createNet } from "../../runtime/net.js";
import type { CpuModule } from "../../runtime/plan.js";
import { lineData, lineModule, linePlan } from "./support/line.js";
import { onBothBackends } from "./support/open.js";
import { countBuffers } from "./support/buffers.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return `${(error as NnError).name} ${(error as NnError).code}`;
  }
  return "ok";
}

type Batch = Record<string, Float32Array>;

const data = lineData(30);
const batch = { x: [[1, 2]], t: [1] };

/** Batches that never come after the first ones; `closed` tells whether it was left. */
function waitingStream(count: number): {
  iterate: () => AsyncIterable<Batch>;
  closed: () => number;
} {
  let closed = 0;
  const iterate = (): AsyncIterable<Batch> => {
    let given = 0;
    return {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          given++ < count
            ? Promise.resolve({ done: false, value: lineData(4) })
            : new Promise<never>(() => undefined),
        return: () => {
          closed++;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
  };
  return { iterate, closed: () => closed };
}

onBothBackends("calls side by side", lineModule, (open) => {
  it("are refused where they would disturb one another, and let be where not", async () => {
    const net = await open(linePlan());
    const { iterate } = waitingStream(2);
    const abort = new AbortController();
    const running = net.fit(iterate, { signal: abort.signal, stepsPerEpoch: 5 });
    for (const call of [
      () => net.fit(data),
      () => net.prepare(data),
      () => net.step(batch),
      () => net.restore(),
    ])
      expect(await codeOf(call())).toBe("NnError busy");
    for (const call of [
      () => net.evaluate(data),
      () => net.predict({ x: [[1, 2]] }),
      () => net.read("w"),
      () => net.write("b", 1),
      () => net.save({ optimizer: true }),
    ])
      expect(await codeOf(call())).toBe("ok");
    abort.abort();
    expect((await running).stopped).toBe("aborted");
    expect(await codeOf(net.step(batch))).toBe("ok");
    const evaluation = net.evaluate(data);
    expect(await codeOf(net.step(batch))).toBe("NnError busy");
    expect(await codeOf(net.write("b", 1))).toBe("NnError busy");
    expect(await codeOf(evaluation)).toBe("ok");
  });

  it("of step queue, in their order, and own their batches", async () => {
    const [one, other] = [await open(linePlan()), await open(linePlan())];
    const x = new Float32Array([1, 2]);
    const t = new Float32Array([1]);
    const steps: Promise<void>[] = [];
    for (let index = 0; index < 5; index++) {
      x.set([index, 2]);
      steps.push(one.step({ x, t }));
    }
    x.fill(NaN);
    await Promise.all(steps);
    for (let index = 0; index < 5; index++) await other.step({ x: [[index, 2]], t: [1] });
    expect(await one.read("w")).toEqual(await other.read("w"));
  });

  it("in callbacks of fit see the weights of their moment, awaited or not", async () => {
    const net = await open(linePlan([{ validation: 0.2 }]));
    const other = await open(linePlan([{ validation: 0.2 }]));
    const asked: Promise<{ loss: number }>[] = [];
    const awaited: number[] = [];
    await net.fit(data, { onEpoch: () => asked.push(net.evaluate(data, { batch: 1 })) });
    await other.fit(data, {
      onEpoch: async () => awaited.push((await other.evaluate(data, { batch: 1 })).loss),
    });
    expect((await Promise.all(asked)).map(({ loss }) => loss)).toEqual(awaited);
    expect(await net.read("w")).toEqual(await other.read("w"));
  });

  it("of step refuse a batch that is to wait, and keep those that wait already", async () => {
    const [one, other] = [
      await open(linePlan([{ accumulate: 2 }])),
      await open(linePlan([{ accumulate: 2 }])),
    ];
    const batches = [
      { x: [[1, 2]], t: [1] },
      { x: [[3, 4]], t: [2] },
    ] as const;
    await one.step(batches[0]);
    for (const wrong of [null, {}, { x: [[1, 2]] }, { x: [[1, 2]], t: [1, 2] }])
      await expect(one.step(wrong as never)).rejects.toMatchObject({ name: "NnError" });
    await one.step(batches[1]);
    for (const batch of batches) await other.step(batch);
    expect(await one.read("w")).toEqual(await other.read("w"));
  });

  it("of step beside one another accumulate copies", async () => {
    const [one, other] = [
      await open(linePlan([{ accumulate: 2 }])),
      await open(linePlan([{ accumulate: 2 }])),
    ];
    const x = new Float32Array([1, 2]);
    const first = one.step({ x, t: [1] });
    x.set([3, 4]);
    await Promise.all([first, one.step({ x, t: [2] })]);
    await other.step({ x: [[1, 2]], t: [1] });
    await other.step({ x: [[3, 4]], t: [2] });
    expect(await one.read("w")).toEqual(await other.read("w"));
  });
});

onBothBackends("a net destroyed", lineModule, (open) => {
  it.each<[string, (net: TrainingNet) => Promise<unknown>]>([
    ["fit", (net) => net.fit(data, { epochs: 1000 })],
    ["fit on a stream", (net) => net.fit(waitingStream(1).iterate)],
    ["fit in a callback", (net) => net.fit(data, { onStep: () => new Promise(() => undefined) })],
    ["evaluate", (net) => net.evaluate(data, { batch: 1 })],
    ["evaluate on a stream", (net) => net.evaluate(waitingStream(1).iterate)],
    ["prepare", (net) => net.prepare(waitingStream(1).iterate)],
    ["step", (net) => net.step(batch)],
    ["predict", (net) => net.predict({ x: [[1, 2]] })],
    ["read", (net) => net.read("w")],
    ["save", (net) => net.save({ optimizer: true })],
  ])("ends %s as destroyed", async (_, call) => {
    for (const turns of [0, 1, 3]) {
      const net = await open(linePlan([{}], { fitted: true }), { seed: 7 });
      await net.prepare(data);
      const running = codeOf(call(net));
      for (let turn = 0; turn < turns; turn++) await new Promise((done) => setTimeout(done, 0));
      net.destroy();
      // A call that was over before is none that was cut off.
      expect(turns === 0 ? ["NnError destroyed"] : ["NnError destroyed", "ok"]).toContain(
        await running,
      );
      expect(await codeOf(call(net))).toBe("NnError destroyed");
    }
  });
});

onBothBackends("a stream", lineModule, (open) => {
  it("that waits is left at once at a signal, and the net is free", async () => {
    const net = await open(linePlan());
    const { iterate, closed } = waitingStream(2);
    const abort = new AbortController();
    const running = net.fit(iterate, { signal: abort.signal, onStep: () => undefined });
    await new Promise((done) => setTimeout(done, 60));
    abort.abort();
    const history = await running;
    expect([history.stopped, history.steps, closed()]).toEqual(["aborted", 2, 1]);
    expect(net.run).toEqual({ stage: "train", epoch: 0, step: 2 });
    expect((await net.fit(data, { epochs: 1 })).stopped).toBe("finished");
    expect(net.run).toBeUndefined();
    // A generator in the middle of its work cannot be closed before it yields.
    const stuck = async function* (): AsyncGenerator<Batch> {
      yield lineData(4);
      await new Promise(() => undefined);
    };
    const cut = await net.fit(() => stuck(), { signal: AbortSignal.timeout(60) });
    expect([cut.stopped, cut.steps]).toEqual(["aborted", 1]);
    // A stream can be cancelled all the same.
    let cancelled = false;
    const source = new ReadableStream<Batch>({
      pull: () => new Promise(() => undefined),
      cancel: () => {
        cancelled = true;
      },
    });
    await net.fit(source, { steps: 9, signal: AbortSignal.timeout(60) });
    expect(cancelled).toBe(true);
    expect(await codeOf(net.fit(source, { steps: 9 }))).toBe("NnError data");
  });

  it("is closed wherever it is left: at its last step, by an error, by destruction", async () => {
    const ends: string[] = [];
    const batches = function* (bad = Infinity): Generator<Batch> {
      try {
        for (let index = 0; ; index++) yield index === bad ? { x: data.x } : lineData(4);
      } finally {
        ends.push("closed");
      }
    };
    const net = await open(linePlan());
    await net.fit(() => batches(), { steps: 3 });
    expect(ends.splice(0)).toEqual(["closed"]);
    const slow = async function* (): AsyncGenerator<Batch> {
      try {
        for (;;) yield await Promise.resolve(lineData(4));
      } finally {
        await new Promise((done) => setTimeout(done, 5));
        ends.push("closed in its own time");
      }
    };
    await net.fit(() => slow(), { steps: 3 });
    expect(ends.splice(0)).toEqual(["closed in its own time"]);
    await net.fit(batches(), { epochs: 3, stepsPerEpoch: 2 });
    expect(ends.splice(0)).toEqual(["closed"]);
    expect(await codeOf(net.fit(() => batches(2)))).not.toBe("ok");
    expect(ends.splice(0)).toEqual(["closed"]);
    expect(await codeOf(net.evaluate(() => batches(2)))).not.toBe("ok");
    expect(ends.splice(0)).toEqual(["closed"]);
    const onStep = (): void => {
      net.destroy();
    };
    expect(await codeOf(net.fit(() => batches(), { onStep }))).toBe("NnError destroyed");
    expect(ends).toEqual(["closed"]);
  });

  it("that can be read once is refused where it is needed more often", async () => {
    const batches = function* (count = 4): Generator<Batch> {
      for (let index = 0; index < count; index++) yield lineData(4);
    };
    const refusal = async (promise: Promise<unknown>): Promise<string> => {
      const error = await promise.then(
        () => undefined,
        (reason: unknown) => reason as NnError,
      );
      return `${error?.code ?? "ok"}: ${error?.message ?? ""}`;
    };
    const net = await open(linePlan());
    expect(await refusal(net.fit(batches(), { epochs: 4 }))).toMatch(/^data: 4 epochs .*\(?\)/);
    expect(await refusal(net.fit(batches()))).toContain("3 epochs need the batches several times");
    // An iterable that gives the same iterator each time is found out when it is empty.
    const same = batches();
    const sly = { [Symbol.iterator]: () => ({ next: () => same.next() }) };
    expect(await refusal(net.fit(sly, { epochs: 2 }))).toContain("no batch in epoch 2");
    const history = await net.fit(batches(), { steps: 9 });
    expect([history.stopped, history.steps]).toEqual(["exhausted", 4]);
    const validation = batches();
    expect(await refusal(net.fit(data, { validation }))).toContain("read once");
  });

  it("has no share to validate on", async () => {
    const net = await open(linePlan([{ validation: 0.2 }]));
    const batches = (): Batch[] => [lineData(4)];
    expect(await codeOf(net.fit(batches))).toBe("NnError data");
    expect(await codeOf(net.fit(batches, { validation: 0.5 }))).toBe("NnError data");
    expect((await net.fit(batches, { validation: 0 })).stopped).toBe("finished");
    const { epochs } = await net.fit(batches, { validation: () => [lineData(6)] });
    expect(epochs.at(-1)?.validation?.examples).toBe(6);
  });
});

describeGpu("a device lost", () => {
  it("during fit: restore, called when it is told, waits for the end of fit", async () => {
    const device = await softwareDevice();
    const cpu = { cpu: () => Promise.resolve(lineModule) };
    const net = await load(linePlan(), { ...cpu, device });
    const next = await softwareDevice();
    const restored = net.lost.then(() => net.restore({ device: next }));
    const { iterate } = waitingStream(2);
    const running = codeOf(net.fit(iterate));
    await new Promise((done) => setTimeout(done, 100));
    device.destroy();
    expect(await running).toBe("NnError device-lost");
    await restored;
    expect((await net.fit(data, { epochs: 1 })).stopped).toBe("finished");
    net.destroy();
    next.destroy();
  });

  it("is restored once: twice at a time is refused, and leaves no buffer behind", async () => {
    const device = await softwareDevice();
    const cpu = (): Promise<CpuModule> => Promise.resolve(lineModule);
    const net = await load(linePlan(), { cpu, device, seed: 7 });
    device.destroy();
    await net.lost;
    const [one, two] = [await softwareDevice(), await softwareDevice()];
    const left = [countBuffers(one), countBuffers(two)];
    const first = codeOf(net.restore({ device: one }));
    const second = codeOf(net.restore({ device: two }));
    const during = codeOf(net.predict({ x: [[1, 2]] }));
    expect(await Promise.all([first, second, during])).toEqual([
      "ok",
      "NnError busy",
      "NnError busy",
    ]);
    await net.predict({ x: [[1, 2]] });
    net.destroy();
    expect(left.map((buffers) => buffers())).toEqual([[], []]);
    for (const other of [one, two]) other.destroy();
  });

  it("and destroyed while it is restored leaves no buffer behind", async () => {
    for (const turns of [0, 1, 2, 5, 20]) {
      const device = await softwareDevice();
      const net = await load(linePlan(), { cpu: () => Promise.resolve(lineModule), device });
      device.destroy();
      await net.lost;
      const next = await softwareDevice();
      const left = countBuffers(next);
      const restoring = codeOf(net.restore({ device: next }));
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      net.destroy();
      expect(await restoring).toBe("NnError destroyed");
      expect(left()).toEqual([]);
      next.destroy();
    }
  });

  it("leaves no buffer behind where a net that only predicts is restored twice, or destroyed", async () => {
    for (const turns of [0, 1, 2, 5, 20]) {
      const device = await softwareDevice();
      const net = await createNet(await openSession(linePlan(), { device, seed: 7 }), {
        weights: undefined,
      });
      device.destroy();
      await net.lost;
      const [one, two, three] = [
        await softwareDevice(),
        await softwareDevice(),
        await softwareDevice(),
      ];
      const left = [one, two, three].map(countBuffers);
      const restoring = [
        codeOf(net.restore({ device: one })),
        codeOf(net.restore({ device: two })),
      ];
      await Promise.all(restoring);
      await net.predict({ x: [[1, 2]] });
      const again = codeOf(net.restore({ device: three }));
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      net.destroy();
      expect(await again).toBe("NnError destroyed");
      expect(left.map((buffers) => buffers())).toEqual([[], [], []]);
      for (const other of [one, two, three]) other.destroy();
    }
  });

  it("or not, a fit, an evaluation and a run cut off leave no buffer behind", async () => {
    const device = await softwareDevice();
    const left = countBuffers(device);
    const plan = linePlan([{ validation: 0.2, stopEarly: { patience: 1 } }]);
    const net = await load(plan, { cpu: () => Promise.resolve(lineModule), device });
    const signal = AbortSignal.timeout(0);
    const round = async (): Promise<number> => {
      await net.fit(data, { epochs: 1 });
      await net.fit(data, { signal });
      await net.evaluate(data);
      await net.fit(data, { epochs: 1 });
      return left().length;
    };
    const first = await round();
    for (let index = 0; index < 3; index++) expect(await round()).toBe(first);
    net.destroy();
    expect(left()).toEqual([]);
    device.destroy();
  });
});
