// Takes no input, gives the scalar operations of one operand.
import { scalarValues } from "../../runtime/scalars.js";
import { round } from "./arithmeticHelpers.js";
import * as functions from "./functionHelpers.js";
import { intervalRules } from "./intervals.js";
import type { Form, ScalarOperation } from "./record.js";
import { call, helped, operand, prefix, real, same, signed, truth } from "./record.js";
import { signRules } from "./signs.js";

/** Of a real number, by a function in each language. */
function smooth(
  name: keyof typeof functions & keyof typeof scalarValues,
  facts: Pick<ScalarOperation, "cost"> &
    Partial<
      Pick<ScalarOperation, "finite" | "rounds" | "magnifies" | "heldBelow" | "signs" | "zero">
    >,
): ScalarOperation {
  return {
    arity: 1,
    takes: real,
    gives: "operands",
    value: scalarValues[name],
    integers: "none",
    interval: intervalRules.unknown,
    signs: signRules.unknown,
    zero: "none",
    language: "function",
    decides: false,
    rounds: "otherwise",
    finite: "no",
    ...facts,
    wgsl: same(helped(functions[name].wgsl)),
    javascript: same(helped(functions[name].javascript)),
  };
}

/** Of numbers with a sign, at the cost of an addition. */
function simple(
  value: ScalarOperation["value"],
  facts: Pick<ScalarOperation, "wgsl" | "javascript" | "interval"> &
    Partial<
      Pick<
        ScalarOperation,
        "decides" | "rounds" | "takes" | "finite" | "integers" | "signs" | "zero"
      >
    >,
): ScalarOperation {
  return {
    arity: 1,
    takes: signed,
    gives: "operands",
    value,
    integers: "value",
    signs: signRules.unknown,
    zero: "all",
    language: "own",
    cost: 1,
    decides: false,
    rounds: "passes",
    finite: "keeps",
    ...facts,
  };
}

/** To a whole number; whole ones already are. */
function rounding(
  value: ScalarOperation["value"],
  name: string,
  javascript: Form,
): ScalarOperation {
  const whole = { index: operand, i32: operand, u32: operand, bool: operand };
  return simple(value, {
    takes: real,
    interval: intervalRules.same,
    signs: signRules.products,
    decides: true,
    wgsl: { all: call(name), ...whole },
    javascript: { all: javascript, ...whole },
  });
}

export const unaryScalars = {
  negate: simple(scalarValues.negate, {
    interval: intervalRules.negative,
    wgsl: same(prefix("-")),
    javascript: { all: prefix("-"), i32: prefix("-", "i32"), u32: prefix("-", "u32") },
  }),
  exp: smooth("exp", { cost: 8, magnifies: true, signs: signRules.notNegative }),
  log: smooth("log", { cost: 8, heldBelow: 0 }),
  expm1: smooth("expm1", { cost: 10, magnifies: true, signs: signRules.products, zero: "all" }),
  log1p: smooth("log1p", { cost: 10, heldBelow: -1, signs: signRules.products, zero: "all" }),
  sqrt: smooth("sqrt", { cost: 3, rounds: "once", signs: signRules.magnitude, zero: "all" }),
  sin: smooth("sin", { cost: 8, finite: "always", zero: "all" }),
  cos: smooth("cos", { cost: 8, finite: "always" }),
  tanh: smooth("tanh", { cost: 10, finite: "always", signs: signRules.products, zero: "all" }),
  abs: simple(scalarValues.abs, {
    interval: intervalRules.magnitude,
    signs: signRules.magnitude,
    wgsl: { all: call("abs"), u32: operand },
    javascript: { all: call("Math.abs"), i32: call("Math.abs", "i32"), u32: operand },
  }),
  sign: simple(scalarValues.sign, {
    interval: intervalRules.sign,
    signs: signRules.weakest,
    decides: true,
    rounds: "otherwise",
    finite: "always",
    wgsl: same(call("sign")),
    javascript: same(call("Math.sign")),
  }),
  floor: rounding(scalarValues.floor, "floor", call("Math.floor")),
  round: rounding(scalarValues.round, "round", helped(round.javascript)),
  erf: smooth("erf", { cost: 14, finite: "always", signs: signRules.products, zero: "all" }),
  erfc: smooth("erfc", { cost: 30, finite: "always", signs: signRules.notNegative }),
  erfinv: smooth("erfinv", { cost: 20, signs: signRules.products, zero: "all" }),
  not: simple(scalarValues.not, {
    interval: intervalRules.truth,
    signs: signRules.notNegative,
    zero: "none",
    takes: truth,
    rounds: "otherwise",
    finite: "always",
    wgsl: same(prefix("!")),
    javascript: same(prefix("!")),
  }),
} as const satisfies Readonly<Record<string, ScalarOperation>>;
