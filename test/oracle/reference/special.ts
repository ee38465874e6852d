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

/** The bernoulli numbers B₂, B₄, … of the series of Stirling. */
const bernoulli = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730];

/** Both by their series from 20 on, and by their recurrences before. */
export function logGamma(x: number): number {
  if (x <= 0) {
    const angle = Math.PI * (x - Math.round(x));
    return Math.log(Math.PI / Math.abs(Math.sin(angle))) - logGamma(1 - x);
  }
  if (x < 20) return logGamma(x + 1) - Math.log(x);
  const terms = bernoulli.map((b, k) => b / ((2 * k + 2) * (2 * k + 1) * x ** (2 * k + 1)));
  const rest = terms.reduce((sum, term) => sum + term, Math.log(2 * Math.PI) / 2);
  return (x - 0.5) * (Math.log(x) - 1) - 0.5 + rest;
}

export function digamma(x: number): number {
  if (x <= 0) {
    const angle = Math.PI * (x - Math.round(x));
    return digamma(1 - x) - (Math.PI * Math.cos(angle)) / Math.sin(angle);
  }
  if (x < 20) return digamma(x + 1) - 1 / x;
  const terms = bernoulli.map((b, k) => b / ((2 * k + 2) * x ** (2 * k + 2)));
  return terms.reduce((sum, term) => sum - term, Math.log(x) - 0.5 / x);
}

/** The derivative of digamma. */
export function trigamma(x: number): number {
  if (x <= 0) return (Math.PI / Math.sin(Math.PI * (x - Math.round(x)))) ** 2 - trigamma(1 - x);
  if (x < 20) return trigamma(x + 1) + 1 / (x * x);
  return bernoulli.reduce((sum, b, k) => sum + b / x ** (2 * k + 3), 1 / x + 0.5 / (x * x));
}

/** The share of a gamma distribution of rate 1 below x, by its series with positive terms: xᵃ e⁻ˣ / Γ(a + 1) · Σ xⁿ / ((a + 1) … (a + n)) */
export function gammaShare(a: number, x: number): number {
  if (x <= 0) return 0;
  let term = 1;
  let total = 1;
  for (let n = 1; n < 1000; n += 1) {
    term *= x / (a + n);
    total += term;
  }
  return Math.min(1, total * Math.exp(a * Math.log(x) - x - logGamma(a + 1)));
}

/** The share of a beta distribution below x, by a series with positive terms, of the nearer end: B(1/2) is where both have 0.5ⁿ. */
export function betaShare(a: number, b: number, x: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  if (x > 0.5) return 1 - betaShare(b, a, 1 - x);
  const scale = Math.exp(
    a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a + 1) - logGamma(b),
  );
  let term = 1;
  let total = 1;
  for (let n = 0; n < 1000; n += 1) {
    term *= (x * (a + b + n)) / (a + 1 + n);
    total += term;
  }
  return scale * total;
}
