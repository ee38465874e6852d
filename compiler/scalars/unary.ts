// Takes no input, gives the scalar operations of one operand.
import { scalarValues } from "../../runtime/scalars.js";
import { half, round } from "./arithmeticHelpers.js";
import * as functions from "./functionHelpers.js";
import { intervalRules } from "./intervals.js";
import type { MachineForm } from "./machine.js";
import { asGiven, called, instruction } from "./machine.js";
import * as machine from "./machineFunctions.js";
import { halfForm, magnitudeForms, negation, signForms, squareRoot } from "./machineForms.js";
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
  wasm: MachineForm,
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
    wasm: { all: wasm },
  };
}

/** Of numbers with a sign, at the cost of an addition. */
function simple(
  value: ScalarOperation["value"],
  facts: Pick<ScalarOperation, "wgsl" | "javascript" | "wasm" | "interval"> &
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
  wasm: MachineForm,
): ScalarOperation {
  const whole = { index: operand, i32: operand, u32: operand, bool: operand };
  const asIs = { index: asGiven, i32: asGiven, u32: asGiven, bool: asGiven };
  return simple(value, {
    takes: real,
    interval: intervalRules.same,
    signs: signRules.products,
    decides: true,
    wgsl: { all: call(name), ...whole },
    javascript: { all: javascript, ...whole },
    wasm: { all: wasm, ...asIs },
  });
}

export const unaryScalars = {
  negate: simple(scalarValues.negate, {
    interval: intervalRules.negative,
    wgsl: same(prefix("-")),
    javascript: { all: prefix("-"), i32: prefix("-", "i32"), u32: prefix("-", "u32") },
    wasm: negation,
  }),
  exp: smooth(
    "exp",
    { cost: 8, magnifies: true, signs: signRules.notNegative },
    called(machine.exp),
  ),
  log: smooth("log", { cost: 8, heldBelow: 0 }, called(machine.log)),
  expm1: smooth(
    "expm1",
    { cost: 10, magnifies: true, signs: signRules.products, zero: "all" },
    called(machine.expm1),
  ),
  log1p: smooth(
    "log1p",
    { cost: 10, heldBelow: -1, signs: signRules.products, zero: "all" },
    called(machine.log1p),
  ),
  sqrt: smooth(
    "sqrt",
    { cost: 3, rounds: "once", signs: signRules.magnitude, zero: "all" },
    squareRoot,
  ),
  sin: smooth("sin", { cost: 8, finite: "always", zero: "all" }, called(machine.sin)),
  cos: smooth("cos", { cost: 8, finite: "always" }, called(machine.cos)),
  tanh: smooth(
    "tanh",
    { cost: 10, finite: "always", signs: signRules.products, zero: "all" },
    called(machine.tanh),
  ),
  abs: simple(scalarValues.abs, {
    interval: intervalRules.magnitude,
    signs: signRules.magnitude,
    wgsl: { all: call("abs"), u32: operand },
    javascript: { all: call("Math.abs"), i32: call("Math.abs", "i32"), u32: operand },
    wasm: magnitudeForms,
  }),
  sign: simple(scalarValues.sign, {
    interval: intervalRules.sign,
    signs: signRules.weakest,
    decides: true,
    rounds: "otherwise",
    finite: "always",
    wgsl: same(call("sign")),
    javascript: same(call("Math.sign")),
    wasm: signForms,
  }),
  floor: rounding(scalarValues.floor, "floor", call("Math.floor"), instruction("f32.floor")),
  round: rounding(
    scalarValues.round,
    "round",
    helped(round.javascript),
    instruction("f32.nearest"),
  ),
  half: {
    ...simple(scalarValues.half, {
      takes: real,
      interval: intervalRules.unknown,
      signs: signRules.products,
      integers: "none",
      rounds: "otherwise",
      finite: "no",
      wgsl: same(helped(half.wgsl)),
      javascript: same(helped(half.javascript)),
      wasm: { all: halfForm },
    }),
    cost: 4,
  },
  erf: smooth(
    "erf",
    { cost: 14, finite: "always", signs: signRules.products, zero: "all" },
    called(machine.erf),
  ),
  erfc: smooth(
    "erfc",
    { cost: 30, finite: "always", signs: signRules.notNegative },
    called(machine.erfc),
  ),
  erfinv: smooth(
    "erfinv",
    { cost: 20, signs: signRules.products, zero: "all" },
    called(machine.erfinv),
  ),
  not: simple(scalarValues.not, {
    interval: intervalRules.truth,
    signs: signRules.notNegative,
    zero: "none",
    takes: truth,
    rounds: "otherwise",
    finite: "always",
    wgsl: same(prefix("!")),
    javascript: same(prefix("!")),
    wasm: { all: instruction("i32.eqz") },
  }),
} as const satisfies Readonly<Record<string, ScalarOperation>>;
