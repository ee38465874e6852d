// The prelude's functions of one number at points all over f32 in; their values and first two derivatives on each backend, held to closed forms, out.
import { beforeAll, describe, expect, it } from "vitest";
import { digamma, logGamma, trigamma } from "../oracle/reference/special.js";
import { describeGpu } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";
import type { TestBackend } from "../support/compiled.js";
import { agrees } from "./samples.js";

type Value = (x: number) => number;

interface Definition {
  readonly value: Value;
  readonly slope: Value;
  /** The second derivative, of moderate x. */
  readonly bend: Value;
}

const isWithin: (x: number) => boolean = (x) => Math.abs(x) < 1;
const held: Value = (x) => Math.max(-1, Math.min(x, 1));
/** Of 1 − x², as the difference that keeps digits beside ±1. */
const rest: Value = (x) => (1 - x) * (1 + x);

/** What the language says of them, outside their domains too. */
const definitions = {
  tan: {
    value: Math.tan,
    slope: (x) => 1 / Math.cos(x) ** 2,
    bend: (x) => (2 * Math.tan(x)) / Math.cos(x) ** 2,
  },
  asin: {
    value: (x) => Math.asin(held(x)),
    slope: (x) => (isWithin(x) ? 1 / Math.sqrt(rest(x)) : 0),
    bend: (x) => (isWithin(x) ? x / rest(x) ** 1.5 : 0),
  },
  acos: {
    value: (x) => Math.acos(held(x)),
    slope: (x) => (isWithin(x) ? -1 / Math.sqrt(rest(x)) : 0),
    bend: (x) => (isWithin(x) ? -x / rest(x) ** 1.5 : 0),
  },
  atan: {
    value: Math.atan,
    slope: (x) => 1 / (1 + x * x),
    bend: (x) => (-2 * x) / (1 + x * x) ** 2,
  },
  sinh: { value: Math.sinh, slope: Math.cosh, bend: Math.sinh },
  cosh: { value: Math.cosh, slope: Math.sinh, bend: Math.cosh },
  asinh: {
    value: Math.asinh,
    slope: (x) => 1 / Math.hypot(1, x),
    bend: (x) => -x / Math.hypot(1, x) ** 3,
  },
  acosh: {
    value: (x) => (x > 1 ? Math.acosh(x) : 0),
    slope: (x) => (x > 1 ? 1 / (Math.sqrt(x - 1) * Math.sqrt(x + 1)) : 0),
    bend: (x) => (x > 1 ? -x / ((x - 1) * (x + 1)) ** 1.5 : 0),
  },
  atanh: {
    value: (x) => Math.atanh(held(x)),
    slope: (x) => (Math.abs(x) > 1 ? 0 : 1 / rest(x)),
    bend: (x) => (isWithin(x) ? (2 * x) / rest(x) ** 2 : 0),
  },
  lgamma: { value: logGamma, slope: digamma, bend: trigamma },
  digamma: {
    value: (x) => (x < 0 && Number.isInteger(x) ? digamma(1 - x) : digamma(x)),
    slope: trigamma,
    bend: (x) => (trigamma(x + 1e-5) - trigamma(x - 1e-5)) / 2e-5,
  },
} as const satisfies Readonly<Record<string, Definition>>;

type Name = keyof typeof definitions;
const names = Object.keys(definitions) as Name[];

const root = 1.4616321449683623;
const sizes = [
  ...Array.from({ length: 38 }, (_, n) => 1.234 * 10 ** -n),
  ...Array.from({ length: 300 }, (_, n) => (n + 1) / 64),
  ...[1e-3, 1e-5, 1e-7].flatMap((d) => [1, 2, root].flatMap((at) => [at - d, at + d])),
  ...[1.57079637, 3.14159274, 6, 7.9, 8, 9, 12, 20, 30, 60, 80, 87, 88.8, 89.3, 100, 1e3, 1e4],
  ...[1e5, 1e6, 1e10, 1e20, 1e30, 3e38],
];
const points = [0, ...sizes.flatMap((x) => [x, -x])].map(Math.fround);

/** Both derivatives of the second are taken by the compiler. */
const model = compileOne(`model M {
  input x: [batch]
${names
  .map(
    (name) => `  ${name}_0 = ${name}(x)
  ${name}_1 = grad(${name}_0, x)
  output ${name}_0
  output ${name}_1
  output ${name}_2 = grad(${name}_1, x)`,
  )
  .join("\n")}
}`);

