// A recurrent model whose state passes from batch to batch in; its training beside PyTorch's with a detached state, its evaluation, and a run cut off, out.
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { CompiledModel } from "../../compiler/compile.js";
import type { TrainingNet } from "../../runtime/index.js";
import { compileOne, open, type TestBackend } from "../support/compiled.js";

interface Numbers {
  readonly x: number[];
  readonly y: number[];
  readonly first: Readonly<Record<string, number[]>>;
  readonly losses: number[];
  readonly last: Readonly<Record<string, number[]>>;
  readonly evaluation: number;
}

const numbers = JSON.parse(readFileSync("test/oracle/carried.json", "utf8")) as Numbers;

const text = `
model Text {
  input x: [batch, time, 2]
  target y: [batch, time, 3]
  output h = lstm(x, 3, stateful: true)
  loss mse(h, y)
}
train Text { optimizer sgd(lr: 0.5)  batch 2  time 3  epochs 2 }`;

const tensor = (data: number[], time: number, width: number) => ({
  data,
  shape: [data.length / time / width, time, width],
});
const data = { x: tensor(numbers.x, 3, 2), y: tensor(numbers.y, 3, 3) };

let model: CompiledModel;
beforeAll(() => {
  model = compileOne(text);
});

async function opened(from: CompiledModel, backend: TestBackend): Promise<TrainingNet> {
  const net = await open(from, backend, { seed: 1 });
  for (const [name, values] of Object.entries(numbers.first))
    await net.write(`lstm_1.${name}`, values);
  return net;
}

function expectClose(
  found: ArrayLike<number>,
  expected: readonly number[],
  tolerance: number,
): void {
  expect(found.length).toBe(expected.length);
  for (const [at, value] of expected.entries())
    expect(Math.abs((found[at] ?? NaN) - value)).toBeLessThan(tolerance * (1 + Math.abs(value)));
}

