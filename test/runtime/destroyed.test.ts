// Nets on the CPU that ran, and are destroyed, in; that their memory is gone while the app still holds them, out.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/api.js";
import { load } from "../../runtime/index.js";
import type { CpuKernel, CpuModule } from "../../runtime/plan.js";
import { cpuModuleText } from "../../compiler/emit/plan.js";
import { compileOne, importText, scalarKernels } from "../support/compiled.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const model = compileOne(`
model Line {
  input x: [batch, 3]
  target t: [batch]
  y = (x |> dense(300, activation: tanh) |> dense(1))[:, 0]
  output out = y
  loss (y - t) ^ 2
}
train Line { optimizer adam(lr: 0.01)  batch 8  epochs 2  seed 1 }
`);
const own = await importText(cpuModuleText(model.training.planned.kernels, "f32"));
const { wasm = "" } = own;
const kernels = scalarKernels(own);

/** How many of the memories seen are still held by anything. */
async function heldOf(seen: readonly WeakRef<object>[]): Promise<number> {
  // What a job touched is held until its end.
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    collect();
  }
  return seen.filter((memory) => memory.deref() !== undefined).length;
}

async function use(net: TrainingNet): Promise<void> {
  const data = { x: new Float32Array(48).fill(0.5), t: new Float32Array(16).fill(1) };
  await net.fit(data);
  await net.evaluate(data);
  for (const batch of [1, 5]) await net.predict({ x: new Float32Array(3 * batch) });
}

/** A module whose kernels tell what they are called with. */
function watched(seen: WeakRef<object>[]): CpuModule {
  const known = new WeakSet<object>();
  const watch = (kernel: CpuKernel): CpuKernel => {
    const call = (...given: Parameters<CpuKernel>): void => {
      for (const { buffer } of given[0]) {
        if (!known.has(buffer)) seen.push(new WeakRef(buffer));
        known.add(buffer);
      }
      kernel(...given);
    };
    return kernel.whole ? Object.assign(call, { whole: kernel.whole }) : call;
  };
  const entries = Object.entries(kernels).map(([name, kernel]) => [name, watch(kernel)] as const);
  return { kernels: Object.fromEntries(entries) };
}

describe("a net on the CPU that is destroyed holds none of its memory", () => {
  const { instantiate } = WebAssembly;
  afterEach(() => {
    WebAssembly.instantiate = instantiate;
  });

  it("in JavaScript", async () => {
    const seen: WeakRef<object>[] = [];
    const cpu = watched(seen);
    const net = await load(model.plan, { backend: "cpu", cpu: () => cpu });
    await use(net);
    expect(seen.length).toBeGreaterThan(4);
    // Journals and copies of calls that have ended are gone already.
    expect(await heldOf(seen)).toBeGreaterThan(2);
    net.destroy();
    expect(await heldOf(seen)).toBe(0);
    expect(net.machine).toBe("javascript");
  });

  it.each([
    ["that ran", use],
    [
      "with a run under way",
      async (net: TrainingNet) => {
        await use(net);
        const cut = net.predict({ x: new Float32Array(30_000) }).catch((error: unknown) => error);
        net.destroy();
        expect(await cut).toMatchObject({ code: "destroyed" });
      },
    ],
    [
      "with a fit under way",
      async (net: TrainingNet) => {
        const data = { x: new Float32Array(4800), t: new Float32Array(1600) };
        const onStep = (): void => {
          net.destroy();
        };
        await expect(net.fit(data, { onStep })).rejects.toMatchObject({ code: "destroyed" });
      },
    ],
  ])("in WebAssembly, %s", async (_, using) => {
    const seen: WeakRef<object>[] = [];
    // A spy would hold what it was called with.
    WebAssembly.instantiate = ((module: BufferSource, imports?: WebAssembly.Imports) => {
      seen.push(new WeakRef(imports?.["host"]?.["memory"] as WebAssembly.Memory));
      return instantiate(module, imports);
    }) as typeof WebAssembly.instantiate;
    const net = await load(model.plan, { backend: "cpu", cpu: () => ({ kernels, wasm }) });
    expect(await heldOf(seen)).toBe(1);
    await using(net);
    net.destroy();
    expect(await heldOf(seen)).toBe(0);
    expect(net.machine).toBe("wasm");
  });
});
