// Takes no input, gives the functions of real numbers as WebAssembly has them: once, for one value and for four.
import type { Machine, MachineFunction, MachineValue } from "./machine.js";
import {
  add,
  both,
  clamp,
  copySign,
  divide,
  least,
  less,
  magnitude,
  minus,
  most,
  multiply,
  nearest,
  pairedPolynomial,
  polynomial,
  scaled,
  truncated,
  whole,
  maskedBits,
} from "./machineArithmetic.js";

/*
 * In single precision throughout, so that four values take what one does, by the formulas and coefficients of the shaders'
 * functions; exp and log by those of Cephes and fdlibm.
 */

function realFunction(name: string, write: MachineFunction["write"]): MachineFunction {
  return { name, takes: ["f32"], gives: "f32", write };
}

/** Coefficients of (eʳ − 1 − r) / r² where |r| ≤ log 2 / 2. */
const exponential = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1,
  5.0000001201e-1,
];

/** Of the least normal number; the exponent of every number from there on is enough for a normal one. */
const leastExponent = -87.33654;

/** The quotient and the rest of a division by log 2, the rest to more digits than one number has. */
function byLogTwo(
  m: Machine,
  x: MachineValue,
): { readonly n: MachineValue; readonly r: MachineValue } {
  const n = m.keep(nearest(m, multiply(m, x, m.real(1.44269504))));
  const r = minus(m, x, multiply(m, n, m.real(0.693359375)));
  return { n, r: m.keep(add(m, r, multiply(m, n, m.real(2.1219444e-4)))) };
}

/** e^x = 2ⁿ eʳ; 0 where that is no normal number. */
export const exp = realFunction("exp", (m, x) => {
  const a = m.keep(least(m, x, m.real(88.72)));
  const { n, r } = byLogTwo(m, most(m, a, m.real(leastExponent)));
  const p = add(m, multiply(m, multiply(m, pairedPolynomial(m, r, exponential), r), r), r);
  const value = scaled(m, add(m, p, m.real(1)), n);
  return m.select(less(m, x, m.real(leastExponent)), m.real(0), value);
});

/** log x = n log 2 + log m, of the m within 1/√2 and √2; as fdlibm has it. */
export const log = realFunction("log", (m, x) => {
  const given = m.keep(most(m, x, m.real(1.1754944e-38)));
  const bits = m.keep(m.op("i32.reinterpret_f32", given));
  const n = m.keep(m.shift("i32.shr_s", m.op("i32.sub", bits, m.whole(0x3f3504f3)), 23));
  const near = m.op("f32.reinterpret_i32", m.op("i32.sub", bits, m.shift("i32.shl", n, 23)));
  const f = m.keep(minus(m, near, m.real(1)));
  const s = m.keep(divide(m, f, add(m, f, m.real(2))));
  const z = m.keep(multiply(m, s, s));
  const series = [0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693];
  const rest = multiply(m, z, polynomial(m, z, series));
  const half = m.keep(multiply(m, m.real(0.5), multiply(m, f, f)));
  const k = m.keep(m.op("f32.convert_i32_s", n));
  const low = add(m, multiply(m, s, add(m, half, rest)), multiply(m, k, m.real(9.0580006145e-6)));
  const sum = add(m, minus(m, low, half), f);
  const value = add(m, sum, multiply(m, k, m.real(0.69313812256)));
  return m.select(less(m, given, m.real(Infinity)), value, given);
});

/** e^(n log 2 + r) − 1 = 2ⁿ (eʳ − 1) + 2ⁿ − 1, by halves, as 2¹²⁸ is beyond f32. */
export const expm1 = realFunction("expm1", (m, x) => {
  const a = m.keep(clamp(m, x, -30, 88.72));
  const { n, r } = byLogTwo(m, a);
  const p = add(m, multiply(m, multiply(m, pairedPolynomial(m, r, exponential), r), r), r);
  const half = m.keep(scaled(m, m.real(0.5), n));
  const value = add(m, multiply(m, half, p), minus(m, half, m.real(0.5)));
  const isSmall = less(m, magnitude(m, x), m.real(1e-7));
  return m.select(isSmall, x, multiply(m, m.real(2), value));
});

