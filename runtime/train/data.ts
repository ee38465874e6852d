// What a caller gives as training data in; batches, in an order that the seed fixes, out.

import { emptyValues, type Values } from "../backend.js";
import { countOf, evaluateDim, evaluateShape, type Dimensions } from "../dimensions.js";
import { fail } from "../errors.js";
import { orders, permutation } from "../philox.js";
import type { Plan, PlanInput } from "../plan.js";
import type { TrainingSession } from "../session.js";
import {
  bindInputs,
  checkValues,
  dimensionsOf,
  givenNames,
  inputOf,
  isGpuBuffer,
  readInput,
  toValues,
  type GivenTensor,
} from "../tensors.js";

export interface Batch {
  readonly inputs: ReadonlyMap<string, Values | GPUBuffer>;
  readonly dimensions: Dimensions;
  readonly examples: number;
}

export interface Cursor {
  next(): Batch | undefined | Promise<Batch | undefined>;
}

/** Batches again and again. */
export interface Source {
  readonly kind: "arrays" | "stream" | "drawn";
  /** Inputs that its batches give; of a stream, those it may give. */
  readonly names: { has(name: string): boolean };
  /** Examples and batches of an epoch, where they are known. */
  readonly examples: number | undefined;
  readonly batches: number | undefined;
  /** The batches of an epoch from the given one on. */
  open(epoch: number, from: number): Cursor;
}

export interface ArrayData {
  readonly kind: "arrays";
  readonly tensors: readonly { readonly input: PlanInput; readonly data: ArrayLike<number> }[];
  readonly dimensions: Dimensions;
  readonly count: number;
}

export type OpenData =
  | ArrayData
  | { readonly kind: "drawn" }
  | { readonly kind: "stream"; readonly start: () => AsyncIterator<object> | Iterator<object> };

/** Looks at the data once: names, shapes and every value; `wanted` are the inputs that may be used. */
export async function openData(
  session: TrainingSession,
  data: unknown,
  wanted: ReadonlySet<string>,
): Promise<OpenData> {
  if (typeof data === "function") {
    return { kind: "stream", start: () => iterate((data as () => object)()) };
  }
  if (typeof data !== "object" || data === null) {
    if (data === undefined) return { kind: "drawn" };
    fail("data", "data is an object of tensors by name, or an iterable of such batches");
  }
  if (Symbol.asyncIterator in data || Symbol.iterator in data) {
    return { kind: "stream", start: () => iterate(data) };
  }
  const names = givenNames(session.plan, data).filter((name) => wanted.has(name));
  return names.length === 0 ? { kind: "drawn" } : openArrays(session, data, names);
}

function iterate(data: object): AsyncIterator<object> | Iterator<object> {
  if (Symbol.asyncIterator in data) return (data as AsyncIterable<object>)[Symbol.asyncIterator]();
  if (Symbol.iterator in data) return (data as Iterable<object>)[Symbol.iterator]();
  return fail("data", "the data function returns no iterable of batches");
}

async function openArrays(
  { plan, backend }: TrainingSession,
  data: object,
  names: readonly string[],
): Promise<ArrayData> {
  const given: GivenTensor[] = [];
  for (const name of names) {
    const input = inputOf(plan, name);
    const tensor = readInput(plan, name, data);
    const { data: numbers } = tensor;
    if (!isGpuBuffer(numbers)) given.push(tensor);
    else given.push({ ...tensor, data: await backend.download(numbers, input.type) });
  }
  const dimensions = dimensionsOf(plan, given);
  const tensors = given.map(({ name, data: numbers }) => {
    const input = inputOf(plan, name);
    const values = numbers as ArrayLike<number>;
    checkValues(input, values, evaluateShape(input.shape, dimensions));
    return { input, data: values };
  });
  const telling = tensors.some(({ input }) => batchAxis(input) >= 0);
  const count = telling ? (dimensions["batch"] ?? 1) : 1;
  if (count === 0) fail("data", "the data has no examples");
  return { kind: "arrays", tensors, dimensions, count };
}

function batchAxis(input: PlanInput): number {
  return input.shape.indexOf("batch");
}

/** Some rows of array data: in their order, or in a new one each epoch. */
export function arraySource(
  session: TrainingSession,
  data: ArrayData,
  options: {
    readonly rows?: Uint32Array;
    readonly batch: number;
    readonly dropLast?: boolean;
    readonly seed?: number;
  },
): Source {
  const { precision } = session.backend;
  const { batch, seed } = options;
  const rows = options.rows ?? Uint32Array.from({ length: data.count }, (_, index) => index);
  const batches = options.dropLast
    ? Math.floor(rows.length / batch)
    : Math.ceil(rows.length / batch);
  if (batches === 0) {
    fail("data", `${rows.length} examples do not fill a batch of ${batch} (drop_last is set)`);
  }
  const open = (epoch: number, from: number): Cursor => {
    const order =
      seed === undefined
        ? rows
        : permutation(rows.length, seed, orders.epoch, epoch).map((index) => rows[index] ?? 0);
    let position = from;
    return {
      next: () => {
        if (position >= batches) return undefined;
        const part = order.subarray(position * batch, (position + 1) * batch);
        position++;
        return gatherBatch(data, part, precision);
      },
    };
  };
  const names = new Set(data.tensors.map(({ input }) => input.name));
  return { kind: "arrays", names, examples: rows.length, batches, open };
}

