// All 65,536 numbers of half precision and what lies between them in; what each machine rounds that to, bit by bit, out.
import { expect, it } from "vitest";
import { scalarOps } from "../../compiler/scalars/table.js";
import { halfToNumber } from "../../runtime/safetensors.js";
import { tensorValue } from "../../runtime/scalars.js";
import { bitsOf, floatsOf, onMachine } from "../support/machine.js";

/** The finite halves that are not negative, in order, and what comes behind them: from half of the last step on all is infinite. */
const halves = [...Array.from({ length: 0x7c00 }, (_, bits) => halfToNumber(bits)), 65536];

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** The neighbour of a positive number of single precision. */
function beside(x: number, by: 1 | -1): number {
  float[0] = x;
  bits[0] = (bits[0] ?? 0) + by;
  return float[0];
}

/** Operands, and what they are rounded to: each half itself, the middle between two (the even one), and what lies beside it. */
const cases = halves.slice(0, -1).flatMap((below, at): (readonly [number, number])[] => {
  const next = halves[at + 1] ?? NaN;
  const above = next === 65536 ? Infinity : next;
  const middle = (below + next) / 2;
  return [
    [below, below],
    [middle, at % 2 === 0 ? below : above],
    [beside(middle, -1), below],
    [beside(middle, 1), above],
  ];
});
const sizes: readonly (readonly [number, number])[] = [
  ...cases,
  ...[65536, 1e5, 3.4e38, Infinity].map((x) => [x, Infinity] as const),
  ...[1e-45, 2 ** -126, 1e-20, 2.9e-8].map((x) => [x, 0] as const),
  [NaN, NaN],
];
const trials = [...sizes, ...sizes.map(([x, y]) => [-x, -y] as const)];
while (trials.length % 4 !== 0) trials.push([1, 1]);
const operands = Float32Array.from(trials, ([x]) => x);

function wrong(found: (at: number) => number): string[] {
  return trials.flatMap(([x, y], at) =>
    found(at) === y || (Number.isNaN(found(at)) && Number.isNaN(y))
      ? []
      : `${x}: ${found(at)}, not ${y}`,
  );
}

it("has a case for every half", () => {
  expect(new Set(trials.map(([, y]) => y)).size).toBe(2 * 0x7c00 - 1 + 2 + 1);
});

it("is the host's, and what folds", () => {
  const value = tensorValue("half", 32);
  expect(wrong((at) => Number(value?.(operands[at] ?? NaN, 0, 0)))).toEqual([]);
  expect(tensorValue("half", 64)?.(0.1, 0, 0)).toBe(0.1);
});

it("is JavaScript's, which computes in doubles", () => {
  const { all } = scalarOps.half.javascript;
  const text = all.kind === "call" ? (all.helper?.text ?? "") : "";
  const asHalf = (0, eval)(`(${text})`) as (x: number) => number;
  expect(wrong((at) => asHalf(operands[at] ?? NaN))).toEqual([]);
});

it.each([false, true])("is WebAssembly's, in vectors: %s", (wide) => {
  const operation = { op: "half", takes: ["f32"], gives: "f32" } as const;
  const found = floatsOf(onMachine(operation, [bitsOf([...operands])], wide));
  expect(wrong((at) => found[at] ?? NaN)).toEqual([]);
});