const isPole = (x: number): boolean => x <= 0 && Number.isInteger(x);

/** How far off a value of single precision may be beside zeros that cancelling terms make: the rest keep their relative digits. */
function absoluteRoom(name: Name, order: number, x: number): number {
  // The reference's own, where it is 0.
  if (name === "lgamma") return order === 0 && x >= 0 ? 1e-15 : 3e-6;
  return name === "digamma" && (order > 0 || x < 0) ? 3e-6 : 0;
}

/** Where devices differ, and what jumps or is infinite there. */
function isTold(name: Name, order: number, x: number): boolean {
  if (name === "tan") return Math.abs(x) <= 1e6;
  if (name === "lgamma" || name === "digamma") return !isPole(x);
  return name !== "atanh" || order === 0 || Math.abs(x) !== 1;
}

/** Slopes and bends cancel beside their zeros, in terms of about 1. */
const slopeRoom = 1e-6;

function suite(backend: TestBackend): void {
  const double = backend === "f64";
  let found: Readonly<Record<string, ArrayLike<number>>>;
  beforeAll(async () => {
    const net = await open(model, backend);
    found = await net.predict({ x: { data: points, shape: [points.length] } });
    net.destroy();
  });

  const isRight = (name: Name, order: 0 | 1, x: number, have: number): boolean => {
    const want = definitions[name][order === 0 ? "value" : "slope"](x);
    // Half of the logarithm of the least number, and that of 2: what an infinite one is.
    if (name === "atanh" && order === 0 && Math.abs(x) >= 1)
      return agrees(
        have,
        (Math.sign(x) * (Math.LN2 + (double ? 708.3964185 : 87.3365448))) / 2,
        1e-6,
        false,
      );
    // A factor of 2 from the end of the range, the terms of a derivative may leave it.
    if (!double && order === 1 && Math.abs(want) > 1.7e38) return Math.abs(have) > 1.7e38;
    const room = double ? 1e-12 : absoluteRoom(name, order, x);
    const [relative, single] = double ? [1e-9, false] : [1e-5, true];
    return agrees(have, want, relative, single) || Math.abs(have - want) <= room;
  };

  it.each(names)("%s and its derivative", (name) => {
    for (const order of [0, 1] as const) {
      const values = found[`${name}_${order}`] ?? [];
      const wrong = points.flatMap((x, at) => {
        const have = values[at] ?? NaN;
        return !isTold(name, order, x) || isRight(name, order, x, have)
          ? []
          : [{ order, x, have, want: definitions[name][order === 0 ? "value" : "slope"](x) }];
      });
      expect(wrong).toEqual([]);
    }
  });

  it.each(names)("the second derivative of %s", (name) => {
    const values = found[`${name}_2`] ?? [];
    const wrong = points.flatMap((x, at) => {
      const size = Math.abs(x);
      const isNearPole = Math.abs(x - Math.round(x)) < 0.02 && x < 0.5;
      if (size > 4.5 || size < 1e-3 || Math.abs(size - 1) < 0.02 || isNearPole) return [];
      if (name === "tan" && Math.abs(Math.cos(x)) < 0.02) return [];
      const [have, want] = [values[at] ?? NaN, definitions[name].bend(x)];
      const room = double ? 1e-6 : 1e-4;
      return Math.abs(have - want) <= room * Math.abs(want) + (double ? 1e-9 : 30 * slopeRoom)
        ? []
        : [{ x, have, want }];
    });
    expect(wrong).toEqual([]);
  });

  it("have numbers where they are infinite or not defined", () => {
    const at = (name: string, x: number): number => found[name]?.[points.indexOf(x)] ?? NaN;
    for (const x of [0, -1, -2, -3, -60]) {
      expect(at("lgamma_0", x)).toBeTypeOf("number");
      expect(Number.isFinite(at("lgamma_0", x))).toBe(true);
    }
    for (const x of [-1, -2, -3, -60]) {
      expect(at("digamma_0", x)).toBeCloseTo(digamma(1 - x), 4);
      expect(Number.isFinite(at("lgamma_1", x))).toBe(true);
      expect(Number.isFinite(at("digamma_1", x))).toBe(true);
    }
    expect(at("digamma_0", 0)).toBe(-Infinity);
  });
}

describe("in double precision", () => {
  suite("f64");
});
describe("in single precision", () => {
  suite("f32");
});
describeGpu("in WGSL", () => {
  suite("webgpu");
});
