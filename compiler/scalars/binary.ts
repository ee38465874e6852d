// Takes no input, gives the scalar operations of two operands, and those that choose or convert.
import { scalarValues } from "../../runtime/scalars.js";
import * as helpers from "./arithmeticHelpers.js";
import { atan2 } from "./functionHelpers.js";
import { intervalRules } from "./intervals.js";
import { called, instruction } from "./machine.js";
import { numeric, ordered, extremumForms, logical } from "./machineForms.js";
import * as machine from "./machineFunctions.js";
import * as integers from "./machineIntegers.js";
import type {
  Form,
  Forms,
  MachineForms,
  Printing,
  ScalarOperation,
  TextLanguage,
} from "./record.js";
import { anyType, call, helped, infix, numbers, real, same, truth } from "./record.js";
import { signRules } from "./signs.js";

/** Operators of both languages that wrap in WGSL, and in JavaScript but for indices. */
function wrapping(
  text: string,
  binds: "sum" | "product",
  wasm: string,
): Pick<ScalarOperation, "wgsl" | "javascript" | "wasm"> {
  return {
    wasm: numeric(wasm),
    wgsl: same(infix(text, binds)),
    javascript: {
      all: infix(text, binds),
      i32: infix(text, binds, "i32"),
      u32: infix(text, binds, "u32"),
    },
  };
}

function arithmetic(
  value: ScalarOperation["value"],
  facts: Pick<ScalarOperation, keyof Printing | "interval" | "signs" | "zero"> &
    Partial<
      Pick<
        ScalarOperation,
        "takes" | "cost" | "decides" | "rounds" | "finite" | "integers" | "sign" | "language"
      >
    >,
): ScalarOperation {
  return {
    arity: 2,
    takes: numbers,
    gives: "operands",
    value,
    integers: "value",
    language: "own",
    cost: 1,
    decides: false,
    rounds: "once",
    finite: "no",
    ...facts,
  };
}

/** How each language writes an operation on truth values. */
type Logic = Readonly<Record<TextLanguage, Form>>;

/** The smaller or larger: a function of numbers, an operator on truth values. */
function extremum(
  value: ScalarOperation["value"],
  name: "min" | "max",
  ofTruth: Logic,
): ScalarOperation {
  return arithmetic(value, {
    interval: name === "min" ? intervalRules.lesser : intervalRules.greater,
    signs: name === "min" ? signRules.weakest : signRules.greatest,
    zero: "all",
    rounds: "passes",
    finite: "keeps",
    wgsl: { all: call(name), bool: ofTruth.wgsl },
    javascript: { all: call(`Math.${name}`), bool: ofTruth.javascript },
    wasm: extremumForms(name),
  });
}

/**
 * Shaders compute both sides: drivers make a branch of each && and ||, and some take minutes over a body of many.
 * In JavaScript the left side may keep the right one from a load beyond its array.
 */
const both: Logic = { wgsl: infix("&", "bothBits"), javascript: infix("&&", "and") };
const either: Logic = { wgsl: infix("|", "eitherBit"), javascript: infix("||", "or") };
const quotient = infix("/", "product");
const rest = infix("%", "product");
const floorModulo = helped(helpers.floorModulo.javascript);
const floorModuloOfShader = helped(helpers.floorModulo.wgsl);

const remainders: Forms = {
  all: rest,
  i32: infix("%", "product", "i32"),
  u32: infix("%", "product", "u32"),
};

export const arithmeticScalars = {
  add: arithmetic(scalarValues.add, {
    sign: "+",
    interval: intervalRules.sum,
    signs: signRules.sum,
    zero: "all",
    ...wrapping("+", "sum", "add"),
  }),
  subtract: arithmetic(scalarValues.subtract, {
    sign: "-",
    interval: intervalRules.difference,
    signs: signRules.unknown,
    zero: "all",
    ...wrapping("-", "sum", "sub"),
  }),
  multiply: arithmetic(scalarValues.multiply, {
    sign: "*",
    integers: Math.imul,
    interval: intervalRules.product,
    signs: signRules.product,
    zero: "any",
    wgsl: same(infix("*", "product")),
    javascript: {
      all: infix("*", "product"),
      i32: call("Math.imul"),
      u32: call("Math.imul", "u32"),
    },
    wasm: numeric("mul"),
  }),
  divide: arithmetic(scalarValues.divide, {
    sign: "/",
    takes: real,
    integers: "none",
    interval: intervalRules.quotient,
    signs: signRules.products,
    zero: "first",
    cost: 2,
    wgsl: same(quotient),
    javascript: {
      all: quotient,
      index: infix("/", "product", "i32"),
    },
    wasm: { all: instruction("f32.div"), index: called(integers.wholeQuotient) },
  }),
  modulo: arithmetic(scalarValues.modulo, {
    sign: "%",
    integers: (a, b) => (b === 0 ? 0 : scalarValues.modulo(a, b)),
    interval: intervalRules.remainder,
    signs: signRules.divisor,
    zero: "first",
    cost: 4,
    decides: true,
    rounds: "otherwise",
    wgsl: {
      all: helped(helpers.modulo.wgsl),
      index: floorModuloOfShader,
      i32: floorModuloOfShader,
      u32: helped(helpers.wholeModulo.wgsl),
    },
    javascript: {
      all: helped(helpers.modulo.javascript),
      index: floorModulo,
      i32: floorModulo,
      u32: infix("%", "product", "u32"),
    },
    wasm: {
      all: called(integers.modulo),
      index: called(integers.floorModulo),
      i32: called(integers.floorModulo),
      u32: called(integers.unsignedRemainder),
    },
  }),
  power: arithmetic(scalarValues.power, {
    interval: intervalRules.unknown,
    signs: signRules.power,
    zero: "none",
    takes: real,
    cost: 16,
    rounds: "otherwise",
    wgsl: {
      all: helped(helpers.power.wgsl),
      i32: helped(helpers.powerI32.wgsl),
      index: helped(helpers.powerI32.wgsl),
      u32: helped(helpers.powerU32.wgsl),
    },
    javascript: {
      all: helped(helpers.power.javascript),
      i32: helped(helpers.powerI32.javascript),
      index: helped(helpers.powerI32.javascript),
      u32: helped(helpers.powerU32.javascript),
    },
    wasm: {
      all: called(integers.power),
      i32: called(integers.powerI32),
      index: called(integers.powerI32),
      u32: called(integers.powerU32),
    },
  }),
  atan2: arithmetic(scalarValues.atan2, {
    language: "function",
    takes: real,
    integers: "none",
    interval: intervalRules.unknown,
    signs: signRules.unknown,
    zero: "all",
    cost: 14,
    rounds: "otherwise",
    finite: "always",
    wgsl: same(helped(atan2.wgsl)),
    javascript: same(helped(atan2.javascript)),
    wasm: { all: called(machine.atan2) },
  }),
  minimum: extremum(scalarValues.minimum, "min", both),
  maximum: extremum(scalarValues.maximum, "max", either),
} as const satisfies Readonly<Record<string, ScalarOperation>>;

