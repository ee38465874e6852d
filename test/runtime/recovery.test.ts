// Fits in which one call of the device fails, each in turn, in; nets that go on as ones that never failed do, out.

import { expect, it } from "vitest";
import { load, NnError } from "../../runtime/index.js";
import type { TrainingNet } from "../../runtime/api.js";
import { openSession } from "../../runtime/train/open.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import { failingCalls, injectFaults } from "../support/faults.js";
import { lineData, lineModule, linePlan } from "./support/line.js";

const cpu = { cpu: () => Promise.resolve(lineModule) };
const data = lineData(30);

/** What a fit, a prediction and an evaluation give. */
async function use(net: TrainingNet): Promise<unknown> {
  const history = await net.fit(data, { epochs: 2, onStep: () => undefined });
  const losses = history.epochs.map(({ loss, validation }) => [loss, validation?.loss]);
  const { y } = (await net.predict({ x: [[1, 2]] })) as { y: Float32Array };
  const { loss } = await net.evaluate(data);
  const report = await net.report();
  return [losses, [...y], loss, report.loss, await net.save({ optimizer: true })];
}

const stages = [
  ["plain", {}],
  ["accumulated", { accumulate: 2 }],
  ["early", { validation: 0.2, stopEarly: { patience: 3 } }],
] as const;

describeGpu("a net of which one call fails", () => {
  it("tells it to the call that submitted, and to no other under way", async () => {
    const device = await softwareDevice();
    const faults = injectFaults(device);
    const { backend } = await openSession(linePlan(), { device });
    const other = backend.submissions();
    for (const [failing, sound] of [
      [backend, other],
      [other, backend],
    ] as const) {
      faults.failing = { call: "buffer", at: 1 };
      failing.addStorage("f32", 8);
      sound.addStorage("f32", 8);
      await sound.settled();
      await expect(failing.settled()).rejects.toMatchObject({ code: "out-of-memory" });
      await failing.settled();
    }
    backend.destroy();
    device.destroy();
  });

  it.each(
    stages.flatMap(([name, stage]) => failingCalls.map((call) => [call, name, stage] as const)),
  )("goes on after it: %s, %s", async (call, _name, stage) => {
    const device = await softwareDevice();
    const faults = injectFaults(device);
    const plan = linePlan([stage]);
    const net = await load(plan, { ...cpu, device, seed: 1 });
    const codes = new Set<string>();
    for (let at = 1; at <= 60; at += at < 20 ? 1 : 17) {
      faults.failing = { call, at };
      await net.fit(data, { epochs: 1, onStep: () => undefined }).catch((error: unknown) => {
        expect(error).toBeInstanceOf(NnError);
        codes.add((error as NnError).code);
      });
      faults.failing = undefined;
      await net.fit(data, { epochs: 1 });
    }
    // What takes all examples at once says how many bytes that is.
    codes.delete("limits");
    expect([...codes]).toEqual([call.endsWith("buffer") ? "out-of-memory" : "internal"]);
    const weights = await net.save({ optimizer: true });
    const twin = await load(plan, { ...cpu, device, seed: 1, weights });
    expect(await use(net)).toEqual(await use(twin));
    net.destroy();
    twin.destroy();
    device.destroy();
  });
});