describe("a state over the batch", () => {
  it.each([
    ["f64", 1e-9],
    ["f32", 2e-5],
    ["any adapter", 2e-5],
  ] as const)(
    "passes from batch to batch as a detached hidden state does (%s)",
    async (backend, tolerance) => {
      const net = await opened(model, backend);
      const losses: number[] = [];
      await net.fit(data, {
        onStep: ({ loss }) => {
          losses.push(loss);
        },
      });
      expectClose(losses, numbers.losses, tolerance);
      for (const [name, values] of Object.entries(numbers.last))
        expectClose(await net.read(`lstm_1.${name}`), values, tolerance);
      const { loss, examples } = await net.evaluate(data);
      expectClose([loss, examples], [numbers.evaluation, 4], tolerance);
      net.destroy();
    },
  );

  it("makes of windows what the whole text is, and no part of the weights", async () => {
    const layers = ["rnn(3, stateful: true)", "gru(3, stateful: true)", "lstm(3, stateful: true)"];
    const losses = layers.map((layer) => `  loss mse(x |> ${layer}, y)\n`).join("");
    const net = await open(
      compileOne(`
model Three {
  input x: [batch, time, 2]
  target y: [batch, time, 3]
${losses}  output last = (x |> rnn(3, stateful: true, name: "other"))[:, -1]
}
train Three { optimizer sgd(lr: 1)  freeze other.*  batch 2  time 3 }`),
      "f64",
      { seed: 1 },
    );
    const windows = await net.evaluate(data, { batch: 1 });
    const longer = { x: tensor(numbers.x, 15, 2), y: tensor(numbers.y, 15, 3) };
    const whole = await net.evaluate(longer, { batch: 1 });
    expect(Object.keys(whole.losses)).toHaveLength(3);
    for (const [name, loss] of Object.entries(whole.losses))
      expect(windows.losses[name]).toBeCloseTo(loss, 12);
    // Five texts of a window each.
    const apart = await net.evaluate(data, { batch: 5 });
    expect(apart.loss).not.toBeCloseTo(whole.loss, 4);
    // Predictions begin at the start, whatever came before.
    const first = await net.predict({ x: data.x });
    await net.evaluate(data);
    expect(await net.predict({ x: data.x })).toEqual(first);
    expect(Object.keys(net.parameters).filter((name) => name.includes("kept"))).toEqual([]);
    net.destroy();
  });

  it("begins anew with a step that says so", async () => {
    const batch = {
      x: tensor(numbers.x.slice(0, 12), 3, 2),
      y: tensor(numbers.y.slice(0, 18), 3, 3),
    };
    const lossOf = async (net: TrainingNet, options: object): Promise<number> => {
      await net.step(batch, options);
      return (await net.report()).loss;
    };
    const net = await opened(model, "f64");
    const fresh = await lossOf(net, {});
    // Weights are as they were, so the state alone tells.
    for (const [name, values] of Object.entries(numbers.first))
      await net.write(`lstm_1.${name}`, values);
    const later = await lossOf(net, { reset: false });
    for (const [name, values] of Object.entries(numbers.first))
      await net.write(`lstm_1.${name}`, values);
    const again = await lossOf(net, { reset: true });
    expect(later).not.toBeCloseTo(fresh, 4);
    expect(again).toBe(fresh);
    await expect(net.step(batch, { reset: 1 as never })).rejects.toThrow("reset is true or false");
    net.destroy();
  });

  it("goes on in a resumed run with the same bits", async () => {
    const bits = async (net: TrainingNet): Promise<number[]> => [...(await net.read("lstm_1.U"))];
    const rows = (values: number[], width: number, at: number) =>
      tensor(
        [at, at + 2].flatMap((row) => values.slice(row * width, (row + 1) * width)),
        3,
        width / 3,
      );
    const controller = new AbortController();
    let asked = 0;
    const batches = (until: number) =>
      function* () {
        for (const at of [0, 1]) {
          if (++asked === until) controller.abort();
          yield { x: rows(numbers.x, 6, at), y: rows(numbers.y, 9, at) };
        }
      };
    const net = await opened(model, "f32");
    await net.fit(batches(Infinity));
    const cut = await opened(model, "f32");
    asked = 0;
    // In the middle of the second pass.
    await cut.fit(batches(4), { signal: controller.signal });
    expect(cut.run?.step).toBe(3);
    const later = await open(model, "f32", { weights: await cut.save({ optimizer: true }) });
    await later.evaluate(data);
    await later.fit(batches(Infinity), { resume: true });
    expect(await bits(later)).toEqual(await bits(net));
    for (const one of [net, cut, later]) one.destroy();
  });

  it("is each member's own, passes through all batches of an update, and through the end of the text that is held out", async () => {
    const sums = (settings: string): string => `
model Sums {
  input x: [batch]
  target y: [batch]
  param a: [] = 1
  state before: [batch] = 0
  output all = before + a * x
  before <- all
  loss mse(all, y)
}
train Sums { optimizer sgd(lr: 0)  batch 2  epochs 2  ${settings} }`;
    const five = { x: [1, 2, 3, 4, 5], y: [0, 0, 0, 0, 0] };
    // 1 and 3, then 1 + 2 and 3 + 4.
    const loss = (1 + 9 + 9 + 49) / 4;
    const gathered = await open(compileOne(sums("accumulate 2")), "f64");
    const { epochs } = await gathered.fit(five);
    expect(epochs.map((epoch) => epoch.loss)).toEqual([loss, loss]);
    await expect(gathered.fit(five, { batch: 3 })).rejects.toThrow(
      /batch is 3: it has to be at most 2 for `before`/,
    );
    // Fewer than a batch are one.
    expect((await gathered.evaluate({ x: [3], y: [0] })).loss).toBe(9);
    const ensemble = await open(compileOne(sums("ensemble 2  validation 0.4")), "f64", { seed: 1 });
    await ensemble.write("a", [1, 2]);
    expect((await ensemble.evaluate(five)).loss).toBe((loss + 4 * loss) / 2);
    const held = await ensemble.fit(five);
    expect(held.epochs[0]?.validation?.loss).toBe((16 + 25 + 4 * (16 + 25)) / 4);
    gathered.destroy();
    ensemble.destroy();
  });
});
