// Programs whose kernels share most (long rows, long sums, turns of a recurrence) in; the same numbers on a device of WebGPU's compatibility mode as in all of it, out.

import { expect, it } from "vitest";
import { withoutVariants } from "../../compiler/emit/variants.js";
import { load } from "../../runtime/index.js";
import type { Plan } from "../../runtime/plan.js";
import { compatibilityDevice, describeGpu, softwareDevice } from "../support/adapter.js";
import { compileOne } from "../support/compiled.js";
import { drawnData } from "../support/drawnData.js";

const programs: Readonly<Record<string, string>> = {
  "long rows and long sums": `
    input x: [batch, 1200]
    target y: [batch, 1100]
    output o = softmax(x |> dense(8, activation: relu) |> dense(1100))
    loss mse(o, y)`,
  "turns of a recurrence": `
    input x: [batch, 5, 3]
    target y: [batch, 2]
    h = x |> lstm(7)
    output o = dense(h[:, -1], 2)
    loss mse(o, y)`,
};

/** The losses of a set that lies on the device, and predictions; pipelines that are refused are errors, though training goes on without some. */
async function numbersOf(plan: Plan, device: GPUDevice): Promise<readonly number[]> {
  const create = device.createComputePipelineAsync.bind(device);
  const refused: unknown[] = [];
  device.createComputePipelineAsync = async (descriptor) => {
    try {
      return await create(descriptor);
    } catch (error) {
      refused.push(error);
      throw error;
    }
  };
  const net = await load(plan, { backend: "webgpu", device, seed: 3 });
  const { epochs } = await net.fit(drawnData(plan, { batch: 100 }), { epochs: 2 });
  const { o } = await net.predict(drawnData(plan, { batch: 37 }, ["input"]));
  net.destroy();
  device.destroy();
  expect(refused).toEqual([]);
  return [...epochs.map(({ loss }) => loss), ...(o as Float32Array)];
}

describeGpu("a device of WebGPU's compatibility mode", () => {
  it.each(Object.entries(programs))("computes %s", async (_, body) => {
    const source = `model Net {${body}}\ntrain Net { optimizer adam(lr: 1e-2) batch 36 epochs 1 }`;
    const { plan } = compileOne(source);
    for (const each of [plan, withoutVariants(plan)]) {
      const less = await numbersOf(each, await compatibilityDevice());
      // That mode has no subgroups, by which sums are made in another order.
      expect(less).toEqual(await numbersOf(each, await softwareDevice([])));
    }
  });
});
