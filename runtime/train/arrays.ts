// Whole data sets as a caller gives them in; their rows as batches, in an order that the seed fixes, out.

import { arrayOf, emptyValues, type DeviceSet, type GivenInput, type Values } from "../backend.js";
import {
  countOf,
  evaluateDim,
  evaluateShape,
  formatShape,
  type Dimensions,
} from "../dimensions.js";
import { fail } from "../errors.js";
import { orders, permutation } from "../philox.js";
import type { PlanInput } from "../plan.js";
import type { TrainingSession } from "../session.js";
import {
  checkValues,
  dimensionsOf,
  inputOf,
  isGpuBuffer,
  readInput,
  toValues,
  type GivenTensor,
} from "../tensors.js";
import type { Waiting } from "./calls.js";
import { inStretches } from "./carried.js";
import { refuseEmpty, type Batch, type Cursor, type Source } from "./data.js";

export interface ArrayTensor {
  readonly input: PlanInput;
  readonly data: ArrayLike<number>;
  /** Of `data` when it was opened: a buffer may be transferred away. */
  readonly length: number;
  /** A copy, which nobody can change. */
  readonly isOwn: boolean;
}

export interface ArrayData {
  readonly kind: "arrays";
  readonly tensors: readonly ArrayTensor[];
  readonly dimensions: Dimensions;
  readonly count: number;
}

/** Arrays of more numbers are not copied, but read where they lie and checked again when they are used. */
const mostCopied = 2 ** 20;

/** Looks at the data once: names, shapes and every value. What is copied is copied before the first wait. */
export async function openArrays(
  { plan, backend }: TrainingSession,
  data: object,
  names: readonly string[],
): Promise<ArrayData> {
  const given = await Promise.all(
    names.map(async (name): Promise<OwnedTensor> => {
      const tensor = readInput(plan, name, data);
      const { data: numbers } = tensor;
      if (!isGpuBuffer(numbers)) return { ...tensor, ...ownNumbers(numbers) };
      const own = await backend.download(name, numbers, inputOf(plan, name).type);
      return { ...tensor, data: own, isOwn: true };
    }),
  );
  const dimensions = dimensionsOf(plan, given);
  const tensors = given.map(({ name, data: numbers, isOwn }) => {
    const input = inputOf(plan, name);
    const shape = evaluateShape(input.shape, dimensions);
    // A caller's buffer may be shorter than the shape that was given with it.
    if (numbers.length < countOf(shape)) {
      fail("shape", `${name} has ${numbers.length} numbers, its shape is ${formatShape(shape)}`);
    }
    checkValues(input, numbers, shape, backend.precision);
    return { input, data: numbers, length: numbers.length, isOwn };
  });
  const telling = tensors.some(({ input }) => batchAxis(input) >= 0);
  const count = telling ? (dimensions["batch"] ?? 1) : 1;
  refuseEmpty("the data", dimensions);
  return { kind: "arrays", tensors, dimensions, count };
}

type OwnedTensor = GivenTensor & Pick<ArrayTensor, "data" | "isOwn">;

/** Lists were made into new arrays already. */
function ownNumbers(numbers: ArrayLike<number>): Pick<ArrayTensor, "data" | "isOwn"> {
  if (!ArrayBuffer.isView(numbers)) return { data: numbers, isOwn: true };
  if (numbers.length > mostCopied) return { data: numbers, isOwn: false };
  return { data: (numbers as unknown as Float32Array).slice(), isOwn: true };
}

function batchAxis(input: PlanInput): number {
  return input.shape.indexOf("batch");
}

/** Some rows of array data: in their order, or in a new one each epoch. */
export function arraySource(
  session: TrainingSession,
  data: ArrayData,
  waiting: Waiting,
  options: {
    readonly rows?: Uint32Array;
    readonly batch: number;
    readonly dropLast?: boolean;
    readonly seed?: number;
  },
): Source {
  const { precision } = session.backend;
  const { batch } = options;
  const given = options.rows ?? Uint32Array.from({ length: data.count }, (_, index) => index);
  const stretches = inStretches(session.plan, given, batch);
  const rows = stretches ?? given;
  const seed = stretches ? undefined : options.seed;
  const batches = options.dropLast
    ? Math.floor(rows.length / batch)
    : Math.ceil(rows.length / batch);
  if (batches === 0) {
    fail(
      "data",
      `a batch of ${batch} is not filled by ${examplesOf(rows.length)}, and no smaller one is trained on (drop_last)`,
    );
  }
  const placed = new Map<string, DeviceSet>();
  const open = (epoch: number, from: number): Cursor => {
    const order =
      seed === undefined
        ? rows
        : permutation(rows.length, seed, orders.epoch, epoch).map((index) => rows[index] ?? 0);
    let position = from;
    return {
      next: () => {
        waiting.check();
        if (position >= batches) return undefined;
        const part = order.subarray(position * batch, (position + 1) * batch);
        position++;
        return gatherBatch(data, part, precision, placed);
      },
      close: () => Promise.resolve(),
    };
  };
  const names = new Set(data.tensors.map(({ input }) => input.name));
  const source = { kind: "arrays", once: false, names, examples: rows.length, batches } as const;
  return {
    ...source,
    open,
    place: () => placeTensors(session, data, batch, placed),
    free: () => {
      for (const { free } of placed.values()) free();
      placed.clear();
    },
  };
}

