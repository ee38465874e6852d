// Models that are trained as ensembles in; each member beside the same model trained alone from that member's weights, out.

import { describe, expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/index.js";
import { check } from "../../compiler/compile.js";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

const members = 3;

/** Statistics, a scan, regularizers, projections, an optimizer that looks at norms and one that counts: all that acts per member. */
const source = (lines: string): string => `
optimizer scaled(lr) {
  state m = 0
  state size: [] = 0
  state slow = w
  slow <- 0.9 * slow + 0.1 * w
  m <- 0.9 * m + g
  size <- size + sqrt(sum(m ^ 2))
  w <- w - lr * m / (1 + size) * sqrt(sum(slow ^ 2) + 1)
}
model M {
  input x: [batch, time, 3]
  target y: [batch]
  target kind: category(4)[batch]
  fitted mu: [3] = mean(x, axis: [0, 1])
  h = (x - mu) |> gru(5)
  h = h[:, -1] |> batch_norm()
  column = h |> dense(1)
  logits = h |> dense(4)
  output value = column[:, 0]
  output probability = softmax(logits)
  output class = argmax(logits)
  output positive = value > 0
  output given = x[:, 0, 0]
  loss mse(value, y)
  loss cross_entropy(logits, kind)
  loss scalar = 0.1 * mean(h) ^ 2
  regularize l2(1e-3) on weights
  project max_norm(limit: 0.8) on gru_1.W
  metric r2(value, y)
  metric accuracy(logits, kind)
}
train M {
  optimizer adam(lr: 0.02)
  optimizer scaled(lr: 0.05) on dense_1.*
  batch 8
  epochs 2
  clip_norm 0.5
  monitor update_ratio, gradient_norm, small_gradients, saturation, dead_units
  ${lines}
}`;

const wave = (count: number, step: number): number[] =>
  Array.from({ length: count }, (_, at) => Math.sin(step * (at + 1)) * 1.5);
const x = { data: wave(8 * 4 * 3, 0.7), shape: [8, 4, 3] };
const batch = {
  x,
  y: wave(8, 1.9),
  kind: [0, 1, 2, 3, 0, 1, 2, 3],
};

async function numbers(net: TrainingNet): Promise<Map<string, number[]>> {
  const read = Object.keys(net.parameters).map(
    async (name) => [name, Array.from(await net.read(name))] as const,
  );
  return new Map(await Promise.all(read));
}

const ofMember = (all: readonly number[], member: number): number[] =>
  all.slice((member * all.length) / members, ((member + 1) * all.length) / members);

/** The largest difference, of numbers that may be large beside it. */
function distance(found: readonly number[], wanted: readonly number[]): number {
  expect(found.length).toBe(wanted.length);
  return Math.max(
    ...found.map((value, at) => Math.abs(value - (wanted[at] ?? NaN)) / (1 + Math.abs(value))),
  );
}

type Report = Awaited<ReturnType<TrainingNet["report"]>>;

async function train(net: TrainingNet): Promise<Report> {
  const { kind, ...rest } = batch;
  const data = "mu" in net.parameters ? { ...rest, kind } : rest;
  await net.prepare(data);
  for (let step = 0; step < 4; step++) await net.step(data);
  return net.report();
}

/** A recurrence alone. */
const small = (lines: string, dropout = ""): string => `model M {
  input x: [batch, time, 3]
  target y: [batch]
  h = x |> gru(4) ${dropout}
  output value = dense(h[:, -1], 1)[:, 0]
  loss mse(value, y)
}
train M { optimizer adam(lr: 0.02)  batch 8  clip_norm 0.5  ${lines} }`;

const joined = compileOne(source(`ensemble ${members}`));
const alone = compileOne(source(""));

describe("an ensemble", () => {
  it.skipIf(!softwareExpected)(
    "trains on WebGPU as in double precision",
    async () => {
      const model = compileOne(small(`ensemble ${members}`));
      const [found, wanted] = [
        await open(model, "webgpu", { seed: 5 }),
        await open(model, "f64", { seed: 5 }),
      ];
      const reports = [await train(found), await train(wanted)];
      expect(reports[0]?.loss).toBeCloseTo(reports[1]?.loss ?? NaN, 4);
      const numbersFound = await numbers(found);
      for (const [name, values] of await numbers(wanted))
        expect(distance(numbersFound.get(name) ?? [], values), name).toBeLessThan(2e-4);
      found.destroy();
      wanted.destroy();
    },
    60_000,
  );

  it("trains each member as it is trained alone", async () => {
    const all = await open(joined, "f64", { seed: 5 });
    const start = await numbers(all);
    const report = await train(all);
    const after = await numbers(all);
    const outputs = await all.predict({ x }, { members: true });
    const averaged = await all.predict({ x });
    const evaluated = await all.evaluate(batch);
    const singles: {
      own: Report;
      predicted: Awaited<ReturnType<TrainingNet["predict"]>>;
      evaluated: Awaited<ReturnType<TrainingNet["evaluate"]>>;
    }[] = [];
    for (let member = 0; member < members; member++) {
      const single = await open(alone, "f64", { seed: 5 });
      for (const [name, values] of start) {
        const own = name === "mu" ? values : ofMember(values, member);
        await single.write(name, Float32Array.from(own));
      }
      const own = await train(single);
      for (const [name, values] of await numbers(single)) {
        const found = after.get(name) ?? [];
        const part = name === "mu" ? found : ofMember(found, member);
        // In double precision a member starts from what f32 holds of it.
        expect(distance(part, values), `${name} of ${member}`).toBeLessThan(1e-6);
      }
      singles.push({
        own,
        predicted: await single.predict({ x }),
        evaluated: await single.evaluate(batch),
      });
      single.destroy();
    }
    const mean = (of: (one: (typeof singles)[number]) => number): number =>
      singles.reduce((sum, one) => sum + of(one), 0) / members;
    const near = (found: number, wanted: number): void => {
      expect(Math.abs(found - wanted) / (1 + Math.abs(wanted))).toBeLessThan(2e-4);
    };
    near(
      report.loss,
      mean(({ own }) => own.loss),
    );
    near(
      report.penalty,
      mean(({ own }) => own.penalty),
    );
    near(
      evaluated.loss,
      mean((one) => one.evaluated.loss),
    );
    for (const name of ["r2", "accuracy"])
      near(
        evaluated.metrics[name] ?? NaN,
        mean((one) => one.evaluated.metrics[name] ?? NaN),
      );
    for (const name of ["value", "probability", "class", "positive"]) {
      const own = singles.flatMap(({ predicted }) => Array.from(predicted[name] as Float32Array));
      const found = Array.from(outputs[name] as Float32Array);
      expect(distance(found, own), name).toBeLessThan(2e-4);
      const count = found.length / members;
      const wanted = Array.from({ length: count }, (_, at) => {
        const votes = Array.from(
          { length: members },
          (__, member) => found[member * count + at] ?? NaN,
        );
        if (name === "value" || name === "probability")
          return votes.reduce((sum, vote) => sum + vote, 0) / members;
        const shares = votes.map((vote) => votes.filter((other) => other === vote).length);
        return votes[shares.indexOf(Math.max(...shares))] ?? NaN;
      });
      expect(distance(Array.from(averaged[name] as Float32Array), wanted), name).toBeLessThan(1e-6);
    }
    const first = Array.from({ length: 8 }, (_, at) => Math.fround(x.data[12 * at] ?? NaN));
    expect(Array.from(averaged["given"] as Float32Array, Math.fround)).toEqual(first);
    expect(Array.from(outputs["given"] as Float32Array, Math.fround)).toEqual([
      ...first,
      ...first,
      ...first,
    ]);
    all.destroy();
  });
});

describe("members of an ensemble", () => {
  it("measure small gradients by their own root mean square", async () => {
    const text = `model M {
      input x: [batch, 2]
      weight W: [2] = 1
      loss x @ W
    }
    train M { optimizer sgd(lr: 0.1)  batch 1  epochs 1  ensemble 2  monitor small_gradients }`;
    const net = await open(compileOne(text), "f64", { seed: 1 });
    // A thousandth of the root mean square is 0.0007.
    const { epochs } = await net.fit({ x: { data: [1, 6e-4], shape: [1, 2] } });
    expect(epochs[0]?.monitors).toEqual({ "small_gradients.W": 0.5 });
    net.destroy();
  });

  it("draw weights and masks of their own, the first those of the model alone", async () => {
    const one = await open(compileOne(small("", "|> dropout(0.5)")), "f64", { seed: 9 });
    const all = await open(compileOne(small(`ensemble ${members}`, "|> dropout(0.5)")), "f64", {
      seed: 9,
    });
    await train(one);
    await train(all);
    const found = await numbers(all);
    for (const [name, values] of await numbers(one)) {
      const [first, second, third] = [0, 1, 2].map((member) =>
        ofMember(found.get(name) ?? [], member),
      );
      expect(distance(first ?? [], values), name).toBeLessThan(1e-10);
      expect(distance(second ?? [], values), name).toBeGreaterThan(1e-4);
      expect(distance(third ?? [], second ?? []), name).toBeGreaterThan(1e-4);
    }
  });

  it("draw masks of their own where they start alike", async () => {
    const text = `model M {
      input x: [batch, 6]
      weight W: [6] = 0.5
      keep: [batch, 6] ~ bernoulli(0.5)
      output p = sum(x * W * keep, axis: -1)
      loss sum(x * W * keep, axis: -1) ^ 2
    }
    train M { optimizer sgd(lr: 0.01)  batch 4  ensemble 2 }`;
    const net = await open(compileOne(text), "f64", { seed: 1 });
    const data = { x: { data: wave(24, 0.3), shape: [4, 6] } };
    await net.step(data);
    const weights = Array.from(await net.read("W"));
    expect(distance(weights.slice(0, 6), weights.slice(6))).toBeGreaterThan(1e-4);
    for (const members of [2, "yes", null])
      await expect(net.predict(data, { members: members as never })).rejects.toThrow(
        /members is true or false/,
      );
    const { p } = await net.predict(data, { members: true, seed: 3 });
    const values = Array.from(p as Float32Array);
    expect(values.slice(0, 4)).not.toEqual(values.slice(4));
  });

  it("draw anew in each turn of a loop", async () => {
    const lines = (ensemble: string): string => `model M {
      input x: [batch, time]
      weight W: [] = 0.5
      output p = scan q in x along 1 {
        noise: [batch] ~ uniform(0, 1)
        yield q * W + noise
      }
      loss p ^ 2
    }
    train M { optimizer sgd(lr: 0.01)  batch 4  ${ensemble} }`;
    const data = { x: { data: wave(12, 0.3), shape: [4, 3] } };
    const values = async (ensemble: string, wishes: object): Promise<number[]> => {
      const net = await open(compileOne(lines(ensemble)), "f64", { seed: 1 });
      const { p } = await net.predict(data, { seed: 3, ...wishes });
      net.destroy();
      return Array.from(p as Float32Array);
    };
    const alone = await values("", {});
    const each = await values("ensemble 2", { members: true });
    const noise = each.map((value, at) => value - 0.5 * (data.x.data[at % 12] ?? NaN));
    expect(new Set(noise.map((value) => value.toFixed(6))).size).toBe(24);
    expect(Math.min(...noise)).toBeGreaterThan(0);
    expect(Math.max(...noise)).toBeLessThan(1);
    const mean = await values("ensemble 2", {});
    expect(mean.length).toBe(alone.length);
    expect(
      distance(
        mean,
        alone.map((_, at) => ((each[at] ?? NaN) + (each[12 + at] ?? NaN)) / 2),
      ),
    ).toBeLessThan(1e-9);
  });

  it("are refused where there are none", async () => {
    const net = await open(alone, "f64", { seed: 1 });
    await net.prepare(batch);
    await expect(net.predict({ x }, { members: true })).rejects.toThrow(/no ensemble/);
  });

  it("are as many in all stages", () => {
    const text = `model M {
      input x: [batch, 2]
      output y = x |> dense(1)
      loss y ^ 2
    }
    train M stage first { optimizer sgd(lr: 0.1)  epochs 1 ensemble 2 }
    train M stage second { optimizer sgd(lr: 0.1)  epochs 1 }`;
    expect(check(text).models[0]?.stages.map(({ ensemble }) => ensemble)).toEqual([2, 2]);
    const other = text.replace("epochs 1 }", "epochs 1 ensemble 3 }");
    expect(check(other).diagnostics.map(({ code }) => code)).toEqual(["NN0506"]);
    const none = text.replace("ensemble 2", "ensemble 0");
    expect(check(none).diagnostics.map(({ code }) => code)).toEqual(["NN0506"]);
  });
});
