// In: a net of two numbers an example and its data; out: what it makes of a grid of points around the data, and of which kind that is.
import type { TensorOutput, TrainingNet } from "../../runtime/api.js";
import type { Plan, PlanOutput } from "../../runtime/plan.js";
import type { BoundArray, BoundData } from "../data/bind.js";

/** Points along each side of the grid. */
export const gridSize = 72;

const mostPoints = 1000;

/** A horizontal or vertical axis: from one end of the picture to the other. */
export interface BoundaryAxis {
  readonly name: string;
  readonly low: number;
  readonly high: number;
}

export interface BoundaryPoint {
  readonly x: number;
  readonly y: number;
  /** Its target; undefined where there is none of this kind. */
  readonly target: number | undefined;
}

export interface Boundary {
  readonly output: string;
  /** Classes by number, or values. */
  readonly kind: "classes" | "values";
  readonly x: BoundaryAxis;
  readonly y: BoundaryAxis;
  /** Of the grid, row by row from the top (the largest y), from left to right. */
  readonly field: readonly number[];
  readonly points: readonly BoundaryPoint[];
  /** Of values that tell two classes apart, where one ends and the other begins. */
  readonly level: number | undefined;
}

/** Two numbers of an example: the inputs that they are given in, and their columns. */
interface Plane {
  readonly inputs: readonly string[];
  readonly axes: readonly [readonly number[], readonly number[]];
  readonly names: readonly [string, string];
}

const plain = (array: BoundArray): boolean =>
  array.perExample && array.data instanceof Float32Array;

function columnOf({ data }: BoundArray, column: number, width: number): number[] {
  return Array.from({ length: data.length / width }, (_, row) => data[row * width + column] ?? 0);
}

/** One input of `[batch, 2]`, or two of `[batch]`; undefined where an output needs others. */
function planeOf(needs: readonly string[], data: BoundData): Plane | undefined {
  const given = needs.flatMap((name) => data.arrays.get(name) ?? []);
  const [first, second] = given;
  if (given.length !== needs.length || first === undefined || !given.every(plain)) return undefined;
  if (second === undefined) {
    if (first.shape.length !== 2 || first.shape[1] !== 2) return undefined;
    const [left = `${first.name}[0]`, right = `${first.name}[1]`] = first.columns ?? [];
    const axes = [columnOf(first, 0, 2), columnOf(first, 1, 2)] as const;
    return { inputs: [first.name], axes, names: [left, right] };
  }
  const isFlat = given.every(({ shape }) => shape.length === 1);
  if (given.length !== 2 || !isFlat) return undefined;
  const axes = [columnOf(first, 0, 1), columnOf(second, 0, 1)] as const;
  return { inputs: [first.name, second.name], axes, names: [first.name, second.name] };
}

function axisOf(name: string, values: readonly number[]): BoundaryAxis {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const margin = 0.1 * (high - low || 1);
  return { name, low: low - margin, high: high + margin };
}

/** How many classes an output of `[batch, n]` tells apart: as many as a target has; 0 of values. */
function classesOf({ shape }: PlanOutput, plan: Plan): number {
  const [, classes, ...more] = shape;
  if (typeof classes !== "number" || more.length > 0) return 0;
  return targetOf(plan, classes) === undefined ? 0 : classes;
}

const targetOf = ({ inputs }: Plan, classes: number): string | undefined =>
  inputs.find(
    ({ role, shape, categories }) =>
      role === "target" && shape.length === 1 && categories === classes,
  )?.name;

/** The largest of each row, or the values as they are. */
function fieldOf(values: TensorOutput, classes: number): number[] {
  const all = Array.from(values, Number);
  if (classes === 0) return all;
  return Array.from({ length: all.length / classes }, (_, row) => {
    const scores = all.slice(row * classes, (row + 1) * classes);
    return scores.indexOf(Math.max(...scores));
  });
}

