// Takes a schedule and the contents of storages and inputs, gives its results: a slow, obvious executor in double precision.
import { countOf } from "../../runtime/dimensions.js";
import { bytesOf, layOut } from "../../runtime/layout.js";
import { evaluateDim } from "../../compiler/types/dimension.js";
import type {
  Axis,
  Combine,
  LoopNest,
  NestStore,
  Recurrence,
  Scalar,
  Schedule,
} from "../../compiler/types/nest.js";
import { applyHost, applyScalar } from "./scalarOps.js";

/** Gives a number in (0, 1) for a stream and an index; bits are not supported here. */
type Draw = (stream: number, index: number) => number;

export interface RunInput {
  readonly dims: Readonly<Record<string, number>>;
  readonly storages: Map<string, Float64Array>;
  readonly inputs: Readonly<Record<string, ArrayLike<number>>>;
  readonly scalars?: Readonly<Record<string, number>>;
  readonly draw?: Draw;
}

/** Storages are updated in place; temporaries lie in one memory, as a backend lays them out. */
export function runSchedule(
  schedule: Schedule,
  input: RunInput,
): Record<string, { data: Float64Array; shape: number[] }> {
  const { dims } = input;
  const slots = temporariesOf(schedule, dims);
  const buffers = schedule.buffers.map((buffer): Float64Array => {
    switch (buffer.kind) {
      case "storage": {
        const found = input.storages.get(buffer.storage);
        if (found === undefined) throw new Error(`no storage ${buffer.storage}`);
        return found;
      }
      case "input":
        return Float64Array.from(input.inputs[buffer.input] ?? []);
      case "temporary": {
        const slot = slots[buffer.slot] ?? new Float64Array(0);
        const start = evaluateDim(buffer.start ?? 0, dims);
        return slot.subarray(start, start + evaluateDim(buffer.elements, dims));
      }
    }
  });
  const host = schedule.host.map((value) => applyHost(value, dims, input.scalars ?? {}));
  runNests(schedule.nests, { buffers, host, dims, draw: input.draw ?? (() => 0.5) });
  return Object.fromEntries(
    schedule.results.map((result) => {
      const shape = result.shape.map((extent) => evaluateDim(extent, dims));
      const count = countOf(shape);
      const data = (buffers[result.buffer] ?? new Float64Array(0)).slice(0, count);
      return [result.name, { data, shape }];
    }),
  );
}

function temporariesOf(
  { slots }: Schedule,
  dims: Readonly<Record<string, number>>,
): readonly Float64Array[] {
  const bytes = slots.map((slot) => evaluateDim(slot.bytes, dims));
  const placed = slots.map(({ below }, at) => [bytes[at] ?? 0, ...below] as const);
  const layout = layOut(placed, {}, Infinity);
  const memory = new Float64Array(bytesOf(layout) / 4).fill(NaN);
  return layout.offsets.map((offset, at) =>
    memory.subarray(offset / 4, (offset + (bytes[at] ?? 0)) / 4),
  );
}

interface Memory {
  /** By position in `Schedule.buffers`. */
  readonly buffers: readonly Float64Array[];
  readonly dims: Readonly<Record<string, number>>;
  readonly host?: readonly number[];
  readonly draw?: Draw;
}

