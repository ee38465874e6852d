// Programs with long reductions of few points in; that they go in parts, and give what double precision makes of them for any size, out.
import { describe, expect, it } from "vitest";
import { reachableScalars } from "../../compiler/schedule/operands.js";
import { verifySchedule } from "../../compiler/schedule/verify.js";
import type { TestBackend } from "../support/compiled.js";
import { compileOne, open } from "../support/compiled.js";
import { describeGpu } from "../support/adapter.js";

/** Trained with batch 20: all of `x` is long, and all of each of its five rows. */
const source = `
model Net {
  input x: [batch, 5, 4099]
  input z: [batch, 3]
  target y: [batch]
  param w: [3] = 0.5
  output total = sum(x)
  output greatest = max(x, axis: [0, 2])
  output least = min(x)
  output squares = sum(x * x, axis: [0, 2])
  output average = mean(x, axis: [1, 2])
  output centred = z - mean(x)
  output count = sum(i32(x > 0.75))
  output product = prod(if x > 0.9995 then 1.125 else 1, axis: [0, 2])
  output few = sum(z, axis: 0)
  output spread = mean((x - mean(x * x)) ^ 2)
  output spreads = max(x - sum(x * max(x * 2), axis: [0, 2], keep: true) / 1000, axis: [0, 2])
  output places = argmax(reshape(x, [batch, 5 * 4099]), axis: 1)
  loss (z @ w - y) ^ 2
}
train Net { optimizer sgd(lr: 0.1) batch 20 }
`;
const [rows, columns] = [5, 4099];
const model = compileOne(source);
const predict = model.training.schedules.find(({ name }) => name === "predict");

/** From 0 to 1, as single precision has them. */
function drawn(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  });
}

/** What the outputs are, in double precision. */
function expected(batch: number, x: Float32Array, z: Float32Array): Record<string, number[]> {
  const each = (make: (own: number[]) => number, own: number[][]): number[] => own.map(make);
  const all = [...x];
  const row = (r: number): number[] => all.filter((_, at) => Math.floor(at / columns) % rows === r);
  const byRow = Array.from({ length: rows }, (_, r) => row(r));
  const byExample = Array.from({ length: batch }, (_, e) =>
    all.slice(e * rows * columns, (e + 1) * rows * columns),
  );
  const sum = (own: readonly number[]): number => own.reduce((total, one) => total + one, 0);
  const most = (own: readonly number[]): number => own.reduce((a, b) => Math.max(a, b), -Infinity);
  const mean = sum(all) / all.length;
  const square = sum(all.map((one) => one * one)) / all.length;
  return {
    total: [sum(all)],
    greatest: each(most, byRow),
    least: [-most(all.map((one) => -one))],
    squares: each((own) => sum(own.map((one) => one * one)), byRow),
    average: each((own) => sum(own) / own.length, byExample),
    centred: [...z].map((one) => one - mean),
    count: [all.filter((one) => one > 0.75).length],
    product: each((own) => own.reduce((a, b) => a * (b > 0.9995 ? 1.125 : 1), 1), byRow),
    spread: [sum(all.map((one) => (one - square) ** 2)) / all.length],
    spreads: each((own) => most(own) - (sum(own) * 2 * most(all)) / 1000, byRow),
    few: [0, 1, 2].map((c) => sum([...z].filter((_, at) => at % 3 === c))),
    places: each((own) => own.indexOf(most(own)), byExample),
  };
}

async function check(backend: TestBackend): Promise<void> {
  const net = await open(model, backend, { seed: 1 });
  for (const batch of [20, 1, 7, 23]) {
    const [x, z] = [drawn(batch * rows * columns, batch), drawn(batch * 3, 7)];
    const outputs = (await net.predict({ x, z })) as Record<string, ArrayLike<number>>;
    for (const [name, values] of Object.entries(expected(batch, x, z)))
      values.forEach((value, at) => {
        const own = outputs[name] as ArrayLike<number> | number | undefined;
        const found = typeof own === "number" ? own : (own?.[at] ?? NaN);
        const error = Math.abs(found - value) / Math.max(1, Math.abs(value));
        expect(error, `${name} ${at} of ${batch}`).toBeLessThan(backend === "f64" ? 2e-6 : 2e-5);
      });
  }
  net.destroy();
}

describe("long reductions of few points", () => {
  it("go in parts, each kind of them over the same axes in one nest", () => {
    if (!predict) throw new Error("no program");
    expect(verifySchedule(predict)).toEqual([]);
    const parts = predict.nests.filter(({ name }) => name.includes("_parts"));
    const parted = parts.map(({ axes, stores }) => `${axes.length} axes, ${stores.length} stores`);
    expect(parted.sort()).toMatchInlineSnapshot(`
      [
        "0 axes, 1 stores",
        "0 axes, 1 stores",
        "0 axes, 1 stores",
        "0 axes, 1 stores",
        "0 axes, 1 stores",
        "0 axes, 1 stores",
        "1 axes, 1 stores",
        "1 axes, 1 stores",
        "1 axes, 1 stores",
        "1 axes, 1 stores",
        "1 axes, 1 stores",
        "1 axes, 1 stores",
        "1 axes, 1 stores",
        "1 axes, 1 stores",
        "1 axes, 1 stores",
        "1 axes, 1 stores",
        "1 axes, 1 stores",
        "2 axes, 1 stores",
        "2 axes, 1 stores",
        "2 axes, 1 stores",
        "2 axes, 1 stores",
        "2 axes, 1 stores",
      ]
    `);
    const others = model.training.schedules.filter(({ name }) => name.startsWith("step"));
    expect(
      others.flatMap(({ nests }) => nests).filter(({ name }) => name.includes("_parts")),
    ).toEqual([]);
  });

  it.each<TestBackend>(["f64", "f32"])("are right for any size on the CPU, %s", check);

  it("along a free axis have what is behind their whole parts, of whatever length", async () => {
    const examples = compileOne(`
model Net {
  input x: [batch, 2]
  input z: [batch]
  param w: [] = 0.5
  output total = sum(x)
  output greatest = max(x, axis: 0)
  loss (w - z) ^ 2
}
train Net { optimizer sgd(lr: 0.1) batch 100000 }
`);
    const net = await open(examples, "f32", { seed: 1 });
    for (const batch of [100_000, 100_037, 99_999]) {
      const x = drawn(2 * batch, 3);
      // The last one is the greatest of its column.
      x[2 * batch - 1] = 2;
      const { total, greatest } = await net.predict({ x, z: new Float32Array(batch) });
      const sum = x.reduce((all, one) => all + one, 0);
      expect(Math.abs(Number(total) - sum) / sum, `${batch}`).toBeLessThan(1e-6);
      expect((greatest as Float32Array)[1], `${batch}`).toBe(2);
    }
    net.destroy();
  });
});

describeGpu("long reductions of few points", () => {
  it("have what all of their terms need made before them, once", () => {
    const names = predict?.nests.map(({ name }) => name) ?? [];
    expect(names.filter((name) => name.includes("_first")).length).toBeGreaterThan(0);
    for (const { name, stores } of predict?.nests ?? []) {
      if (!name.includes("_parts")) continue;
      const reductions = [...reachableScalars(stores.map(({ value }) => value))].filter(
        (scalar) => scalar.kind === "reduce",
      );
      const within = reductions.flatMap(({ value }) =>
        [...reachableScalars([value])].filter(({ kind }) => kind === "reduce"),
      );
      expect(within, name).toEqual([]);
    }
  });

  it("are right for any size on WebGPU", async () => {
    await check("webgpu");
  });
});