function gatherBatch(data: ArrayData, rows: Uint32Array, precision: 32 | 64): Batch {
  const dimensions = { ...data.dimensions, batch: rows.length };
  const inputs = new Map(
    data.tensors.map(({ input, data: values }) => [
      input.name,
      gather(input, values, data, rows, precision),
    ]),
  );
  return { inputs, dimensions, examples: rows.length };
}

function gather(
  input: PlanInput,
  data: ArrayLike<number>,
  { dimensions, count }: ArrayData,
  rows: Uint32Array,
  precision: 32 | 64,
): Values {
  const axis = batchAxis(input);
  if (axis < 0) return toValues(input, data, precision);
  const extents = input.shape.map((dim) => evaluateDim(dim, dimensions));
  const outer = countOf(extents.slice(0, axis));
  const inner = countOf(extents.slice(axis + 1));
  const values = emptyValues(input.type, precision, outer * rows.length * inner);
  let target = 0;
  for (let block = 0; block < outer; block++) {
    for (const row of rows) {
      let source = (block * count + row) * inner;
      for (let element = 0; element < inner; element++) values[target++] = data[source++] ?? 0;
    }
  }
  return input.missing === undefined ? values : toValues(input, values, precision);
}

/** Batches that the device draws: `examples` of them in all, or without an end. */
export function drawnSource(dimensions: Dimensions, examples?: number): Source {
  const batch = dimensions["batch"] ?? 1;
  const open = (_epoch: number, from: number): Cursor => {
    let rest = (examples ?? Infinity) - from * batch;
    return {
      next: () => {
        if (rest <= 0) return undefined;
        const size = Math.min(batch, rest);
        rest -= size;
        return { inputs: new Map(), dimensions: { ...dimensions, batch: size }, examples: size };
      },
    };
  };
  const batches = examples === undefined ? undefined : Math.ceil(examples / batch);
  return { kind: "drawn", names: new Set(), examples, batches, open };
}

/** Batches as an iterable gives them. */
export function streamSource(
  session: TrainingSession,
  start: () => AsyncIterator<object> | Iterator<object>,
  wanted: ReadonlySet<string>,
  fallback: Dimensions,
): Source {
  const open = (_epoch: number, from: number): Cursor => {
    const iterator = start();
    let skip = from;
    return {
      next: async () => {
        for (;;) {
          const { done, value } = (await iterator.next()) as IteratorResult<object, unknown>;
          if (done === true) return undefined;
          if (skip-- <= 0) return bindBatch(session, value, wanted, fallback);
        }
      },
    };
  };
  return { kind: "stream", names: wanted, examples: undefined, batches: undefined, open };
}

/** One batch as given, checked. */
export function bindBatch(
  session: TrainingSession,
  given: unknown,
  wanted: ReadonlySet<string>,
  fallback: Dimensions,
): Batch {
  if (typeof given !== "object" || given === null) {
    fail("data", `a batch is an object of tensors by name, not ${String(given)}`);
  }
  const { plan, backend } = session;
  const names = givenNames(plan, given).filter((name) => wanted.has(name));
  const bound = bindInputs(plan, given, names, backend.precision, {}, fallback);
  const examples = bound.dimensions["batch"] ?? 1;
  if (examples === 0) fail("data", "a batch of no examples cannot be trained");
  return { ...bound, examples };
}

/** Rows held out and rows to train on, both ascending; the seed chooses. */
export function splitRows(
  count: number,
  share: number,
  seed: number,
): { readonly held: Uint32Array; readonly kept: Uint32Array } {
  if (!(share >= 0 && share < 1)) fail("option", `a validation share is from 0 to 1, not ${share}`);
  if (count < 2) fail("data", `${count} examples cannot be split into training and validation`);
  const size = Math.min(count - 1, Math.max(1, Math.round(count * share)));
  const order = permutation(count, seed, orders.validation, 0);
  return { held: order.slice(0, size).sort(), kept: order.slice(size).sort() };
}

/** Inputs and targets that programs of these kinds read. */
export function inputsOf(
  plan: Plan,
  matches: (program: Plan["programs"][number]) => boolean,
): ReadonlySet<string> {
  const names = new Set(plan.inputs.map(({ name }) => name));
  const read = plan.programs.filter(matches).flatMap(({ inputs }) => inputs);
  return new Set(read.filter((name) => names.has(name)));
}
