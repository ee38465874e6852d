// Takes what nests need of their program, buffers and host values, gives it positions: in a nest's own lists, or in its schedule.
import type { Dim } from "../types/dimension.js";
import { elementCount } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import type {
  HostValue,
  LoopNest,
  NestArgument,
  Recurrence,
  ScheduledBuffer,
} from "../types/nest.js";
import type { KernelLimits } from "./limits.js";

export type BufferEntry =
  | Exclude<ScheduledBuffer, { kind: "temporary" }>
  | { readonly kind: "temporary"; readonly node: Node; readonly recurrence?: Recurrence };

/** Equal keys, one buffer. */
export interface OutsideBuffer {
  readonly key: unknown;
  readonly entry: BufferEntry;
}

export function elementsOf({ entry }: OutsideBuffer): Dim {
  return entry.kind === "temporary" ? elementCount(entry.node.shape) : entry.elements;
}

/** Equal keys, equal values. */
export interface OutsideValue {
  readonly key: string;
  readonly value: HostValue;
}

/** What the nodes of a level are outside of its kernels. */
export interface LevelOutside {
  /** The recurrences around the kernels, the outermost first. */
  readonly turns: readonly Recurrence[];
  /** The recurrence whose turns a leaf counts. */
  readonly turnOf: (node: Node) => Recurrence | undefined;
  /** Of the recurrences around the kernels, those in whose turns a draw draws anew. */
  readonly drawnIn: (node: Node) => readonly Recurrence[];
  readonly temporary: (node: Node) => OutsideBuffer;
  /** Of a node whose buffer is a stack: it stands at the place of the turn at hand. */
  readonly stackOf: (node: Node) => Recurrence | undefined;
  readonly storage: (name: string) => OutsideBuffer;
  readonly input: (node: Node) => OutsideBuffer;
  /** A host value, or the number that it is where it is known. */
  readonly host: (node: Node) => OutsideValue | number | undefined;
  readonly isMaterialized: (node: Node) => boolean;
}

/** An argument of a nest, and of what buffer it is an offset. */
export interface ArgumentSource {
  readonly value: NestArgument;
  readonly buffer?: number;
}

/** A nest whose buffers and host values are positions in lists of its own. */
export interface OwnNest {
  readonly nest: LoopNest;
  readonly buffers: readonly OutsideBuffer[];
  readonly host: readonly OutsideValue[];
  /** Parallel to the nest's arguments. */
  readonly given: readonly ArgumentSource[];
  readonly measured: KernelLimits;
}

/** Equal keys have one position, by when they were first asked for. */
export interface Positions<Key, Value> {
  readonly of: (key: Key, value: Value) => number;
  readonly list: readonly Value[];
}

export function createPositions<Key, Value>(): Positions<Key, Value> {
  const list: Value[] = [];
  const positions = new Map<Key, number>();
  const of = (key: Key, value: Value): number => {
    const position = positions.get(key) ?? list.push(value) - 1;
    positions.set(key, position);
    return position;
  };
  return { of, list };
}
