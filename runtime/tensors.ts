// Tensors in any of the forms a caller may give in; checked values as a buffer holds them out.

import { emptyValues, type Values } from "./backend.js";
import {
  countOf,
  evaluateShape,
  formatShape,
  isSize,
  resolveDimensions,
  type Dimensions,
  type GivenExtent,
} from "./dimensions.js";
import { at, checkObject, fail, inWords, unknownName } from "./errors.js";
import type { Plan, PlanInput } from "./plan.js";

/** A tensor as given: numbers not yet checked or converted. */
export interface GivenTensor {
  readonly name: string;
  readonly data: ArrayLike<number> | GPUBuffer;
  readonly shape: readonly number[] | undefined;
}

export function isGpuBuffer(value: unknown): value is GPUBuffer {
  return "mapState" in Object(value);
}

/** The names of `inputs` that are not undefined, each an input of the plan that may be given. */
export function givenNames({ inputs: all }: Plan, inputs: object): string[] {
  checkObject("inputs", inputs);
  const names = Object.keys(inputs).filter((name) => Reflect.get(inputs, name) !== undefined);
  const allowed = all.filter(({ source }) => source !== "computed").map(({ name }) => name);
  for (const name of names) if (!allowed.includes(name)) unknownName("input", name, allowed);
  return allowed.filter((name) => names.includes(name));
}

/**
 * A list without lists in it is elements in a row, as a typed array is, but where one axis is wanted. `rank`: the axes wanted; lists are
 * followed to one more, whose shape says what is wrong, and no deeper: they may hold themselves.
 */
export function readTensor(name: string, value: unknown, rank: number): GivenTensor {
  if (typeof value === "number" || typeof value === "boolean") {
    return { name, data: [Number(value)], shape: [] };
  }
  if (Array.isArray(value)) {
    const shape: number[] = [];
    const data: unknown[] = [];
    for (let part: unknown = value; isList(part); part = part[0])
      if (shape.push(part.length) > rank + 1)
        fail("shape", `${name} has lists in lists ${rank + 2} deep or deeper, and ${rank} axes`);
    if (!collect(name, value, shape, data)) fail("shape", `the rows of ${name} differ in length`);
    // What is no number among them is refused by its index when it is converted.
    const numbers = data as number[];
    return { name, data: numbers, shape: rank !== 1 && shape.length === 1 ? undefined : shape };
  }
  if (isGpuBuffer(value)) return { name, data: value, shape: undefined };
  if (isList(value)) {
    checkView(name, value);
    return { name, data: value as unknown as Float32Array, shape: undefined };
  }
  const given = Object(value) as object;
  if ("data" in given && "shape" in given && !("data" in Object(given.data))) {
    const { data } = readTensor(name, given.data, rank);
    const shape = readShape(name, given.shape);
    if (!isGpuBuffer(data) && data.length !== countOf(shape)) {
      fail("shape", `${name} has ${data.length} numbers and the shape ${formatShape(shape)}`);
    }
    return { name, data, shape };
  }
  return fail("shape", `${name} is to be a typed array, a nested array or { data, shape }`);
}

/** A list, or a typed array, which may be a row of one. */
function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);
}

/** A view whose buffer was transferred away, or shrank, looks as if it were empty. */
export function checkView(name: string, view: object): void {
  try {
    (view as Partial<Uint8Array>).keys?.();
  } catch {
    fail("option", `the buffer of ${name} was transferred away`);
  }
}

/** Gathers the elements of a nested array, holes included; false where it is not of this shape. */
function collect(
  name: string,
  value: unknown,
  [length, ...rest]: readonly number[],
  elements: unknown[],
): boolean {
  if (length === undefined) {
    elements.push(value);
    return !isList(value);
  }
  if (!isList(value)) return false;
  checkView(name, value);
  if (value.length !== length) return false;
  // Not `every`, which leaves out holes.
  for (let index = 0; index < length; index++) {
    if (!collect(name, value[index], rest, elements)) return false;
  }
  return true;
}

