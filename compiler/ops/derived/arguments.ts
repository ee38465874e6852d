// Arguments of a call in; tensors, axes, integers and dimensions out, or a mistake said in the user's terms.

import { dimEqual, elementCount } from "../../types/dimension.js";
import type { Dim } from "../../types/dimension.js";
import type { ElementType, Node, Shape } from "../../types/graph.js";
import { at, indices } from "../broadcast.js";
import type { GraphBuilder } from "../builder.js";
import { fail } from "./primitive.js";
import type { Argument, Call } from "./primitive.js";

export function isNode(value: Argument | undefined): value is Node {
  return typeof value === "object" && "op" in value;
}

export function isDim(value: Argument | undefined): value is Dim {
  if (typeof value === "number") return true;
  return typeof value === "object" && "kind" in value;
}

function isList(value: Argument | undefined): value is readonly Argument[] {
  return Array.isArray(value);
}

/** What an argument is, for "found" in messages. */
export function describe(value: Argument | undefined): string {
  if (value === undefined) return "nothing";
  if (isNode(value)) return "a tensor";
  if (isList(value)) return "a list";
  if (typeof value === "string") return `"${value}"`;
  return typeof value === "object" ? "a dimension of run time" : String(value);
}

/** The argument at `position` as a whole number known while compiling. */
export function integerAt({ values }: Call, position: number, name: string): number {
  const value = values[position];
  if (typeof value === "number" && Number.isInteger(value)) return value;
  return fail("argument", `"${name}" is a whole number known while compiling`, {
    expected: "a whole number",
    found: describe(value),
    operands: [position],
  });
}

export function numberAt({ values }: Call, position: number, name: string): number {
  const value = values[position];
  if (typeof value === "number") return value;
  return fail("argument", `"${name}" is a number known while compiling`, {
    expected: "a number",
    found: describe(value),
    operands: [position],
  });
}

export function booleanAt({ values }: Call, position: number, name: string): boolean {
  const value = values[position] ?? false;
  if (typeof value === "boolean") return value;
  return fail("argument", `"${name}" is true or false`, {
    expected: "true or false",
    found: describe(value),
    operands: [position],
  });
}

/** The argument at `position` as one of some words. */
export function wordAt(
  { values }: Call,
  position: number,
  { name, words }: { readonly name: string; readonly words: readonly string[] },
): string {
  const value = values[position];
  if (typeof value === "string" && words.includes(value)) return value;
  const all = words.map((word) => `"${word}"`).join(", ");
  return fail("argument", `"${name}" is one of ${all}`, {
    expected: all,
    found: describe(value),
    operands: [position],
  });
}

export function dimAt({ values }: Call, position: number, name: string): Dim {
  const value = values[position];
  if (isDim(value) && (typeof value !== "number" || Number.isInteger(value))) return value;
  return fail("argument", `"${name}" is a whole number or a dimension`, {
    expected: "a whole number or a dimension",
    found: describe(value),
    operands: [position],
  });
}

/** A list of dimensions, or one, which stands for a list of itself. */
export function shapeAt({ values }: Call, position: number, name: string): Dim[] {
  const value = values[position];
  const list = isList(value) ? value : [value];
  return list.map((entry) => {
    if (isDim(entry) && (typeof entry !== "number" || Number.isInteger(entry))) return entry;
    return fail("argument", `"${name}" is a list of dimensions`, {
      expected: "whole numbers and dimensions",
      found: describe(entry),
      operands: [position],
    });
  });
}

/** An integer for each of `count` axes: one for all, or a list. */
export function integersAt(
  { values }: Call,
  position: number,
  request: { readonly name: string; readonly count: number; readonly least: number },
): number[] {
  const { name, count, least } = request;
  const value = values[position];
  const list = isList(value) ? value : indices(count).map(() => value);
  const wrong = (found: string): never =>
    fail("argument", `"${name}" is a whole number of at least ${least}, or a list of ${count}`, {
      expected: count === 1 ? "a whole number" : `a whole number, or ${count} of them`,
      found,
      operands: [position],
    });
  if (list.length !== count) return wrong(`${list.length} entries`);
  return list.map((entry) =>
    typeof entry === "number" && Number.isInteger(entry) && entry >= least
      ? entry
      : wrong(describe(entry)),
  );
}

/** An axis counted from the front, given from the front or (negative) from the back. */
export function normalAxis(axis: number, rank: number, position: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(normal) && normal >= 0 && normal < rank) return normal;
  return fail("axis", `there is no axis ${axis} in a tensor of ${rank} axes`, {
    expected: rank === 0 ? "a tensor with axes" : `an axis from ${-rank} to ${rank - 1}`,
    found: String(axis),
    operands: [position],
  });
}

export function axisAt(call: Call, position: number, rank: number): number {
  return normalAxis(integerAt(call, position, "axis"), rank, position);
}

/** One axis or a list, counted from the front, ascending; undefined where none was given. */
export function axesAt({ values }: Call, position: number, rank: number): number[] | undefined {
  const value = values[position];
  if (value === undefined) return undefined;
  const list = isList(value) ? value : [value];
  const axes = list.map((entry) => {
    if (typeof entry === "number") return normalAxis(entry, rank, position);
    return fail("axis", "an axis is a whole number known while compiling", {
      found: describe(entry),
      operands: [position],
    });
  });
  if (new Set(axes).size === axes.length) return axes;
  return fail("axis", "an axis stands twice", { operands: [position] });
}

