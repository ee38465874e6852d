// Calls of predict in any order in; what each gives, as if it were the first, and how little is found anew, out.

import { afterEach, describe, expect, it, vi } from "vitest";
import type { TensorInput } from "../../runtime/api.js";
import * as dimensions from "../../runtime/dimensions.js";
import { compileOne, open } from "../support/compiled.js";

const model = compileOne(`
model Sizes {
  input x: [batch, 3]
  input z: [batch, time]
  output long = sum(z, axis: 1)
  output y = 2 * x + 1
}
`);
const rows = (batch: number, width: number): Float32Array =>
  Float32Array.from({ length: batch * width }, (_, index) => index + batch);

afterEach(() => {
  vi.restoreAllMocks();
});

describe("predictions", () => {
  it("are the same whatever was asked for before", async () => {
    const calls = [1, 4, 1, 2, 4, 1].flatMap((batch) => [
      { inputs: { x: rows(batch, 3) }, wishes: { outputs: ["y"] } },
      { inputs: { x: rows(batch, 3), z: rows(batch, 5) }, wishes: {} },
      { inputs: { z: { data: rows(batch, 5), shape: [batch, 5] } }, wishes: { outputs: ["long"] } },
      { inputs: { z: { data: rows(5, batch), shape: [5, batch] } }, wishes: { outputs: ["long"] } },
      { inputs: { z: rows(batch, 5) }, wishes: { outputs: ["long"], batch } },
      { inputs: { z: rows(batch, 5) }, wishes: { outputs: ["long"], dimensions: { time: 5 } } },
    ]);
    const net = await open(model, "f32", { seed: 1 });
    for (const { inputs, wishes } of calls) {
      const fresh = await open(model, "f32", { seed: 1 });
      expect(await net.predict(inputs, wishes)).toEqual(await fresh.predict(inputs, wishes));
      fresh.destroy();
    }
    net.destroy();
  });

  it("are refused for what is wrong with them, though calls of their names and sizes were not", async () => {
    const net = await open(model, "f32", { seed: 1 });
    const good = { outputs: ["y"], batch: 2 };
    await net.predict({ x: rows(2, 3) }, good);
    const bad: [Record<string, TensorInput>, object, RegExp][] = [
      [{ x: rows(2, 3).fill(NaN) }, good, /x\[0, 0\] is NaN/],
      [{ x: rows(2, 3).fill(1e39) }, good, /x\[0, 0\] is Infinity/],
      [{ x: [...rows(1, 3), 1, 1, 1e39] }, good, /x\[1, 2\] is 1e\+39/],
      [{ x: rows(3, 3) }, good, /9 numbers/],
      [{ x: rows(2, 3) }, { ...good, batch: "2" }, /batch cannot be "2"/],
      [{ x: rows(2, 3) }, { ...good, dimensions: { tim: 2 } }, /no free dimension "tim"/],
      [{ x: rows(2, 3) }, { outputs: [["y"]], batch: 2 }, /no output a list/],
    ];
    for (const [inputs, wishes, message] of bad)
      await expect(net.predict(inputs, wishes)).rejects.toThrow(message);
    expect(Object.keys(await net.predict({ x: rows(2, 3) }, good))).toEqual(["y"]);
    net.destroy();
  });

  it("of sizes known find no dimension anew", async () => {
    const net = await open(model, "f32", { seed: 1 });
    const call = (): Promise<unknown> => net.predict({ x: rows(2, 3) }, { outputs: ["y"] });
    await call();
    const evaluated = vi.spyOn(dimensions, "evaluateDim");
    const resolved = vi.spyOn(dimensions, "resolveDimensions");
    await call();
    expect(evaluated).not.toHaveBeenCalled();
    expect(resolved).not.toHaveBeenCalled();
    net.destroy();
  });
});
