// A number in; the error function, its complement or its inverse there, in double precision, out.

/** erf(x) = 2/√π · Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)), in the form without alternating signs. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** The continued fraction of Laplace where erf is near 1. */
export function erfc(x: number): number {
  if (x < 2) return 1 - erf(x);
  let tail = x;
  for (let n = 99; n > 0; n--) tail = x + n / 2 / tail;
  return Math.exp(-x * x) / tail / Math.sqrt(Math.PI);
}

/** Halley's steps on erf, in the tails on erfc, from Winitzki's approximation. */
export function inverseErf(y: number): number {
  const size = Math.abs(y);
  if (size >= 1) return Math.sign(y) * Infinity;
  const log = Math.log((1 - size) * (1 + size));
  const half = 2 / (Math.PI * 0.147) + log / 2;
  let x = Math.sqrt(Math.sqrt(half * half - log / 0.147) - half);
  for (let n = 0; n < 4; n++) {
    const beyond = x < 1 ? erf(x) - size : 1 - size - erfc(x);
    const step = beyond * (Math.sqrt(Math.PI) / 2) * Math.exp(x * x);
    x -= step / (1 + x * step);
  }
  return Math.sign(y) * x;
}