/** The argument as a tensor; compile-time whole numbers become i32, others f32. */
export function tensorAt({ b, values }: Call, position: number): Node {
  return toTensor(b, values[position], position);
}

/** The argument as a tensor of f32. */
export function realAt(call: Call, position: number): Node {
  return call.b.cast(tensorAt(call, position), "f32");
}

/** The factors of sums of products, of one type: reals where one is, else integers, whose products and sums are exact and wrap. */
export function factorsAt(call: Call, left: number, right: number): readonly [Node, Node] {
  const pair = [tensorAt(call, left), tensorAt(call, right)];
  const [a, b] = promote(call.b, pair).map((factor) => countable(call.b, factor));
  if (a === undefined || b === undefined) throw new Error("a product has two factors");
  return [a, b];
}

export function toTensor(b: GraphBuilder, value: Argument | undefined, position: number): Node {
  if (isNode(value)) return value;
  if (typeof value === "boolean") return b.constant(value ? 1 : 0, [], "bool");
  if (isDim(value)) return numberTensor(b, value, position);
  if (!isList(value)) {
    return fail("argument", "a tensor or a number belongs here", {
      found: describe(value),
      operands: [position],
    });
  }
  const { numbers, shape } = flattened(value);
  if (numbers !== undefined) {
    const type = numbers.every((n) => Number.isInteger(n) && Math.abs(n) < 2 ** 31) ? "i32" : "f32";
    return b.constant(numbers, shape, type);
  }
  return stacked(b, value, position);
}

function numberTensor(b: GraphBuilder, value: Dim, position: number): Node {
  if (typeof value !== "number") return b.dimension(value);
  if (!Number.isFinite(value)) {
    return fail("argument", "a number that meets a tensor is finite", {
      found: String(value),
      operands: [position],
    });
  }
  const whole = Number.isInteger(value) && Math.abs(value) < 2 ** 31;
  return b.constant(value, [], whole ? "i32" : "f32");
}

/** A rectangular list of numbers in row-major order; without `numbers` where it is not one. */
function flattened(list: readonly Argument[]): {
  readonly numbers: number[] | undefined;
  readonly shape: number[];
} {
  const shape = [list.length];
  if (list.every((entry) => typeof entry === "number")) return { numbers: [...list], shape };
  const parts = list.map((entry) => (isList(entry) ? flattened(entry) : undefined));
  const [first] = parts;
  const numbers: number[] = [];
  for (const part of parts) {
    const same = part?.shape.join() === first?.shape.join();
    if (part?.numbers === undefined || !same) return { numbers: undefined, shape };
    numbers.push(...part.numbers);
  }
  return { numbers, shape: [...shape, ...(first?.shape ?? [])] };
}

/** A list that holds tensors: stacked along a new first axis. */
function stacked(b: GraphBuilder, list: readonly Argument[], position: number): Node {
  if (list.length === 0) {
    return fail("argument", "an empty list is no tensor", { operands: [position] });
  }
  const parts = promote(b, list);
  const shape = at(parts, 0).shape;
  for (const part of parts) {
    const agrees =
      part.shape.length === shape.length &&
      part.shape.every((extent, axis) => dimEqual(extent, at(shape, axis)));
    if (agrees) continue;
    return fail("shape", "the tensors of a list have one shape", { operands: [position] });
  }
  return b.concat(
    parts.map((part) => b.reshape(part, [1, ...shape])),
    0,
  );
}

/** A list of tensors, as such. */
export function tensorsAt({ b, values }: Call, position: number): Node[] {
  const value = values[position];
  if (!isList(value) || value.length === 0) {
    return fail("argument", "a list of tensors belongs here", {
      expected: "[a, b, …]",
      found: describe(value),
      operands: [position],
    });
  }
  return promote(b, value);
}

/**
 * Operands of one element type, as the language has it: with f32 all become f32; u32 with i32 becomes i32, and so does a
 * compile-time whole number; bool stays bool among its like.
 */
export function promote(b: GraphBuilder, operands: readonly Argument[]): Node[] {
  const tensors = operands.map((value, position) => toTensor(b, value, position));
  const type = joinTypes(tensors.map((tensor) => tensor.type));
  return tensors.map((tensor) => castTo(b, tensor, type));
}

function joinTypes(types: readonly ElementType[]): ElementType {
  const [first = "f32"] = types;
  if (types.every((type) => type === first)) return first;
  return types.includes("f32") ? "f32" : "i32";
}

/** A cast; of a constant, the constant in the other type. */
export function castTo(b: GraphBuilder, x: Node, type: ElementType): Node {
  // The very node: a derivative may be taken by it.
  if (x.type === type) return x;
  const becomesReal = x.op === "constant" && x.type !== "bool" && type === "f32";
  return becomesReal ? b.constant(x.attributes.values, x.shape, type) : b.cast(x, type);
}

/** Truth values counted as 0 and 1. */
export function countable(b: GraphBuilder, x: Node): Node {
  return x.type === "bool" ? b.cast(x, "i32") : x;
}

/** How many elements lie along `axes`, as an f32 scalar. */
export function countAlong(b: GraphBuilder, shape: Shape, axes: readonly number[]): Node {
  const count = elementCount(axes.map((axis) => at(shape, axis)));
  return typeof count === "number" ? b.constant(count) : b.cast(b.dimension(count), "f32");
}
