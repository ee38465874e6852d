// Takes no input, gives the functions of real numbers in both languages: mathematics that no driver turns into NaN or infinity.
import type { Helpers } from "./record.js";

/*
 * Coefficients are minimax fits of our own, by reweighted least squares on Chebyshev nodes; errors are relative
 * and hold before rounding: erf 2e-9, erfc 5e-8, erfinv 1.2e-7, sin and cos 1e-10 after reduction, tanh 4e-9, expm1 3e-9, log1p 1e-10, the arc tangent 2e-8.
 */

export const exp = {
  wgsl: {
    name: "exp_of",
    // Below −87.3 the result is denormal: flushed or not, it is 0 to every sum.
    text: `fn exp_of(x: f32) -> f32 {
  return select(exp(clamp(x, -87.3, 88.72)), 0.0, x < -87.3);
}`,
  },
  javascript: {
    name: "expOf",
    text: "const expOf = (x) => Math.exp(x > 88.72 ? 88.72 : x);",
    double: "const expOf = (x) => Math.exp(x > 709.78 ? 709.78 : x);",
  },
} as const satisfies Partial<Helpers>;

export const log = {
  wgsl: {
    name: "log_of",
    text: `fn log_of(x: f32) -> f32 {
  return log(max(x, 1.1754944e-38));
}`,
  },
  javascript: {
    name: "logOf",
    text: "const logOf = (x) => Math.log(x < 1.1754943508222875e-38 ? 1.1754943508222875e-38 : x);",
    double:
      "const logOf = (x) => Math.log(x < 2.2250738585072014e-308 ? 2.2250738585072014e-308 : x);",
  },
} as const satisfies Partial<Helpers>;

export const expm1 = {
  wgsl: {
    name: "expm1_of",
    // e^(n log 2 + r) − 1 = 2ⁿ (eʳ − 1) + 2ⁿ − 1, by halves, as 2¹²⁸ is beyond f32.
    text: `fn expm1_of(x: f32) -> f32 {
  let a = clamp(x, -30.0, 88.72);
  let n = round(a * 1.44269504);
  let r = (a - n * 0.693145751953125) - n * 1.42860677e-6;
  let p = r * ((((((0.000198411815 * r + 0.00139973243) * r + 0.00833363468) * r + 0.0416653182) * r + 0.166666629) * r + 0.500000042) * r + 1.0);
  let half = bitcast<f32>((i32(n) + 126) << 23u);
  return select(2.0 * (half * p + (half - 0.5)), x, abs(x) < 1e-7);
}`,
  },
  javascript: {
    name: "expm1Of",
    text: "const expm1Of = (x) => Math.expm1(x > 88.72 ? 88.72 : x);",
    double: "const expm1Of = (x) => Math.expm1(x > 709.78 ? 709.78 : x);",
  },
} as const satisfies Helpers;

export const log1p = {
  wgsl: {
    name: "log1p_of",
    needs: [log.wgsl],
    // 2 artanh(x / (2 + x)) beside 0, where the sum of 1 and x has few digits of x.
    text: `fn log1p_of(x: f32) -> f32 {
  let n = clamp(x, -0.5, 1.0);
  let s = n / (2.0 + n);
  let z = s * s;
  let sum = 2.0 * s * (((((0.122095398 * z + 0.106958732) * z + 0.143104261) * z + 0.199993432) * z + 0.333333397) * z + 1.0);
  let near = select(sum, x, abs(x) < 1e-7);
  return select(log_of(1.0 + x), near, (x > -0.5) & (x < 1.0));
}`,
  },
  javascript: {
    name: "log1pOf",
    text: "const log1pOf = (x) => (x <= -1 ? Math.log(1.1754943508222875e-38) : Math.log1p(x));",
    double: "const log1pOf = (x) => (x <= -1 ? Math.log(2.2250738585072014e-308) : Math.log1p(x));",
  },
} as const satisfies Helpers;

export const sqrt = {
  wgsl: {
    name: "sqrt_of",
    text: `fn sqrt_of(x: f32) -> f32 {
  return sqrt(max(x, 0.0));
}`,
  },
  javascript: {
    name: "sqrtOf",
    text: "const sqrtOf = (x) => (x <= 0 ? 0 : Math.sqrt(x));",
  },
} as const satisfies Partial<Helpers>;