/** 2 artanh(x / (2 + x)) beside 0, where the sum of 1 and x has few digits of x. */
export const log1p = realFunction("log1p", (m, x) => {
  const n = m.keep(clamp(m, x, -0.5, 1));
  const s = m.keep(divide(m, n, add(m, m.real(2), n)));
  const z = m.keep(multiply(m, s, s));
  const series = [0.122095398, 0.106958732, 0.143104261, 0.199993432, 0.333333397, 1];
  const sum = multiply(m, multiply(m, m.real(2), s), polynomial(m, z, series));
  const near = m.select(less(m, magnitude(m, x), m.real(1e-7)), x, sum);
  const isNear = both(m, m.op("f32.gt", x, m.real(-0.5)), less(m, x, m.real(1)));
  return m.select(isNear, near, m.call(log, add(m, m.real(1), x)));
});

export const tanh = realFunction("tanh", (m, x) => {
  const a = m.keep(least(m, magnitude(m, x), m.real(10)));
  const z = m.keep(multiply(m, a, a));
  const series = [-0.00565997253, 0.0205909722, -0.0537210625, 0.133311275, -0.333332605, 1];
  const power = m.call(exp, add(m, a, a));
  const far = minus(m, m.real(1), divide(m, m.real(2), add(m, power, m.real(1))));
  const near = multiply(m, x, polynomial(m, z, series));
  return m.select(less(m, a, m.real(0.625)), near, copySign(m, far, x));
});

/** sin(x + shift π/2): the quadrant by π/2 in parts of few digits, n in a multiple of 1024 and a rest, so that products are exact. */
function quarterTurn(m: Machine, x: MachineValue, shift: number): MachineValue {
  const n = m.keep(nearest(m, multiply(m, x, m.real(0.636619772))));
  const thousands = truncated(m, multiply(m, n, m.real(0.0009765625)));
  const large = m.keep(multiply(m, thousands, m.real(1024)));
  const few = m.keep(minus(m, n, large));
  const first = minus(m, x, multiply(m, large, m.real(1.5703125)));
  const second = minus(m, first, multiply(m, few, m.real(1.5703125)));
  const third = minus(m, second, multiply(m, large, m.real(0.00048351287841796875)));
  const fourth = minus(m, third, multiply(m, few, m.real(0.00048351287841796875)));
  const r = m.keep(clamp(m, minus(m, fourth, multiply(m, n, m.real(3.1391647326e-7))), -0.9, 0.9));
  const z = m.keep(multiply(m, r, r));
  const sines = [2.71637842e-6, -0.000198390933, 0.0083333284, -0.166666666, 1];
  const cosines = [2.43639592e-5, -0.00138864317, 0.0416666099, -0.499999995, 1];
  const quadrant = m.keep(m.op("i32.add", whole(m, n), m.whole(shift)));
  const isOdd = m.op("i32.ne", maskedBits(m, quadrant, 1), m.whole(0));
  const value = m.select(isOdd, polynomial(m, z, cosines), multiply(m, r, polynomial(m, z, sines)));
  const sign = m.shift("i32.shl", maskedBits(m, quadrant, 2), 30);
  const bits = m.op("i32.xor", m.op("i32.reinterpret_f32", value), sign);
  return m.op("f32.reinterpret_i32", bits);
}

export const sin = realFunction("sin", (m, x) => quarterTurn(m, x, 0));
export const cos = realFunction("cos", (m, x) => quarterTurn(m, x, 1));

function erfBesideZero(m: Machine, x: MachineValue): MachineValue {
  const z = m.keep(multiply(m, x, x));
  const series = [
    7.85384714e-5, -0.000801018932, 0.0051883272, -0.0268538117, 0.112835851, -0.376126258,
    1.12837917,
  ];
  return multiply(m, x, polynomial(m, z, series));
}

export const erf = realFunction("erf", (m, x) => {
  const size = m.keep(magnitude(m, x));
  const a = m.keep(least(m, size, m.real(4)));
  const outer = [
    2.17081739e-5, -0.000441601849, 0.00420594884, -0.0252121997, 0.108425167, 0.633213416,
    1.12958189, -0.000188821368,
  ];
  const tail = m.call(exp, m.op("f32.neg", polynomial(m, a, outer)));
  const far = copySign(m, minus(m, m.real(1), tail), x);
  return m.select(less(m, size, m.real(1)), erfBesideZero(m, x), far);
});

/**
 * e^(−a²) times a series in 1 / (1 + a/2); beside 0 by erf, which is small there. a² is z², which is exact, as z has half the digits,
 * and (a − z)(a + z), which is small and goes into the rest of the division by log 2.
 */
