// Powers at bases and exponents all over the range in; what mathematics or the language says of them, and of their derivatives, out.
import { beforeAll, describe, expect, it } from "vitest";
import { describeGpu } from "../support/adapter.js";
import { check, compileOne, open } from "../support/compiled.js";
import type { TestBackend } from "../support/compiled.js";
import { agrees } from "./samples.js";

const bases = [-1e30, -4, -1, -0.5, -0, 0, 1e-30, 0.5, 1, 4, 1e20, 1e30].map(Math.fround);
const exponents = [-3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3];

/** 0 where a negative base has no such power. */
function power(x: number, y: number): number {
  return x < 0 && !Number.isInteger(y) ? 0 : x ** y;
}

/** y xʸ⁻¹; where that is infinite it is 0, and where there is no power too. */
function slope(x: number, y: number): number {
  return y === 0 || (x === 0 && y < 1) ? 0 : y * power(x, y - 1);
}

function curvature(x: number, y: number): number {
  if (y === 0 || y === 1 || (x === 0 && y < 2)) return 0;
  return y * (y - 1) * power(x, y - 2);
}

/** xʸ log x, and 0 where the base is not positive. */
function byExponent(x: number, y: number): number {
  return x > 0 ? x ** y * Math.log(x) : 0;
}

const definitions = { value: power, slope, curvature, byExponent } as const;
type Part = keyof typeof definitions;

const pairs = bases.flatMap((x) => exponents.map((y) => [x, y] as const));

/** The parts of x ^ y as outputs called after `name`. */
function outputsOf(name: string, text: string, constant: boolean): string {
  return `  ${name} = ${text}
  output ${name}_value = ${name}
  output ${name}_slope = grad(${name}, x)
  output ${name}_curvature = grad(grad(${name}, x) + 0 * x, x)
${constant ? "" : `  output ${name}_byExponent = grad(${name}, y)\n`}`;
}

const constants = exponents.map((y, at) => outputsOf(`p${at}`, `x ^ (${y})`, true));
const model = `model Powers {
  input x: [batch]
  input y: [batch]
${outputsOf("any", "x ^ y", false)}${constants.join("")}}`;

type Outputs = Readonly<Record<string, ArrayLike<number>>>;

async function predict(backend: TestBackend): Promise<Outputs> {
  const net = await open(compileOne(model), backend);
  const found: Outputs = await net.predict({
    x: pairs.map(([x]) => x),
    y: pairs.map(([, y]) => y),
  });
  net.destroy();
  return found;
}

/** The result of a power of a tensor and of a constant exponent, where they are not `part`'s definition. */
function wrong(found: Outputs, part: Part, backend: TestBackend): unknown[] {
  const single = backend !== "f64";
  return pairs.flatMap(([x, y], at) => {
    const want = definitions[part](x, y);
    const room = single ? 1e-5 : 1e-13;
    const names = part === "byExponent" ? ["any"] : ["any", `p${exponents.indexOf(y)}`];
    return names.flatMap((name) => {
      const have = found[`${name}_${part}`]?.[at] ?? NaN;
      // Zeros have no sign, so that infinities of their powers have none either.
      const [size, wanted] = x === 0 ? [Math.abs(have), Math.abs(want)] : [have, want];
      const [end, most] = single ? [3.4e38, 5e37] : [1.7e308, 1e308];
      // Beyond the range a power is the largest number or infinite, a derivative what that makes.
      const beyond = Math.abs(wanted) > end && size * Math.sign(wanted) > most;
      return beyond || agrees(size, wanted, room, single) ? [] : [{ name, x, y, want, have }];
    });
  });
}

function suite(backend: TestBackend): void {
  let found: Outputs;
  beforeAll(async () => {
    found = await predict(backend);
  });
  it.each(Object.keys(definitions) as Part[])("%s", (part) => {
    expect(wrong(found, part, backend)).toEqual([]);
  });
}

describe("powers in JavaScript", () => {
  suite("f32");
});
describe("powers in double precision", () => {
  suite("f64");
});
describeGpu("powers in WGSL", () => {
  suite("webgpu");
});

it("powers of tensors that are known while compiling", async () => {
  const lines = pairs.map(
    ([x, y], at) => `  output y${at} = full([1], ${x.toExponential()}) ^ (${y})`,
  );
  const text = `model M {\n  input x: [batch]\n${lines.join("\n")}\n}`;
  expect(check(text).diagnostics).toEqual([]);
  const net = await open(compileOne(text), "f64");
  const found: Outputs = await net.predict({ x: [0] });
  net.destroy();
  const differing = pairs.filter(([x, y], at) => {
    const want = power(x, y);
    const have = found[`y${at}`]?.[0] ?? NaN;
    return want === Infinity || x === 0
      ? !(Math.abs(have) === Math.abs(want) || Math.abs(have) > 1e308)
      : !agrees(have, want, 1e-13, false);
  });
  expect(differing).toEqual([]);
});
