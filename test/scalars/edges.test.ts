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
        if (want === undefined || agrees(have, want, 2e-6, single)) return [];
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
