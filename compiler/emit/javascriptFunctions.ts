// Takes the names of functions that kernels call and the precision, gives their JavaScript.
import { toI32, toU32 } from "../scalars/arithmeticHelpers.js";
import type { Helper } from "../scalars/record.js";
import { helpersOf, withNeeds } from "../scalars/table.js";

/** `f32`: what training and inference run; `f64`: the reference, in double precision throughout. */
export type Precision = "f32" | "f64";

const fround: Helper = {
  name: "fround",
  text: "const fround = Math.fround;",
};

const drawBits: Helper = {
  name: "drawBits",
  // Philox 4×32-10 (Salmon et al., 2011), the first of its four words.
  text: `function multiplyHigh(a, b) {
  const low = (a & 0xffff) * (b & 0xffff);
  const middle = (a >>> 16) * (b & 0xffff) + (low >>> 16);
  const cross = (a & 0xffff) * (b >>> 16) + (middle & 0xffff);
  return (a >>> 16) * (b >>> 16) + (middle >>> 16) + (cross >>> 16);
}
function drawBits(seed, counter, stream, index) {
  let c0 = index >>> 0;
  let c1 = counter;
  let c2 = stream;
  let c3 = 0;
  let k0 = seed;
  let k1 = 0;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low0 = Math.imul(0xd2511f53, c0);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return c0;
}`,
};

const drawUniform: Helper = {
  name: "drawUniform",
  needs: [drawBits],
  text: `const drawUniform = (seed, counter, stream, index) =>
  ((drawBits(seed, counter, stream, index) >>> 9) + 0.5) * 1.1920928955078125e-7;`,
};

const functions: readonly Helper[] = [
  fround,
  ...helpersOf("javascript"),
  toI32.javascript,
  toU32.javascript,
  drawBits,
  drawUniform,
];

/** In the order of their definition, with what they call. */
export function scriptFunctions(
  names: ReadonlySet<string>,
  precision: Precision,
): readonly string[] {
  return withNeeds(functions, names).map(({ text, double }) =>
    precision === "f64" ? (double ?? text) : text,
  );
}
