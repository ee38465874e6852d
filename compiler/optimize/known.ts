// A node of integers in; all its values out, where they are known while compiling.

import { elementCount } from "../types/dimension.js";
import type { Node, Shape } from "../types/graph.js";
import { at } from "../ops/broadcast.js";
import { ruleOf } from "../ops/table.js";
import { evaluateScalar } from "../scalars/evaluate.js";

/** More values than this are left to the device. */
const mostValues = 2 ** 20;

/** Row-major; undefined where data or a free dimension takes part. */
export function knownIntegers(node: Node): readonly number[] | undefined {
  const memo = new Map<Node, readonly number[] | undefined>();
  const valuesOf = (one: Node): readonly number[] | undefined => {
    if (memo.has(one)) return memo.get(one);
    const count = elementCount(one.shape);
    const small = typeof count === "number" && count <= mostValues;
    const values = small && one.type !== "f32" ? compute(one, count, valuesOf) : undefined;
    memo.set(one, values);
    return values;
  };
  return valuesOf(node);
}

function compute(
  node: Node,
  count: number,
  valuesOf: (node: Node) => readonly number[] | undefined,
): readonly number[] | undefined {
  const fill = (value: (index: number) => number): readonly number[] =>
    Array.from({ length: count }, (_, index) => value(index));
  if (node.op === "constant") {
    const { values } = node.attributes;
    return values.length === count ? values : fill(() => at(values, 0));
  }
  if (node.op === "iota") {
    const [extent, behind] = strides(node.shape, node.attributes.axis);
    return fill((index) => Math.floor(index / behind) % extent);
  }
  const { lowering } = ruleOf(node.op);
  const operands: (readonly number[])[] = [];
  for (const input of node.inputs) {
    const values = valuesOf(input);
    if (values === undefined) return undefined;
    operands.push(values);
  }
  if (node.op === "reshape") return operands[0];
  const readers = operands.map((values, n) =>
    aligned(values, at(node.inputs, n).shape, node.shape),
  );
  if (node.op === "broadcast" || lowering.kind === "identity")
    return readers[0] && fill(readers[0]);
  if (lowering.kind !== "pointwise") return undefined;
  const { op } = lowering;
  const types = { operands: node.inputs.at(-1)?.type ?? node.type, result: node.type };
  const values = fill((index) => {
    return (
      evaluateScalar(
        op,
        types,
        readers.map((read) => read(index)),
      ) ?? NaN
    );
  });
  return values.every(Number.isInteger) ? values : undefined;
}

function strides(shape: Shape, axis: number): readonly [number, number] {
  const behind = shape
    .slice(axis + 1)
    .reduce<number>((product, extent) => product * Number(extent), 1);
  return [Number(at(shape, axis)), behind];
}

/** The operand's value for an element of `shape`: operands align at the last axis and repeat along axes of 1. */
function aligned(values: readonly number[], own: Shape, shape: Shape): (index: number) => number {
  if (values.length === 1) return () => at(values, 0);
  const missing = shape.length - own.length;
  const steps = own.map((extent, axis) => {
    const [whole, behind] = strides(shape, axis + missing);
    return { whole, behind, step: extent === 1 ? 0 : strides(own, axis)[1] };
  });
  return (index) => {
    let from = 0;
    for (const { whole, behind, step } of steps) {
      if (step > 0) from += (Math.floor(index / behind) % whole) * step;
    }
    return at(values, from);
  };
}
