// Values over whole sets, metrics and fitted ones, on both backends and at several batch sizes, against the same written out over all rows.

import { afterAll, describe, expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/api.js";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

const count = 37;
const rows = Array.from({ length: count }, (_, i) =>
  [0, 1].map((j) => Math.fround(2 * Math.sin(i * 1.7 + j) + 0.3 * j)),
);
const labels = rows.map(([a = 0], i) => (a + Math.cos(i) > 0.2 ? 1 : 0));
const whole = rows.map((_, i) => ((i * 7919) % 23) + 5);
const column = (j: number): number[] => rows.map((row) => row[j] ?? 0);
const [x0, x1] = [column(0), column(1)];

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
const mean = (list: readonly number[]): number => sum(list) / list.length;
const sorted = [...x0].sort((a, b) => a - b);
const median = sorted[18] ?? NaN;
const ranks = (list: readonly number[]): number[] =>
  list.map((a) => list.filter((b) => b < a).length);
const pairs = (f: (i: number, j: number) => number): number =>
  sum(rows.flatMap((_, i) => rows.map((__, j) => f(i, j))));
const at = (list: readonly number[], i: number): number => list[i] ?? NaN;

const logSumExp = (list: readonly number[]): number => {
  const most = Math.max(...list);
  return most + Math.log(sum(list.map((v) => Math.exp(v - most))));
};
const softplus = (v: number): number => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));

function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const covariance = mean(a.map((v, i) => (v - ma) * (at(b, i) - mb)));
  const [va, vb] = [a, b].map((l) => mean(l.map((v) => (v - mean(l)) ** 2)));
  return covariance / Math.sqrt((va ?? 0) * (vb ?? 0));
}