/** A copy, which is the caller's no more. */
function readShape(name: string, value: unknown): number[] {
  const shape = Array.isArray(value) ? Array.from<unknown>(value) : [NaN];
  return shape.every(isSize) ? shape : fail("shape", `the shape of ${name} is no list of sizes`);
}

/** An input out of what a caller gives. */
export function readInput(plan: Plan, name: string, given: object): GivenTensor {
  const rank = inputOf(plan, name).shape.length;
  const tensor = readTensor(name, Reflect.get(given, name), rank);
  if (isGpuBuffer(tensor.data)) checkReadable(name, tensor.data);
  return tensor;
}

/** Live dimensions told by tensors; `known` are the caller's, the trained ones fill in. */
export function dimensionsOf(
  plan: Plan,
  tensors: readonly GivenTensor[],
  known: Dimensions = {},
  fallback: Dimensions = {},
): Dimensions {
  const trained = Object.fromEntries(
    plan.dimensions.map(({ name, trained: size }) => [name, size]),
  );
  for (const [name, size] of Object.entries(known)) {
    if (!(name in trained)) unknownName("free dimension", name, Object.keys(trained));
    if (!Number.isInteger(size) || size < 0) fail("option", `${name} cannot be ${inWords(size)}`);
  }
  const given: GivenExtent[] = tensors.map(({ name, data, shape }) => ({
    name,
    declared: inputOf(plan, name).shape,
    shape,
    count: extentOf(data),
  }));
  return resolveDimensions(given, known, { ...trained, ...fallback });
}

/** How many numbers are given. */
export function extentOf(data: GivenTensor["data"]): number {
  return isGpuBuffer(data) ? data.size / 4 : data.length;
}

/** An input that is known to be there. */
export function inputOf({ inputs }: Plan, name: string): PlanInput {
  return at(
    inputs.filter((input) => input.name === name),
    0,
  );
}

/** The values that an input of integers may have, and the first that is too large. */
function rangeOf({ type, categories, range }: PlanInput): readonly [number, number] {
  if (range) return range;
  const low = type === "i32" ? -(2 ** 31) : 0;
  return [low, type === "bool" ? 2 : (categories ?? 2 ** 32 + low)];
}

/**
 * Checks every value as a buffer would hold it, and tells which is wrong by its index. Classes and
 * indices are whole numbers of their range; floats no NaN (unless the input says what stands for it)
 * and nothing that becomes infinite.
 */
export function checkValues(
  input: PlanInput,
  data: ArrayLike<unknown>,
  shape: readonly number[],
  precision: 32 | 64 = 32,
): void {
  convertValues(input, data, shape, precision, undefined);
}

/** Checked copies of numbers, as a buffer holds them. */
export function toValues(
  input: PlanInput,
  data: ArrayLike<unknown>,
  precision: 32 | 64,
  shape: readonly number[] = [data.length],
): Values {
  const values = emptyValues(input.type, precision, data.length);
  if (isCopied(input, data, values)) return values;
  convertValues(input, data, shape, precision, values);
  return values;
}

/** Copies what is of the buffer's type already, where all of it is finite. */
function isCopied({ type }: PlanInput, data: ArrayLike<unknown>, into: Values): boolean {
  if (type !== "f32" || !(data instanceof Float32Array && into instanceof Float32Array))
    return false;
  into.set(data);
  // The copy's: the caller's array may be shared. A difference that is not 0 tells NaN and infinities.
  for (let index = 0; index < into.length; index++) {
    const value = into[index] ?? 0;
    if (value - value !== 0) return false;
  }
  return true;
}