/** Takes to the device what it has room for, whose rows lie side by side. */
async function placeTensors(
  { backend }: TrainingSession,
  data: ArrayData,
  batch: number,
  placed: Map<string, DeviceSet>,
): Promise<void> {
  const { dimensions, count } = data;
  for (const tensor of data.tensors) {
    const { name, shape } = tensor.input;
    if (batchAxis(tensor.input) !== 0 || placed.has(name)) continue;
    const width = countOf(evaluateShape(shape.slice(1), dimensions));
    const read = (first: number, end: number): Values => {
      const rows = Uint32Array.from({ length: end - first }, (_, index) => first + index);
      return gather(tensor, data, rows, backend.precision);
    };
    const set = await backend.placeSet?.(width, count, Math.min(batch, count), read);
    if (set) placed.set(name, set);
  }
}

function gatherBatch(
  data: ArrayData,
  rows: Uint32Array,
  precision: 32 | 64,
  placed: ReadonlyMap<string, DeviceSet>,
): Batch {
  const dimensions = { ...data.dimensions, batch: rows.length };
  const inputs = new Map(
    data.tensors.map((tensor): [string, GivenInput] => {
      const { name } = tensor.input;
      const set = placed.get(name);
      return [name, set ? { set, rows } : gather(tensor, data, rows, precision)];
    }),
  );
  return { inputs, dimensions, examples: rows.length };
}

/** The rows of a tensor, checked once more where it is the caller's, who may have changed it since it was opened. */
function gather(
  { input, data, length, isOwn }: ArrayTensor,
  { dimensions, count }: ArrayData,
  rows: Uint32Array,
  precision: 32 | 64,
): Values {
  if (data.length !== length) {
    fail(
      "data",
      `${input.name} had ${length} numbers and has ${data.length} now: data must stay as it is until the call ends (the buffer of an array that was transferred is gone)`,
    );
  }
  const axis = batchAxis(input);
  const extents = evaluateShape(input.shape, dimensions);
  const shape = input.shape.map((dim) => evaluateDim(dim, { ...dimensions, batch: rows.length }));
  const exact = isExact(input, data, precision);
  const numbers: Values | Float64Array = exact
    ? emptyValues(input.type, precision, countOf(shape))
    : new Float64Array(countOf(shape));
  if (axis < 0) numbers.set(data);
  else
    copyRows(data, numbers, rows, {
      before: extents.slice(0, axis),
      count,
      after: extents.slice(axis + 1),
    });
  if (isOwn && exact && input.missing === undefined) return numbers;
  try {
    return toValues(input, numbers, precision, shape);
  } catch (error) {
    // Told by its position in the whole set, if it is still there.
    checkValues(input, data, extents, precision);
    throw error;
  }
}

const smallIntegers = [Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array] as const;

/** Whether the input's own kind of array holds these numbers as they are, wrong ones included. */
function isExact({ type }: PlanInput, data: ArrayLike<number>, precision: 32 | 64): boolean {
  if (data instanceof arrayOf(type, precision)) return true;
  return type === "f32" && smallIntegers.some((Small) => data instanceof Small);
}

interface ArrayLayout {
  readonly before: readonly number[];
  readonly count: number;
  readonly after: readonly number[];
}

function copyRows(
  data: ArrayLike<number>,
  to: Values,
  rows: Uint32Array,
  { before, count, after }: ArrayLayout,
): void {
  const outer = countOf(before);
  const inner = countOf(after);
  let target = 0;
  for (let block = 0; block < outer; block++) {
    for (const row of rows) {
      let source = (block * count + row) * inner;
      for (let element = 0; element < inner; element++) to[target++] = data[source++] ?? NaN;
    }
  }
}

/** Tells sets of data apart: their sizes, and a hash (FNV-1a) of at most a million numbers of each tensor. */
export function fingerprint({ tensors, count }: ArrayData): string {
  let hash = 2166136261;
  const mix = (word: number): void => {
    hash = Math.imul(hash ^ word, 16777619);
  };
  for (const { input, data, length } of tensors) {
    for (const letter of input.name) mix(letter.charCodeAt(0));
    mix(length);
    const stride = Math.ceil(length / 2 ** 20) | 1;
    const number = new Float64Array(1);
    const words = new Uint32Array(number.buffer);
    for (let index = 0; index < length; index += stride) {
      const value = data[index] ?? 0;
      number[0] = input.type === "f32" ? Math.fround(value) : value;
      for (const word of words) mix(word);
    }
  }
  return `${examplesOf(count)} (${(hash >>> 0).toString(16).padStart(8, "0")})`;
}

export function examplesOf(count: number): string {
  return count === 1 ? "1 example" : `${count} examples`;
}

export function partOf(data: ArrayData, wanted: ReadonlySet<string>): ArrayData {
  return { ...data, tensors: data.tensors.filter(({ input }) => wanted.has(input.name)) };
}
