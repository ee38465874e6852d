// Takes a scalar operation and numbers, gives its value as the program has it: reals in double precision, integers in 32 bits.
import type { ElementType } from "../types/graph.js";
import type { ScalarOp } from "../types/nest.js";
import { scalarOps } from "./table.js";
import type { ScalarOperation } from "./record.js";

/** What the operands are, and what comes out. */
export interface ScalarTypes {
  readonly operands: ElementType;
  readonly result: ElementType;
}

/** Undefined where devices differ, so that the value is left to them. */
export function evaluateScalar(
  op: ScalarOp,
  { operands, result }: ScalarTypes,
  values: readonly number[],
): number | undefined {
  const [x = 0, y = 0, z = 0] = values;
  if (op === "cast") return castValue(x, operands, result);
  const { integers, value }: ScalarOperation = scalarOps[op];
  const whole = operands === "i32" || operands === "u32";
  if (whole && integers === "none") return undefined;
  const exact = whole && typeof integers === "function" ? integers(x, y) : Number(value(x, y, z));
  return wrapped(exact, result);
}

/** The value in the 32 bits of its type. */
function wrapped(value: number, type: ElementType): number {
  if (type === "i32") return value | 0;
  return type === "u32" ? value >>> 0 : value;
}

function castValue(x: number, from: ElementType, to: ElementType): number | undefined {
  if (to === from || to === "f32") return x;
  if (to === "bool") return x === 0 ? 0 : 1;
  const whole = Math.trunc(x);
  if (from !== "f32") return wrapped(whole, to);
  // Conversions out of range differ between devices.
  const [low, high] = to === "u32" ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
  return whole >= low && whole <= high ? whole : undefined;
}
