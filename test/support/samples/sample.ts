// Takes no input, gives the form of a sample of an op, and short ways to write one down.

import type { GraphBuilder } from "../../../compiler/ops/builder.js";
import { freeDim } from "../../../compiler/types/dimension.js";
import type { ElementType, Node, OpName, Shape } from "../../../compiler/types/graph.js";

/** One operand: its type, and the range its values are drawn from (integers between, both included, for integer types). */
export interface SampleOperand {
  readonly type: ElementType;
  readonly shape: Shape;
  readonly range: readonly [number, number];
}

export interface OpSample {
  readonly op: OpName;
  readonly name: string;
  readonly operands: readonly SampleOperand[];
  /** Values of the free dimensions that occur. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** What the shape rule must give. */
  readonly type: ElementType;
  readonly shape: Shape;
  readonly build: (b: GraphBuilder, operands: readonly Node[]) => Node;
}

export const batch = freeDim("batch");
export const time = freeDim("time");

/** Live values of the free dimensions in all samples. */
export const sampleDimensions = { batch: 3, time: 5 } as const;

export function f32(shape: Shape, range: readonly [number, number] = [-2, 2]): SampleOperand {
  return { type: "f32", shape, range };
}

export function integers(
  shape: Shape,
  range: readonly [number, number],
  type: ElementType = "i32",
): SampleOperand {
  return { type, shape, range };
}

export function bool(shape: Shape): SampleOperand {
  return { type: "bool", shape, range: [0, 1] };
}

export interface Sample extends Pick<OpSample, "operands" | "shape" | "build"> {
  readonly type?: ElementType;
  readonly note?: string;
}

export function sample(op: OpName, { note, type, ...own }: Sample): OpSample {
  const shapes = own.operands.map(({ type: t, shape }) => `${t}[${shape.map(text).join(",")}]`);
  return {
    op,
    ...own,
    name: `${op} ${shapes.join(" ")}${note === undefined ? "" : ` ${note}`}`,
    type: type ?? own.operands[0]?.type ?? "f32",
    dimensions: sampleDimensions,
  };
}

function text(dim: Shape[number]): string {
  return typeof dim === "number" ? String(dim) : "free";
}

export function operandsOf(nodes: readonly Node[]): readonly [Node, Node, Node] {
  const [x, y, z] = nodes;
  if (x === undefined) throw new Error("a sample has an operand");
  return [x, y ?? x, z ?? y ?? x];
}