/** The value in the language, and what it is. `a` and `b` are the columns of x. */
const values: Readonly<Record<string, readonly [string, number]>> = {
  auc: [
    "sum((if a[:, new] > a[new, :] then 1 else 0) * t[:, new] * (1 - t[new, :])) / (sum(t) * sum(1 - t))",
    pairs((i, j) => (at(x0, i) > at(x0, j) ? at(labels, i) * (1 - at(labels, j)) : 0)) /
      (sum(labels) * (count - sum(labels))),
  ],
  // Halves make ties.
  binary_auc: [
    "binary_auc(round(2 * a), t)",
    pairs((i, j) => {
      const [own, other] = [Math.round(2 * at(x0, i)), Math.round(2 * at(x0, j))];
      const won = own > other ? 1 : own === other ? 0.5 : 0;
      return won * at(labels, i) * (1 - at(labels, j));
    }) /
      (sum(labels) * (count - sum(labels))),
  ],
  binary_f1: [
    "binary_f1(a, t, threshold: 0.3)",
    (2 * sum(x0.map((v, i) => (v > Math.fround(0.3) ? at(labels, i) : 0)))) /
      (sum(labels) + x0.filter((v) => v > Math.fround(0.3)).length),
  ],
  pairwise: [
    "mean((a[:, new] - a[new, :]) ^ 2)",
    pairs((i, j) => (at(x0, i) - at(x0, j)) ** 2) / count ** 2,
  ],
  median: ["sort(a)[18]", median],
  around_median: ["mean(abs(a - sort(a)[18]))", mean(x0.map((v) => Math.abs(v - median)))],
  smallest_place: ["f32(argsort(a)[0])", x0.indexOf(Math.min(...x0))],
  largest_place: ["f32(argmax(a, axis: 0))", x0.indexOf(Math.max(...x0))],
  spearman: [
    "correlation(f32(argsort(argsort(a))), f32(argsort(argsort(b))))",
    correlation(ranks(x0), ranks(x1)),
  ],
  pearson: ["correlation(a, b)", correlation(x0, x1)],
  running: ["max(cumsum(a, axis: 0))", Math.max(...x0.map((_, i) => sum(x0.slice(0, i + 1))))],
  flipped: ["sum(a * flip(a, axis: 0))", sum(x0.map((v, i) => v * at(x0, count - 1 - i)))],
  taken: ["sum(take(a, [3, 30]))", at(x0, 3) + at(x0, 30)],
  steps: ["mean(abs(a[1:] - a[:-1]))", mean(x0.slice(1).map((v, i) => Math.abs(v - at(x0, i))))],
  last: ["a[-1]", at(x0, count - 1)],
  weighted: ["sum(a * range(batch)) / batch", sum(x0.map((v, i) => v * i)) / count],
  scaled: ["sum(a / batch)", mean(x0)],
  gram: [
    "mean((x @ transpose(x)) ^ 2)",
    pairs((i, j) => (at(x0, i) * at(x0, j) + at(x1, i) * at(x1, j)) ** 2) / count ** 2,
  ],
  moments: [
    "sum(transpose(x) @ x)",
    sum([x0, x1].flatMap((a) => [x0, x1].map((b) => sum(a.map((v, i) => v * at(b, i)))))),
  ],
  merged: ["mean(reshape(x, [batch * 2]) ^ 2)", mean(rows.flat().map((v) => v * v))],
  product: ["prod(1 + a / 10, axis: 0)", x0.reduce((p, v) => p * (1 + v / 10), 1)],
  // Products of whole numbers wrap.
  whole_product: [
    "f32(prod(2 * k + 1) % 1000)",
    ((whole.reduce((p, v) => Math.imul(p, 2 * v + 1), 1) % 1000) + 1000) % 1000,
  ],
  log_sum_exp: ["log(sum(exp(50 * a)))", logSumExp(x0.map((v) => 50 * v))],
  log_mean_exp: [
    "log(sum(exp(-50 * a - 100)) / batch)",
    logSumExp(x0.map((v) => -50 * v - 100)) - Math.log(count),
  ],
  log_mean_sigmoid: [
    "-log(mean(sigmoid(-50 * a - 100)))",
    Math.log(count) - logSumExp(x0.map((v) => -softplus(50 * v + 100))),
  ],
  log_product: ["log(prod(sigmoid(-20 * a)))", -sum(x0.map((v) => softplus(20 * v)))],
  log_largest: ["log(max(exp(50 * a)))", 50 * Math.max(...x0)],
  lowest: ["f32(min(k, axis: 0))", Math.min(...whole)],
  highest: ["f32(max(-k, axis: 0))", -Math.min(...whole)],
  whole_sum: ["f32(sum(k * 1000003) % 1000)", (sum(whole) * 1000003) % 1000],
  some: ["f32(any(a > 1.9, axis: 0))", Math.max(...x0) > 1.9 ? 1 : 0],
  every: ["f32(all(a > -1.5, axis: 0))", Math.min(...x0) > -1.5 ? 1 : 0],
  counted: [
    "f32(sum(scatter_add(t, k % 3, 3) * [1, 10, 100]))",
    sum(labels.map((l, i) => l * 10 ** (at(whole, i) % 3))),
  ],
  r2: [
    "r2(a, b)",
    1 - mean(x0.map((v, i) => (v - at(x1, i)) ** 2)) / mean(x1.map((v) => (v - mean(x1)) ** 2)),
  ],
  share: ["a > 0", mean(x0.map((v) => (v > 0 ? 1 : 0)))],
};

const body = `
  input x: [batch, 2]
  input k: i32[batch]
  input t: [batch]
  a = x[:, 0]
  b = x[:, 1]
  fn correlation(p: [n], q: [n]) {
    u = p - mean(p)
    v = q - mean(q)
    return mean(u * v) / sqrt(mean(u ^ 2) * mean(v ^ 2))
  }
`;
const lines = Object.entries(values).map(([name, [source]]) => ({ name, source }));
const measured = compileOne(`model Measured {${body}
${lines.map(({ name, source }) => `  metric ${name} = ${source}`).join("\n")}
}`);
const fittedLines = lines.filter(({ name }) => name !== "share");
const fitted = compileOne(`model Fitted {${body}
${fittedLines.map(({ name, source }) => `  fitted ${name}: [] = ${source}`).join("\n")}
  weight w: [] = 1
  loss (a * w - b + ${fittedLines.map(({ name }) => `0 * ${name}`).join(" + ")}) ^ 2
}
train Fitted { optimizer sgd(lr: 0.01)  batch 7  epochs 1 }`);