interface Candidate {
  readonly output: PlanOutput;
  readonly plane: Plane;
  readonly classes: number;
}

/** The first output that tells classes apart, or else the first of one number an example. */
function candidateOf(plan: Plan, data: BoundData): Candidate | undefined {
  const found = plan.outputs.flatMap((output): Candidate[] => {
    const plane = planeOf(output.needs, data);
    if (plane === undefined || output.shape[0] !== "batch") return [];
    return [{ output, plane, classes: classesOf(output, plan) }];
  });
  const isOne = ({ output: { shape } }: Candidate): boolean =>
    shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  return found.find(({ classes }) => classes > 0) ?? found.find(isOne);
}

/** Undefined where no output depends on two numbers of the data alone. */
export async function takeBoundary(
  net: TrainingNet,
  plan: Plan,
  data: BoundData,
): Promise<Boundary | undefined> {
  const candidate = data.examples === undefined ? undefined : candidateOf(plan, data);
  if (candidate === undefined) return undefined;
  const { output, plane, classes } = candidate;
  const x = axisOf(plane.names[0], plane.axes[0]);
  const y = axisOf(plane.names[1], plane.axes[1]);
  const given = gridOf(plane, x, y);
  const result = await net.predict(given, { outputs: [output.name], seed: 0 });
  const field = fieldOf(result[output.name] ?? new Float32Array(0), classes);
  const target = targetArray(plan, data, classes);
  const points = pointsOf(plane, target);
  const level = classes > 0 ? undefined : levelOf(field, target);
  return {
    output: output.name,
    kind: classes > 0 ? "classes" : "values",
    x,
    y,
    field,
    points,
    level,
  };
}

function gridOf(
  { inputs }: Plane,
  x: BoundaryAxis,
  y: BoundaryAxis,
): Record<string, { data: Float32Array; shape: number[] }> {
  const count = gridSize * gridSize;
  const at = ({ low, high }: BoundaryAxis, step: number): number =>
    low + ((step + 0.5) / gridSize) * (high - low);
  const pairs = Array.from({ length: count }, (_, cell) => [
    at(x, cell % gridSize),
    at(y, gridSize - 1 - Math.floor(cell / gridSize)),
  ]);
  const [first = "", second] = inputs;
  if (second === undefined)
    return { [first]: { data: Float32Array.from(pairs.flat()), shape: [count, 2] } };
  return Object.fromEntries(
    inputs.map((name, axis) => [
      name,
      { data: Float32Array.from(pairs, (pair) => pair[axis] ?? 0), shape: [count] },
    ]),
  );
}

/** The target that the output is held to: of as many classes, or the only one of a number an example. */
function targetArray(plan: Plan, data: BoundData, classes: number): BoundArray | undefined {
  if (classes > 0) return data.arrays.get(targetOf(plan, classes) ?? "");
  const flat = plan.inputs.flatMap(({ name, role }) => {
    const array = role === "target" ? data.arrays.get(name) : undefined;
    return array?.perExample === true && array.data.length === data.examples ? [array] : [];
  });
  return flat.length === 1 ? flat[0] : undefined;
}

/** As many as a picture shows, evenly from all examples. */
function pointsOf({ axes }: Plane, target: BoundArray | undefined): BoundaryPoint[] {
  const [xs, ys] = axes;
  const count = Math.min(mostPoints, xs.length);
  return Array.from({ length: count }, (_, at) => {
    const row = Math.floor((at * xs.length) / count);
    return { x: xs[row] ?? 0, y: ys[row] ?? 0, target: target?.data[row] };
  });
}

/** Targets of 0 and 1 alone: probabilities are told apart at a half, other scores at 0. */
function levelOf(field: readonly number[], target: BoundArray | undefined): number | undefined {
  if (target?.data.every((value) => value === 0 || value === 1) !== true) return undefined;
  return field.every((value) => value >= 0 && value <= 1) ? 0.5 : 0;
}
