// Takes no input, gives what remainders, powers, conversions and draws call in WebAssembly.
import type { Machine, MachineFunction, MachineValue } from "./machine.js";
import { add, least, multiply, nearest } from "./machineArithmetic.js";

const integers: Pick<MachineFunction, "takes" | "gives" | "single"> = {
  takes: ["i32", "i32"],
  gives: "i32",
  single: true,
};

/** A division by 0 ends a program: by 1 instead, and what comes out is chosen apart. */
function divisor(m: Machine, y: MachineValue): MachineValue {
  return m.select(m.op("i32.eqz", y), m.whole(1), y);
}

/** 0 for a divisor 0. */
function orZero(m: Machine, y: MachineValue, value: MachineValue): MachineValue {
  return m.select(m.op("i32.eqz", y), m.whole(0), value);
}

/** Of indices, which are never negative and never the least number of 32 bits. */
export const wholeQuotient: MachineFunction = {
  ...integers,
  name: "whole_quotient",
  write: (m, x, y) => orZero(m, y, m.op("i32.div_s", x, divisor(m, y))),
};

export const remainder: MachineFunction = {
  ...integers,
  name: "remainder",
  write: (m, x, y) => orZero(m, y, m.op("i32.rem_s", x, divisor(m, y))),
};

export const unsignedRemainder: MachineFunction = {
  ...integers,
  name: "unsigned_remainder",
  write: (m, x, y) => orZero(m, y, m.op("i32.rem_u", x, divisor(m, y))),
};

/** With the divisor's sign. */
export const floorModulo: MachineFunction = {
  ...integers,
  name: "floor_modulo",
  write: (m, x, y) => {
    const r = m.keep(m.call(remainder, x, y));
    const differ = m.op("i32.lt_s", m.op("i32.xor", r, y), m.whole(0));
    const isOff = m.op("i32.and", m.op("i32.ne", r, m.whole(0)), differ);
    return m.select(isOff, m.op("i32.add", r, y), r);
  },
};

const reals: Pick<MachineFunction, "takes" | "gives" | "single"> = {
  takes: ["f32", "f32"],
  gives: "f32",
  single: true,
};

/**
 * The remainder with the divisor's sign, exact. In double precision a quotient below 2²⁹ is the right whole number, and its product
 * with the divisor takes no rounding: a dividend that is larger still first loses multiples of the divisor times powers of 2.
 */
export const modulo: MachineFunction = {
  ...reals,
  name: "modulo",
  write: (m, x, y) => {
    const [a, b] = [x, y].map((one) => m.keep(m.op("f64.promote_f32", one)));
    if (!a || !b) throw new Error("modulo lacks an operand");
    const left = m.variable(a);
    const without = (part: MachineValue): void => {
      const times = m.op("f64.trunc", m.op("f64.div", left.get, part));
      left.set(m.op("f64.sub", left.get, m.op("f64.mul", part, times)));
    };
    // No quotient of two numbers of f32 reaches 2²⁷⁸.
    const part = m.variable(m.op("f64.mul", b, m.double(2 ** 252)));
    const large = m.keep(m.op("f64.mul", m.op("f64.abs", b), m.double(2 ** 28)));
    m.repeat(m.op("f64.ge", m.op("f64.abs", left.get), large), () => {
      without(part.get);
      part.set(m.op("f64.mul", part.get, m.double(2 ** -28)));
    });
    without(b);
    const isWithin = m.op("f32.lt", m.op("f32.abs", x), m.op("f32.abs", y));
    // By infinity there is no product.
    const rest = m.keep(m.select(isWithin, x, m.op("f32.demote_f64", left.get)));
    const differ = m.op("i32.ne", m.op("f32.lt", rest, m.real(0)), m.op("f32.lt", y, m.real(0)));
    const isOff = m.op("i32.and", m.op("f32.ne", rest, m.real(0)), differ);
    const other = m.keep(add(m, rest, y));
    // A rest so small that it is lost beside the divisor.
    const whole = m.select(m.op("f32.eq", other, y), m.real(0), other);
    const value = m.select(isOff, whole, rest);
    return m.select(m.op("f32.eq", y, m.real(0)), m.real(0), value);
  },
};

/** 2^(y log₂ |x|) in double precision; 0 where it is no real number, and never beyond f32. */
export const power: MachineFunction = {
  ...reals,
  name: "power",
  write: (m, x, y) => {
    const exponent = m.op("f64.mul", m.op("f64.promote_f32", y), logTwo(m, x));
    const size = m.keep(powerOfTwo(m, exponent));
    const isOdd = m.op("f32.ne", m.op("f32.floor", half(m, y)), half(m, y));
    const negative = m.select(isOdd, m.op("f32.neg", size), size);
    const isWhole = m.op("f32.eq", m.op("f32.floor", y), y);
    const ofNegative = m.select(isWhole, negative, m.real(0));
    const value = m.select(m.op("f32.lt", x, m.real(0)), ofNegative, size);
    const ofZero = m.select(m.op("f32.gt", y, m.real(0)), m.real(0), m.real(largest));
    const isZero = m.op("f32.eq", x, m.real(0));
    const some = m.select(isZero, ofZero, value);
    const known = m.select(m.op("f32.eq", y, y), some, y);
    return m.select(m.op("f32.eq", y, m.real(0)), m.real(1), known);
  },
};

const largest = 3.4028234663852886e38;

function half(m: Machine, y: MachineValue): MachineValue {
  return multiply(m, y, m.real(0.5));
}

