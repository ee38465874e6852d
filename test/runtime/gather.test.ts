// Sets of data and a device that counts what it is sent in; steps on rows that are gathered there, the same as on rows gathered here, and no more sent than is needed, out.

import { afterEach, expect, it } from "vitest";
import { load } from "../../runtime/index.js";
import type { TrainingNet } from "../../runtime/api.js";
import { createSets } from "../../runtime/train/gather.js";
import { usages } from "../../runtime/webgpuMemory.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import { injectFaults, type Faults } from "../support/faults.js";
import { compileOne } from "../support/compiled.js";

const model = compileOne(`
model M {
  input x: [batch, 3, 7]
  input scale: [7]
  target kind: category(5) [batch]
  y = flatten(x * scale) |> dense(5)
  output y
  loss cross_entropy(y, kind)
}
train M { optimizer adam(0.01)  batch 16  epochs 3  seed 3 }`);

const count = 103;
const wave = (length: number): Float32Array =>
  Float32Array.from({ length }, (_, index) => Math.sin(1 + index));
const data = {
  x: wave(count * 21),
  scale: wave(7),
  kind: Uint8Array.from({ length: count }, (_, index) => (index * 3) % 5),
};

interface Counted {
  readonly net: TrainingNet;
  readonly faults: Faults;
  readonly device: GPUDevice;
  /** Bytes sent, submissions and mappings since the last call. */
  readonly counts: () => { bytes: number; submissions: number; mappings: number };
}

describeGpu("a set of data", () => {
  const opened: { destroy(): unknown }[] = [];
  afterEach(() => {
    for (const one of opened.splice(0)) one.destroy();
  });

  async function open(): Promise<Counted> {
    const device = await softwareDevice();
    let [bytes, submissions, mappings] = [0, 0, 0];
    const write = device.queue.writeBuffer.bind(device.queue);
    device.queue.writeBuffer = (...given: Parameters<typeof write>) => {
      bytes += given[4] ?? given[2].byteLength;
      write(...given);
      return undefined;
    };
    const submit = device.queue.submit.bind(device.queue);
    device.queue.submit = (commands) => {
      submissions++;
      submit(commands);
      return undefined;
    };
    const create = device.createBuffer.bind(device);
    device.createBuffer = (descriptor) => {
      const buffer = create(descriptor);
      const map = buffer.mapAsync.bind(buffer);
      buffer.mapAsync = (...given) => {
        mappings++;
        return map(...given);
      };
      return buffer;
    };
    const faults = injectFaults(device);
    const net = await load(model, { device, seed: 1 });
    opened.push(net, device);
    const counts = (): ReturnType<Counted["counts"]> => {
      const found = { bytes, submissions, mappings };
      [bytes, submissions, mappings] = [0, 0, 0];
      return found;
    };
    counts();
    return { net, faults, device, counts };
  }

  it.each([{}, { validation: 0.3 }, { batch: 40 }, { epochs: 1, batch: 102 }])(
    "is sent to the device once, and trained on as if each batch were: %o",
    async (options) => {
      const [there, here] = [await open(), await open()];
      // The set has no room, its batches have.
      here.faults.largest = 4 * 21 * (count - 1);
      const histories = [await there.net.fit(data, options), await here.net.fit(data, options)];
      const [first, second] = histories.map(({ epochs }) =>
        epochs.map(({ loss, validation }) => [loss, validation?.loss]),
      );
      expect(first).toEqual(second);
      const saved = await there.net.save({ optimizer: true });
      expect(saved).toEqual(await here.net.save({ optimizer: true }));
      expect(there.faults.living().filter((name) => / set$/.test(name))).toEqual([]);
    },
  );

  it("is sent once for all its epochs", async () => {
    const { net, counts } = await open();
    const bytes = 4 * 22 * count;
    await net.fit(data, { epochs: 8 });
    const epochs = 8 * Math.ceil(count / 16);
    // Indices, what has no examples, and the words of each run.
    expect(counts().bytes).toBeLessThan(1.1 * bytes + epochs * (4 * (2 * 18 + 7) + 128));
  });

  it("of many numbers is sent in parts, and any number of its rows gathered", async () => {
    const rows = 190_000;
    const large = {
      x: Float32Array.from({ length: 21 * rows }, (_, index) => (index % 977) / 977),
      scale: data.scale,
      kind: Uint8Array.from({ length: rows }, (_, index) => (index * 7) % 5),
    };
    const [there, here] = [await open(), await open()];
    here.faults.largest = 4 * 21 * (rows - 1);
    const wish = { epochs: 1, batch: rows - 5 };
    await there.net.fit(large, wish);
    await here.net.fit(large, wish);
    expect(await there.net.save()).toEqual(await here.net.save());
  });

  it("is gathered whole where its rows take more workgroups than lie in a row of a grid", async () => {
    const device = await softwareDevice();
    opened.push(device);
    const create = (size: number, usage: number = usages.data): GPUBuffer =>
      device.createBuffer({ size, usage });
    const sets = createSets(
      {
        device,
        faults: {
          scoped: (_: string, make: () => unknown) => ({ value: make(), checked: undefined }),
          guard: (_: string, made: unknown) => made,
        },
        memory: { create: (size: number) => create(size), free: () => undefined },
      } as never,
      () => undefined,
    );
    const [width, rows, chosen] = [1024, 11, 8_200];
    const all = Uint32Array.from({ length: width * rows }, (_, index) => index);
    const set = await sets.placeSet?.(width, rows, chosen, (first, end) =>
      all.subarray(width * first, width * end),
    );
    if (!set) throw new Error("no room");
    const size = 4 * width * chosen;
    expect(size / 4 / 128).toBeGreaterThan(65_535);
    const [batch, read] = [create(size), create(size, usages.staging)];
    const indices = Uint32Array.from({ length: chosen }, (_, row) => (row * 7) % rows);
    const encoder = device.createCommandEncoder();
    sets.gather(encoder, batch, { set, rows: indices }, (target, values) => {
      device.queue.writeBuffer(target, 0, values as Uint32Array<ArrayBuffer>);
    });
    encoder.copyBufferToBuffer(batch, 0, read, 0, size);
    device.queue.submit([encoder.finish()]);
    await read.mapAsync(usages.mapRead);
    const found = new Uint32Array(read.getMappedRange());
    const wrong = [...indices].findIndex((row, at) =>
      [0, 1, width - 1].some((column) => found[width * at + column] !== width * row + column),
    );
    expect(wrong).toBe(-1);
  });

  it("costs steps that are queued nothing: none is waited for or read by itself", async () => {
    const { net, counts } = await open();
    const batch = { x: data.x.slice(0, 16 * 21), scale: data.scale, kind: data.kind.slice(0, 16) };
    await net.step(batch);
    counts();
    for (let step = 0; step < 10; step++) await net.step(batch);
    const awaited = counts();
    await Promise.all(Array.from({ length: 10 }, () => net.step(batch)));
    const queued = counts();
    expect(awaited.submissions).toBe(10);
    // Small ones share submissions where no time passes between them.
    expect(queued.submissions).toBeLessThanOrEqual(10);
    expect(queued).toEqual({ ...awaited, submissions: queued.submissions });
    expect(queued.mappings).toBe(0);
    expect((await net.report()).step).toBe(21);
    expect(counts().mappings).toBe(1);
    // Losses of a run come from the device many at once.
    await net.fit(data, { epochs: 8 });
    expect(counts().mappings).toBeLessThan((8 * Math.ceil(count / 16)) / 2);
  });
});
