// A safetensors file or where it lies in; the parameters of an open model filled, or a readable difference, out.

import type { LoadedWeights, WeightsSource } from "./api.js";
import type { Values } from "./backend.js";
import { formatShape } from "./dimensions.js";
import { fail } from "./errors.js";
import type { PlanParameter } from "./plan.js";
import {
  readSafetensors,
  SafetensorsError,
  tensorValues,
  type SafetensorsFile,
  type SafetensorsTensor,
} from "./safetensors.js";
import type { Session } from "./session.js";

export async function fetchWeights(source: WeightsSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  const isPlace = typeof source === "string" || source instanceof URL;
  let reason = "";
  try {
    const response = isPlace ? await fetch(source) : source;
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    reason = `status ${response.status}`;
  } catch (error) {
    reason = String(error);
  }
  return fail("weights", `the weights cannot be fetched: ${reason}`);
}

export function readWeights(bytes: Uint8Array): SafetensorsFile {
  try {
    return readSafetensors(bytes);
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error;
    return fail("weights", `this is no whole safetensors file: ${error.message}`);
  }
}

/** Names of tensors that are not parameters hold a slash: optimizer state, the best weights. */
function isParameterName(name: string): boolean {
  return !name.includes("/");
}

/** Compares a file with the model. Throws NnError "weights" on any difference unless `partial`. */
export function compareWeights(
  model: string,
  parameters: readonly PlanParameter[],
  file: SafetensorsFile,
  partial: boolean,
): LoadedWeights {
  const matched: string[] = [];
  const missing: string[] = [];
  const mismatched: string[] = [];
  const lines: string[] = [];
  for (const { name, shape } of parameters) {
    const tensor = file.tensors.get(name);
    if (!tensor) {
      missing.push(name);
      lines.push(`  missing from the file: ${name} ${formatShape(shape)}`);
    } else if (shape.join() !== tensor.shape.join()) {
      mismatched.push(name);
      lines.push(
        `  ${name} has shape ${formatShape(tensor.shape)}, the model wants ${formatShape(shape)}`,
      );
    } else {
      matched.push(name);
    }
  }
  const known = new Set(parameters.map(({ name }) => name));
  const extra = [...file.tensors.keys()].filter(
    (name) => isParameterName(name) && !known.has(name),
  );
  lines.push(...extra.map((name) => `  not in the model: ${name}`));
  const difference = { matched, missing, extra, mismatched };
  if (lines.length === 0 || partial) return difference;
  fail("weights", [`these weights do not fit ${model}:`, ...lines].join("\n"));
}

/** Fills the parameters that a file has. */
export function applyWeights(
  session: Session,
  file: SafetensorsFile,
  names: readonly string[],
): void {
  for (const parameter of session.plan.parameters) {
    const tensor = names.includes(parameter.name) ? file.tensors.get(parameter.name) : undefined;
    if (tensor) writeParameter(session, parameter, tensorNumbers(tensor));
  }
}

export function tensorNumbers(tensor: SafetensorsTensor): ArrayLike<number> {
  const values = tensorValues(tensor);
  return values instanceof BigInt64Array || values instanceof BigUint64Array
    ? Float64Array.from(values, Number)
    : values;
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
