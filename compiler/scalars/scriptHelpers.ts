// Takes no input, gives the JavaScript functions that scalar operations call: the same mathematics as in WGSL.
import type { Helper } from "./record.js";

export const expOf: Helper = {
  name: "expOf",
  text: "const expOf = (x) => Math.exp(x < 88.72 ? x : 88.72);",
  double: "const expOf = (x) => Math.exp(x < 709.78 ? x : 709.78);",
};

export const logOf: Helper = {
  name: "logOf",
  text: "const logOf = (x) => Math.log(x > 1.1754943508222875e-38 ? x : 1.1754943508222875e-38);",
};

export const sqrtOf: Helper = {
  name: "sqrtOf",
  text: "const sqrtOf = (x) => (x > 0 ? Math.sqrt(x) : 0);",
};

export const roundOf: Helper = {
  name: "roundOf",
  text: `function roundOf(x) {
  const nearest = Math.round(x);
  return nearest - x === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}`,
};

export const erfOf: Helper = {
  name: "erfOf",
  text: `function erfOf(x) {
  const z = x * x;
  if (z < 1) {
    return x * ((((((7.85384714e-5 * z - 0.000801018932) * z + 0.0051883272) * z - 0.0268538117) * z + 0.112835851) * z - 0.376126258) * z + 1.12837917);
  }
  const a = Math.min(Math.abs(x), 4);
  const p = ((((((2.17081739e-5 * a - 0.000441601849) * a + 0.00420594884) * a - 0.0252121997) * a + 0.108425167) * a + 0.633213416) * a + 1.12958189) * a - 0.000188821368;
  return Math.sign(x) * (1 - Math.exp(-p));
}`,
  // Kummer's series with positive terms alone, beyond 2.5 the continued fraction of erfc.
  double: `function erfOf(x) {
  const a = Math.abs(x);
  if (a > 2.5) return Math.sign(x) * (1 - erfcOf(a));
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return 1.1283791670955126 * Math.exp(-x * x) * sum;
}
function erfcOf(a) {
  if (a <= 2.5) return 1 - erfOf(a);
  if (a > 27) return 0;
  let tail = a;
  for (let n = 80; n >= 1; n--) tail = a + n / 2 / tail;
  return (0.5641895835477563 * Math.exp(-a * a)) / tail;
}`,
};

export const erfinvOf: Helper = {
  name: "erfinvOf",
  text: `function erfinvOf(y) {
  const x = Math.min(Math.max(y, -0.9999999403953552), 0.9999999403953552);
  const w = -Math.log((1 - x) * (1 + x));
  if (w < 5) {
    const u = w - 2.5;
    return x * ((((((((2.85339911e-8 * u + 3.43725995e-7) * u - 3.52884996e-6) * u - 4.39676967e-6) * u + 0.000218602159) * u - 0.00125370755) * u - 0.0041777077) * u + 0.246640726) * u + 1.50140942);
  }
  const u = Math.sqrt(w) - 3;
  return x * ((((((((-0.000121595845 * u + 5.10493428e-5) * u + 0.00123943415) * u - 0.00362302974) * u + 0.0057906646) * u - 0.00763585316) * u + 0.00943088941) * u + 1.00167483) * u + 2.83297711);
}`,
  // The same start, then Newton's method on erf (on erfc in the tails, where erf is too flat).
  double: `function erfinvOf(y) {
  const x = Math.min(Math.max(y, -0.9999999403953552), 0.9999999403953552);
  const w = -Math.log((1 - x) * (1 + x));
  let guess = w < 5 ? 0.8862 * x + 0.23 * x * x * x : Math.sign(x) * (Math.sqrt(w) - 0.9);
  for (let turn = 0; turn < 60; turn++) {
    const error = Math.abs(guess) > 0.5
      ? Math.sign(guess) * (1 - Math.abs(x) - erfcOf(Math.abs(guess)))
      : erfOf(guess) - x;
    const step = (error * 0.886226925452758) * Math.exp(guess * guess);
    const taken = step / (1 + guess * step);
    guess -= taken;
    if (Math.abs(taken) <= 4e-16 * Math.abs(guess)) break;
  }
  return guess;
}`,
  needs: [erfOf],
};

export const moduloOf: Helper = {
  name: "moduloOf",
  text: `function moduloOf(x, y) {
  if (y === 0) return 0;
  const rest = x % y;
  if (rest === 0 || rest < 0 === y < 0) return rest;
  const whole = Math.fround(rest + y);
  return whole === y ? 0 : whole;
}`,
  double: `function moduloOf(x, y) {
  if (y === 0) return 0;
  const rest = x % y;
  return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
}`,
};

export const powerOf: Helper = {
  name: "powerOf",
  text: `function powerOf(x, y) {
  if (y === 0) return 1;
  if (x === 0) return y > 0 ? 0 : 3.4028234663852886e38;
  if (x < 0 && y !== Math.floor(y)) return 0;
  return Math.max(Math.min(Math.pow(x, y), 3.4028234663852886e38), -3.4028234663852886e38);
}`,
};

export const atan2Of: Helper = {
  name: "atan2Of",
  text: "const atan2Of = (y, x) => Math.atan2(y + 0, x + 0);",
};

export const floorModulo: Helper = {
  name: "floorModulo",
  text: `function floorModulo(x, y) {
  if (y === 0) return 0;
  const rest = x % y | 0;
  return rest !== 0 && rest < 0 !== y < 0 ? (rest + y) | 0 : rest;
}`,
};

export const toI32: Helper = {
  name: "toI32",
  text: "const toI32 = (x) => Math.min(Math.max(x, -2147483648), 2147483520) | 0;",
};

export const toU32: Helper = {
  name: "toU32",
  text: "const toU32 = (x) => Math.min(Math.max(x, 0), 4294967040) >>> 0;",
};

/** Integers to integers, by way of real numbers. */
export const powerI32: Helper = {
  name: "powerI32",
  needs: [powerOf, roundOf, toI32],
  text: "const powerI32 = (x, y) => toI32(roundOf(powerOf(x, y)));",
};

export const powerU32: Helper = {
  name: "powerU32",
  needs: [powerOf, roundOf, toU32],
  text: "const powerU32 = (x, y) => toU32(roundOf(powerOf(x, y)));",
};