const data = {
  x: Float32Array.from(rows.flat()),
  k: Int32Array.from(whole),
  t: Float32Array.from(labels),
};

/** The data as a stream gives it, in parts of these sizes. */
function* parts(...sizes: readonly number[]) {
  for (let from = 0, n = 0; from < count; from += sizes[n % sizes.length] ?? 1, n++) {
    const to = from + (sizes[n % sizes.length] ?? 1);
    yield {
      x: data.x.slice(2 * from, 2 * to),
      k: data.k.slice(from, to),
      t: data.t.slice(from, to),
    };
  }
}

const nets: TrainingNet[] = [];
afterAll(() => {
  for (const net of nets) net.destroy();
});

function expectValues(found: Readonly<Record<string, number>>, names: readonly string[]): void {
  const wrong = names.flatMap((name) => {
    const want = values[name]?.[1] ?? NaN;
    const got = found[name] ?? NaN;
    const close = Math.abs(got - want) <= 2e-5 * Math.max(1, Math.abs(want));
    return close ? [] : [`${name}: ${got} for ${want}`];
  });
  expect(wrong).toEqual([]);
}

const backends = softwareExpected ? (["f32", "webgpu"] as const) : (["f32"] as const);

describe.each(backends)("values of a whole set on %s", (backend) => {
  const opened = async (model = measured): Promise<TrainingNet> => {
    const net = await open(model, backend);
    nets.push(net);
    return net;
  };

  it.each([1, 7, 32, count])("are metrics of it at batch %i", async (batch) => {
    const net = await opened();
    const { metrics, examples } = await net.evaluate(data, { batch });
    expectValues(metrics, Object.keys(values));
    expect(examples).toBe(count);
  });

  it("are metrics of a stream that is cut anyhow", async () => {
    const net = await opened();
    expectValues((await net.evaluate(() => parts(5, 1, 9))).metrics, Object.keys(values));
  });

  it("are fitted, whatever the batch of training", async () => {
    const net = await opened(fitted);
    const read = async () =>
      Object.fromEntries(
        await Promise.all(
          fittedLines.map(async ({ name }) => [name, (await net.read(name))[0] ?? NaN] as const),
        ),
      );
    const names = fittedLines.map(({ name }) => name);
    await net.prepare(data);
    expectValues(await read(), names);
    await net.prepare(() => parts(4, 11));
    expectValues(await read(), names);
  });

  it("of several runs at once are those of each alone", async () => {
    const net = await opened();
    const half = { x: data.x.slice(0, 62), k: data.k.slice(0, 31), t: data.t.slice(0, 31) };
    const alone = [await net.evaluate(data), await net.evaluate(half, { batch: 5 })];
    const runs = [net.evaluate(data), net.evaluate(half, { batch: 5 })];
    expect(await Promise.all(runs)).toEqual(alone);
    const other = await opened(fitted);
    await other.prepare(half);
    const [center, { losses }] = [await other.read("median"), await other.evaluate(data)];
    const [evaluation] = await Promise.all([other.evaluate(data), other.prepare(half)]);
    expect(evaluation.losses).toEqual(losses);
    expect(await other.read("median")).toEqual(center);
  });
});

const integers = compileOne(`model Integers {
  input x: [batch]
  target k: i32[batch]
  target u: u32[batch]
  weight w: [] = 1
  output y = x * w
  loss (y - x) ^ 2
  metric largest = max(k)
  metric total = sum(k)
  metric last = sort(k)[-1]
  metric unsigned = max(u)
  metric least = min(k)
}
train Integers { optimizer sgd(lr: 0.1)  batch 2 }`);

