// Tensors in any of the forms a caller may give in; checked values as a buffer holds them out.

import { arrayOf, type Values } from "./backend.js";
import {
  countOf,
  evaluateShape,
  formatShape,
  resolveDimensions,
  type Dimensions,
  type GivenExtent,
} from "./dimensions.js";
import { at, fail, unknownName } from "./errors.js";
import type { Plan, PlanInput } from "./plan.js";

/** A tensor as given: numbers not yet checked or converted. */
export interface GivenTensor {
  readonly name: string;
  readonly data: ArrayLike<number> | GPUBuffer;
  readonly shape: readonly number[] | undefined;
}

export function isGpuBuffer(value: unknown): value is GPUBuffer {
  return typeof value === "object" && value !== null && "mapState" in value;
}

/** The names of `inputs` that are not undefined, each an input of the plan that may be given. */
export function givenNames({ inputs: all }: Plan, inputs: object): string[] {
  const names = Object.keys(inputs).filter((name) => Reflect.get(inputs, name) !== undefined);
  const allowed = all.filter(({ source }) => source !== "computed").map(({ name }) => name);
  for (const name of names) if (!allowed.includes(name)) unknownName("input", name, allowed);
  return names;
}

/** `flat`: a list without lists in it is elements in a row, as a typed array is. */
export function readTensor(name: string, value: unknown, flat: boolean): GivenTensor {
  if (typeof value === "number" || typeof value === "boolean") {
    return { name, data: [Number(value)], shape: [] };
  }
  if (Array.isArray(value)) {
    const shape: number[] = [];
    for (let part: unknown = value; Array.isArray(part); part = part[0]) shape.push(part.length);
    if (!isRegular(value, shape)) fail("shape", `the rows of ${name} differ in length`);
    const data = value.flat(Infinity).map(Number);
    return { name, data, shape: flat && shape.length === 1 ? undefined : shape };
  }
  if (isGpuBuffer(value) || (ArrayBuffer.isView(value) && "length" in value)) {
    return { name, data: value as GPUBuffer | Float32Array, shape: undefined };
  }
  if (typeof value === "object" && value !== null && "data" in value && "shape" in value) {
    const { data } = readTensor(name, value.data, true);
    const shape = value.shape as readonly number[];
    if (!isGpuBuffer(data) && data.length !== countOf(shape)) {
      fail("shape", `${name} has ${data.length} numbers and the shape ${formatShape(shape)}`);
    }
    return { name, data, shape };
  }
  return fail("shape", `${name} is to be a typed array, a nested array or { data, shape }`);
}

function isRegular(value: unknown, [length, ...rest]: readonly number[]): boolean {
  if (!Array.isArray(value)) return length === undefined;
  return value.length === length && value.every((part) => isRegular(part, rest));
}

/** An input out of what a caller gives. */
export function readInput(plan: Plan, name: string, given: object): GivenTensor {
  return readTensor(name, Reflect.get(given, name), inputOf(plan, name).shape.length > 1);
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
    if (!(size >= 0 && Number.isInteger(size))) fail("option", `${name} cannot be ${size}`);
  }
  const given: GivenExtent[] = tensors.map(({ name, data, shape }) => ({
    name,
    declared: inputOf(plan, name).shape,
    shape,
    count: isGpuBuffer(data) ? data.size / 4 : data.length,
  }));
  return resolveDimensions(given, known, { ...trained, ...fallback });
}

/** An input that is known to be there. */
export function inputOf({ inputs }: Plan, name: string): PlanInput {
  return at(
    inputs,
    inputs.findIndex((input) => input.name === name),
  );
}

/** The values that an input of integers may have, and the first that is too large. */
function rangeOf({ type, categories, range }: PlanInput): readonly [number, number] {
  if (range) return range;
  const low = type === "i32" ? -(2 ** 31) : 0;
  return [low, type === "bool" ? 2 : (categories ?? 2 ** 32 + low)];
}

/**
 * Checks every value and tells which is wrong by its place. Classes and indices are whole numbers of
 * their range; floats no NaN (unless the input says what stands for it) and no infinity.
 */
export function checkValues(
  input: PlanInput,
  data: ArrayLike<number>,
  shape: readonly number[],
): void {
  const { name, type, missing } = input;
  const [low, end] = rangeOf(input);
  const high = end - 1;
  for (let index = 0; index < data.length; index++) {
    const value = at(data, index);
    const fits =
      type === "f32"
        ? value - value === 0 || (missing !== undefined && Number.isNaN(value))
        : value >= low && value <= high && Number.isInteger(value);
    if (fits) continue;
    const wanted = type === "f32" ? "a finite number" : `a whole number from ${low} to ${high}`;
    const code = input.range || input.categories ? "label" : "value";
    fail(code, `${name}${placeOf(index, shape)} is ${value}, not ${wanted}`);
  }
}

/** `[3, 0]`: the indices of an element. */
function placeOf(index: number, shape: readonly number[]): string {
  const places: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    places.unshift(rest % at(shape, axis));
    rest = Math.floor(rest / at(shape, axis));
  }
  return places.length > 0 ? `[${places.join(", ")}]` : "";
}

/** Checked numbers as a buffer holds them; the array itself where it is already of that kind. */
export function toValues(input: PlanInput, data: ArrayLike<number>, precision: 32 | 64): Values {
  const Elements = arrayOf(input.type, precision);
  const replaces = input.type === "f32" && input.missing !== undefined;
  if (data instanceof Elements && !replaces) return data;
  const values: Values = Elements.from(data);
  if (replaces) {
    values.forEach((value, index) => {
      if (Number.isNaN(value)) values[index] = input.missing ?? 0;
    });
  }
  return values;
}

/** The tensors of one run, checked and converted, with the dimensions they tell. */
export interface BoundInputs {
  readonly inputs: ReadonlyMap<string, Values | GPUBuffer>;
  readonly dimensions: Dimensions;
}

export function bindInputs(
  plan: Plan,
  given: object,
  names: readonly string[],
  precision: 32 | 64,
  known: Dimensions = {},
  fallback: Dimensions = {},
): BoundInputs {
  const tensors = names.map((name) => readInput(plan, name, given));
  const dimensions = dimensionsOf(plan, tensors, known, fallback);
  const inputs = new Map<string, Values | GPUBuffer>();
  for (const { name, data } of tensors) {
    const input = inputOf(plan, name);
    if (isGpuBuffer(data)) {
      if (!(data.usage & 4)) fail("option", `the GPUBuffer of ${name} lacks the usage COPY_SRC`);
      inputs.set(name, data);
      continue;
    }
    checkValues(input, data, evaluateShape(input.shape, dimensions));
    inputs.set(name, toValues(input, data, precision));
  }
  return { inputs, dimensions };
}
