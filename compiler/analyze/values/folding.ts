// Compile-time numbers come in; their sum, product or function value in double precision goes out, or a report where there is none.
import type { Span } from "../../../grammar/span.js";
import type { ScalarOperation } from "../../scalars/record.js";
import { scalarOperation, scalarOps } from "../../scalars/table.js";
import type { ArithmeticName, ComparisonName } from "../../types/opNames.js";
import type { Frame } from "../context.js";
import { report } from "../report.js";
import { bool, float, int, type Value, wholeOrFloat } from "./values.js";

/** Integers stay integers where the result is whole and the operation keeps them (`2 ^ -1` is a float, `6 / 3` an int); floats stay floats. */
export function foldNumbers(
  frame: Frame,
  name: ArithmeticName | ComparisonName,
  [left, right]: readonly [left: number, right: number],
  { whole, span }: { readonly whole: boolean; readonly span: Span },
): Value {
  const { gives, value }: ScalarOperation = scalarOps[name];
  if (gives === "bool") return bool(Boolean(value(left, right, 0)));
  if (right === 0 && (name === "divide" || name === "modulo")) return divisionByZero(frame, span);
  const kept = whole && (name !== "power" || right >= 0);
  return finite(frame, Number(value(left, right, 0)), kept, span);
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

/** The compile-time value of a scalar operation on numbers; undefined where there is no such operation of real numbers. */
export function foldScalar(
  frame: Frame,
  name: string,
  numbers: readonly number[],
  { whole, span }: { readonly whole: boolean; readonly span: Span },
): Value | undefined {
  const operation = scalarOperation(name);
  if (operation?.arity !== numbers.length || !operation.takes.includes("f32")) return undefined;
  const [x = 0, y = 0] = numbers;
  const result = Number(operation.value(x, y, 0));
  const integer = whole && (operation.decides || operation.rounds === "passes");
  if (integer && Number.isSafeInteger(result)) return int(result === 0 ? 0 : result);
  return finite(frame, result, false, span);
}
