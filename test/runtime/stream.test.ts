// Recurrent models in; what a stream gives step by step, beside what `predict` gives of the whole sequence, and models that are refused, out.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { compile } from "../../compiler/compile.js";
import { emit } from "../../compiler/emit/bundle.js";
import type { InferenceNet, Streaming } from "../../runtime/index.js";
import { compileOne, open } from "../support/compiled.js";

/** Masks, layers in layers, classes, a start that is learnt, two carries, a state over the batch, and what is done at each time. */
const source = `
layer tall(x: [batch, time, n], units: int): [batch, time, units] {
  weight first: [units] = 0.5
  a, b = scan x_t in x along 1 {
    carry h: [batch, units] = first + zeros([batch, units])
    carry c: [batch, units] = 0
    h, c <- lstm_cell(x_t, h, c, units)
    yield h, c
  }
  return a * b |> gru(units)
}
model Tall {
  input token: category(5)[batch, time]
  input x: [batch, time, 2]
  input awake: bool[batch, time]
  target y: [batch, time, 3]
  z = concat([embedding(token, 5, 3), x], axis: -1)
  h = z |> tall(3) |> layer_norm() |> lstm(3, mask: awake) |> rnn(4, stateful: true)
  output p = softmax(h |> dense(3))
  output louder = x * 2
  loss mse(p, y)
}
train Tall { optimizer sgd(lr: 0.1)  batch 2  time 4 }`;

const [batch, time] = [2, 5];
const wave = (count: number): number[] =>
  Array.from({ length: count }, (_, at) => Math.sin(at + 1));
const token = wave(batch * time).map((value) => Math.floor(2 * value + 2.5));
const x = wave(batch * time * 2);
const awake = wave(batch * time).map((value) => value > -0.5);

/** Of [batch, time, width], what stands at one time. */
const at = <T>(values: readonly T[], step: number, width: number): T[] =>
  Array.from({ length: batch * width }, (_, index) => {
    const row = Math.floor(index / width);
    return values[(row * time + step) * width + (index % width)] as T;
  });

