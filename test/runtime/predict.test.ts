// Inputs in every form, right and wrong, in; outputs, or errors that say what is wrong, out.

import { describe, expect, it } from "vitest";
import type { NnError } from "../../runtime/errors.js";
import type { Plan } from "../../runtime/plan.js";
import { foldWorkgroups } from "../../runtime/webgpu.js";
import { lineModule, linePlan } from "./support/line.js";
import { onBothBackends } from "./support/open.js";
import { typesModule, typesPlan } from "./support/types.js";

async function errorOf(promise: Promise<unknown>): Promise<NnError> {
  try {
    await promise;
  } catch (error) {
    return error as NnError;
  }
  throw new Error("nothing was thrown");
}

onBothBackends("predict", typesModule, (open) => {
  it("gives every element type back as its typed array", async () => {
    const net = await open(typesPlan);
    const outputs = await net.predict({
      age: [30, NaN],
      kinds: [
        [0, 1, 2],
        [2, 1, 0],
      ],
      count: new Int8Array([-5, 7]),
      flag: [true, false],
    });
    expect(outputs).toEqual({
      age_again: new Float32Array([30, -1]),
      tens: new Uint32Array([0, 10, 20, 20, 10, 0]),
      minus: new Int32Array([5, -7]),
      not: new Uint8Array([0, 1]),
    });
  });

  it("takes typed arrays for the rows of a list", async () => {
    const net = await open(typesPlan);
    const predicted = (...kinds: ArrayLike<number>[]): Promise<Record<string, unknown>> =>
      net.predict({ kinds: kinds as number[][] }, { outputs: ["tens"] });
    expect(await predicted(new Uint8Array([0, 1, 2]), [2, 1, 0])).toEqual({
      tens: new Uint32Array([0, 10, 20, 20, 10, 0]),
    });
    const ragged = await errorOf(predicted(new Float32Array(3), new Float32Array(2)));
    expect(ragged.message).toBe("the rows of kinds differ in length");
    const wrong = await errorOf(predicted([0, 1], new Uint32Array([0, 7])));
    expect([wrong.code, wrong.message]).toEqual([
      "label",
      "kinds[1, 1] is 7, not a whole number from 0 to 2",
    ]);
    const gone = new Uint32Array(2);
    structuredClone(gone, { transfer: [gone.buffer] });
    const detached = await errorOf(predicted(gone, gone));
    expect(detached.message).toBe("the buffer of kinds was transferred away");
  });

  it("takes NaN for what is missing in inputs of every type", async () => {
    const missing: Readonly<Record<string, number>> = { kinds: 2, count: -7, flag: 1 };
    const inputs = typesPlan.inputs.map((input) => {
      const value = missing[input.name];
      return value === undefined ? input : { ...input, missing: value };
    });
    const net = await open({ ...typesPlan, inputs });
    const given = { age: [NaN, 1], kinds: [[NaN], [1]], count: [4, NaN], flag: [NaN, 0] };
    expect(await net.predict(given)).toEqual({
      age_again: new Float32Array([-1, 1]),
      tens: new Uint32Array([20, 10]),
      minus: new Int32Array([-4, 7]),
      not: new Uint8Array([0, 1]),
    });
  });

  it("asks only for the inputs of the outputs wanted", async () => {
    const net = await open(typesPlan);
    const { minus } = (await net.predict({ count: [1, 2, 3] }, { outputs: ["minus"] })) as {
      minus: Int32Array;
    };
    expect([...minus]).toEqual([-1, -2, -3]);
    const error = await errorOf(net.predict({ count: [1] }));
    expect(error.code).toBe("name");
    expect(error.message).toContain('"age"');
  });

  it("takes flat arrays where one dimension is free, and shapes where more are", async () => {
    const net = await open(typesPlan);
    const wish = { outputs: ["tens"] } as const;
    const shaped = { kinds: { data: new Uint8Array([1, 2, 0, 1]), shape: [2, 2] } };
    const { tens } = (await net.predict(shaped, wish)) as { tens: Uint32Array };
    expect([...tens]).toEqual([10, 20, 0, 10]);
    const flat = (await net.predict({ kinds: [1, 2] }, { ...wish, dimensions: { time: 1 } })) as {
      tens: Uint32Array;
    };
    expect([...flat.tens]).toEqual([10, 20]);
  });

  it.each<[string, object, string, string]>([
    ["a label outside", { kinds: [[0, 3, 1]] }, "label", "kinds[0, 1] is 3"],
    ["a fraction", { kinds: [[0, 1.5, 1]] }, "label", "kinds[0, 1] is 1.5"],
    ["a negative label", { kinds: [[0, -1, 1]] }, "label", "0 to 2"],
    ["a ragged array", { kinds: [[0, 1, 1], [1]] }, "shape", "kinds"],
    ["a shape with one axis too many", { kinds: [[[0]]] }, "shape", "[batch, time]"],
    ["numbers that are no shape", { kinds: { data: [1, 2, 3], shape: [2, 2] } }, "shape", "[2, 2]"],
    ["a string", { kinds: "abc" }, "shape", "kinds"],
    ["a misspelt name", { kind: [[0]] }, "name", 'did you mean "kinds"'],
    ["a computed one", { sum: [1] }, "name", "sum"],
  ])("refuses %s", async (_, inputs, code, text) => {
    const net = await open(typesPlan);
    const error = await errorOf(net.predict(inputs as never, { outputs: ["tens"] as never }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(text);
    expect(error).toBeInstanceOf(Error);
  });

  it("refuses NaN and infinity where nothing stands for them", async () => {
    const net = await open(typesPlan);
    const infinite = await errorOf(net.predict({ age: [1, Infinity] }, { outputs: ["age_again"] }));
    expect(infinite.code).toBe("value");
    expect(infinite.message).toContain("age[1]");
    const error = await errorOf(net.predict({ flag: [2] }, { outputs: ["not"] }));
    expect(error.code).toBe("value");
  });

  it.each<[string, unknown, string]>([
    ["count", [1, 3], "count[1] is 3, not a whole number from -2 to 2"],
    ["count", new Int32Array([-3, 0]), "count[0] is -3, not a whole number from -2 to 2"],
    ["kinds", [[3, 1, 4]], "kinds[0, 2] is 4, not a whole number from 1 to 3"],
  ])(
    "refuses what lies outside the range of a class or an index, %s %j",
    async (name, data, text) => {
      const ranges: Record<string, readonly [number, number]> = { count: [-2, 3], kinds: [1, 4] };
      const inputs = typesPlan.inputs.map(({ categories, ...input }) => {
        const range = ranges[input.name];
        return { ...input, ...(range ? { range } : categories && { categories }) };
      });
      const net = await open({ ...typesPlan, inputs });
      const output = name === "count" ? "minus" : "tens";
      const error = await errorOf(net.predict({ [name]: data } as never, { outputs: [output] }));
      expect(error.code).toBe("label");
      expect(error.message).toBe(text);
    },
  );

  it("refuses two tensors that disagree on a dimension", async () => {
    const net = await open(typesPlan);
    const given = { age: [1, 2], count: [1, 2, 3] };
    const error = await errorOf(net.predict(given, { outputs: ["age_again", "minus"] }));
    expect(error.code).toBe("shape");
    expect(error.message).toMatch(/count has .*3/);
    expect(error.message).toContain("batch");
  });

  it("refuses an output that is not there", async () => {
    const net = await open(typesPlan);
    const error = await errorOf(net.predict({ count: [1] }, { outputs: ["minuss"] }));
    expect(error.message).toContain('did you mean "minus"');
  });
});

onBothBackends("predict with weights", lineModule, (open, backend) => {
  it("takes any batch size, growing and shrinking, and none", async () => {
    const net = await open(linePlan());
    await net.write("w", [1, 0]);
    await net.write("b", 0);
    for (const size of [3, 5000, 1, 200_000, 7, 0]) {
      const x = Float32Array.from({ length: 2 * size }, (_, i) => i / 2);
      const { y } = (await net.predict({ x }, { outputs: ["y"] })) as { y: Float32Array };
      expect(y.length).toBe(size);
      expect(y.at(-1)).toBe(size === 0 ? undefined : size - 1);
    }
  });

  it("answers calls that overlap", async () => {
    const net = await open(linePlan());
    await net.write("w", [1, 0]);
    await net.write("b", 0);
    const sizes = [2, 900, 3, 70_000, 1];
    const answers = await Promise.all(
      sizes.map((size) => net.predict({ x: new Float32Array(2 * size).fill(size) })),
    );
    answers.forEach((answer, index) => {
      const { y } = answer as { y: Float32Array };
      expect(y.length).toBe(sizes[index]);
      expect(new Set(y)).toEqual(new Set([sizes[index]]));
    });
  });

  it("draws what is not given, by the seed", async () => {
    const net = await open(linePlan(), { seed: 3 });
    const wish = { outputs: ["noisy"] } as const;
    const noise = async (options: object, inputs = {}): Promise<number[]> => {
      await net.write("w", [0, 0]);
      await net.write("b", 0);
      const { noisy } = (await net.predict(
        { x: [[1, 1]], ...inputs },
        { ...wish, ...options },
      )) as { noisy: Float32Array };
      return [...noisy];
    };
    expect(await noise({ seed: 12 })).toEqual([12]);
    expect(await noise({ seed: 12 })).toEqual([12]);
    expect(await noise({})).not.toEqual(await noise({}));
    expect(await noise({}, { noise: [0.5] })).toEqual([0.5]);
  });

  it("reads and writes parameters", async () => {
    const net = await open(linePlan());
    expect(net.parameters).toEqual({
      w: { shape: [2], role: "weight" },
      b: { shape: [], role: "bias" },
      mean: { shape: [2], role: "state" },
    });
    expect(await net.read("w")).toEqual(new Float32Array([0.875, 1]));
    expect((await errorOf(net.read("v"))).message).toContain('no parameter "v"');
    expect((await errorOf(net.write("w", [1, 2, 3]))).code).toBe("shape");
    expect((await errorOf(net.write("w", [[1, 2]]))).code).toBe("shape");
  });

  it("refuses everything once destroyed", async () => {
    const net = await open(linePlan());
    net.destroy();
    net.destroy();
    for (const call of [
      () => net.predict({ x: [[1, 2]] }),
      () => net.read("w"),
      () => net.step({ x: [[1, 2]], t: [1] }),
      () => net.fit({ x: [[1, 2]], t: [1] }),
      () => net.save(),
    ]) {
      expect((await errorOf(call())).code).toBe("destroyed");
    }
  });

  it(backend === "cpu" ? "has no GPU outputs" : "leaves outputs on the GPU", async () => {
    const net = await open(linePlan(), { seed: 7 });
    const call = net.predict({ x: [[1, 2]] }, { as: "gpu", outputs: ["y"] });
    if (backend === "cpu") {
      expect((await errorOf(call)).code).toBe("option");
      return;
    }
    const { y } = (await call) as { y: GPUBuffer };
    expect(y.size).toBe(4);
    // The output of one call is the input of another.
    const again = (await net.predict(
      { x: [[1, 2]], noise: { data: y, shape: [1] } },
      { outputs: ["noisy", "y"] },
    )) as { noisy: Float32Array; y: Float32Array };
    expect(again.noisy[0]).toBe(2 * (again.y[0] ?? 0));
    y.destroy();
  });
});

describe("the layout on the device", () => {
  it("folds workgroups over 65,535, x first", () => {
    expect(foldWorkgroups(1)).toEqual([1, 1, 1]);
    expect(foldWorkgroups(65_535)).toEqual([65_535, 1, 1]);
    expect(foldWorkgroups(65_536)).toEqual([65_535, 2, 1]);
    const [x, y, z] = foldWorkgroups(65_535 * 65_535 + 1);
    expect([x, y]).toEqual([65_535, 65_535]);
    expect(z).toBe(2);
  });
});

onBothBackends("a plan", lineModule, (open, backend) => {
  it("of another format is refused", async () => {
    const plan: Plan = { ...linePlan(), format: 99 };
    expect((await errorOf(open(plan))).message).toContain("99");
  });

  it("that needs more than the device has is refused by name", async () => {
    if (backend === "cpu") return;
    const plan = { ...linePlan(), requiredLimits: { maxBufferSize: 2 ** 40 } };
    const error = await errorOf(open(plan, { backend: "webgpu" }));
    expect(error.code).toBe("limits");
    expect(error.message).toContain("maxBufferSize");
  });
});
