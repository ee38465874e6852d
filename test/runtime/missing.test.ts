// Inputs in which values are missing in, as NaN; what nets make of the values and of the mask of those, out.
import { afterEach, describe, expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/api.js";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

const nets: TrainingNet[] = [];
afterEach(() => {
  for (const net of nets.splice(0)) net.destroy();
});
const backends = softwareExpected ? (["f64", "f32", "webgpu"] as const) : (["f64", "f32"] as const);

describe.each(backends)("what is missing, %s", (backend) => {
  const load = async (source: string): Promise<TrainingNet> => {
    const net = await open(compileOne(source), backend, { seed: 1 });
    nets.push(net);
    return net;
  };

  it("has what stands for it, and is told by a mask", async () => {
    const net = await load(
      `
      fn known(x: [batch, n]) = 1 - is_missing(x)
      model M {
        input age: [batch, 2] missing -1
        input kind: category(3)[batch] missing 1
        input place: i32[batch] missing 7
        input plain: [batch] missing 5
        table: [3, 2] = [[1, 2], [3, 4], [5, 6]]
        output old = age
        output young = is_missing(age)
        output mean_known = sum(age * known(age), axis: 1) / max(sum(known(age), axis: 1), 1)
        output row = table[kind]
        output no_kind = is_missing(kind)
        output where = if is_missing(place) then -place else 10 * place
        output count = sum(is_missing(age[:, :]), axis: 1)
        output as_is = plain
      }`.replace("is_missing(age[:, :])", "is_missing(age)"),
    );
    const given = {
      age: [3, NaN, NaN, NaN, -1, 0],
      kind: [2, NaN, 0],
      place: [NaN, 4, -2],
      plain: [1, NaN, 3],
    };
    const found = await net.predict(given);
    const numbers = Object.fromEntries(
      Object.entries(found).map(([name, value]) => [
        name,
        Array.from(value as Float32Array, (v) => v + 0),
      ]),
    );
    expect(numbers).toEqual({
      old: [3, -1, -1, -1, -1, 0],
      young: [0, 1, 1, 1, 0, 0],
      mean_known: [3, 0, -0.5],
      row: [5, 6, 3, 4, 1, 2],
      no_kind: [0, 1, 0],
      where: [-7, 40, -20],
      count: [1, 2, 0],
      as_is: [1, 5, 3],
    });
    await expect(net.predict({ ...given, kind: [3, 0, 0] })).rejects.toThrow("kind");
    await expect(net.predict({ ...given, age: [Infinity, 0, 0, 0, 0, 0] })).rejects.toThrow("age");
  });

  it("teaches nothing where the loss leaves it out, whatever the batch", async () => {
    const net = await load(`
      model M {
        input x: [batch]
        target y: [batch] missing 0
        fitted known: [] = f32(sum(1 - is_missing(y), axis: 0))
        param w: [] = 0
        z = w * x
        output z
        loss if is_missing(y) then 0 else (z - y) ^ 2
      }
      train M { optimizer sgd(lr: 0.5)  batch 4  epochs 1 }`);
    await net.fit({ x: [1, 1, 1, 1], y: [2, NaN, NaN, 4] });
    expect((await net.read("known"))[0]).toBe(2);
    // The gradient of the mean over four is (-4 - 8) / 4.
    expect((await net.read("w"))[0]).toBeCloseTo(1.5, 5);
  });
});

it("a mask alone asks for its input, whose data the host marks", () => {
  const { plan } = compileOne(`model M {
    input age: [batch, 2] missing -1
    input kind: category(3)[batch] missing 1
    output young = is_missing(age)
    output z = kind
  }`);
  expect(plan.outputs.map(({ needs }) => needs)).toEqual([["age"], ["kind"]]);
  expect(plan.inputs.map(({ missing }) => missing)).toEqual([-3.4028234663852886e38, 1]);
});
