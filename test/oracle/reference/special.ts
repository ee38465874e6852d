// A number comes in; its error function, or the inverse of that, goes out, to about 1e-15.

const twoOverRootPi = 2 / Math.sqrt(Math.PI);

/** 1 - erf(x) for x >= 2, by the continued fraction of Laplace, from its tail. */
function complement(x: number): number {
  let tail = 0;
  for (let k = 200; k >= 1; k -= 1) tail = k / 2 / (x + tail);
  return Math.exp(-x * x) / ((x + tail) * Math.sqrt(Math.PI));
}

/** erf by its series with positive terms: 2/√π · exp(-x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 · … · (2n + 1)) */
function series(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; n < 200; n += 1) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return twoOverRootPi * Math.exp(-x * x) * total;
}

export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude > 27) return Math.sign(x);
  return magnitude < 2 ? series(x) : Math.sign(x) * (1 - complement(magnitude));
}

/** 1 - erf(x) with its digits. */
export function erfc(x: number): number {
  return x < 2 ? 1 - erf(x) : complement(x);
}

/** erf(x) - y without losing digits where both are near 1; for x, y >= 0. */
function difference(x: number, y: number): number {
  return x < 2 ? series(x) - y : 1 - y - complement(x);
}

/** The x with erf(x) = y: halving an interval, then Newton's steps. */
export function erfinv(y: number): number {
  const target = Math.abs(y);
  if (target === 1) return y * Infinity;
  let low = 0;
  let high = 6.5;
  for (let turn = 0; turn < 30; turn += 1) {
    const middle = (low + high) / 2;
    if (difference(middle, target) < 0) low = middle;
    else high = middle;
  }
  let x = (low + high) / 2;
  for (let turn = 0; turn < 4; turn += 1) {
    x -= difference(x, target) / (twoOverRootPi * Math.exp(-x * x));
  }
  return Math.sign(y) * x;
}
