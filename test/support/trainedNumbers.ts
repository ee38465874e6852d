// A plan and a device in; the parameters after two steps on drawn data, and predictions for several numbers of examples, out.

import { load } from "../../runtime/index.js";
import type { Plan } from "../../runtime/plan.js";
import { drawnData } from "./drawnData.js";

/** By name; `batches`: numbers of examples of predictions. */
export async function numbersOf(
  plan: Plan,
  device: GPUDevice,
  batches: readonly number[] = [],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const net = await load(plan, { backend: "webgpu", device, seed: 3 });
  const sizes = Object.fromEntries(plan.dimensions.map(({ name, trained: size }) => [name, size]));
  const numbers = new Map<string, readonly number[]>();
  for (let turn = 0; turn < 2; turn++) await net.step(drawnData(plan, sizes));
  for (const { name } of plan.parameters) numbers.set(name, [...(await net.read(name))]);
  for (const batch of batches) {
    const outputs = await net.predict(drawnData(plan, { ...sizes, batch }, ["input"]));
    for (const [name, values] of Object.entries(outputs as object))
      numbers.set(`${name} of ${batch}`, [...(values as Float32Array)]);
  }
  net.destroy();
  return numbers;
}
