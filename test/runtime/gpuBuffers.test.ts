// GPUBuffers that cannot be read in; which of the inputs is told, and a net that is as if it had never been given them, out.

import { afterEach, expect, it } from "vitest";
import { load, type NnError } from "../../runtime/index.js";
import type { TrainingNet } from "../../runtime/api.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import { lineData, lineModule, linePlan } from "./support/line.js";

const cpu = { cpu: () => Promise.resolve(lineModule) };
const given = lineData(8);

const opened: { destroy(): unknown }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.destroy();
});

interface Opened {
  readonly net: TrainingNet;
  /** Puts numbers on the device. */
  readonly upload: (values: Float32Array, usage?: number) => GPUBuffer;
  /** Buffers of the size of x that cannot be read, and what the first words of the refusal are. */
  readonly bad: () => readonly (readonly [GPUBuffer, RegExp])[];
}

async function open(plan = linePlan()): Promise<Opened> {
  const [device, other] = [await softwareDevice(), await softwareDevice()];
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
  const bad = (): Awaited<ReturnType<Opened["bad"]>> => [
    [destroyed(), /^the GPU refused the GPUBuffer of x: /],
    [other.createBuffer({ size, usage: 140 }), /^the GPU refused the GPUBuffer of x: /],
    [upload(given.x, 136), /^the GPUBuffer of x lacks the usage COPY_SRC$/],
    [
      device.createBuffer({ size, usage: 6, mappedAtCreation: true }),
      /^the GPUBuffer of x is mapped: unmap it first$/,
    ],
  ];
  return { net, upload, bad };
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