describe("net.stream()", () => {
  it.each([
    ["f64", 1e-12],
    ["f32", 1e-6],
    ["any adapter", 1e-5],
  ] as const)(
    "gives step by step what predict gives of the whole (%s)",
    async (backend, tolerance) => {
      const net = await open(compileOne(source, "tall.nn", { stream: true }), backend, { seed: 3 });
      const shape = [batch, time];
      const whole = await net.predict({
        token: { data: token, shape },
        x: { data: x, shape: [...shape, 2] },
        awake: { data: awake, shape },
      });
      const stream = (net as unknown as Streaming).stream({ batch });
      const steps = [0, 1, 2, 3, 4];
      const given = (step: number) => ({
        token: at(token, step, 1),
        x: { data: at(x, step, 2), shape: [batch, 2] },
        awake: at(awake, step, 1),
      });
      // All asked for at once, in order; and once more from the start.
      for (let round = 0; round < 2; round++) {
        const found = await Promise.all(steps.map((step) => stream.next(given(step))));
        for (const step of steps) {
          for (const [name, width] of [
            ["p", 3],
            ["louder", 2],
          ] as const) {
            const expected = at([...(whole[name] ?? [])], step, width);
            const own = [...(found[step]?.[name] ?? [])];
            expect(own).toHaveLength(expected.length);
            expected.forEach((value, index) => {
              expect(Math.abs((own[index] ?? NaN) - value)).toBeLessThan(tolerance);
            });
          }
        }
        stream.reset();
      }
      await expect(stream.next({ token: at(token, 0, 1) })).rejects.toThrow(
        /needs "x", "awake" too/,
      );
      await expect(stream.next({ ...given(0), x: wave(8) })).rejects.toThrow(/x/);
      stream.destroy();
      await expect(stream.next(given(0))).rejects.toThrow(/this stream was destroyed/);
      net.destroy();
    },
  );

  const noisy = `model Noisy {
  input x: [batch, time, 2]
  fitted mu: [2] = mean(mean(x, axis: 1), axis: 0)
  target y: [batch, time, 2]
  input noise: [batch, time, 2] ~ normal(0, 1)
  h = (x - mu) |> gru(2)
  output p = h + noise
  output h
  loss mse(p, y)
}
train Noisy { optimizer sgd(lr: 0.1)  batch 1  time 2 }`;
  const rows = { data: wave(8), shape: [2, 2, 2] };

  it.each(["f32", "any adapter"] as const)(
    "takes its place among the calls that give other weights (%s)",
    async (backend) => {
      const net = await open(compileOne(noisy, "noisy.nn", { stream: true }), backend, { seed: 3 });
      const stream = (net as unknown as Streaming).stream();
      const given = { x: [1, 2] };
      await expect(stream.next(given)).rejects.toMatchObject({ code: "not-prepared" });
      await net.prepare({ x: rows, y: rows });
      const [name] = Object.entries(net.parameters).find(([, { role }]) => role === "weight") ?? [
        "",
      ];
      const weights = await net.read(name);
      const other = Array.from(weights, (value) => value + 1);
      stream.reset();
      const expected = [...((await stream.next(given)).h ?? [])];
      const second = [...((await stream.next(given)).h ?? [])];
      stream.reset();
      const first = stream.next(given);
      const written = net.write(name, other);
      expect([...((await first).h ?? [])]).toEqual(expected);
      await written;
      stream.reset();
      expect([...((await stream.next(given)).h ?? [])]).not.toEqual(expected);
      await net.write(name, weights);
      // One that waits for another would find the new ones.
      stream.reset();
      const both = [stream.next(given), stream.next(given)];
      const refused = [
        net.write(name, other),
        net.step({ x: rows, y: rows }),
        net.fit({ x: rows, y: rows }),
      ].map((call) => expect(call).rejects.toMatchObject({ code: "busy" }));
      await Promise.all(refused);
      const found = await Promise.all(both);
      expect(found.map(({ h }) => [...(h ?? [])])).toEqual([expected, second]);
      await net.write(name, other);
      net.destroy();
    },
  );

  it("begins its draws anew", async () => {
    const net = await open(compileOne(noisy, "noisy.nn", { stream: true }), "f32", { seed: 3 });
    await net.prepare({ x: rows, y: rows });
    const openStream = (wishes: { readonly seed: number }) =>
      (net as unknown as Streaming).stream(wishes);
    const drawn = async (stream: ReturnType<typeof openStream>) => {
      const values = [];
      for (let step = 0; step < 2; step++)
        values.push([...((await stream.next({ x: [1, 2] })).p ?? [])]);
      return values;
    };
    const stream = openStream({ seed: 5 });
    const values = await drawn(stream);
    stream.reset();
    expect(await drawn(stream)).toEqual(values);
    expect(await drawn(openStream({ seed: 5 }))).toEqual(values);
    expect(await drawn(openStream({ seed: 6 }))).not.toEqual(values);
    expect(() => openStream({ seed: -1 })).toThrow(/seed is a whole number/);
    const wishing = (inputs: object, wishes: object): Promise<object> =>
      Reflect.apply(Reflect.get(stream, "next"), stream, [inputs, wishes]) as Promise<object>;
    await expect(wishing({ x: [1, 2] }, { outputs: ["h"] })).rejects.toThrow(/outputs/);
    net.destroy();
  });

  it("is there where asked for, typed", async () => {
    const small = `model Small {
  input x: [batch, time, 2]
  output h = x |> gru(2)
}`;
    const model = compileOne(small, "small.nn", { stream: true });
    const files = await emit(model, { file: "small.nn", entry: "inference" });
    expect(files["small.d.ts"]).toContain(
      "Model<InferenceNet<SmallTypes> & Streaming<SmallTypes>>",
    );
    const plain = compileOne(small, "small.nn");
    expect(plain.inference.plan.programs.map(({ kind }) => kind)).not.toContain("stream");
    const without = await emit(plain, { file: "small.nn", entry: "inference" });
    expect(without["small.d.ts"]).not.toContain("& Streaming<");
  });
});

