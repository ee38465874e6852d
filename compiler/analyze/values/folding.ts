// Compile-time numbers come in; their sum, product or function value in double precision goes out, or a report where there is none.
import type { Span } from "../../../grammar/span.js";
import type { Frame } from "../context.js";
import { report } from "../report.js";
import { bool, float, int, type Value, wholeOrFloat } from "./values.js";

type NumberOperator = "+" | "-" | "*" | "/" | "%" | "^" | "==" | "!=" | "<" | "<=" | ">" | ">=";

/** Integers stay integers where the result is whole and the operation keeps them (`2 ^ -1` is a float, `6 / 3` an int). */
export function foldNumbers(
  frame: Frame,
  operator: NumberOperator,
  left: number,
  right: number,
  span: Span,
): Value {
  const whole = Number.isInteger(left) && Number.isInteger(right);
  switch (operator) {
    case "+":
      return finite(frame, left + right, whole, span);
    case "-":
      return finite(frame, left - right, whole, span);
    case "*":
      return finite(frame, left * right, whole, span);
    case "/":
      if (right === 0) return divisionByZero(frame, span);
      return finite(frame, left / right, whole, span);
    case "%":
      if (right === 0) return divisionByZero(frame, span);
      return finite(frame, left - right * Math.floor(left / right), whole, span);
    case "^":
      return finite(frame, left ** right, whole && right >= 0, span);
    case "==":
      return bool(left === right);
    case "!=":
      return bool(left !== right);
    case "<":
      return bool(left < right);
    case "<=":
      return bool(left <= right);
    case ">":
      return bool(left > right);
    case ">=":
      return bool(left >= right);
  }
}

function divisionByZero(frame: Frame, span: Span): Value {
  return report(frame, "NN0604", span, { message: "this divides by zero" });
}

/** A number as a value; one that is not finite is reported. */
export function finite(frame: Frame, value: number, whole: boolean, span: Span): Value {
  if (!Number.isFinite(value)) {
    return report(frame, "NN0605", span, {
      message: Number.isNaN(value)
        ? "this has no value among the real numbers"
        : "this number is too large to be represented",
      notes: ["compile-time numbers are computed in double precision and must stay finite"],
    });
  }
  return whole ? wholeOrFloat(value) : float(value);
}

/** The compile-time value of each elementwise function of one number. */
const numberFunctions: Readonly<Record<string, (x: number) => number>> = {
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  round: roundToEven,
};

/** Those of them that give whole numbers of whole numbers, or always. */
export function foldFunction(frame: Frame, name: string, x: number, span: Span): Value | undefined {
  const compute = numberFunctions[name];
  if (compute === undefined) return undefined;
  const result = compute(x);
  if (name === "floor" || name === "round" || name === "sign") {
    return Number.isSafeInteger(result) ? int(result === 0 ? 0 : result) : float(result);
  }
  return finite(frame, result, name === "abs" && Number.isInteger(x), span);
}

function roundToEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}
