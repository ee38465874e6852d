// Models that take known places of free axes in; errors where a live axis is shorter, or longer, and results where it is just long enough, out.
import { beforeAll, describe, expect, it } from "vitest";
import type { FitOptions, TensorInput, TrainingNet } from "../../runtime/api.js";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

/** Outputs over x: [batch, time], by the least that `time` may be. */
const outputs: readonly (readonly [string, number])[] = [
  ["x[:, 0:5]", 5],
  ["x[:, 4]", 5],
  ["x[:, 4:]", 4],
  ["x[:, -5:]", 5],
  ["x[:, -5]", 5],
  ["x[:, 2:-2]", 4],
  ["x[:, ::-1][:, 2]", 3],
  ["x[:, 1:7:2]", 6],
  ["take(x, [3, 0], axis: 1)", 4],
  ["x[:, [-5, 2]]", 5],
  ["take(x, range(6), axis: 1)", 6],
  ["f32(range(time - 3))", 3],
  ["x[:, 1:] - x[:, :-1]", 1],
  ["concat([x, x[:, 2:]], axis: 1)", 2],
  ["x[:, :, new] |> conv1d(2, 3)", 3],
  ["x[:, :, new] |> conv1d(2, 3, stride: 2)", 3],
  ["x[:, :, new] |> conv1d(2, 2, dilation: 3)", 4],
  ["x[:, :, new] |> max_pool1d(4)", 4],
  ["top_k(x, 3, axis: 1)", 3],
];

const model = compileOne(`
model Taken {
  input x: [batch, time]
  weight table: [7] = 0.5
  ${outputs.map(([value], at) => `output y${at} = ${value}`).join("\n  ")}
  output most = table[:time]
  output rows = x[0:3]
  output both = x[:, :batch]
  output free = x[:, ::2] + cumsum(x, axis: 1)[:, ::2] + x[:, ::-1][:, ::2]
}`);

function rows(batch: number, time: number): { x: { data: Float32Array; shape: number[] } } {
  const data = Float32Array.from({ length: batch * time }, (_, at) => at + 1);
  return { x: { data, shape: [batch, time] } };
}

const backends = softwareExpected ? (["f32", "webgpu"] as const) : (["f32"] as const);

describe.each(backends)("places of a free axis on %s", (backend) => {
  let net: TrainingNet;
  beforeAll(async () => {
    net = await open(model, backend, { seed: 1 });
    return () => {
      net.destroy();
    };
  });
  const predict = (output: string, batch: number, time: number): Promise<unknown> =>
    net.predict(rows(batch, time), { outputs: [output] });

  it.each(outputs.map(([value, least], at) => [value, least, `y${at}`] as const))(
    "%s takes %i at least",
    async (_, least, name) => {
      await expect(predict(name, 2, least - 1)).rejects.toMatchObject({
        code: "shape",
        message: expect.stringMatching(
          new RegExp(
            `^time is ${least - 1}: it has to be at least ${least} for \`.*\` at test.nn:\\d+ \\(x is \\[batch, time\\]\\)$`,
          ),
        ) as string,
      });
      await predict(name, 2, least);
    },
  );

  it("takes no more than there is, and as many of one axis as another has", async () => {
    await expect(predict("most", 1, 8)).rejects.toThrow(/^time is 8: it has to be at most 7 for/);
    expect(await predict("most", 1, 7)).toEqual({ most: new Float32Array(7).fill(0.5) });
    await expect(predict("both", 3, 2)).rejects.toThrow(
      /batch is 3, time is 2|time is 2, batch is 3/,
    );
    await predict("both", 2, 2);
  });

  it("counts examples as any other axis", async () => {
    await expect(predict("rows", 2, 1)).rejects.toThrow(
      "batch is 2: it has to be at least 3 for `x[0:3]`",
    );
    expect(await predict("rows", 3, 1)).toEqual({ rows: new Float32Array([1, 2, 3]) });
  });

  it("asks nothing of what fits any length", async () => {
    expect(await predict("free", 1, 1)).toEqual({ free: new Float32Array([3]) });
    const bounds = model.plan.programs.find(({ kind }) => kind === "predict")?.bounds ?? [];
    const free = model.plan.outputs.findIndex(({ name }) => name === "free");
    expect(bounds.filter(({ serves }) => serves?.includes(free) ?? true)).toEqual([]);
  });
});

/** Of three of a batch, and of the first four entries of an axis. */
const trained = (settings: string): string => `
model Pairs {
  input x: [batch, time]
  target y: [batch]
  weight w: [4] = 0.5
  p = sum(x[:, :4] * w, axis: 1)
  output out = p
  loss mean((p[0:3] - y[0:3]) ^ 2)
}
train Pairs { optimizer sgd(lr: 0.01)  batch 4  epochs 1  ${settings} }`;

