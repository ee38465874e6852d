// Functions at the edges of their domains in; the values and derivatives that PyTorch or the language gives there, on every backend, out.
import { beforeAll, describe, expect, it } from "vitest";
import { describeGpu } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";
import type { TestBackend } from "../support/compiled.js";
import { agrees } from "./samples.js";

interface Edge {
  readonly text: string;
  /** At each x: the value, the first and the second derivative; undefined where none is promised. */
  readonly at: readonly (readonly [number, ...(number | undefined)[]])[];
}

const more = Infinity;

/** PyTorch's numbers, but where the language says otherwise: a value beyond a domain is the language's. */
const edges: readonly Edge[] = [
  {
    text: "1 / x",
    at: [
      [0, more, -more, more],
      [-2, -0.5, -0.25, -0.25],
      [1e-3, 1e3, -1e6, 2e9],
    ],
  },
  {
    text: "(x - 2) / (x * x - 4)",
    at: [[0, 0.5, -0.25, 0.25]],
  },
  {
    text: "log(x)",
    at: [
      [0, undefined, more, -more],
      [-2, undefined, -0.5, -0.25],
      [1e-3, Math.log(1e-3), 1e3, -1e6],
    ],
  },
  {
    // The factor is 0 at 1, where the quotient's derivative takes part all the same.
    text: "(x - 1) * log(x)",
    at: [
      [1, 0, 0, 2],
      [0, undefined, -more, more],
    ],
  },
  {
    text: "log1p(x)",
    at: [
      [-1, undefined, more, -more],
      [0, 0, 1, -1],
    ],
  },
  {
    text: "5 % x + 0 * x",
    at: [
      [0, 0, 0, 0],
      [2, 1, -2, 0],
      [-3, -1, 2, 0],
    ],
  },
  {
    text: "x % 3",
    at: [
      [0, 0, 1, 0],
      [-1, 2, 1, 0],
    ],
  },
  {
    text: "if x > 0 then log(x) / x else 1",
    at: [
      [0, 1, 0, 0],
      [1, 0, 1, -3],
    ],
  },
  // PyTorch's, in double precision.
  {
    text: "gelu(x)",
    at: [
      [-8, -4.976768459e-15, -3.979607261e-14, -3.132408072e-13],
      [-6, -5.91952587e-9, -3.546870945e-8, -2.065800169e-7],
      [-5, -1.433257859e-6, -7.146946002e-6, -3.419454884e-5],
      [-4, -0.0001266849673, -0.0005036496612, -0.001873623161],
      [-1, -0.1586552539, -0.08331547059, 0.2419707245],
      [0, 0, 0.5, 0.7978845608],
      [3, 2.995950306, 1.011945647, -0.03102293888],
    ],
  },
  {
    text: "sqrt(x)",
    at: [
      [0, 0, 0, 0],
      [-2, 0, 0, 0],
      [4, 2, 0.25, -1 / 32],
    ],
  },
];

const parts = ["value", "slope", "curvature"] as const;

const model = `model Edges {
  input x: [batch]
${edges
  .map(
    ({ text }, at) => `  f${at} = ${text}
  output f${at}_value = f${at}
  g${at} = grad(f${at}, x) + 0 * x
  output f${at}_slope = g${at}
  output f${at}_curvature = grad(g${at}, x)
`,
  )
  .join("")}}`;

const places = [...new Set(edges.flatMap(({ at }) => at.map(([x]) => Math.fround(x))))];

type Outputs = Readonly<Record<string, ArrayLike<number>>>;

function suite(backend: TestBackend): void {
  let found: Outputs;
  beforeAll(async () => {
    const net = await open(compileOne(model), backend);
    found = await net.predict({ x: places });
    net.destroy();
  });
  it.each(edges.map(({ text, at }, index) => [text, at, index] as const))("%s", (_, at, index) => {
    const single = backend !== "f64";
    const wrong = at.flatMap(([x, ...wanted]) =>
      wanted.flatMap((want, order) => {
        const part = parts[order] ?? "value";
        const have = found[`f${index}_${part}`]?.[places.indexOf(Math.fround(x))] ?? NaN;
        if (want === undefined || agrees(have, want, 1e-5, single)) return [];
        return [`the ${part} at ${x} is ${want}, not ${have}`];
      }),
    );
    expect(wrong).toEqual([]);
  });
}

describe("at the edges in JavaScript", () => {
  suite("f32");
});
describe("at the edges in double precision", () => {
  suite("f64");
});
describeGpu("at the edges in WGSL", () => {
  suite("webgpu");
});

/** Casts of what an integer cannot hold: towards the nearest that single precision can, and of NaN to 0. */
describe("integers of numbers beyond them", () => {
  const source = `model Casts {
  input x: [batch]
  input divisor: [batch]
  output signed = i32(x / divisor)
  output unsigned = u32(x / divisor)
}`;
  // The quotients NaN, ±1e30, -5, -0.5, 2.75, 3e9 and ±infinity.
  const x = [0, 1e30, -1e30, -5, -0.5, 2.75, 3e9, 1, -1];
  const divisor = [0, 1, 1, 1, 1, 1, 1, 0, 0];
  const check = async (backend: TestBackend): Promise<void> => {
    const net = await open(compileOne(source), backend);
    const found = await net.predict({ x, divisor });
    net.destroy();
    expect({ signed: [...(found.signed ?? [])], unsigned: [...(found.unsigned ?? [])] }).toEqual({
      signed: [0, 2147483520, -2147483648, -5, 0, 2, 2147483520, 2147483520, -2147483648],
      unsigned: [0, 4294967040, 0, 0, 0, 2, 3e9, 4294967040, 0],
    });
  };
  it("in JavaScript", () => check("f32"));
  it("in double precision", () => check("f64"));
  describeGpu("in WGSL", () => {
    it("likewise", () => check("webgpu"));
  });
});

/** No shader is refused for what it computes of constants, which is beyond f32 or no number. */
describe("constants whose results no f32 holds", () => {
  const texts = [
    "c / d",
    "c * c",
    "c * 1e9 + c * 1e9",
    "-c * c - 1",
    "exp(c) * c",
    "z / z",
    "1 / z",
  ];
  const source = `model Constants {
  input x: [batch]
  c = full([1], 1e30)
  d = full([1], 1e-30)
  z = full([1], 0)
${texts.map((text, at) => `  output y${at} = ${text}`).join("\n")}
}`;
  const check = async (backend: TestBackend): Promise<void> => {
    const net = await open(compileOne(source), backend);
    const found: Outputs = await net.predict({ x: [0] });
    net.destroy();
    const large = texts.map((_, at) => Math.abs(found[`y${at}`]?.[0] ?? 0));
    expect(large.filter((value) => value < 3e38)).toEqual([]);
  };
  it("in JavaScript", () => check("f32"));
  describeGpu("in WGSL", () => {
    it("likewise", () => check("webgpu"));
  });
});