/** Each element is read once: what is checked is what is kept, whoever else writes meanwhile. */
function convertValues(
  input: PlanInput,
  data: ArrayLike<unknown>,
  shape: readonly number[],
  precision: 32 | 64,
  into: Values | undefined,
): void {
  const { type, missing } = input;
  const [low, end] = rangeOf(input);
  for (let index = 0; index < data.length; index++) {
    const given = data[index];
    if (typeof given !== "number" && typeof given !== "boolean") refuse(input, given, index, shape);
    let value = Number(given);
    if (Number.isNaN(value)) value = missing ?? NaN;
    if (type !== "f32") {
      if (value !== missing && !(value >= low && value < end && Number.isInteger(value))) {
        refuse(input, given, index, shape);
      }
    } else {
      if (precision === 32) value = Math.fround(value);
      if (value - value !== 0) refuse(input, given, index, shape);
    }
    if (into) into[index] = value;
  }
}

function refuse(input: PlanInput, value: unknown, index: number, shape: readonly number[]): never {
  const code = input.range || input.categories ? "label" : "value";
  fail(
    code,
    `${input.name}${indicesOf(index, shape)} is ${inWords(value)}, not ${wanted(input, value)}`,
  );
}

function wanted(input: PlanInput, value: unknown): string {
  const [low, end] = rangeOf(input);
  if (input.type !== "f32") return `a whole number from ${low} to ${end - 1}`;
  return Number.isFinite(value) ? "within ±3.4e38" : "a finite number";
}

/** `[3, 0]`: the indices of an element. */
function indicesOf(index: number, shape: readonly number[]): string {
  const indices: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    indices.unshift(rest % at(shape, axis));
    rest = Math.floor(rest / at(shape, axis));
  }
  return indices.length > 0 ? `[${indices.join(", ")}]` : "";
}

/** The tensors of one run, checked and converted, with the dimensions they tell. */
export interface BoundInputs {
  readonly inputs: ReadonlyMap<string, Values | GPUBuffer>;
  readonly dimensions: Dimensions;
}

/** All named tensors tell dimensions, and are checked and converted. */
export function bindInputs(
  plan: Plan,
  given: object,
  names: readonly string[],
  precision: 32 | 64,
  fallback: Dimensions,
): BoundInputs {
  const tensors = names.map((name) => readInput(plan, name, given));
  const dimensions = dimensionsOf(plan, tensors, {}, fallback);
  const used = names.map((name) => boundAs(plan, name, dimensions));
  return { inputs: checkedInputs(tensors, used, precision), dimensions };
}

/** An input and its shape at the live dimensions. */
export interface UsedInput {
  readonly input: PlanInput;
  readonly shape: readonly number[];
}

export function boundAs(plan: Plan, name: string, dimensions: Dimensions): UsedInput {
  const input = inputOf(plan, name);
  return { input, shape: evaluateShape(input.shape, dimensions) };
}

/** Of the tensors given those that are used, checked and converted. */
export function checkedInputs(
  tensors: readonly GivenTensor[],
  used: readonly UsedInput[],
  precision: 32 | 64,
): ReadonlyMap<string, Values | GPUBuffer> {
  const inputs = new Map<string, Values | GPUBuffer>();
  for (const { name, data } of tensors) {
    const found = used.find(({ input }) => input.name === name);
    if (!found) continue;
    if (isGpuBuffer(data)) checkSize(name, data, found.shape);
    inputs.set(
      name,
      isGpuBuffer(data) ? data : toValues(found.input, data, precision, found.shape),
    );
  }
  return inputs;
}

/** What can be told of a caller's buffer before it is read; the device tells whether it is destroyed or another's. */
function checkReadable(name: string, { usage, mapState }: GPUBuffer): void {
  if (!(usage & 4)) fail("option", `the GPUBuffer of ${name} lacks the usage COPY_SRC`);
  if (mapState !== "unmapped") fail("option", `the GPUBuffer of ${name} is mapped: unmap it first`);
}

function checkSize(name: string, { size }: GPUBuffer, shape: readonly number[]): void {
  const bytes = countOf(shape) * 4;
  if (size < bytes)
    fail(
      "shape",
      `the GPUBuffer of ${name} has ${size} bytes, its shape ${formatShape(shape)} takes ${bytes}`,
    );
}