function examples(count: number, time = 4): Record<string, TensorInput> {
  return { ...rows(count, time), y: new Float32Array(count) };
}

describe.each(backends)("training on %s", (backend) => {
  it("says before the first step that the last batch is too small", async () => {
    const net = await open(compileOne(trained("")), backend);
    const steps: unknown[] = [];
    const fitting = net.fit(examples(10), { onStep: (step) => void steps.push(step) });
    await expect(fitting).rejects.toThrow(
      /^batch is 2: it has to be at least 3 for `[py]\[0:3\]` at test.nn:8 .*; 10 examples in batches of 4 leave 2 for the last one, batch 3: .*drop_last true/,
    );
    expect(steps).toEqual([]);
    await expect(net.fit(examples(11), { batch: 3 })).rejects.toThrow("leave 2");
    await expect(net.fit(examples(8), { batch: 2 })).rejects.toThrow(/^batch is 2: .*\)$/);
    await expect(net.fit(examples(8, 3))).rejects.toThrow("time is 3: it has to be at least 4");
    const history = await net.fit(examples(11));
    expect(history.steps).toBe(3);
    // What is held out is looked at too.
    const held = net.fit(examples(8), { validation: examples(5) });
    await expect(held).rejects.toThrow(
      /^in validation, batch is 1: it has .*; 5 examples in batches of 4 leave 1 for the last one, batch 2: choose a batch size that leaves none or more, or another share/,
    );
    await expect(net.fit(examples(10), { validation: 0.2 })).rejects.toThrow(
      /^in validation, batch is 2: .*; the set has no more than 2 examples$/,
    );
    await expect(net.fit(examples(8), { validation: examples(8), batch: 2 })).rejects.toThrow(
      /^batch is 2: /,
    );
    net.destroy();
  });

  it("asks nothing of batches that no step reaches", async () => {
    const net = await open(compileOne(trained("")), backend);
    // Batches of 4, 4 and 2: the third step is the first to take the last.
    const lengths: FitOptions[] = [{ steps: 1 }, { steps: 2 }, { epochs: 0 }];
    for (const length of lengths) await net.fit(examples(10), length);
    expect((await net.fit(examples(10), { epochs: 3, stepsPerEpoch: 2 })).steps).toBe(6);
    for (const length of [{ steps: 3 }, { epochs: 1 }, { epochs: 2, stepsPerEpoch: 3 }])
      await expect(net.fit(examples(10), length), JSON.stringify(length)).rejects.toThrow(
        "leave 2 for the last one, batch 3",
      );
    net.destroy();
    const joined = await open(compileOne(trained("accumulate 2")), backend);
    // Of 4, 4, 4, 4 and 2.
    expect((await joined.fit(examples(18), { steps: 2 })).steps).toBe(2);
    await expect(joined.fit(examples(18), { steps: 3 })).rejects.toThrow("leave 2");
    joined.destroy();
  });

  it("says of a set that values are fitted to what it is", async () => {
    const source = trained("").replace("weight w", "fitted top: [] = mean(x[0:3, 0])\n  weight w");
    const net = await open(compileOne(source), backend);
    await expect(net.prepare(examples(2))).rejects.toThrow(
      /^while values are fitted to the training set, batch is 2: .*; the set has 2 examples, which/,
    );
    net.destroy();
  });

  it("leaves the last batch out where it is told to", async () => {
    const net = await open(compileOne(trained("drop_last true")), backend);
    expect((await net.fit(examples(10))).steps).toBe(2);
    net.destroy();
  });

  it("refuses a step, an evaluation and a stream of too few, and goes on", async () => {
    const net = await open(compileOne(trained("")), backend);
    await expect(net.step(examples(2))).rejects.toThrow("batch is 2: it has to be at least 3");
    await expect(net.evaluate(examples(2))).rejects.toThrow(/^in evaluation, batch is 2: /);
    await expect(net.evaluate(examples(9))).rejects.toThrow(
      /^in evaluation, batch is 1: .*; 9 examples in batches of 4 leave 1 for the last one, batch 3: .*, or evaluate on more/,
    );
    await expect(net.evaluate(examples(4, 3))).rejects.toThrow(/^in evaluation, time is 3/);
    const stream = (): unknown[] => [examples(4), examples(2)];
    await expect(net.evaluate(stream as never)).rejects.toThrow(
      /^in evaluation, batch 2: batch is 2: /,
    );
    const validation = stream as never;
    await expect(net.fit(examples(4), { validation })).rejects.toThrow(
      /^in validation, batch 2: batch is 2: /,
    );
    await expect(net.fit(stream as never)).rejects.toThrow("batch is 2");
    await net.step(examples(3));
    net.destroy();
  });
});
