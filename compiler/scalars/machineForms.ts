// Takes no input, gives how WebAssembly computes operations that have no function: by an instruction for each type of operands.
import type { Machine, MachineValue } from "./machine.js";
import {
  add,
  copySign,
  less,
  magnitude,
  maskedBits,
  minus,
  multiply,
} from "./machineArithmetic.js";
import { asGiven, inline, instruction } from "./machine.js";
import type { MachineForms } from "./record.js";

/** The same instruction of reals and of integers. */
export function numeric(name: string): MachineForms {
  const ofIntegers = instruction(`i32.${name}`);
  const integers = { index: ofIntegers, i32: ofIntegers, u32: ofIntegers, bool: ofIntegers };
  return { all: instruction(`f32.${name}`), ...integers };
}

/** Comparisons, which tell integers with a sign from those without. */
export function ordered(name: "lt" | "le" | "gt" | "ge"): MachineForms {
  const signed = instruction(`i32.${name}_s`);
  const u32 = instruction(`i32.${name}_u`);
  return { all: instruction(`f32.${name}`), index: signed, i32: signed, u32 };
}

export function logical(name: "and" | "or"): MachineForms {
  return { all: instruction(`i32.${name}`) };
}

/** The smaller or larger; of truth values both or either. */
export function extremumForms(name: "min" | "max"): MachineForms {
  const by = (comparison: string) =>
    inline((m, a, b) => {
      const [left, right] = [m.keep(a), m.keep(b)];
      return m.select(m.op(comparison, left, right), left, right);
    });
  const compare = name === "min" ? "i32.lt" : "i32.gt";
  const signed = by(`${compare}_s`);
  return {
    all: instruction(`f32.${name}`),
    index: signed,
    i32: signed,
    u32: by(`${compare}_u`),
    bool: instruction(name === "min" ? "i32.and" : "i32.or"),
  };
}

function negative(m: Machine, a: MachineValue): MachineValue {
  return m.op("i32.sub", m.whole(0), a);
}

export const negation: MachineForms = { all: inline(negative), f32: instruction("f32.neg") };

/**
 * To the nearest number of half precision, by its bits: 13 of them go, a tie to the even one. Below 2⁻¹⁴ halves are multiples of
 * 2⁻²⁴, which is the unit in the last place of 0.5; from 65520 on all is infinite.
 */
export const halfForm = inline((m, given) => {
  const x = m.keep(given);
  const size = m.keep(magnitude(m, x));
  const bits = m.keep(m.op("i32.reinterpret_f32", size));
  const isOdd = maskedBits(m, m.shift("i32.shr_u", bits, 13), 1);
  const raised = m.op("i32.add", bits, m.op("i32.add", isOdd, m.whole(0xfff)));
  const normal = m.op("f32.reinterpret_i32", maskedBits(m, raised, -0x2000));
  const subnormal = minus(m, add(m, size, m.real(0.5)), m.real(0.5));
  const small = m.select(less(m, size, m.real(2 ** -14)), subnormal, normal);
  const isFinite = less(m, size, m.real(65520));
  return copySign(m, m.select(isFinite, small, multiply(m, size, m.real(Infinity))), x);
});

const wholeMagnitude = inline((m, a) => {
  const given = m.keep(a);
  return m.select(m.op("i32.lt_s", given, m.whole(0)), negative(m, given), given);
});

export const magnitudeForms: MachineForms = {
  all: instruction("f32.abs"),
  index: wholeMagnitude,
  i32: wholeMagnitude,
  u32: asGiven,
};

const wholeSign = inline((m, a) => {
  const given = m.keep(a);
  const notAbove = m.select(m.op("i32.lt_s", given, m.whole(0)), m.whole(-1), m.whole(0));
  return m.select(m.op("i32.gt_s", given, m.whole(0)), m.whole(1), notAbove);
});

/** NaN of NaN. */
export const signForms: MachineForms = {
  all: inline((m, a) => {
    const given = m.keep(a);
    const notAbove = m.select(m.op("f32.lt", given, m.real(0)), m.real(-1), given);
    return m.select(m.op("f32.gt", given, m.real(0)), m.real(1), notAbove);
  }),
  index: wholeSign,
  i32: wholeSign,
};

/** 0 of what is below 0. */
export const squareRoot = inline((m, a) => m.op("f32.sqrt", m.op("f32.max", a, m.real(0))));