export const tanh = {
  wgsl: {
    name: "tanh_of",
    needs: [exp.wgsl],
    text: `fn tanh_of(x: f32) -> f32 {
  let a = min(abs(x), 10.0);
  let z = a * a;
  let near = ((((-0.00565997253 * z + 0.0205909722) * z - 0.0537210625) * z + 0.133311275) * z - 0.333332605) * z + 0.999999996;
  let far = 1.0 - 2.0 / (exp_of(2.0 * a) + 1.0);
  return select(sign(x) * far, x * near, a < 0.625);
}`,
  },
  javascript: "Math.tanh",
} as const satisfies Partial<Helpers>;

/*
 * The quadrant by π/2 in three parts, the first two of few digits, and n in a multiple of 1024 and a rest: up to |x| = 1e6 every
 * product and difference but the last is exact.
 */
export const quarterTurn = {
  wgsl: {
    name: "quarter_turn",
    text: `fn quarter_turn(x: f32, shift: f32) -> f32 {
  let n = round(x * 0.636619772);
  let whole = trunc(n * 0.0009765625) * 1024.0;
  let few = n - whole;
  let near = ((x - whole * 1.5703125) - few * 1.5703125) - whole * 0.00048351287841796875;
  let r = clamp((near - few * 0.00048351287841796875) - n * 3.1391647326e-7, -0.9, 0.9);
  let m = n + shift;
  let quadrant = m - 4.0 * floor(m * 0.25);
  let z = r * r;
  let s = r * ((((2.71637842e-6 * z - 0.000198390933) * z + 0.0083333284) * z - 0.166666666) * z + 1.0);
  let c = (((2.43639592e-5 * z - 0.00138864317) * z + 0.0416666099) * z - 0.499999995) * z + 1.0;
  let odd = (quadrant == 1.0) | (quadrant == 3.0);
  let magnitude = select(s, c, odd);
  return select(magnitude, -magnitude, quadrant >= 2.0);
}`,
  },
} as const satisfies Partial<Helpers>;

export const sin = {
  wgsl: {
    name: "sin_of",
    needs: [quarterTurn.wgsl],
    text: `fn sin_of(x: f32) -> f32 {
  return quarter_turn(x, 0.0);
}`,
  },
  javascript: "Math.sin",
} as const satisfies Partial<Helpers>;

export const cos = {
  wgsl: {
    name: "cos_of",
    needs: [quarterTurn.wgsl],
    text: `fn cos_of(x: f32) -> f32 {
  return quarter_turn(x, 1.0);
}`,
  },
  javascript: "Math.cos",
} as const satisfies Partial<Helpers>;

