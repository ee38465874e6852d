// Results written by hand in; what the bench says of them out.
import { expect, test } from "vitest";
import { judge, missedQuality } from "../../bench/figures.mjs";

/** Of the results given, the figure of this name. */
function figure(name: string, results: object) {
  const found = judge(results).find((one) => one.name === name);
  return found && { measured: found.measured, reached: found.reached };
}

function steps(workload: string, times: Readonly<Record<string, readonly number[]>>): object {
  const rounds = Object.entries(times).map(([name, list]) => [
    name,
    list.map((processor) => ({ processor })),
  ]);
  return { steps: { [workload]: Object.fromEntries(rounds) as object } };
}

test("a ratio is the peer's least processor time over ours: higher is better", () => {
  const name = "w1, webgpu: speed beside jax-webgpu";
  const at = (ours: readonly number[]) =>
    figure(name, steps("w1", { "nnc-webgpu": ours, "jax-webgpu": [210, 200] }));
  expect(at([110, 100])).toEqual({ measured: 2, reached: "must" });
  expect(at([101])?.reached).toBe("no");
  expect(at([50])).toEqual({ measured: 4, reached: "aim" });
});

test("w4 on the CPU stands beside ONNX Runtime, of which it may take 1.5 times the time", () => {
  const name = "w4b1, cpu: speed beside onnx-wasm";
  const at = (ours: number) =>
    figure(name, steps("w4b1", { "nnc-cpu": [ours], "onnx-wasm": [3] }))?.reached;
  expect([at(4.51), at(4.5), at(3)]).toEqual(["no", "must", "aim"]);
});

test("a product's rate is its operations over the time", () => {
  const results = steps("p256", { "nnc-cpu": [2 ** 25 / 25e6] });
  expect(figure("p256, cpu: one thread", results)).toEqual({ measured: 25, reached: "must" });
});

test("dispatches, sizes, compile times and memory are better the lower they are", () => {
  const dispatches = (count: number) => ({
    steps: { w2: { "nnc-webgpu": [{ perStep: { dispatches: count } }] } },
  });
  expect(figure("w2, webgpu: dispatches", dispatches(14))?.reached).toBe("must");
  expect(figure("w2, webgpu: dispatches", dispatches(15))?.reached).toBe("no");
  const sizes = { sizes: { "w1.js": { gzipped: 9000 } } };
  expect(figure("bundle of w1, gzipped: inference", sizes)).toEqual({
    measured: 9,
    reached: "must",
  });
  const compile = { compile: { dense200: [{ wall: 4000 }, { wall: 3100 }, { wall: 3500 }] } };
  expect(figure("compile 200 layers, source to plan", compile)).toEqual({
    measured: 3.1,
    reached: "no",
  });
  const memory = { memory: { w5: { peak: 105, bound: 100 } } };
  expect(figure("w5: peak memory over the liveness bound", memory)?.reached).toBe("must");
});

test("what was not measured, or failed, is left out", () => {
  expect(judge({})).toEqual([]);
  const failed = {
    steps: { w3: { "nnc-cpu": [{ error: "no" }], "jax-wasm": [{ processor: 1 }] } },
  };
  expect(judge(failed)).toEqual([]);
});

test("a training misses where it reaches less than it must, or fails: not where it has no data", () => {
  const quality = (of: object) => missedQuality({ quality: of });
  expect(quality({ parity: { measured: [100], seconds: 9 } })).toBe(false);
  expect(quality({ parity: { measured: [99.9], seconds: 9 } })).toBe(true);
  expect(quality({ parity: { measured: [NaN], seconds: 9 } })).toBe(true);
  expect(quality({ own_parts: { measured: [1e-2], seconds: 9 } })).toBe(true);
  expect(quality({ gan: { measured: [9, 8], seconds: 9 } })).toBe(false);
  expect(quality({ gan: { measured: [9, 1], seconds: 9 } })).toBe(true);
  expect(quality({ adversarial: { measured: [60, 50, 10], seconds: 9 } })).toBe(true);
  expect(quality({ sort_bits_full: { measured: [50], seconds: 9 } })).toBe(false);
  expect(quality({ transformer: { missing: "text" } })).toBe(false);
  expect(quality({ memory: { error: "nnc train: no" } })).toBe(true);
  expect(missedQuality({})).toBe(false);
});
