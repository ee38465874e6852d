// Takes the table of scalar operations, gives for every one and every element type the points it is tried at, with what the independent reference says.
import type { PlanType } from "../../runtime/plan.js";
import type { ScalarOperation } from "../../compiler/scalars/record.js";
import { scalarOperation, scalarOps } from "../../compiler/scalars/table.js";
import { inKernels, reference, scalarFunctions } from "../oracle/reference.js";

type ScalarName = keyof typeof scalarOps;

/** One operation on operands of one type. */
export interface Trial {
  readonly op: ScalarName;
  /** Of the operands; of a choice, those after the condition. */
  readonly type: PlanType;
  readonly result: PlanType;
  readonly points: readonly (readonly number[])[];
}

const least = -(2 ** 31);
const halves = [0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 7, 11.25, 24, 60];
const f32 = [0, -0, 1e-30, 1e30, ...halves].flatMap((x) => [x, -x]).map(Math.fround);
const samples: Readonly<Record<PlanType, readonly number[]>> = {
  f32: [...new Set(f32)],
  i32: [0, 1, -1, 2, -2, 3, 7, -8, 100, 65_537, 2 ** 31 - 1, least, least + 1],
  u32: [0, 1, 2, 3, 7, 100, 65_537, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1],
  bool: [0, 1],
};

/** What single operands are tried at too: where a function saturates, and between. */
const beyond = [88, -88, 200, -200, 0.9, -0.9, 0.999, -0.999, 1e-4, -1e-4, 1e-7, -1e-7, 1e3, -1e3];

function pointsOf(type: PlanType, arity: 1 | 2 | 3): readonly (readonly number[])[] {
  const own = samples[type];
  if (arity === 1) {
    return [...own, ...(type === "f32" ? beyond.map(Math.fround) : [])].map((x) => [x]);
  }
  const pairs = own.flatMap((x) => own.map((y) => [x, y]));
  return arity === 2
    ? pairs
    : [0, 1].flatMap((condition) => pairs.map((pair) => [condition, ...pair]));
}

const types = ["f32", "i32", "u32", "bool"] as const;

/** Every operation of the table in every type that it takes; conversions into every type. */
export const trials: readonly Trial[] = Object.entries(scalarOps).flatMap(([name, record]) => {
  const op = name as ScalarName;
  const { arity, takes, gives }: ScalarOperation = record;
  return takes.flatMap((type) => {
    const points = pointsOf(type, arity);
    const results = gives === "target" ? types : [gives === "bool" ? ("bool" as const) : type];
    return results.map((result) => ({ op, type, result, points }));
  });
});

/** The operation of mathematics, in double precision; integers exactly, in the bits of their type. */
export function defined({ op, type, result }: Trial, point: readonly number[]): number {
  const [a = 0, b = 0, c = 0] = point;
  if (op === "cast") return converted(a, type, result);
  if (type === "f32" || type === "bool" || result === "bool") return scalarFunctions[op](a, b, c);
  const value = whole(op, a, b, c);
  return Number(result === "u32" ? BigInt.asUintN(32, value) : BigInt.asIntN(32, value));
}

function whole(op: Exclude<ScalarName, "cast">, a: number, b: number, c: number): bigint {
  if (op === "multiply") return BigInt(a) * BigInt(b);
  if (op !== "modulo") return BigInt(scalarFunctions[op](a, b, c));
  if (b === 0) return 0n;
  const rest = BigInt(a) % BigInt(b);
  return rest !== 0n && rest < 0n !== b < 0 ? rest + BigInt(b) : rest;
}

function converted(value: number, from: PlanType, to: PlanType): number {
  if (from === "f32" || to === "f32" || to === "bool")
    return reference.cast([{ shape: [], data: [value] }], { to }).data[0] ?? NaN;
  return to === "u32" ? value >>> 0 : value | 0;
}

const largest = Math.fround(3.4028234663852886e38);
const smallest = 2 ** -126;

/** What kernels give where mathematics has no number, as the language says; undefined where devices differ. */
export function definedInKernels(
  trial: Trial,
  point: readonly number[],
  precision: 32 | 64 = 32,
): number | undefined {
  const [a = 0, b = 0] = point;
  if (trial.type !== "f32") return defined(trial, point);
  if (trial.op === "cast") return convertedInKernels(trial, point);
  const known = inKernels(precision)[trial.op];
  return known ? known(a, b) : defined(trial, point);
}

/** To the last f32 that the type holds. */
function convertedInKernels(trial: Trial, [x = 0]: readonly number[]): number {
  if (trial.result === "i32") return Math.trunc(Math.min(Math.max(x, least), 2_147_483_520));
  if (trial.result === "u32") return Math.trunc(Math.min(Math.max(x, 0), 4_294_967_040));
  return defined(trial, [x]);
}

/** How far single precision may be from the definition, relative. */
export function roomOf(op: ScalarName, [a = 0, b = 0]: readonly number[]): number {
  switch (op) {
    case "power":
      return 1e-6 + 2e-7 * Math.abs(b * Math.log2(Math.abs(a) || 1));
    case "erfc":
      // As e^(−a²), whose exponent is rounded.
      return 1e-6 + 2e-7 * a * a;
    case "exp":
      return 1e-6 + 2e-7 * Math.abs(a);
    case "log":
      // Beside 1 WGSL promises no more than an absolute 2⁻²¹.
      return 1e-6 + 5e-7 / Math.abs(Math.log(Math.max(a, smallest)) || 1);
    default:
      return op === "divide" || scalarOperation(op)?.language === "function" ? 1e-6 : 0;
  }
}

/** Whether `found` is `expected` in a precision: within the room, or 0 or infinite where it leaves the range of f32. */
export function agrees(found: number, expected: number, room: number, single: boolean): boolean {
  if (found === expected) return true;
  const size = Math.abs(expected);
  if (single && size < smallest) return Math.abs(found) < smallest;
  if (single && size > largest * 0.999)
    return Math.sign(found) === Math.sign(expected) && Math.abs(found) > largest * 0.99;
  // Beyond the range a power is infinite or the largest number.
  if (size === Number.MAX_VALUE) return found === expected * Infinity;
  return Math.abs(found - expected) <= room * size;
}