export const erfc = realFunction("erfc", (m, x) => {
  const size = m.keep(magnitude(m, x));
  const a = m.keep(least(m, size, m.real(9.3)));
  const t = m.keep(divide(m, m.real(1), add(m, m.real(1), multiply(m, m.real(0.5), a))));
  const series = [
    -0.0634545254, 0.305018382, -0.526733583, 0.31952931, -0.0524037614, 0.212401238, 0.24094067,
    0.282635124, 0.282073536,
  ];
  const bits = maskedBits(m, m.op("i32.reinterpret_f32", a), -0x1000);
  const z = m.keep(m.op("f32.reinterpret_i32", bits));
  const square = m.keep(m.op("f32.neg", multiply(m, z, z)));
  const { n, r: whole } = byLogTwo(m, square);
  const r = m.keep(minus(m, whole, multiply(m, minus(m, a, z), add(m, a, z))));
  const p = add(m, multiply(m, multiply(m, pairedPolynomial(m, r, exponential), r), r), r);
  const power = scaled(m, add(m, p, m.real(1)), n);
  const tail = m.keep(multiply(m, multiply(m, t, pairedPolynomial(m, t, series)), power));
  const far = m.select(less(m, x, m.real(0)), minus(m, m.real(2), tail), tail);
  const near = minus(m, m.real(1), erfBesideZero(m, x));
  return m.select(less(m, size, m.real(0.5)), near, far);
});

/** Giles, Approximating the erfinv function (2010). */
export const erfinv = realFunction("erfinv", (m, y) => {
  const x = m.keep(clamp(m, y, -0.99999994, 0.99999994));
  const product = multiply(m, minus(m, m.real(1), x), add(m, m.real(1), x));
  const w = m.keep(m.op("f32.neg", m.call(log, product)));
  const near = [
    2.85339911e-8, 3.43725995e-7, -3.52884996e-6, -4.39676967e-6, 0.000218602159, -0.00125370755,
    -0.0041777077, 0.246640726, 1.50140942,
  ];
  const far = [
    -0.000121595845, 5.10493428e-5, 0.00123943415, -0.00362302974, 0.0057906646, -0.00763585316,
    0.00943088941, 1.00167483, 2.83297711,
  ];
  const u = m.keep(minus(m, w, m.real(2.5)));
  const v = m.keep(minus(m, m.op("f32.sqrt", most(m, w, m.real(0))), m.real(3)));
  const isNear = less(m, w, m.real(5));
  return multiply(m, x, m.select(isNear, polynomial(m, u, near), polynomial(m, v, far)));
});

/** By the angle to the nearer axis, of which the tangent is at most 1. */
export const atan2: MachineFunction = {
  name: "atan2",
  takes: ["f32", "f32"],
  gives: "f32",
  write: (m, y, x) => {
    const [ys, xs] = [y, x].map((one) => m.keep(magnitude(m, one)));
    if (!ys || !xs) throw new Error("atan2 lacks an operand");
    const larger = m.keep(most(m, xs, ys));
    // Of two that are infinite too.
    const isDiagonal = m.op("f32.eq", xs, ys);
    const quotient = divide(m, least(m, xs, ys), larger);
    const tangent = m.keep(m.select(isDiagonal, m.real(1), quotient));
    const isFar = m.keep(m.op("f32.gt", tangent, m.real(0.414213562)));
    const beyond = divide(m, minus(m, tangent, m.real(1)), add(m, tangent, m.real(1)));
    const t = m.keep(m.select(isFar, beyond, tangent));
    const z = m.keep(multiply(m, t, t));
    const series = [0.0798448963, -0.138514343, 0.199744137, -0.333327978, 0.999999982];
    const start = m.select(isFar, m.real(0.785398163), m.real(0));
    const near = m.keep(add(m, multiply(m, t, polynomial(m, z, series)), start));
    const isSteep = m.op("f32.gt", ys, xs);
    const steep = m.keep(m.select(isSteep, minus(m, m.real(1.57079633), near), near));
    const isBehind = less(m, x, m.real(0));
    const angle = m.keep(m.select(isBehind, minus(m, m.real(3.14159265), steep), steep));
    const signed = m.select(less(m, y, m.real(0)), m.op("f32.neg", angle), angle);
    return m.select(m.op("f32.eq", larger, m.real(0)), m.real(0), signed);
  },
};
