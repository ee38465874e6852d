// A seed and a counter in; the words of Philox 4×32-10 and orders made of them, equal on every machine, out.

const rounds = 10;

/** The 64-bit product of two words as high and low word. */
function multiply(a: number, b: number): [number, number] {
  const low = Math.imul(a, b) >>> 0;
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const carry = (middle & 0xffff) + a0 * b1;
  const high = a1 * b1 + Math.floor(middle / 65536) + Math.floor(carry / 65536);
  return [high >>> 0, low];
}

export type Words = readonly [number, number, number, number];

/** Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011): four words from a counter and a key. */
export function philox(counter: Words, key: readonly [number, number]): Words {
  let [x0, x1, x2, x3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < rounds; round++) {
    const [high0, low0] = multiply(0xd2511f53, x0);
    const [high1, low1] = multiply(0xcd9e8d57, x2);
    [x0, x1, x2, x3] = [(high1 ^ x1 ^ k0) >>> 0, low1, (high0 ^ x3 ^ k1) >>> 0, low0];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [x0, x1, x2, x3];
}

/** What an order is for: each use has draws of its own. */
export const orders = { validation: 1, epoch: 2 } as const;

/** A permutation of 0 … count − 1, by Fisher and Yates. */
export function permutation(count: number, seed: number, use: number, epoch: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  let words: Words = [0, 0, 0, 0];
  for (let last = count - 1, drawn = 0; last > 0; last--, drawn++) {
    if (drawn % 4 === 0) words = philox([drawn >>> 2, epoch, 0, 0], [seed >>> 0, use]);
    const other = Math.floor(((words[drawn % 4] ?? 0) / 2 ** 32) * (last + 1));
    const value = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = value;
  }
  return order;
}
