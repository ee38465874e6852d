// A plan and a backend's name in; an open net, destroyed after the test, out.

import { afterEach, describe } from "vitest";
import { load, type RuntimeOptions } from "../../../runtime/index.js";
import type { TrainingNet } from "../../../runtime/api.js";
import type { CpuModule, Plan } from "../../../runtime/plan.js";
import { softwareDevice, softwareExpected } from "../../support/adapter.js";

export type Open = (plan: Plan, options?: RuntimeOptions) => Promise<TrainingNet>;

/** The same suite on the CPU and on the software adapter. */
export function onBothBackends(
  name: string,
  module: CpuModule,
  suite: (open: Open, backend: "cpu" | "webgpu") => void,
): void {
  const nets: TrainingNet[] = [];
  const devices: GPUDevice[] = [];
  afterEach(() => {
    for (const net of nets.splice(0)) net.destroy();
    for (const device of devices.splice(0)) device.destroy();
  });
  const cpu = (): Promise<CpuModule> => Promise.resolve(module);
  describe(`${name} on the CPU`, () => {
    suite(async (plan, options) => {
      const net = await load(plan, { backend: "cpu", cpu, ...options });
      nets.push(net);
      return net;
    }, "cpu");
  });
  describe.skipIf(!softwareExpected)(`${name} on WebGPU`, () => {
    suite(async (plan, options) => {
      const device = options?.device ?? (await softwareDevice());
      devices.push(device as GPUDevice);
      const net = await load(plan, { device, cpu, ...options });
      nets.push(net);
      return net;
    }, "webgpu");
  });
}
