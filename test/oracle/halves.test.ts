// PyTorch's numbers of nets in half precision in; what every machine makes of the same nets, and what keeps their masters in single precision, out.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { tensorValue } from "../../runtime/scalars.js";
import { compileOne, open, type TestBackend } from "../support/compiled.js";
import { describeGpu } from "../support/adapter.js";

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
type Named = Readonly<Record<string, Numbers>>;
interface HalfRecord {
  readonly name: string;
  readonly source: string;
  readonly weights: Named;
  readonly inputs: Named;
  readonly outputs: Named;
  readonly losses: readonly number[];
  readonly gradients: Named;
}

const file = new URL("data/halves.json", import.meta.url);
const records = JSON.parse(readFileSync(file, "utf8")) as readonly HalfRecord[];
const models = new Map(records.map(({ name, source }) => [name, compileOne(source)]));

/** How far off the worst entry is, by the size of the largest. */
function offBy(found: ArrayLike<number>, { data }: Numbers): number {
  const size = Math.max(...data.map(Math.abs));
  expect(found.length).toBe(data.length);
  return Math.max(...data.map((want, at) => Math.abs((found[at] ?? NaN) - want))) / size;
}

function suite(backend: TestBackend, room: number): void {
  it.each(records)("$name", async (record) => {
    const model = models.get(record.name);
    if (!model) throw new Error("it is not compiled");
    const net = await open(model, backend);
    for (const [name, { data }] of Object.entries(record.weights)) await net.write(name, [...data]);
    const { x, t } = record.inputs;
    if (!x || !t) throw new Error("it has no data");
    const outputs = (await net.predict({ x })) as Readonly<Record<string, ArrayLike<number>>>;
    for (const [name, wanted] of Object.entries(record.outputs))
      expect(offBy(outputs[name] ?? [], wanted), name).toBeLessThan(room);
    await net.step({ x, t });
    const { loss } = await net.report();
    expect(Math.abs(loss - (record.losses[0] ?? NaN))).toBeLessThan(room);
    for (const [name, wanted] of Object.entries(record.gradients)) {
      const before = record.weights[name]?.data ?? [];
      const after = await net.read(name);
      const found = before.map((one, at) => one - (after[at] ?? NaN));
      expect(offBy(found, wanted), name).toBeLessThan(room);
    }
    net.destroy();
  });
}

describe("nets in half precision, in WebAssembly", () => {
  suite("f32", 1e-3);
});

describe("the same where f16 is f64", () => {
  suite("f64", 4e-3);
});

describeGpu("the same where f16 is f32", () => {
  suite("any adapter", 4e-3);
});

const step = (declared: string): string => `model M {
  input x: [batch]
  weight W: ${declared} = 1
  loss total = f32(f16(x) * W)
}
train M { minimize total with sgd(lr: 1e-5); loss_scale 1; batch 1; epochs 1 }`;

it.each([
  ["[]", 1 - 64e-5],
  ["f16[]", 1],
])(
  "a hundredth of a digit of half precision is kept in a master, not in %s",
  async (type, wanted) => {
    const net = await open(compileOne(step(type)), "f32");
    for (let turn = 0; turn < 64; turn++) await net.step({ x: [1] });
    expect((await net.read("W"))[0]).toBeCloseTo(wanted, 5);
    net.destroy();
  },
);

it("a weight declared f16 is drawn and updated in halves", async () => {
  const source = `model M {
    input x: [batch, 3]
    weight W: f16[3, 4] ~ normal(0, 1)
    loss total = f32(sum((f16(x) @ W) ^ 2, axis: 1))
  }
  train M { minimize total with adam(1e-2); loss_scale 1; batch 2; epochs 1 }`;
  const net = await open(compileOne(source), "f32");
  const isHalf = (one: number): boolean => tensorValue("half", 32)?.(one, 0, 0) === one;
  expect([...(await net.read("W"))].filter((one) => !isHalf(one))).toEqual([]);
  const before = [...(await net.read("W"))];
  await net.step({ x: { data: [1, 2, 3, 4, 5, 6], shape: [2, 3] } });
  const after = [...(await net.read("W"))];
  expect(after.filter((one) => !isHalf(one))).toEqual([]);
  expect(after).not.toEqual(before);
  net.destroy();
});
