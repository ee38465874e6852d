// Tensors and numbers in; the operators and elementwise functions of the language out.

import type { ElementType, Node } from "../../types/graph.js";
import { splatValue } from "../broadcast.js";
import { scalarOperation } from "../../scalars/table.js";
import { arithmeticNames, scalarUnaryNames } from "../../types/opNames.js";
import type { ArithmeticName, BinaryName, ScalarUnaryName } from "../../types/opNames.js";
import type { GraphBuilder } from "../builder.js";
import { opTable } from "../table.js";
import { castTo, countable, promote, realAt, tensorAt, toTensor } from "./arguments.js";
import { matmul } from "./matmul.js";
import { repeatedProduct } from "../power.js";
import { define, fail, parameter } from "./primitive.js";
import type { Argument, Call, Primitive } from "./primitive.js";

const x = parameter("x", "tensor");
const pair = [parameter("a", "tensor"), parameter("b", "tensor")];

/** What the language writes as functions of real numbers: integers and truth values become f32. */
export const realFunctionNames = [...scalarUnaryNames, ...arithmeticNames].filter(
  (name) => scalarOperation(name)?.language === "function",
);

function realFunction(name: ScalarUnaryName | ArithmeticName): Primitive {
  const binary = scalarOperation(name)?.arity === 2;
  return define(name, {
    doc: opTable[name].doc,
    parameters: binary ? [parameter("y", "tensor"), x] : [x],
    expand: (call) => {
      const operands = [realAt(call, 0), ...(binary ? [realAt(call, 1)] : [])];
      return call.b.node(name, operands, {});
    },
  });
}

/** A function that keeps signed types. */
function signedFunction(name: string, op: "negate" | "abs" | "sign"): Primitive {
  return define(name, {
    doc: opTable[op].doc,
    parameters: [x],
    expand: (call) => call.b[op](signedTensor(call)),
  });
}

function signedTensor(call: Call): Node {
  const operand = tensorAt(call, 0);
  return operand.type === "f32" ? operand : call.b.cast(operand, "i32");
}

/** floor and round leave integers as they are. */
function roundingFunction(name: "floor" | "round"): Primitive {
  return define(name, {
    doc: opTable[name].doc,
    parameters: [x],
    expand: (call) => {
      const operand = tensorAt(call, 0);
      return operand.type === "f32" ? call.b[name](operand) : countable(call.b, operand);
    },
  });
}

function castFunction(type: ElementType): Primitive {
  return define(type, {
    doc: `The value as ${type}${type === "i32" || type === "u32" ? ", towards zero" : ""}.`,
    parameters: [x],
    expand: (call) => castTo(call.b, tensorAt(call, 0), type),
  });
}

export const functions: Readonly<Record<string, Primitive>> = {
  ...Object.fromEntries(realFunctionNames.map((name) => [name, realFunction(name)])),
  abs: signedFunction("abs", "abs"),
  sign: signedFunction("sign", "sign"),
  floor: roundingFunction("floor"),
  round: roundingFunction("round"),
  f16: define("f16", {
    doc: "The value rounded to half precision.",
    parameters: [x],
    gives: "f16",
    expand: (call) => call.b.half(castTo(call.b, tensorAt(call, 0), "f32")),
  }),
  f32: { ...castFunction("f32"), gives: "f32" },
  i32: castFunction("i32"),
  u32: castFunction("u32"),
  bool: castFunction("bool"),
  stop_gradient: define("stop_gradient", {
    doc: opTable.stopGradient.doc,
    parameters: [x],
    expand: (call) => call.b.stopGradient(tensorAt(call, 0)),
  }),
};

type Prepare = (b: GraphBuilder, values: readonly (Argument | undefined)[]) => Node[];

function operands(b: GraphBuilder, values: readonly (Argument | undefined)[]): Node[] {
  return promote(b, [values[0] ?? 0, values[1] ?? 0]);
}

const asNumbers: Prepare = (b, values) =>
  operands(b, values).map((operand) => countable(b, operand));

const asReals: Prepare = (b, values) =>
  operands(b, values).map((operand) => castTo(b, operand, "f32"));

const asTruth: Prepare = (b, values) =>
  [0, 1].map((position) => truthOf(b, values[position], position));

function truthOf(b: GraphBuilder, value: Argument | undefined, position: number): Node {
  const operand = toTensor(b, value, position);
  if (operand.type === "bool") return operand;
  return fail("type", "this is decided by truth values", {
    expected: "bool",
    found: operand.type,
    operands: [position],
  });
}

function operator(symbol: string, op: BinaryName, prepare: Prepare): Primitive {
  return define(symbol, {
    doc: opTable[op].doc,
    parameters: pair,
    expand: ({ b, values }) => {
      const [left, right] = prepare(b, values);
      return b.node(op, left === undefined || right === undefined ? [] : [left, right], {});
    },
  });
}

/** Integers to a constant power stay integers; everything else is a power of real numbers. */
function power({ b, values }: Call): Node {
  const [base, exponent] = [toTensor(b, values[0], 0), toTensor(b, values[1], 1)];
  const n = splatValue(exponent);
  const whole = n !== undefined && exponent.shape.length === 0 && Number.isInteger(n);
  if (base.type !== "f32" && whole && n >= 1 && n <= 32) {
    return repeatedProduct(b, countable(b, base), n);
  }
  return b.power(castTo(b, base, "f32"), castTo(b, exponent, "f32"));
}

function choice({ b, values }: Call): Node {
  const condition = truthOf(b, values[0], 0);
  const [then, otherwise] = promote(b, [values[1] ?? 0, values[2] ?? 0]);
  return b.node(
    "select",
    [condition, then, otherwise].flatMap((part) => part ?? []),
    {},
  );
}

/** By the symbol that the language writes; "negate" is `-x`, "if" the elementwise choice. */
export const operators: Readonly<Record<string, Primitive>> = {
  "+": operator("+", "add", asNumbers),
  "-": operator("-", "subtract", asNumbers),
  "*": operator("*", "multiply", asNumbers),
  "/": operator("/", "divide", asReals),
  "%": operator("%", "modulo", asNumbers),
  "^": define("^", { doc: opTable.power.doc, parameters: pair, expand: power }),
  "@": matmul("@"),
  "==": operator("==", "equal", operands),
  "!=": operator("!=", "notEqual", operands),
  "<": operator("<", "less", asNumbers),
  "<=": operator("<=", "lessEqual", asNumbers),
  ">": operator(">", "greater", asNumbers),
  ">=": operator(">=", "greaterEqual", asNumbers),
  and: operator("and", "and", asTruth),
  or: operator("or", "or", asTruth),
  not: define("not", {
    doc: opTable.not.doc,
    parameters: [x],
    expand: ({ b, values }) => b.not(truthOf(b, values[0], 0)),
  }),
  negate: signedFunction("negate", "negate"),
  if: define("if", {
    doc: opTable.select.doc,
    parameters: [
      parameter("condition", "tensor"),
      parameter("then", "tensor"),
      parameter("else", "tensor"),
    ],
    expand: choice,
  }),
};
