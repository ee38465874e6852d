// Engines that refuse WebAssembly in each way, and modules that are none, in; which machine a net runs on and why, out.

import { afterEach, describe, expect, it, vi } from "vitest";
import { compileOne, importText } from "../support/compiled.js";
import { cpuModuleText } from "../../compiler/emit/plan.js";
import { load } from "../../runtime/index.js";
import type { CpuModule } from "../../runtime/plan.js";

const model = compileOne(`
model Scale {
  input x: [batch, 3]
  output y = 2 * x + 1
}
`);
const { kernels, wasm = "" } = await importText(
  cpuModuleText(model.training.planned.kernels, "f32"),
);

const hexOf = (text: string): string => Buffer.from(text).toString("hex");

async function predicting(module: CpuModule, precision: 32 | 64 = 32): Promise<string[]> {
  const net = await load(model.plan, { backend: "cpu", precision, cpu: () => module });
  const { y } = await net.predict({ x: [[1, 2, 3]] });
  expect([...(y as Float32Array)]).toEqual([3, 5, 7]);
  const seen = [net.machine, net.backendReason];
  net.destroy();
  return seen;
}

const refusal = "the CPU was asked for; WebAssembly with SIMD is not to be had: ";

describe("kernels on the CPU run", () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  it("in WebAssembly", async () => {
    expect(await predicting({ kernels, wasm })).toEqual(["wasm", "the CPU was asked for"]);
  });

  it("in JavaScript where WebAssembly is not there", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    const [machine, reason] = await predicting({ kernels, wasm });
    expect(machine).toBe("javascript");
    expect(reason).toContain(`${refusal}TypeError`);
  });

  it("in JavaScript where a policy refuses every module", async () => {
    const error = new WebAssembly.CompileError("violates the policy");
    vi.spyOn(WebAssembly, "compile").mockRejectedValue(error);
    expect(await predicting({ kernels, wasm })).toEqual([
      "javascript",
      `${refusal}CompileError: violates the policy`,
    ]);
  });

  it("in JavaScript where there is no memory for another net", async () => {
    vi.spyOn(WebAssembly, "Memory").mockImplementation(function () {
      throw new RangeError("could not allocate memory");
    });
    expect(await predicting({ kernels, wasm })).toEqual([
      "javascript",
      `${refusal}RangeError: could not allocate memory`,
    ]);
  });

  it("in JavaScript in double precision, those made for it alone", async () => {
    const module = await importText(cpuModuleText(model.training.planned.kernels, "f64"));
    expect(await predicting(module, 64)).toEqual(["javascript", "the CPU was asked for"]);
    await expect(predicting({ kernels, wasm }, 64)).rejects.toMatchObject({ code: "option" });
  });

  it.each([
    ["is damaged", wasm.slice(0, -18)],
    ["wants what is not there", wasm.replace(hexOf("host"), hexOf("hose"))],
  ])("nowhere where their WebAssembly %s", async (_, spoilt) => {
    const opening = load(model.plan, { backend: "cpu", cpu: () => ({ kernels, wasm: spoilt }) });
    const error = await opening.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "internal" });
    expect((error as Error).message).toContain("the WebAssembly of these kernels is not valid: ");
  });
});
