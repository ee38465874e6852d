// A safetensors file or where it lies in; the parameters of an open model filled, or a readable difference, out.

import type { LoadedWeights, WeightsSource, WeightsSources } from "./api.js";
import { formatShape } from "./dimensions.js";
import { at, causeOf, fail } from "./errors.js";
import type { PlanParameter } from "./plan.js";
import {
  readSafetensors,
  tensorValues,
  writeSafetensors,
  type SafetensorsFile,
  type SafetensorsTensor,
} from "./safetensors.js";
import type { Session } from "./session.js";
import { checkedNumbers, writeParameter } from "./parameters.js";
import { checkView } from "./tensors.js";

/**
 * The bytes of a safetensors file; what is given as bytes is used as it is (see `ownBytes`). Other realms' objects
 * are told by what they have. Throws NnError "weights", with the address or else `name`, where it is no such file.
 */
export async function fetchWeights(source: WeightsSources, name = unnamed): Promise<Uint8Array> {
  if (Array.isArray(source)) {
    if (source.length === 0) fail("weights", "the list of weights files is empty");
    const files = await Promise.all(source.map((one: WeightsSource) => fetchWeights(one, name)));
    return source.length === 1
      ? at(files, 0)
      : writeSafetensors(joinTensors(files.map((file) => readSafetensors(file))));
  }
  const given = Object(source) as Partial<ArrayBuffer & Response & File & URL>;
  const address = typeof source === "string" ? source : given.href;
  const origin = shortened(address || given.url || given.name || name);
  try {
    let bytes: Uint8Array;
    if (ArrayBuffer.isView(source)) {
      checkView(origin, source);
      bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    } else if (given.byteLength !== undefined) {
      bytes = new Uint8Array(source as ArrayBuffer);
    } else {
      bytes = await contentOf(address === undefined ? given : await fetchAddress(address, name));
    }
    readSafetensors(bytes);
    return bytes;
  } catch (error) {
    return unreadable(origin, error);
  }
}

/** Addresses may hold whole files, and keys behind a question mark. */
function shortened(address: string): string {
  return address.length > mostShown ? `${address.slice(0, mostShown)}…` : address;
}

const mostShown = 120;
const unnamed = "what was given as weights";

function unreadable(origin: string, error: unknown): never {
  fail("weights", `${origin} cannot be read as a safetensors file: ${causeOf(error)}`);
}

/** A Blob has no status. */
async function contentOf(answer: Partial<Response>): Promise<Uint8Array> {
  if (!(answer.ok ?? true)) fail("weights", `status ${answer.status ?? 0}`);
  if (answer.arrayBuffer) return new Uint8Array(await answer.arrayBuffer());
  if ("then" in answer) fail("weights", "await the promise of them");
  const isList = "length" in answer;
  return fail(
    "weights",
    `give ${isList ? "one of a list: files[0]" : "an address, bytes or a File"}`,
  );
}

/** Node's own `fetch` reads no files, and that of a page nothing that its policy does not list: bundlers write small files into their address. */
async function fetchAddress(address: string, name: string): Promise<Response> {
  const [, data] = /^data:[^,]*;base64,(.*)$/i.exec(address) ?? [];
  if (data !== undefined)
    return new Response(
      Uint8Array.from(atob(decodeURIComponent(data)), (byte) => byte.charCodeAt(0)),
    );
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  if (process?.versions?.node && !/^\w\w+:/.test(address))
    fail(
      "weights",
      // A `start` line names it, and the app does not read such files.
      address === name
        ? "give load({ readFile }), as readFile: (file) => readFile(new URL(file, import.meta.url)) with that of node:fs/promises"
        : "of a path, give new URL(path, import.meta.url)",
    );
  const files = address.startsWith("file:") && process?.getBuiltinModule?.("fs");
  return files ? new Response(await files.promises.readFile(new URL(address))) : fetch(address);
}

export function readWeights(bytes: Uint8Array, origin = unnamed): SafetensorsFile {
  try {
    return readSafetensors(bytes);
  } catch (error) {
    return unreadable(origin, error);
  }
}

/** Names of tensors that are not parameters hold a slash: optimizer state, the best weights. */
function isParameterName(name: string): boolean {
  return !name.includes("/");
}

/** Parameters alone, each as the last of the files has it. A run that one of them holds is of its own weights, and left. */
export function joinTensors(files: readonly SafetensorsFile[]): SafetensorsFile["tensors"] {
  const all = files.flatMap(({ tensors }) => [...tensors]);
  return new Map(all.filter(([name]) => isParameterName(name)));
}

/** Compares a file with the model. Throws NnError "weights" on any difference unless `partial`, with `more` lines where something is missing. */
export function compareWeights(
  model: string,
  parameters: readonly PlanParameter[],
  file: SafetensorsFile,
  partial: boolean,
  more: () => readonly string[] = () => [],
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
  if (missing.length > 0) lines.push(...more());
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
    if (!tensor) continue;
    writeParameter(session, parameter, checkedNumbers(session, parameter, tensorNumbers(tensor)));
  }
}

export function tensorNumbers(tensor: SafetensorsTensor): ArrayLike<number> {
  const values = tensorValues(tensor);
  return values instanceof BigInt64Array || values instanceof BigUint64Array
    ? Float64Array.from(values, Number)
    : values;
}

/** Fills the parameters that these bytes of a file have; rejects where it does not fit. */
export async function takeWeights(
  session: Session,
  bytes: Uint8Array,
  partial: boolean,
): Promise<LoadedWeights> {
  const { plan } = session;
  // Its bytes were found to be a file when they were given.
  const file = readSafetensors(bytes);
  const loaded = compareWeights(plan.model, plan.parameters, file, partial);
  applyWeights(session, file, loaded.matched);
  return Promise.resolve(loaded);
}
