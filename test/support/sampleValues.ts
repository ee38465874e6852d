// Operands of a sample in; their leaves and values out, the same in every run.

import { countOf } from "../../runtime/dimensions.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import { evaluateDim } from "../../compiler/types/dimension.js";
import type { Node } from "../../compiler/types/graph.js";
import type { Tensor } from "./interpret.js";
import type { SampleOperand } from "./opSamples.js";

/** Numbers in [0, 1), the same for the same seed. */
export function generator(seed: number): () => number {
  let state = (seed + 1) * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function sampleValue(
  operand: SampleOperand,
  dimensions: Readonly<Record<string, number>>,
  seed: number,
): Tensor {
  const next = generator(seed);
  const [low, high] = operand.range;
  const shape = operand.shape.map((dim) => evaluateDim(dim, dimensions));
  const length = countOf(shape);
  const whole = operand.type !== "f32";
  const data = Array.from({ length }, () =>
    whole ? low + Math.floor(next() * (high - low + 1)) : low + next() * (high - low),
  );
  return { shape, data };
}

export function operandName(position: number): string {
  return `x${position}`;
}

/** A leaf for each operand, called x0, x1, … */
export function operandLeaves(b: GraphBuilder, operands: readonly SampleOperand[]): Node[] {
  return operands.map((operand, position) => b.input(operandName(position), operand));
}
