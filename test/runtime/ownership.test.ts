// Arrays that their owner changes after a call, and data with holes in it, in; answers about what was given, or refusals, out.

import { describe, expect, it } from "vitest";
import { NnError } from "../../runtime/index.js";
import type { TrainingNet } from "../../runtime/api.js";
import { softwareDevice } from "../support/adapter.js";
import { lineModule, linePlan } from "./support/line.js";
import { onBothBackends, type Open } from "./support/open.js";
import { typesModule, typesPlan } from "./support/types.js";
import { compileOne, open as openModel } from "../support/compiled.js";

/** y is the first number of each pair. */
async function openLine(open: Open, options = {}): Promise<TrainingNet> {
  const net = await open(linePlan(), options);
  await net.write("w", [1, 0]);
  await net.write("b", 0);
  return net;
}

async function answer(call: Promise<unknown>): Promise<number[]> {
  return [...((await call) as { readonly y: Float32Array }).y];
}

async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return error instanceof NnError ? `${error.code}: ${error.message}` : String(error);
  }
  return "done";
}

onBothBackends("a call", lineModule, (open, backend) => {
  it("answers about what it was given, whatever becomes of the arrays", async () => {
    const net = await openLine(open);
    const flat = new Float32Array([1, 0, 2, 0]);
    const nested = [
      [3, 0],
      [4, 0],
    ];
    const shape = [2, 2];
    const data = Float64Array.of(5, 0, 6, 0);
    const calls = [
      answer(net.predict({ x: flat })),
      answer(net.predict({ x: nested })),
      answer(net.predict({ x: { data, shape } })),
    ];
    flat.fill(NaN);
    structuredClone(flat.buffer, { transfer: [flat.buffer] });
    nested.length = 0;
    shape[0] = 7;
    data.fill(9);
    expect(await Promise.all(calls)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });

  it("answers each of many in flight about its own", async () => {
    const net = await openLine(open);
    const x = new Float32Array(2000);
    const calls = Array.from({ length: 6 }, (_, value) => {
      x.fill(value);
      return answer(net.predict({ x }));
    });
    x.fill(99);
    for (const [value, numbers] of (await Promise.all(calls)).entries()) {
      expect(new Set(numbers)).toEqual(new Set([value]));
    }
  });

  it("keeps what was written, not the array it came in", async () => {
    const net = await openLine(open);
    const w = new Float32Array([7, 8]);
    const written = net.write("w", w);
    w.fill(NaN);
    await written;
    expect(await net.read("w")).toEqual(new Float32Array([7, 8]));
  });

  if (backend === "webgpu") {
    it("answers about what a GPUBuffer held", async () => {
      const device = await softwareDevice();
      const net = await openLine(open, { device });
      const buffer = device.createBuffer({ size: 16, usage: 140 });
      device.queue.writeBuffer(buffer, 0, new Float32Array([1, 0, 2, 0]));
      const first = answer(net.predict({ x: { data: buffer, shape: [2, 2] } }));
      device.queue.writeBuffer(buffer, 0, new Float32Array([3, 0, 4, 0]));
      const second = answer(net.predict({ x: buffer }));
      buffer.destroy();
      expect(await Promise.all([first, second])).toEqual([
        [1, 2],
        [3, 4],
      ]);
    });
  }

  it.each<[string, unknown, string]>([
    ["a hole in a row", [[1, 2], [3, 4], [5, , 6].slice(0, 2)], "value: x[2, 1] is undefined"],
    ["a hole for a row", [[1, 2], , [3, 4]], "shape: the rows of x differ"],
    ["a hole at the end", { data: [1, 2, 3, , ,].slice(0, 4), shape: [2, 2] }, "value: x[1, 1]"],
    ["null", [[1, null]], "value: x[0, 1] is null, not a finite number"],
    ["a string", [["1", 2]], 'value: x[0, 0] is "1"'],
    [
      "a number too large for 32 bits",
      [[1, 1e300]],
      "value: x[0, 1] is 1e+300, not within ±3.4e38",
    ],
    ["that number in an array of doubles", Float64Array.of(1, -1e39), "value: x[0, 1] is -1e+39"],
    ["NaN", [[NaN, 1]], "value: x[0, 0] is NaN"],
    ["large integers", BigInt64Array.of(1n, 2n), "value: x[0, 0] is 1"],
    ["a shape that is none", { data: [1, 2], shape: "12" }, "shape: the shape of x"],
    ["a negative shape", { data: [1, 2], shape: [-1, -2] }, "shape: the shape of x"],
    ["a broken shape", { data: [1, 2], shape: [0.5, 4] }, "shape: the shape of x"],
    ["a map of bytes", new DataView(new ArrayBuffer(8)), "shape: x is to be"],
    ["half a pair", [1, 2, 3].map((v) => [v]), "shape: x has shape [3, 1]"],
  ])("refuses %s, whatever was given before", async (_, x, text) => {
    const net = await openLine(open);
    await net.predict({ x: new Float32Array(64).fill(5) });
    expect(await refusal(net.predict({ x: x as never }))).toContain(text);
    expect(await refusal(net.step({ x: x as never, t: [1] }))).toMatch(/^(value|shape): /);
    expect(await refusal(net.fit({ x: x as never, t: [1] }))).toMatch(/^(value|shape): /);
  });

  it.each<[unknown, string]>([
    [[1, NaN], "value: w[1] is NaN"],
    [[1, Infinity], "value: w[1] is Infinity"],
    [[1e300, 1], "value: w[0] is 1e+300"],
    [[null, 1], "value: w[0] is null"],
    [[1, ,].slice(0, 2), "w"],
    [[1], "shape: w has shape [1]"],
  ])("refuses to write %j", async (values, text) => {
    const net = await openLine(open);
    expect(await refusal(net.write("w", values as never))).toContain(text);
    expect(await net.read("w")).toEqual(new Float32Array([1, 0]));
  });
});

onBothBackends("dimensions", typesModule, (open) => {
  it("are told by what is given for other outputs too, and checked there", async () => {
    const net = await open(typesPlan);
    const wish = { outputs: ["minus"] };
    const { minus } = (await net.predict({ count: [1, 2] }, wish)) as { minus: Int32Array };
    expect([...minus]).toEqual([-1, -2]);
    const given = { count: [1, 2], plain: [1, 2, 3] };
    expect(await refusal(net.predict(given, wish))).toContain("shape: plain has shape [3]");
    const both = await refusal(net.predict({ kinds: [0, 1, 2, 0] }, { outputs: ["tens"] }));
    expect(both).toContain(
      "shape: kinds has 4 numbers; the model wants [batch, time], and numbers",
    );
  });
});

describe("numbers in a row", () => {
  it("tell no two lengths, those of training neither", async () => {
    const model = compileOne(`model Two {
      input x: [batch, time, 2]
      target y: [batch, 2]
      output p = mean(x, axis: 1) |> dense(2)
      loss mse(p, y)
    }
    train Two { optimizer sgd(lr: 0.1)  batch 2  time 4 }`);
    const net = await openModel(model, "f64", { seed: 1 });
    const x = new Float32Array(24);
    const words =
      "shape: x has 24 numbers; the model wants [batch, time, 2], and numbers in a row do not tell batch and time: give lists in lists, or { data, shape }";
    expect(await refusal(net.predict({ x }))).toBe(words);
    expect(await refusal(net.evaluate({ x }))).toBe(words);
    // An input that tells one of them tells the other.
    await net.fit({
      x,
      y: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    });
    net.destroy();
  });
});

describe("a given input's length", () => {
  it("counts where no output reads it, and nothing stands in for one that is not given", async () => {
    const model = compileOne(
      "model M { input x: [batch]  input z: [batch, time] ~ normal(0, 1)  output y = grad(2 * x, x)  output s = sum(z, axis: -1) * 0 }",
      "m.nn",
    );
    const net = await openModel(model, "f32");
    const wish = { outputs: ["y"] };
    expect(await answer(net.predict({ x: [5, 6, 7] }, wish))).toEqual([2, 2, 2]);
    expect(await answer(net.predict({}, { ...wish, batch: 4 }))).toEqual([2, 2, 2, 2]);
    expect(await refusal(net.predict({}, wish))).toBe(
      "option: no input tells batch: say it with { batch: n }",
    );
    const drawn = { outputs: ["s"] };
    expect(await refusal(net.predict({ x: [1, 2] }, drawn))).toBe(
      "option: no input tells time: say it with { dimensions: { time: n } }",
    );
    const { s } = await net.predict({ x: [1, 2] }, { ...drawn, dimensions: { time: 3 } });
    expect(s?.length).toBe(2);
    net.destroy();
  });
});

describe("a dimension that an output has only inside", () => {
  const body = `
  input x: [batch]  input w: [time]  input z: [3] ~ normal(0, 1)
  output y = mean(range(batch))
  output count = batch * 2
  output whole = y + sum(range(time) * range(time)) + range(2)
  output slope = sum(grad(w * range(time), w))
  output given = mean(x)
  output plain = sum(z) * 0 + 7`;

  it("is asked for where that output is, and never taken from training", async () => {
    const model = compileOne(`model M {${body}\n}`, "m.nn");
    for (const backend of ["f32", "f64"] as const) {
      const net = await openModel(model, backend);
      const only = async (name: string, wishes = {}, inputs = {}): Promise<unknown> => {
        const outputs = await net.predict(inputs, { ...wishes, outputs: [name] });
        return Array.from(outputs[name] as ArrayLike<number>);
      };
      const batch = "option: no input tells batch: say it with { batch: n }";
      const time = "option: no input tells time: say it with { dimensions: { time: n } }";
      expect(await refusal(only("y"))).toBe(batch);
      expect(await refusal(only("count"))).toBe(batch);
      expect(await refusal(only("whole"))).toBe(batch);
      expect(await refusal(only("whole", { batch: 5 }))).toBe(time);
      expect(await refusal(only("slope"))).toBe(time);
      expect(await only("y", { batch: 5 })).toEqual([2]);
      expect(await only("y", {}, { x: [4, 4, 4, 4, 4] })).toEqual([2]);
      expect(await only("count", { batch: 5 })).toEqual([10]);
      expect(await only("whole", { batch: 5, dimensions: { time: 4 } })).toEqual([16, 17]);
      expect(await only("given", {}, { x: [1, 3] })).toEqual([2]);
      expect(await only("plain")).toEqual([7]);
      expect(await refusal(net.predict({ x: [1, 2] }))).toBe(time);
      net.destroy();
    }
  });

  it("is told of in the plan, where a result has one", () => {
    const { plan } = compileOne(`model M {${body}\n}`, "m.nn");
    const results = plan.programs.find(({ kind }) => kind === "predict")?.results ?? [];
    expect(results.map(({ name, dimensions }) => [name, dimensions])).toEqual([
      ["y", ["batch"]],
      ["count", ["batch"]],
      ["whole", ["batch", "time"]],
      ["slope", ["time"]],
      ["given", undefined],
      ["plain", undefined],
    ]);
  });
});
