// The names of the oracle's files come in; their records go out, typed as README.md describes them.

import { readFileSync } from "node:fs";
import type { Tensor } from "./reference.js";

export type Tensors = Readonly<Record<string, Tensor>>;

interface Named {
  /** Unique within its file. */
  readonly name: string;
  readonly source: string;
}

/** One training step, or several, from `weights`: `losses` and `penalties` have an entry for each. */
interface Trained {
  readonly losses: readonly number[];
  readonly penalties: readonly number[];
}

/** What a model gives for some inputs, and its derivatives; with `after` also one step on these inputs. */
export interface ValueRecord extends Named, Partial<Trained> {
  readonly gradient_source?: string;
  readonly inputs: Tensors;
  readonly weights: Tensors;
  readonly outputs: Tensors;
  readonly gradients?: Tensors;
  readonly after?: Tensors;
}

/** A run of steps over given batches. */
export interface RunRecord extends Named, Trained {
  readonly weights: Tensors;
  readonly batches: readonly Tensors[];
  readonly loss_parts?: readonly Readonly<Record<string, number>>[];
  readonly after?: Tensors;
  readonly after_each?: readonly Tensors[];
  readonly predicted_after?: Tensors;
}

/** The learning rate of `source`'s optimizer at some places of a training. */
export interface ScheduleRecord extends Named {
  readonly points: readonly {
    readonly step: number;
    readonly epoch: number;
    readonly progress: number;
    readonly value: number;
  }[];
}

interface Files {
  readonly activations: ValueRecord;
  readonly losses: ValueRecord;
  readonly layers: ValueRecord;
  readonly metrics: ValueRecord;
  readonly blocks: ValueRecord;
  readonly sequences: ValueRecord;
  readonly reparametrized: ValueRecord;
  readonly tensors: ValueRecord;
  readonly optimizers: RunRecord;
  readonly training: RunRecord;
  readonly penalties: RunRecord;
  readonly reparametrized_training: RunRecord;
  readonly schedules: ScheduleRecord;
}

export const valueFiles = [
  "activations",
  "losses",
  "layers",
  "metrics",
  "blocks",
  "sequences",
  "reparametrized",
  "tensors",
] as const;
export const runFiles = ["optimizers", "training", "penalties", "reparametrized_training"] as const;

export function readRecords<K extends keyof Files>(file: K): readonly Files[K][] {
  const text = readFileSync(new URL(`./data/${file}.json`, import.meta.url), "utf8");
  return JSON.parse(text) as readonly Files[K][];
}

/** The entry of `tensors` that a record must have. */
export function tensorOf(tensors: Tensors, name: string): Tensor {
  const found = tensors[name];
  if (found === undefined) throw new Error(`the record lacks ${name}`);
  return found;
}

/** The largest |found - expected| / (|expected| + floor); Infinity where a length differs or a number is not finite. */
export function worstError(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  floor = 1e-2,
): number {
  if (found.length !== expected.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < expected.length; i += 1) {
    const [ours, theirs] = [found[i] ?? NaN, expected[i] ?? NaN];
    const error = Math.abs(ours - theirs) / (Math.abs(theirs) + floor);
    worst = Number.isFinite(ours) ? Math.max(worst, error) : Infinity;
    if (worst === Infinity) return worst;
  }
  return worst;
}