function comparison(
  value: ScalarOperation["value"],
  sign: string,
  wasm: MachineForms,
  facts: { readonly takes?: ScalarOperation["takes"]; readonly script?: string } = {},
): ScalarOperation {
  return {
    arity: 2,
    takes: facts.takes ?? numbers,
    gives: "bool",
    value,
    integers: "value",
    interval: intervalRules.truth,
    signs: signRules.notNegative,
    zero: "none",
    language: "own",
    cost: 1,
    decides: true,
    rounds: "otherwise",
    finite: "always",
    sign,
    wgsl: same(infix(sign, "comparison")),
    javascript: same(infix(facts.script ?? sign, "comparison")),
    wasm,
  };
}

export const comparisonScalars = {
  equal: comparison(scalarValues.equal, "==", numeric("eq"), { takes: anyType, script: "===" }),
  notEqual: comparison(scalarValues.notEqual, "!=", numeric("ne"), {
    takes: anyType,
    script: "!==",
  }),
  less: comparison(scalarValues.less, "<", ordered("lt")),
  lessEqual: comparison(scalarValues.lessEqual, "<=", ordered("le")),
  greater: comparison(scalarValues.greater, ">", ordered("gt")),
  greaterEqual: comparison(scalarValues.greaterEqual, ">=", ordered("ge")),
} as const satisfies Readonly<Record<string, ScalarOperation>>;

function logic(
  value: ScalarOperation["value"],
  sign: "and" | "or",
  form: Logic,
  zero: ScalarOperation["zero"],
): ScalarOperation {
  return {
    arity: 2,
    takes: truth,
    gives: "bool",
    value,
    integers: "none",
    interval: intervalRules.truth,
    signs: signRules.notNegative,
    zero,
    language: "own",
    cost: 1,
    decides: false,
    rounds: "otherwise",
    finite: "always",
    sign,
    wgsl: same(form.wgsl),
    javascript: same(form.javascript),
    wasm: logical(sign),
  };
}

export const logicScalars = {
  and: logic(scalarValues.and, "and", both, "any"),
  or: logic(scalarValues.or, "or", either, "all"),
} as const satisfies Readonly<Record<string, ScalarOperation>>;

/** What is neither function nor operator: a choice by a condition, and a conversion between types. */
export const otherScalars = {
  select: {
    arity: 3,
    takes: anyType,
    gives: "operands",
    value: scalarValues.select,
    integers: "value",
    interval: intervalRules.either,
    signs: signRules.choices,
    zero: "choices",
    language: "own",
    cost: 1,
    decides: false,
    rounds: "passes",
    finite: "keeps",
    wgsl: same({ kind: "choice" }),
    javascript: same({ kind: "choice" }),
    wasm: { all: { kind: "choice" } },
  },
  cast: {
    arity: 1,
    takes: anyType,
    gives: "target",
    value: scalarValues.cast,
    integers: "value",
    interval: intervalRules.same,
    signs: signRules.weakest,
    zero: "all",
    language: "own",
    cost: 1,
    decides: false,
    rounds: "otherwise",
    finite: "keeps",
    wgsl: same({ kind: "conversion" }),
    javascript: same({ kind: "conversion" }),
    wasm: { all: { kind: "conversion" } },
  },
} as const satisfies Readonly<Record<string, ScalarOperation>>;

/** Known to kernels alone: `modulo` where the dividend is not negative. */
export const remainder: Printing = {
  wgsl: same(rest),
  javascript: remainders,
  wasm: { all: called(integers.remainder), u32: called(integers.unsignedRemainder) },
};