/** Runs nests one after the other over buffers, which they change. */
export function runNests(
  nests: readonly LoopNest[],
  memory: Memory,
  turns: ReadonlyMap<Recurrence, number> = new Map(),
): void {
  const { buffers, dims } = memory;
  const own = turns.size;
  for (let at = 0; at < nests.length;) {
    const nest = nests[at];
    if (!nest) return;
    const recurrence = nest.turns?.[own];
    if (recurrence) {
      const rest = nests.slice(at);
      const other = rest.findIndex((one) => one.turns?.[own] !== recurrence);
      const inside = other < 0 ? rest : rest.slice(0, other);
      const length = evaluateDim(recurrence.length, dims);
      for (let turn = 0; turn < length; turn++) {
        const number = recurrence.reverse ? length - 1 - turn : turn;
        runNests(inside, memory, new Map([...turns, [recurrence, number]]));
      }
      at += inside.length;
      continue;
    }
    at++;
    const given = nest.arguments.map((one) =>
      typeof one === "number" ? one : (turns.get(one) ?? NaN),
    );
    const evaluate = evaluator(memory, given);
    forEachPoint(nest.axes, dims, (point) => {
      const isFirst = ({ rows }: NestStore): boolean =>
        rows === undefined ||
        nest.axes.every((axis) => rows.includes(axis) || point.get(axis) === 0);
      const values = nest.stores.filter(isFirst).map((store) => ({
        buffer: store.buffer,
        index: evaluate(store.index, point),
        value: evaluate(store.value, point),
      }));
      for (const { buffer, index, value } of values) write(buffers[buffer], index, value);
    });
  }
}

type Point = ReadonlyMap<Axis, number>;

function write(buffer: Float64Array | undefined, index: number, value: number): void {
  if (buffer === undefined || index < 0 || index >= buffer.length) {
    throw new Error(`a store at ${index} is outside of its buffer of ${buffer?.length ?? 0}`);
  }
  buffer[index] = value;
}

function forEachPoint(
  axes: readonly Axis[],
  dims: Readonly<Record<string, number>>,
  visit: (point: Point) => void,
  outer: Point = new Map(),
): void {
  const [first, ...rest] = axes;
  if (first === undefined) {
    visit(outer);
    return;
  }
  const extent = evaluateDim(first.extent, dims);
  for (let index = 0; index < extent; index++) {
    forEachPoint(rest, dims, visit, new Map([...outer, [first, index]]));
  }
}

function evaluator(
  memory: Memory,
  given: readonly number[],
): (scalar: Scalar, point: Point) => number {
  const { buffers, dims, host = [], draw = () => 0.5 } = memory;
  const evaluate = (scalar: Scalar, point: Point): number => {
    switch (scalar.kind) {
      case "literal":
        return scalar.value;
      case "axis": {
        const value = point.get(scalar.axis);
        if (value === undefined) throw new Error("an axis outside of its loop");
        return value;
      }
      case "dim":
        return evaluateDim(scalar.dim, dims);
      case "host":
        return host[scalar.index] ?? NaN;
      case "load": {
        const index = evaluate(scalar.index, point);
        const buffer = buffers[scalar.buffer];
        const value = buffer?.[index];
        if (value === undefined) throw new Error(`a load at ${index} is outside of its buffer`);
        return value;
      }
      case "op":
        return applyScalar(
          scalar.op,
          scalar.type,
          scalar.arguments.map((operand) => evaluate(operand, point)),
          scalar.arguments[0]?.type ?? scalar.type,
        );
      case "guard":
        return evaluate(
          evaluate(scalar.condition, point) !== 0 ? scalar.value : scalar.otherwise,
          point,
        );
      case "reduce": {
        const values: number[] = [];
        forEachPoint(scalar.axes, dims, (at) => values.push(evaluate(scalar.value, at)), point);
        return combineAll(scalar.combine, values);
      }
      case "argument":
        return given[scalar.argument] ?? NaN;
      case "random":
        return draw(evaluate(scalar.stream, point), evaluate(scalar.index, point));
    }
  };
  return evaluate;
}

function combineAll(combine: Combine, values: readonly number[]): number {
  switch (combine) {
    case "sum":
      return values.reduce((a, b) => a + b, 0);
    case "prod":
      return values.reduce((a, b) => a * b, 1);
    case "max":
      return Math.max(...values);
    case "min":
      return Math.min(...values);
    case "any":
      return values.some((value) => value !== 0) ? 1 : 0;
    case "all":
      return values.every((value) => value !== 0) ? 1 : 0;
    case "argmax":
      return values.indexOf(Math.max(...values));
    case "leading":
      return values.filter((value) => value !== 0).length;
    case "argmin":
      return values.indexOf(Math.min(...values));
  }
}
