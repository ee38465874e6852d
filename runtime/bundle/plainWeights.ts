// A safetensors file or its address in; parameters filled where it has each of them as its net does: what small bundles that predict have in place of weights.ts, which they fetch for all else.

import type { LoadedWeights, WeightsSources } from "../api.js";
import { countOf } from "../dimensions.js";
import { checkedNumbers, writeParameter } from "../parameters.js";
import type { Session } from "../session.js";
import { fetched } from "./fetched.js";

/** The bytes of a tensor of f32, and its shape. */
interface PlainTensor {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** As that of weights.ts. */
export async function fetchWeights(source: WeightsSources): Promise<Uint8Array> {
  const whole = fetched("fetchWeights") as (...given: unknown[]) => Promise<Uint8Array>;
  const given = Object(source) as Partial<Response & File & URL>;
  const address = typeof source === "string" ? source : given.href;
  const name = address || given.url || given.name;
  let bytes: Uint8Array | undefined;
  if (source instanceof Uint8Array) bytes = source;
  else {
    try {
      const answer = address === undefined ? given : await fetch(address);
      if ((answer.ok ?? true) && answer.arrayBuffer)
        bytes = new Uint8Array(await answer.arrayBuffer());
    } catch (error) {
      // What was read once cannot be read again.
      const arrayBuffer = (): never => {
        throw error;
      };
      if (address === undefined) return whole({ name, arrayBuffer });
    }
  }
  if (!bytes) return whole(source);
  return plainTensors(bytes) ? bytes : whole(bytes, name);
}

/** As that of weights.ts. */
export async function takeWeights(
  session: Session,
  bytes: Uint8Array,
  partial: boolean,
): Promise<LoadedWeights> {
  const tensors = plainTensors(bytes);
  const { parameters } = session.plan;
  const fits = parameters.every(
    ({ name, type, shape }) => type === "f32" && tensors?.get(name)?.shape.join() === shape.join(),
  );
  if (!tensors || !fits || tensors.size !== parameters.length)
    return (await fetched("takeWeights")(session, bytes, partial)) as LoadedWeights;
  for (const parameter of parameters) {
    const { data } = tensors.get(parameter.name) as PlainTensor;
    const numbers = new Float32Array(data.slice().buffer);
    writeParameter(session, parameter, checkedNumbers(session, parameter, numbers));
  }
  return { matched: parameters.map(({ name }) => name), missing: [], extra: [], mismatched: [] };
}

/** Undefined where it is no file, or one that takes a closer look. */
function plainTensors(bytes: Uint8Array): Map<string, PlainTensor> | undefined {
  try {
    const lengths = new DataView(bytes.buffer, bytes.byteOffset);
    const start = 8 + lengths.getUint32(0, true);
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const text = decoder.decode(bytes.subarray(8, start));
    const { __metadata__: notes = {}, ...named } = JSON.parse(text) as Record<string, object>;
    const entries = Object.entries(named as Record<string, HeaderEntry>).sort(
      ([, a], [, b]) =>
        a.data_offsets[0] - b.data_offsets[0] || countOf(a.shape) - countOf(b.shape),
    );
    // JSON.parse keeps one of two that have one name.
    let isPlain =
      lengths.getUint32(4, true) === 0 &&
      text.startsWith("{") &&
      text.split("data_offsets").length === entries.length + 1 &&
      Object.entries(notes).every(
        ([name, note]) => isNaN(Number(name)) && typeof note === "string",
      );
    let position = 0;
    const tensors = new Map<string, PlainTensor>();
    for (const [
      name,
      {
        dtype,
        shape,
        data_offsets: [begin, end, ...more],
      },
    ] of entries) {
      isPlain &&=
        dtype === "F32" &&
        begin === position &&
        end - begin === 4 * countOf(shape) &&
        shape.every((size) => Number.isSafeInteger(size) && size >= 0) &&
        more.length === 0;
      tensors.set(name, { shape, data: bytes.subarray(start + begin, start + end) });
      position = end;
    }
    return isPlain && start + position === bytes.length ? tensors : undefined;
  } catch {
    return undefined;
  }
}

/** As it should be. */
interface HeaderEntry {
  readonly dtype: unknown;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [begin: number, end: number, ...more: unknown[]];
}
