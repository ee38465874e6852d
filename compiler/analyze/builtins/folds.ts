// A call of a primitive with compile-time arguments comes in; its value in double precision goes out, or undefined where it needs a tensor.
import type { Span } from "../../../grammar/span.js";
import { reductionTable } from "../../scalars/reductions.js";
import { scalarOps } from "../../scalars/table.js";
import type { Primitive } from "../../ops/primitives.js";
import { isNeverNegative } from "../../types/bounds.js";
import { subtractDims } from "../../types/dimension.js";
import type { ReductionName } from "../../types/opNames.js";
import type { Frame, BuiltinCall } from "../context.js";
import { finite, foldNumbers, foldScalar } from "../values/folding.js";
import { report } from "../report.js";
import {
  asDim,
  asInteger,
  asNumber,
  bool,
  float,
  fromDim,
  int,
  list,
  listItems,
  poison,
  type Value,
} from "../values/values.js";

/** The folded value of a primitive, or undefined where it is to be built as nodes. */
export function foldCall(call: BuiltinCall, op: Primitive): Value | undefined {
  const { frame, span } = call;
  const { name } = op;
  const { reduction, pairwise } = op.folding;
  const x = call.values.get("x");
  if (name === "range") return foldRange(call);
  if (x === undefined) return undefined;
  if (call.values.size > 1) return foldSeveral(call, op, pairwise ?? name);
  if (reduction !== undefined) return foldReduction(frame, reduction, x, span);
  if (name in casts) return foldCast(name, x);
  return foldElementwise(frame, name, x, span);
}

/** A function of several numbers. */
function foldSeveral(
  { frame, values, span }: BuiltinCall,
  op: Primitive,
  name: string,
): Value | undefined {
  const given = op.parameters.flatMap((one) => values.get(one.name) ?? []);
  const numbers = given.flatMap((value) => asNumber(value) ?? []);
  if (numbers.length < given.length) return foldExtremum(name, given);
  const whole = given.every((value) => value.kind === "int");
  return foldScalar(frame, name, numbers, { whole, span });
}

/** Of two dimensions the one that is never less, or never more, whatever the free dimensions are; undefined where that is not known. */
function foldExtremum(name: string, given: readonly Value[]): Value | undefined {
  const [left, right, another] = given.map(asDim);
  if (left === undefined || right === undefined || another !== undefined) return undefined;
  const [ahead, behind] = name === "maximum" ? [left, right] : [right, left];
  if (name !== "maximum" && name !== "minimum") return undefined;
  if (isNeverNegative(subtractDims(ahead, behind))) return fromDim(left);
  return isNeverNegative(subtractDims(behind, ahead)) ? fromDim(right) : undefined;
}

function foldElementwise(frame: Frame, name: string, x: Value, span: Span): Value | undefined {
  const number = asNumber(x);
  if (number !== undefined) {
    return name === "stop_gradient"
      ? x
      : foldScalar(frame, name, [number], { whole: x.kind === "int", span });
  }
  const items = listItems(x)?.map((item) => foldElementwise(frame, name, item, span));
  return items?.every((item) => item !== undefined) === true ? list(items) : undefined;
}

/** A reduction of a list of numbers; undefined where it has no value, as the largest of none. */
function foldReduction(
  frame: Frame,
  name: ReductionName | "mean",
  x: Value,
  span: Span,
): Value | undefined {
  const numbers = numbersOf(x);
  if (numbers === undefined) return undefined;
  const kind = name === "mean" ? "sum" : name;
  const { f32, i32 } = reductionTable[kind].identity;
  // Extremes start from the bounds of a type, which doubles do not have: there is none of no numbers.
  if (numbers.length === 0 && (name === "mean" || f32 !== i32)) return undefined;
  const total = numbers.length === 0 ? f32 : numbers.reduce(stepOf(kind));
  const whole = isWhole(x);
  if (name === "mean")
    return foldNumbers(frame, "divide", [total, numbers.length], { whole, span });
  return finite(frame, total, whole, span);
}

/** How a reduction takes in one number more. */
function stepOf(name: ReductionName): (first: number, second: number) => number {
  const { value } = scalarOps[reductionTable[name].step];
  return (first, second) => Number(value(first, second, 0));
}

/** The entries of a flat list of numbers. */
function numbersOf(x: Value): number[] | undefined {
  const items = listItems(x);
  const numbers = items?.map(asNumber);
  return numbers?.every((number) => number !== undefined) === true ? numbers : undefined;
}

function isWhole(x: Value): boolean {
  return listItems(x)?.every((item) => item.kind === "int") === true;
}

const casts: Readonly<Record<string, (x: number) => Value>> = {
  f32: float,
  i32: (x) => int(Math.trunc(x)),
  u32: (x) => int(Math.max(0, Math.trunc(x))),
  bool: (x) => bool(x !== 0),
};

function foldCast(name: string, x: Value): Value | undefined {
  const number = asNumber(x) ?? (x.kind === "bool" ? Number(x.value) : undefined);
  return number === undefined ? undefined : casts[name]?.(number);
}

/** `range(n)`, `range(a, b)`, `range(a, b, step)`: kept as it is said where the bounds are known. */
function foldRange(call: BuiltinCall): Value | undefined {
  const given = ["start", "stop", "step"].flatMap((name) => call.values.get(name) ?? []);
  const [first, second] = ["start", "stop"].map((name) => integerOf(call, name));
  const step = integerOf(call, "step") ?? 1;
  if (first === undefined || given.some((value) => asInteger(value) === undefined))
    return undefined;
  const start = second === undefined ? 0 : first;
  const stop = second ?? first;
  if (step === 0) {
    return report(call.frame, "NN0304", call.span, { message: "a step of 0 never gets anywhere" });
  }
  const size = Math.max(0, Math.ceil((stop - start) / step));
  return Number.isSafeInteger(size) ? { kind: "range", start, step, count: size } : poison;
}

function integerOf({ values }: BuiltinCall, name: string): number | undefined {
  const value = values.get(name);
  return value && asInteger(value);
}