const counted = compileOne(`model Counted {
  input x: [batch]
  input table: i32[2]
  weight w: [] = 1
  output y = x * w
  loss (y - x) ^ 2
  metric largest = max(table)
  metric first = table[0]
}
train Counted { optimizer sgd(lr: 0.1)  batch 2 }`);

describe.each(backends)("metrics of integers on %s", (backend) => {
  it("are told to the last digit, of a set and of a step", async () => {
    const net = await open(integers, backend);
    nets.push(net);
    const k = [16777217, 2147483647, -2147483648, -16777219];
    const u = [4294967295, 3, 1, 16777217];
    const data = { x: [1, 2, 3, 4], k, u };
    const wanted = {
      largest: 2147483647,
      total: -3,
      last: 2147483647,
      unsigned: 4294967295,
      least: -2147483648,
    };
    expect((await net.evaluate(data)).metrics).toEqual(wanted);
    await net.step({ x: [3, 4], k: k.slice(2), u: u.slice(2) });
    expect((await net.evaluate(data, { batch: 1 })).metrics).toEqual(wanted);
    const one = await open(counted, backend);
    nets.push(one);
    await one.step({ x: [3], table: [16777217, -5] });
    expect((await one.report()).metrics).toEqual({ largest: 16777217, first: 16777217 });
  });
});

const far = compileOne(`model Far {
  input x: [batch, 1]
  target t: [batch]
  z = x |> standardize()
  weight w: [] = 1
  output out = z[:, 0] * w
  loss (out - t) ^ 2
  metric r2(x[:, 0], t)
}
train Far { optimizer sgd(lr: 0.1)  batch 32 }`);

describe("long sums and cancellation", () => {
  it("leave the mean and variance of many rows right", async () => {
    const n = 400_000;
    const x = Float32Array.from({ length: n }, (_, i) => 1000 + Math.sin(i * 12.9898) * Math.SQRT2);
    const [m, v] = [sum([...x]) / n, 0];
    const variance = x.reduce((total, one) => total + (one - m) ** 2, v) / n;
    const net = await open(far, "f32");
    nets.push(net);
    await net.prepare({ x });
    const center = (await net.read("standardize_1.center"))[0] ?? NaN;
    expect(Math.abs(center - m)).toBeLessThan(1e-4);
    const found = (await net.read("standardize_1.variance"))[0] ?? NaN;
    expect(Math.abs(found / variance - 1)).toBeLessThan(1e-5);
  });

  it("leave what is all one value as small as its rounding", async () => {
    const x = new Float32Array(1000).fill(1000.1);
    const net = await open(far, "f32");
    nets.push(net);
    await net.prepare({ x });
    await net.write("w", [1]);
    const { out } = await net.predict({ x: [1000.1, 1001.1] });
    expect(Math.abs(Number(out?.[0]))).toBeLessThan(0.01);
    expect(out?.[1]).toBeCloseTo(1, 2);
  });

  it.each(backends)("leave r2 of targets far from 0 right on %s", async (backend) => {
    const n = 1000;
    const t = Float32Array.from(
      { length: n },
      (_, i) => 2000 + 10 * Math.SQRT2 * Math.sin(i * 2.1),
    );
    const x = t.map((one, i) => one + 5 * Math.SQRT2 * Math.cos(i * 3.7));
    const m = sum([...t]) / n;
    const residual = sum([...t].map((one, i) => (one - (x[i] ?? 0)) ** 2));
    const expected = 1 - residual / sum([...t].map((one) => (one - m) ** 2));
    const net = await open(far, backend);
    nets.push(net);
    await net.prepare({ x });
    for (const batch of [1, 32, n]) {
      const { metrics } = await net.evaluate({ x, t }, { batch });
      expect(Math.abs((metrics["r2"] ?? NaN) - expected), `batch ${batch}`).toBeLessThan(1e-5);
    }
  });
});
