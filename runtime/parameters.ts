// Numbers of a parameter in; the same as buffers hold them, in the parameter's place, or as a caller sees them, out.

import type { Values } from "./backend.js";
import type { PlanParameter } from "./plan.js";
import type { Session } from "./session.js";
import { toValues } from "./tensors.js";

/** As buffers hold them: a file may have wider numbers than its model. */
export function checkedNumbers(
  { backend }: Session,
  { name, type, shape }: Pick<PlanParameter, "name" | "type" | "shape">,
  numbers: ArrayLike<number>,
): Values {
  const input = { name, type, shape, role: "input", source: "given" } as const;
  return toValues(input, numbers, backend.precision, shape);
}

export function writeParameter(
  { backend }: Session,
  { storage, offset }: PlanParameter,
  values: ArrayLike<number>,
): void {
  if (values.length > 0) backend.writeRange(storage, offset, values);
}

/** As a caller sees them: a bool is one byte. */
export function outward(values: Values, type: string): Values | Uint8Array {
  return type === "bool" ? Uint8Array.from(values) : values;
}