export const erf = {
  wgsl: {
    name: "erf_of",
    needs: [exp.wgsl],
    text: `fn erf_of(x: f32) -> f32 {
  let a = min(abs(x), 4.0);
  let z = x * x;
  let near = (((((7.85384714e-5 * z - 0.000801018932) * z + 0.0051883272) * z - 0.0268538117) * z + 0.112835851) * z - 0.376126258) * z + 1.12837917;
  let p = ((((((2.17081739e-5 * a - 0.000441601849) * a + 0.00420594884) * a - 0.0252121997) * a + 0.108425167) * a + 0.633213416) * a + 1.12958189) * a - 0.000188821368;
  return select(sign(x) * (1.0 - exp_of(-p)), x * near, abs(x) < 1.0);
}`,
  },
  javascript: {
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
  if (a > 2.5) return Math.sign(x) * (1 - erfTail(a));
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return 1.1283791670955126 * Math.exp(-x * x) * sum;
}
function erfTail(a) {
  if (a <= 2) return 1 - erfOf(a);
  if (a > 27) return 0;
  let tail = a;
  for (let n = 80; n >= 1; n--) tail = a + n / 2 / tail;
  return (0.5641895835477563 * Math.exp(-a * a)) / tail;
}`,
  },
} as const satisfies Partial<Helpers>;

export const erfc = {
  wgsl: {
    name: "erfc_of",
    // e^(−a²) by e^(−z²) e^(−(a − z)(a + z)), of which z² is exact. Beyond 9.3 the result is denormal: flushed or not, it is 0 to
    // every sum; before it no exponential is.
    text: `fn erfc_of(x: f32) -> f32 {
  let a = min(abs(x), 9.3);
  let t = 1.0 / (1.0 + 0.5 * a);
  let p = ((((((((0.142194898 * t - 0.666066567) * t + 1.12240903) * t - 0.651258974) * t - 0.116779047) * t + 0.0201916243) * t + 0.0283585323) * t + 0.387899442) * t + 0.998492548) * t - 1.26544144;
  let z = floor(a * 16.0) * 0.0625;
  let tail = t * (exp(-z * z) * exp(p - (a - z) * (a + z)));
  return select(tail, 2.0 - tail, x < 0.0);
}`,
  },
  javascript: {
    name: "erfcOf",
    needs: [erf.javascript],
    text: `function erfcOf(x) {
  const a = Math.min(Math.abs(x), 10);
  const t = 1 / (1 + 0.5 * a);
  const tail = t * Math.exp(((((((((0.142194898 * t - 0.666066567) * t + 1.12240903) * t - 0.651258974) * t - 0.116779047) * t + 0.0201916243) * t + 0.0283585323) * t + 0.387899442) * t + 0.998492548) * t - 1.26544144 - a * a);
  return x < 0 ? 2 - tail : tail;
}`,
    double: "const erfcOf = (x) => (x > 0 ? erfTail(x) : 1 + erfOf(-x));",
  },
} as const satisfies Partial<Helpers>;

export const erfinv = {
  wgsl: {
    name: "erfinv_of",
    needs: [log.wgsl],
    text: `fn erfinv_of(y: f32) -> f32 {
  let x = clamp(y, -0.99999994, 0.99999994);
  let w = -log_of((1.0 - x) * (1.0 + x));
  let u = w - 2.5;
  let near = (((((((2.85339911e-8 * u + 3.43725995e-7) * u - 3.52884996e-6) * u - 4.39676967e-6) * u + 0.000218602159) * u - 0.00125370755) * u - 0.0041777077) * u + 0.246640726) * u + 1.50140942;
  let v = sqrt(max(w, 0.0)) - 3.0;
  let far = (((((((-0.000121595845 * v + 5.10493428e-5) * v + 0.00123943415) * v - 0.00362302974) * v + 0.0057906646) * v - 0.00763585316) * v + 0.00943088941) * v + 1.00167483) * v + 2.83297711;
  return x * select(far, near, w < 5.0);
}`,
  },
  javascript: {
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
  const x = Math.min(Math.max(y, -0.9999999999999999), 0.9999999999999999);
  const w = -Math.log((1 - x) * (1 + x));
  let guess = w < 5 ? 0.8862 * x + 0.23 * x * x * x : Math.sign(x) * (Math.sqrt(w) - 0.9);
  for (let turn = 0; turn < 60; turn++) {
    const error = Math.abs(guess) > 0.5
      ? Math.sign(guess) * (1 - Math.abs(x) - erfTail(Math.abs(guess)))
      : erfOf(guess) - x;
    const step = (error * 0.886226925452758) * Math.exp(guess * guess);
    const taken = step / (1 + guess * step);
    guess -= taken;
    if (Math.abs(taken) <= 4e-16 * Math.abs(guess)) break;
  }
  return guess;
}`,
    needs: [erf.javascript],
  },
} as const satisfies Partial<Helpers>;

export const atan2 = {
  wgsl: {
    name: "atan2_of",
    // By the angle to the nearer axis, of which the tangent is at most 1; scaled, as drivers divide badly near the ends of f32.
    text: `fn atan2_of(y: f32, x: f32) -> f32 {
  let most = max(abs(x), abs(y));
  let scale = select(select(1.0, 1e10, most < 1e-20), 1e-10, most > 1e20);
  let tangent = (min(abs(x), abs(y)) * scale) / select(most * scale, 1.0, most == 0.0);
  let far = tangent > 0.414213562;
  let t = select(tangent, (tangent - 1.0) / (tangent + 1.0), far);
  let z = t * t;
  let p = (((0.0798448963 * z - 0.138514343) * z + 0.199744137) * z - 0.333327978) * z + 0.999999982;
  let near = t * p + select(0.0, 0.785398163, far);
  let steep = select(near, 1.57079633 - near, abs(y) > abs(x));
  let angle = select(steep, 3.14159265 - steep, x < 0.0);
  return select(angle, -angle, y < 0.0);
}`,
  },
  javascript: {
    name: "atan2Of",
    text: "const atan2Of = (y, x) => Math.atan2(y + 0, x + 0);",
  },
} as const satisfies Partial<Helpers>;
