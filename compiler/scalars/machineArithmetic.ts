// Takes a machine and values, gives what WebAssembly's functions are written with: arithmetic on reals and on their bits.
import type { Machine, MachineValue } from "./machine.js";

type Binary = (m: Machine, a: MachineValue, b: MachineValue) => MachineValue;
type Unary = (m: Machine, a: MachineValue) => MachineValue;

const binary =
  (name: string): Binary =>
  (m, a, b) =>
    m.op(name, a, b);
const unary =
  (name: string): Unary =>
  (m, a) =>
    m.op(name, a);

export const add = binary("f32.add");
export const minus = binary("f32.sub");
export const multiply = binary("f32.mul");
export const divide = binary("f32.div");
/** NaN where an operand is. */
export const least = binary("f32.min");
export const most = binary("f32.max");
export const less = binary("f32.lt");
export const both = binary("i32.and");
export const magnitude = unary("f32.abs");
export const truncated = unary("f32.trunc");
/** Ties go to the even one. */
export const nearest = unary("f32.nearest");
export const whole = unary("i32.trunc_sat_f32_s");

export function clamp(m: Machine, x: MachineValue, low: number, high: number): MachineValue {
  return most(m, least(m, x, m.real(high)), m.real(low));
}

/** By Horner's rule, from the highest coefficient on: the last one is rounded last. */
export function polynomial(
  m: Machine,
  x: MachineValue,
  coefficients: readonly number[],
): MachineValue {
  const [first = 0, ...others] = coefficients;
  return others.reduce((sum, one) => add(m, multiply(m, sum, x), m.real(one)), m.real(first));
}

/** By Estrin's scheme: pairs of terms do not wait for each other, and are off by a little more. */
export function pairedPolynomial(
  m: Machine,
  x: MachineValue,
  coefficients: readonly number[],
): MachineValue {
  let terms = coefficients.map((one) => m.real(one));
  for (let power = x; ; power = m.keep(multiply(m, power, power))) {
    const isOdd = terms.length % 2 === 1;
    const next: MachineValue[] = isOdd ? terms.slice(0, 1) : [];
    for (let at = next.length; at < terms.length; at += 2) {
      const [higher, lower] = terms.slice(at, at + 2);
      if (higher && lower) next.push(add(m, multiply(m, higher, power), lower));
    }
    const [only] = next;
    if (next.length === 1 && only) return only;
    terms = next;
  }
}

/** The bits of a mask, all others zero. */
export function maskedBits(m: Machine, value: MachineValue, mask: number): MachineValue {
  return m.op("i32.and", value, m.whole(mask));
}

/** x 2ⁿ by its exponent: x and the result are normal numbers. */
export function scaled(m: Machine, x: MachineValue, n: MachineValue): MachineValue {
  const bits = m.op("i32.reinterpret_f32", x);
  const sum = m.op("i32.add", bits, m.shift("i32.shl", whole(m, n), 23));
  return m.op("f32.reinterpret_i32", sum);
}

/** A value that is not negative with the sign of another. */
export function copySign(m: Machine, value: MachineValue, of: MachineValue): MachineValue {
  const sign = maskedBits(m, m.op("i32.reinterpret_f32", of), -0x80000000);
  const bits = m.op("i32.or", m.op("i32.reinterpret_f32", value), sign);
  return m.op("f32.reinterpret_i32", bits);
}