/** log₂ |x| by 2 artanh((m − 1) / (m + 1)), of the m within 1/√2 and √2, to 13 digits; infinite and NaN as x is. */
function logTwo(m: Machine, x: MachineValue): MachineValue {
  const size = m.keep(m.op("f64.promote_f32", m.op("f32.abs", x)));
  const bits = m.keep(m.op("i64.reinterpret_f64", size));
  const n = m.keep(
    m.op("i64.shr_s", m.op("i64.sub", bits, m.long(0x3fe6a09en << 32n)), m.long(52n)),
  );
  const near = m.op("f64.reinterpret_i64", m.op("i64.sub", bits, m.op("i64.shl", n, m.long(52n))));
  const f = m.keep(near);
  const s = m.keep(
    m.op("f64.div", m.op("f64.sub", f, m.double(1)), m.op("f64.add", f, m.double(1))),
  );
  const z = m.keep(m.op("f64.mul", s, s));
  const series = [17, 15, 13, 11, 9, 7, 5, 3, 1].map((odd) => 2 / odd);
  const sum = m.op("f64.mul", s, doublePolynomial(m, z, series));
  const whole = m.op("f64.convert_i32_s", m.op("i32.wrap_i64", n));
  const value = m.op("f64.add", whole, m.op("f64.mul", sum, m.double(Math.LOG2E)));
  return m.select(m.op("f64.lt", size, m.double(Infinity)), value, size);
}

/** Within f32, 0 below its normal numbers. */
function powerOfTwo(m: Machine, exponent: MachineValue): MachineValue {
  const held = m.keep(m.op("f64.min", m.op("f64.max", exponent, m.double(-200)), m.double(200)));
  const n = m.keep(m.op("f64.nearest", held));
  const r = m.keep(m.op("f64.mul", m.op("f64.sub", held, n), m.double(Math.LN2)));
  const p = doublePolynomial(m, r, inverseFactorials);
  const bits = m.op("i64.add", m.op("i64.trunc_sat_f64_s", n), m.long(1023n));
  const scale = m.op("f64.reinterpret_i64", m.op("i64.shl", bits, m.long(52n)));
  return least(m, m.op("f32.demote_f64", m.op("f64.mul", p, scale)), m.real(largest));
}

/** 1 / 10! … 1 / 0! */
const inverseFactorials = Array.from({ length: 11 }, (_, at) =>
  Array.from({ length: 10 - at }, (_each, n) => n + 1).reduce((value, n) => value / n, 1),
);

function doublePolynomial(
  m: Machine,
  x: MachineValue,
  coefficients: readonly number[],
): MachineValue {
  const [first = 0, ...others] = coefficients;
  const step = (sum: MachineValue, one: number): MachineValue =>
    m.op("f64.add", m.op("f64.mul", sum, x), m.double(one));
  return others.reduce(step, m.double(first));
}

/** 0 for NaN, and the largest f32 within the type for all beyond it. */
export function toI32(m: Machine, x: MachineValue): MachineValue {
  return m.op("i32.trunc_sat_f32_s", least(m, x, m.real(2147483520)));
}

export function toU32(m: Machine, x: MachineValue): MachineValue {
  return m.op("i32.trunc_sat_f32_u", least(m, x, m.real(4294967040)));
}

const wholePower = (signed: boolean): MachineFunction => ({
  ...integers,
  name: signed ? "power_i32" : "power_u32",
  write: (m, x, y) => {
    const convert = `f32.convert_i32_${signed ? "s" : "u"}`;
    const value = nearest(m, m.call(power, m.op(convert, x), m.op(convert, y)));
    return signed ? toI32(m, value) : toU32(m, value);
  },
});

export const powerI32 = wholePower(true);
export const powerU32 = wholePower(false);

/** Philox 4×32-10 (Salmon et al., 2011), the first of its four words, of seed, counter, stream and index. */
export const drawBits: MachineFunction = {
  name: "draw_bits",
  takes: ["i32", "i32", "i32", "i32"],
  gives: "i32",
  vectorsFrom: 3,
  write: (m, seed, counter, stream, index) => {
    let [c0, c1, c2, c3] = [index, m.spread(counter), m.spread(stream), m.whole(0)];
    let [k0, k1] = [m.spread(seed), m.whole(0)];
    const rounds = 10;
    for (let round = 0; round < rounds; round++) {
      const high0 = m.multiplyHigh(c0, 0xd2511f53);
      const high1 = m.multiplyHigh(c2, 0xcd9e8d57);
      const low0 = m.keep(m.op("i32.mul", c0, m.whole(0xd2511f53)));
      const low1 = m.keep(m.op("i32.mul", c2, m.whole(0xcd9e8d57)));
      c0 = m.keep(m.op("i32.xor", m.op("i32.xor", high1, c1), k0));
      c2 = m.keep(m.op("i32.xor", m.op("i32.xor", high0, c3), k1));
      [c1, c3] = [low1, low0];
      k0 = m.keep(m.op("i32.add", k0, m.whole(0x9e3779b9)));
      k1 = m.keep(m.op("i32.add", k1, m.whole(0xbb67ae85)));
    }
    return c0;
  },
};

/** Exact: 24 bits are enough for it. */
export const drawUniform: MachineFunction = {
  ...drawBits,
  name: "draw_uniform",
  gives: "f32",
  write: (m, ...operands) => {
    const bits = m.shift("i32.shr_u", m.call(drawBits, ...operands), 9);
    const middle = add(m, m.op("f32.convert_i32_s", bits), m.real(0.5));
    return multiply(m, middle, m.real(1.1920928955078125e-7));
  },
};