describe("minified bundles", () => {
  const folder = mkdtempSync(join(tmpdir(), "nnc-stream-"));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each(["inference", "training"] as const)("stream too (%s)", async (entry) => {
    const text = `model Small {
  input x: [batch, time, 2]
  target y: [batch, time, 2]
  h = x |> gru(2)
  output h
  loss mse(h, y)
}
train Small { optimizer sgd(lr: 0.1)  batch 1  time 3 }`;
    const model = compileOne(text, "small.nn", { stream: true });
    const files = await emit(model, { file: "small.nn", entry, minify: true });
    const own = join(folder, entry);
    mkdirSync(own);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(own, name), content);
    writeFileSync(join(own, "package.json"), '{ "type": "module" }');
    const trained = await open(model, "f32", { seed: 3 });
    const weights = await trained.save();
    const module = entry === "training" ? "small.train.js" : "small.js";
    const { Small } = (await import(join(own, module))) as {
      Small: { load: (options: object) => Promise<InferenceNet & Streaming> };
    };
    const net = await Small.load({ backend: "cpu", weights });
    const { h = [] } = await trained.predict({ x: { data: wave(6), shape: [1, 3, 2] } });
    const stream = net.stream({ batch: 1 });
    for (let step = 0; step < 3; step++) {
      const found = await stream.next({ x: wave(6).slice(2 * step, 2 * step + 2) });
      expect([...(found.h ?? [])]).toEqual([...h].slice(2 * step, 2 * step + 2));
    }
    expect(Math.max(...Array.from(h, Math.abs))).toBeGreaterThan(0.01);
    // Errors have words here too, those of `stream` itself at once.
    expect(() => net.stream({ bach: 1 } as never)).toThrow(
      'there is no option "bach"; did you mean "batch"? (batch, dimensions, seed)',
    );
    expect(() => net.stream([] as never)).toThrow("options are an object, not a list");
    expect(() => net.stream({ seed: 0.5 })).toThrow("seed is a whole number from 0");
    await expect(stream.next({ x: [NaN, 1] })).rejects.toThrow("x[0, 0] is NaN");
    await expect(stream.next({ z: [1] })).rejects.toThrow('there is no input "z"');
    stream.destroy();
    await expect(stream.next({ x: [1, 2] })).rejects.toThrow("this stream was destroyed");
    net.destroy();
    expect(() => net.stream()).toThrow("this net was destroyed");
    trained.destroy();
  });
});

describe("models that cannot be streamed", () => {
  const refusal = (body: string): string => {
    const text = `model Whole {\n  input x: [batch, time, 2]\n${body}\n}`;
    const { models, diagnostics } = compile(text, { stream: true });
    expect(models).toEqual([]);
    const [first] = diagnostics;
    if (first === undefined) throw new Error("no diagnostic");
    return `${first.code} ${text.slice(first.span.start, first.span.end)}: ${first.message}`;
  };

  it.each([
    ["  output y = x |> gru(2, reverse: true)", /^NN0703 .*gru.*this scan runs from the end/s],
    ["  output y = x |> bidirectional(gru(2))", /runs from the end/],
    [
      "  output y = (x |> gru(2)) - mean(x, axis: 1, keep: true)",
      /^NN0703 mean\(x.*looks at several steps of `time`/s,
    ],
    ['  output y = x |> gru(2) |> conv1d(2, kernel: 3, padding: "same")', /looks at several steps/],
    ["  output y = x |> gru(2) |> multi_head_attention(1)", /looks at several steps/],
    ["  output y = cumsum(x |> gru(2), axis: 1)", /looks at several steps/],
    ["  output y = (x |> gru(2))[:, -1]", /looks at several steps/],
    [
      "  output y = scan t in x along 1 { carry h: [batch, 2] = 0  h <- h + t }",
      /last value of a scan/,
    ],
    [
      "  output y = scan a, t in x, range(time) along 1 { carry h: [batch, 2] = 0  h <- h + a * t  yield h }",
      /range\(time\).*looks at several steps/,
    ],
    [
      "  output y = scan a in x along 1 { carry h: [batch, 2] = 0  h <- h + a * mean(x, axis: 1)  yield h }",
      /^NN0703 scan.*looks at all of `time`/s,
    ],
    [
      "  output y = scan a in x along 1 { carry h: [batch, 2] = 0  h <- h + sum(a[:, new, :] * x, axis: 1)  yield h }",
      /looks at all of `time`/,
    ],
    ["  output y = (x |> gru(2)) * f32(time)", /asks how long `time` is/],
    ["  output y = x |> dense(2)", /no `scan` along a free dimension/],
  ])("%s", (body, expected) => {
    expect(refusal(body)).toMatch(expected);
  });
});
