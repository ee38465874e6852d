// Tensors in any of the forms a caller may give in; checked values as a buffer holds them out.

import { emptyValues, type Values } from "./backend.js";
import {
  evaluateShape,
  formatShape,
  resolveDimensions,
  type Dimensions,
  type GivenExtent,
} from "./dimensions.js";
import { fail, unknownName } from "./errors.js";
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
export function givenNames(plan: Plan, inputs: object): string[] {
  const names = Object.keys(inputs).filter((name) => Reflect.get(inputs, name) !== undefined);
  for (const name of names) {
    const input = plan.inputs.find((candidate) => candidate.name === name);
    const allowed = plan.inputs.filter(({ source }) => source !== "computed");
    if (!input) {
      unknownName(
        "input",
        name,
        allowed.map((candidate) => candidate.name),
      );
    }
    if (input.source === "computed") fail("name", `${name} is computed by the model: leave it out`);
  }
  return names;
}

export function readTensor(input: PlanInput, value: unknown): GivenTensor {
  const { name } = input;
  if (isGpuBuffer(value)) return { name, data: value, shape: undefined };
  if (typeof value === "number" || typeof value === "boolean") {
    return { name, data: [Number(value)], shape: [] };
  }
  if (ArrayBuffer.isView(value) && "length" in value) {
    return { name, data: numbersOf(value), shape: undefined };
  }
  if (Array.isArray(value)) return readArray(input, value);
  if (typeof value === "object" && value !== null && "data" in value && "shape" in value) {
    const { data, shape } = value as { data: unknown; shape: readonly number[] };
    if (isGpuBuffer(data)) return { name, data, shape };
    const { data: numbers } = readTensor(input, data);
    const count = shape.reduce((product, axis) => product * axis, 1);
    if (!isGpuBuffer(numbers) && numbers.length !== count) {
      fail(
        "shape",
        `${name} has ${numbers.length} numbers, but its shape is ${formatShape(shape)}`,
      );
    }
    return { name, data: numbers, shape };
  }
  return fail(
    "shape",
    `${name} is a typed array, a nested array or { data, shape }, not ${value === null ? "null" : typeof value}`,
  );
}

/** 64-bit integers come out of some files; elsewhere numbers are numbers. */
function numbersOf(view: ArrayBufferView): ArrayLike<number> {
  if (view instanceof BigInt64Array || view instanceof BigUint64Array) {
    return Float64Array.from(view, Number);
  }
  return view as unknown as ArrayLike<number>;
}

function readArray(input: PlanInput, value: readonly unknown[]): GivenTensor {
  const { name } = input;
  const shape: number[] = [];
  for (let part: unknown = value; Array.isArray(part); part = part[0]) shape.push(part.length);
  // A flat list stands for any shape, as a typed array does.
  if (shape.length === 1) {
    const data = value.map(Number);
    return { name, data, shape: input.shape.length === 1 ? shape : undefined };
  }
  const data: number[] = [];
  const collect = (part: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (Array.isArray(part)) ragged(name);
      data.push(Number(part));
    } else {
      if (!Array.isArray(part) || part.length !== shape[depth]) ragged(name);
      for (const element of part as unknown[]) collect(element, depth + 1);
    }
  };
  collect(value, 0);
  return { name, data, shape };
}

function ragged(name: string): never {
  fail("shape", `${name} is a nested array whose rows differ in length`);
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
    if (!Number.isSafeInteger(size) || size < 0) {
      fail("option", `${name} is a whole number, not ${size}`);
    }
  }
  const given: GivenExtent[] = tensors.map(({ name, data, shape }) => ({
    name,
    declared: inputOf(plan, name).shape,
    shape,
    count: isGpuBuffer(data) ? data.size / 4 : data.length,
  }));
  return resolveDimensions(given, known, { ...trained, ...fallback });
}

export function inputOf(plan: Plan, name: string): PlanInput {
  const input = plan.inputs.find((candidate) => candidate.name === name);
  return input ?? fail("internal", `the plan has no input ${name}`);
}

/**
 * Checks every value and tells which is wrong by its place. Categories hold whole numbers below their
 * count; floats no NaN (unless the input says what stands for it) and no infinity.
 */
export function checkValues(
  input: PlanInput,
  data: ArrayLike<number>,
  shape: readonly number[],
): void {
  const { type, categories = 2 ** 32, missing } = input;
  const [low, high] =
    type === "i32" ? [-(2 ** 31), 2 ** 31] : [0, type === "bool" ? 2 : categories];
  for (let index = 0; index < data.length; index++) {
    const value = data[index] ?? NaN;
    if (type === "f32") {
      if (value - value === 0 || (missing !== undefined && value !== value)) continue;
    } else if (Number.isInteger(value) && value >= low && value < high) {
      continue;
    }
    refuseValue(input, Number(value), placeOf(index, shape), low, high);
  }
}

function refuseValue(
  { name, type, categories }: PlanInput,
  value: number,
  place: string,
  low: number,
  high: number,
): never {
  const details = { name, place, value };
  if (categories !== undefined && Number.isInteger(value)) {
    const wanted = `labels are 0 to ${categories - 1}`;
    fail("label", `${name}${place} is ${value}; its ${wanted}`, details);
  }
  const wanted = {
    f32: "a finite number",
    bool: "true or false",
    i32: "a whole number",
    u32: "a whole number from 0 on",
  }[type];
  const range = Number.isInteger(value) ? ` from ${low} to ${high - 1}` : "";
  fail("value", `${name}${place} is ${value}, not ${wanted}${range}`, details);
}

/** `[3, 0]`: the indices of an element. */
function placeOf(index: number, shape: readonly number[]): string {
  const places: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis] ?? 1;
    places.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return places.length > 0 ? `[${places.join(", ")}]` : "";
}

/** Checked numbers as a buffer holds them; the array itself where it is already of that kind. */
export function toValues(input: PlanInput, data: ArrayLike<number>, precision: 32 | 64): Values {
  const empty = emptyValues(input.type, precision, 0);
  const replaces = input.type === "f32" && input.missing !== undefined;
  if (data.constructor === empty.constructor && !replaces) return data as Values;
  const values = emptyValues(input.type, precision, data.length);
  values.set(data);
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
  const tensors = names.map((name) => readTensor(inputOf(plan, name), Reflect.get(given, name)));
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
