// In: a model on a backend and its parameters at the drawn point; out: comparisons along moves of one or several of them.
import type { InferenceNet } from "../../runtime/api.js";
import type { Batch } from "../batches.js";
import { comparing, randomSource, slopeAlong } from "./measure.js";
import type { Comparison, Direction, Line } from "./measure.js";
import type { CheckedObjective, CheckedParameter } from "./objectives.js";

/** Of all that is drawn, so that the objective stays the same one. */
export const seed = 0;

export interface Check {
  readonly model: string;
  readonly net: InferenceNet;
  readonly batch: Batch;
  readonly dimensions: Readonly<Record<string, number>>;
}

async function output(check: Check, names: readonly string[]): Promise<readonly Float64Array[]> {
  const { net, batch, dimensions } = check;
  const result = await net.predict(batch, { outputs: names, dimensions, seed });
  const values = result as Readonly<Record<string, Float64Array>>;
  return names.map((name) => values[name] ?? new Float64Array(0));
}

/** A parameter at a point: its values there, and the derivative of the objective. */
export interface Point {
  readonly parameter: CheckedParameter;
  readonly base: Float64Array;
  readonly gradient: ArrayLike<number>;
  readonly atBase: number;
  /** How many values of the objective lie there where a value is held and its derivative is not. */
  readonly outside: number;
}

function write(
  { net }: Check,
  { name, shape }: CheckedParameter,
  data: Float64Array,
): Promise<void> {
  return net.write(name, { data, shape });
}

export async function pointsOf(
  check: Check,
  { value, parameters, outside }: CheckedObjective,
): Promise<readonly Point[]> {
  const outputs = [value, ...parameters.map(({ gradient }) => gradient)];
  const [atBase, ...gradients] = await output(check, outputs);
  const [count] = outside === undefined ? [] : await output(check, [outside]);
  const points: Point[] = [];
  for (const [at, parameter] of parameters.entries())
    points.push({
      parameter,
      base: Float64Array.from(await check.net.read(parameter.name as never)),
      gradient: gradients[at] ?? [],
      atBase: atBase?.[0] ?? NaN,
      outside: count?.[0] ?? 0,
    });
  return points;
}

/** A direction through the values of one or several parameters. */
export interface Move {
  readonly point: Point;
  readonly direction: Direction;
}

function moved({ point, direction }: Move, step: number): Float64Array {
  const values = point.base.slice();
  for (const [index, weight] of direction.entries)
    values[index] = (values[index] ?? 0) + step * weight;
  return values;
}

/** Of one move the steps follow the size of what moves; several are sized before they are joined. */
function scaleOf(moves: readonly Move[]): number {
  const [move, second] = moves;
  if (move === undefined || second !== undefined) return 1;
  const { point, direction } = move;
  const sizes = direction.entries.map(([index]) => Math.abs(point.base[index] ?? 0));
  return sizes.reduce((most, size) => Math.max(most, size), 0) || 1;
}

/** Leaves the parameters where the last step moved them. */
function lineOf(check: Check, objective: CheckedObjective, moves: readonly Move[]): Line {
  return {
    scale: scaleOf(moves),
    atBase: moves[0]?.point.atBase ?? NaN,
    slope: moves.reduce(
      (sum, { point, direction }) => sum + slopeAlong(direction, point.gradient),
      0,
    ),
    value: async (step) => {
      for (const move of moves) await write(check, move.point.parameter, moved(move, step));
      const [found] = await output(check, [objective.value]);
      return found?.[0] ?? NaN;
    },
  };
}

/** A comparison that may pause, and what comes of it. */
export type Turns = AsyncGenerator<undefined, Comparison>;

/** Compares along all moves at once; between two turns the parameters are back at the drawn point. */
export async function* compareMoves(
  check: Check,
  objective: CheckedObjective,
  moves: readonly Move[],
): Turns {
  const turns = comparing(lineOf(check, objective, moves));
  for (;;) {
    try {
      const turn = await turns.next();
      if (turn.done === true) return turn.value;
    } finally {
      for (const { point } of moves) await write(check, point.parameter, point.base);
    }
    yield;
  }
}

/** At a point nearby, whatever time that takes. */
async function secondOpinion(
  check: Check,
  objective: CheckedObjective,
  { point, direction }: Move,
): Promise<Comparison> {
  const { normal } = randomSource(direction.entries[0]?.[0] ?? 0);
  const mean = point.base.reduce((sum, value) => sum + Math.abs(value), 0) / point.base.length;
  const base = point.base.map((value) => value + 0.01 * normal() * (Math.abs(value) + mean + 0.01));
  await write(check, point.parameter, base);
  try {
    const [atBase, gradient] = await output(check, [objective.value, point.parameter.gradient]);
    const there: Point = { ...point, base, gradient: gradient ?? [], atBase: atBase?.[0] ?? NaN };
    const turns = compareMoves(check, objective, [{ point: there, direction }]);
    for (;;) {
      const turn = await turns.next();
      if (turn.done === true) return turn.value;
    }
  } finally {
    await write(check, point.parameter, point.base);
  }
}

/**
 * A wrong verdict wants a second opinion at a point nearby: at weights of 0, say, kinks that turn opposite ways may
 * cancel in the differences.
 */
export async function* compareMove(check: Check, objective: CheckedObjective, move: Move): Turns {
  const first = yield* compareMoves(check, objective, [move]);
  // A derivative that is not finite where the objective has one is wrong, whatever it is nearby.
  if (first.verdict !== "wrong" || first.error === Infinity) return first;
  const second = await secondOpinion(check, objective, move);
  return second.verdict === "wrong" ? first : { ...second, verdict: "kink" };
}
