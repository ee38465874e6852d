// Activations and losses where their parts cancel or vanish in; values and derivatives to single precision's digits, against closed forms, out.
import { beforeAll, describe, expect, it } from "vitest";
import { describeGpu } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";
import type { TestBackend } from "../support/compiled.js";
import { agrees } from "./samples.js";

interface Case {
  readonly text: string;
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
}

/** e^(−|x|), which neither overflows nor loses digits. */
const small = (x: number): number => Math.exp(-Math.abs(x));
const sigmoid = (x: number): number => (x >= 0 ? 1 : small(x)) / (1 + small(x));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(small(x));
const bell = (x: number): number => small(x) / (1 + small(x)) ** 2;
const elu = (x: number): number => (x > 0 ? x : Math.expm1(x));
const eluSlope = (x: number): number => (x > 0 ? 1 : Math.exp(x));
const [scale, alpha] = [1.0507009873554805, 1.6732632423543772];

const cases: readonly Case[] = [
  { text: "elu(x)", value: elu, slope: eluSlope },
  {
    text: "selu(x)",
    value: (x) => scale * (x > 0 ? x : alpha * elu(x)),
    slope: (x) => scale * (x > 0 ? 1 : alpha * eluSlope(x)),
  },
  { text: "sigmoid(x)", value: sigmoid, slope: bell },
  { text: "softplus(x)", value: softplus, slope: sigmoid },
  { text: "log(1 + exp(x))", value: softplus, slope: sigmoid },
  { text: "log(exp(x) + 1)", value: softplus, slope: sigmoid },
  { text: "log(1 / (1 + exp(-x)))", value: (x) => -softplus(-x), slope: (x) => sigmoid(-x) },
  { text: "log(sigmoid(x))", value: (x) => -softplus(-x), slope: (x) => sigmoid(-x) },
  { text: "log(1 - sigmoid(x))", value: (x) => -softplus(x), slope: (x) => -sigmoid(x) },
  {
    text: "silu(x)",
    value: (x) => x * sigmoid(x),
    slope: (x) => sigmoid(x) + x * bell(x),
  },
  { text: "expm1(x)", value: Math.expm1, slope: Math.exp },
  { text: "log1p(exp(x))", value: softplus, slope: sigmoid },
  { text: "log1p(-sigmoid(x))", value: (x) => -softplus(x), slope: (x) => -sigmoid(x) },
  { text: "binary_cross_entropy(x, 0 * x)", value: softplus, slope: sigmoid },
];

const points = [0, 1e-8, 1e-4, 0.1, 1, 3, 12, 20, 30, 80, 100, 1e4]
  .flatMap((x) => [x, -x])
  .map(Math.fround);

/** Of probabilities. */
const shares = [0, 1e-30, 1e-8, 1e-4, 0.1, 0.5, 0.9, 0.9999, 1 - 2 ** -24].map(Math.fround);
const ofShares: readonly Case[] = [
  {
    text: "binary_cross_entropy(x, 0 * x, from_logits: false)",
    value: (p) => -Math.log1p(-p),
    // As in PyTorch, whose divisor is bounded.
    slope: (p) => p / Math.max(p * (1 - p), 1e-12),
  },
];

interface Group {
  readonly cases: readonly Case[];
  readonly points: readonly number[];
}

const groups: readonly Group[] = [
  { cases, points },
  { cases: ofShares, points: shares },
];

type Outputs = Readonly<Record<string, ArrayLike<number>>>;

async function outputs(group: Group, backend: TestBackend): Promise<Outputs> {
  const lines = group.cases.flatMap(({ text }, at) => [
    `  y${at} = ${text}`,
    `  output value${at} = y${at}`,
    `  output slope${at} = grad(y${at}, x)`,
  ]);
  const source = `model M {\n  input x: [batch]\n${lines.join("\n")}\n}`;
  const net = await open(compileOne(source), backend);
  const found: Outputs = await net.predict({ x: group.points });
  net.destroy();
  return found;
}

/** The exponential of a driver has an error that grows with its argument. */
const room = (x: number): number => 2e-6 + 3e-7 * Math.min(Math.abs(x), 100);

function suite(backend: TestBackend): void {
  let found: readonly Outputs[];
  beforeAll(async () => {
    found = [];
    for (const group of groups) found = [...found, await outputs(group, backend)];
  });
  const listed = groups.flatMap((group, n) =>
    group.cases.map((one, at) => ({ name: one.text, one, at, n, points: group.points })),
  );
  it.each(listed)("$name", ({ one, at, n, points: own }) => {
    const wrong = own.flatMap((x, i) =>
      (["value", "slope"] as const).flatMap((part) => {
        const want = one[part](x);
        const have = found[n]?.[`${part}${at}`]?.[i] ?? NaN;
        return Math.abs(want) > 3e38 || agrees(have, want, room(x), true)
          ? []
          : [`${part} at ${x} is ${want}, not ${have}`];
      }),
    );
    expect(wrong).toEqual([]);
  });
}

describe("in JavaScript", () => {
  suite("f32");
});
describeGpu("in WGSL", () => {
  suite("webgpu");
});

describe.each(["f32", "f64"] as const)("at the edge, in %s", (backend) => {
  const at = async (expression: string, x: readonly number[]): Promise<number[][]> => {
    const source = `model M {\n  input x: [batch]\n  y = ${expression}\n  output value = y\n  output slope = grad(y, x)\n}`;
    const net = await open(compileOne(source), backend);
    const { value, slope } = (await net.predict({ x })) as Outputs;
    net.destroy();
    return [[...Array.from(value ?? [])], [...Array.from(slope ?? [])]];
  };

  it("functions of what is outside their domain are 0, or as of the least number", async () => {
    const least = Math.log(backend === "f64" ? 2 ** -1022 : 2 ** -126);
    expect(await at("sqrt(x)", [-1.5, 0])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(await at("x ^ 0.3", [-1.5])).toEqual([[0], [0]]);
    expect(await at("x ^ 0.5", [-4])).toEqual([[0], [0]]);
    const [value = [], slope = []] = await at("log(x)", [-1.5]);
    expect(value[0]).toBeCloseTo(least, 4);
    expect(slope[0]).toBeCloseTo(1 / -1.5, 6);
  });
});
