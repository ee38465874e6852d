// Takes parts, gives loop nests built by hand: the inputs of the tests of mappings and printers.

import type { Dim } from "../../compiler/types/dimension.js";
import { elementCount } from "../../compiler/types/dimension.js";
import type { ElementType, Shape } from "../../compiler/types/graph.js";
import type {
  Axis,
  Combine,
  LoopNest,
  NestStore,
  Scalar,
  ScalarOp,
  ScalarType,
  Schedule,
  ScheduledBuffer,
} from "../../compiler/types/nest.js";
import { comparisonNames } from "../../compiler/types/opNames.js";

export interface NestBuilder {
  readonly axis: (extent: Dim) => Axis;
  readonly input: (name: string, elements: Dim, type?: ElementType) => number;
  readonly temporary: (elements: Dim, type?: ElementType) => number;
  readonly storage: (name: string, elements: Dim, type?: ElementType) => number;
  readonly load: (buffer: number, index: Scalar) => Scalar;
  readonly buffers: ScheduledBuffer[];
}

export function createBuilder(): NestBuilder {
  const buffers: ScheduledBuffer[] = [];
  let axes = 0;
  let slots = 0;
  const add = (buffer: ScheduledBuffer): number => buffers.push(buffer) - 1;
  return {
    buffers,
    axis: (extent) => ({ id: axes++, extent }),
    input: (input, elements, type = "f32") => add({ kind: "input", input, type, elements }),
    temporary: (elements, type = "f32") => {
      const slot = slots++;
      return add({ kind: "temporary", type, elements, slot, label: `t${slot}` });
    },
    storage: (storage, elements, type = "f32") => add({ kind: "storage", storage, type, elements }),
    load: (buffer, index) => ({
      kind: "load",
      type: buffers[buffer]?.type ?? "f32",
      buffer,
      index,
    }),
  };
}

export function at(axis: Axis): Scalar {
  return { kind: "axis", type: "index", axis };
}

export function int(value: number): Scalar {
  return { kind: "literal", type: "index", value };
}

export function float(value: number): Scalar {
  return { kind: "literal", type: "f32", value };
}

export function dim(value: Dim): Scalar {
  return typeof value === "number" ? int(value) : { kind: "dim", type: "index", dim: value };
}

const truths = new Set<ScalarOp>([...comparisonNames, "and", "or", "not"]);

/** The type is that of the operands (of the last one, which for `select` is a branch), or bool. */
export function op(name: ScalarOp, ...operands: readonly Scalar[]): Scalar {
  const type = truths.has(name) ? "bool" : (operands.at(-1)?.type ?? "f32");
  return { kind: "op", type, op: name, arguments: operands };
}

export function cast(type: ScalarType, operand: Scalar): Scalar {
  return { kind: "op", type, op: "cast", arguments: [operand] };
}

export function guard(condition: Scalar, value: Scalar, otherwise: Scalar): Scalar {
  return { kind: "guard", type: value.type, condition, value, otherwise };
}

export function reduce(combine: Combine, axes: readonly Axis[], value: Scalar): Scalar {
  if (value.type === "index") throw new Error("indices are not reduced");
  const type = combine === "argmax" || combine === "argmin" ? "i32" : value.type;
  return { kind: "reduce", type, combine, axes, value };
}

/** The row-major offset of these indices in a tensor of this shape. */
export function offset(shape: Shape, indices: readonly Scalar[]): Scalar {
  return indices.reduce<Scalar>((sum, index, axis) => {
    const extent = shape[axis] ?? 1;
    return axis === 0 ? index : op("add", op("multiply", sum, dim(extent)), index);
  }, int(0));
}

/** 0 ≤ index < extent. */
export function inside(index: Scalar, extent: Dim): Scalar {
  return op("and", op("greaterEqual", index, int(0)), op("less", index, dim(extent)));
}

export function nestOf(
  name: string,
  axes: readonly Axis[],
  stores: readonly NestStore[],
  given: readonly number[] = [],
): LoopNest {
  const origin = { file: { name: "made.nn", text: "" }, span: { start: 0, end: 0 }, path: name };
  return { name, axes, stores, arguments: given, origins: [origin] };
}

/** All temporaries are results, so that a test can read them. */
export function scheduleOf(builder: NestBuilder, nests: readonly LoopNest[]): Schedule {
  const temporaries = builder.buffers.flatMap((buffer, index) =>
    buffer.kind === "temporary" ? [{ buffer, index }] : [],
  );
  return {
    name: "made",
    buffers: builder.buffers,
    nests,
    steps: nests.map(() => 1),
    inOneDispatch: new Set(),
    serves: nests.map(() => undefined),
    slots: temporaries.map(({ buffer }) => ({
      bytes: elementCount([4, buffer.elements]),
      first: 0,
      last: nests.length,
      below: [],
    })),
    host: [],
    results: temporaries.map(({ buffer, index }) => ({
      name: buffer.label,
      buffer: index,
      type: buffer.type,
      shape: [buffer.elements],
    })),
  };
}
