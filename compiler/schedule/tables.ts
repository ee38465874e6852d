// Takes what a program's nodes become, gives the positions of buffers and host values, made as nests ask for them.
import { elementCount, evaluateDim } from "../types/dimension.js";
import type { ElementType, Node } from "../types/graph.js";
import type { HostValue, Recurrence, ScheduledBuffer } from "../types/nest.js";
import { isGivenLeaf, isRecurrent } from "./families.js";
import { hostValue, isConstant } from "./host.js";
import type { Loops, Outcome } from "./loops.js";
import type { ProgramTables } from "./nests.js";
import type { StackEffect } from "./parts.js";

/** What becomes of a program's nodes. */
export interface Roles {
  /** The host computes them. */
  readonly host: ReadonlySet<Node>;
  readonly materialized: ReadonlySet<Node>;
  /** Values that reach their storages by a buffer and a copy: see PartRequest. */
  readonly copied: ReadonlySet<Node>;
  /** Kernels around this level fill its buffer. */
  readonly isOutside: (node: Node) => boolean;
  /** Of materialized values of this level and those around it: what stacks them, where they stand alone. */
  readonly stacked: ReadonlyMap<Node, StackEffect>;
}

export const noRoles: Roles = {
  host: new Set(),
  materialized: new Set(),
  copied: new Set(),
  isOutside: () => false,
  stacked: new Map(),
};

/** Storages by name. */
export type StorageOf = (name: string) => { readonly elements: number; readonly type: ElementType };

export type BufferEntry =
  | Exclude<ScheduledBuffer, { kind: "temporary" }>
  | { readonly kind: "temporary"; readonly node: Node; readonly recurrence?: Recurrence };

export interface Tables {
  /** As the kernels of a level see them, which run in each of these turns. */
  readonly of: (roles: Roles, turns: readonly Recurrence[]) => ProgramTables;
  readonly buffers: readonly BufferEntry[];
  readonly host: readonly HostValue[];
}

/** Values that are there without a kernel of this level: what the host computes, given leaves, and what has its buffer already. */
export function isFree(roles: Pick<Roles, "host" | "isOutside">, node: Node): boolean {
  return roles.host.has(node) || isGivenLeaf(node) || hasBuffer(roles, node);
}

/** Kernels around this level, or of a loop in it, fill its buffer. */
export function hasBuffer({ isOutside }: Pick<Roles, "isOutside">, node: Node): boolean {
  return isRecurrent(node) || isOutside(node);
}

export function createTables(storage: StorageOf, loops: Loops): Tables {
  const buffers: BufferEntry[] = [];
  const positions = new Map<unknown, number>();
  const position = (key: unknown, make: () => BufferEntry): number => {
    const known = positions.get(key);
    if (known !== undefined) return known;
    positions.set(key, buffers.length);
    buffers.push(make());
    return buffers.length - 1;
  };
  const host: HostValue[] = [];
  const outcome = ({ key, node, recurrence }: Outcome): number =>
    position(key, () => ({ kind: "temporary", node, recurrence }));
  const hostPositions = new Map<string, number>();
  const of = (roles: Roles, turns: readonly Recurrence[]): ProgramTables => ({
    turns,
    turnOf: loops.turnOf,
    stackOf: (node) => roles.stacked.get(node)?.recurrence,
    temporary: (node) => {
      const stack = roles.stacked.get(node);
      const made = stack ? loops.outcomeAt(stack.storage) : loops.outcomeOf(node);
      return made ? outcome(made) : position(node, () => ({ kind: "temporary", node }));
    },
    elementsOf: (buffer) => {
      const entry = buffers[buffer];
      if (entry === undefined) throw new Error(`there is no buffer ${buffer}`);
      return entry.kind === "temporary" ? elementCount(entry.node.shape) : entry.elements;
    },
    storage: (name) => {
      const made = loops.outcomeAt(name);
      return made ? outcome(made) : position(`storage ${name}`, () => storageEntry(name, storage));
    },
    input: (node) => {
      const name = node.op === "input" ? node.attributes.name : "";
      return position(`input ${name}`, () => inputEntry(name, node));
    },
    isMaterialized: (node) =>
      hasBuffer(roles, node) ||
      (roles.materialized.has(node) && !(isFree(roles, node) && !roles.copied.has(node))),
    host: createHostTable(roles.host, host, hostPositions),
  });
  return { of, buffers, host };
}

function storageEntry(name: string, storage: StorageOf): BufferEntry {
  const { type, elements } = storage(name);
  return { kind: "storage", storage: name, type, elements };
}

function inputEntry(name: string, node: Node): BufferEntry {
  return { kind: "input", input: name, type: node.type, elements: elementCount(node.shape) };
}

/** Equal host values have one position in `host`. */
function createHostTable(
  nodes: ReadonlySet<Node>,
  host: HostValue[],
  positions: Map<string, number>,
): ProgramTables["host"] {
  const memo = new Map<Node, number | { constant: number }>();
  return (node) => {
    if (!nodes.has(node)) return undefined;
    const known = memo.get(node);
    if (known !== undefined) return known;
    const value = hostValue(node);
    const found = isConstant(value)
      ? constantOf(value, host, positions)
      : hostPosition(value, host, positions);
    memo.set(node, found);
    return found;
  };
}

function constantOf(
  value: HostValue,
  host: HostValue[],
  positions: Map<string, number>,
): number | { constant: number } {
  if (value.kind === "number") return { constant: value.value };
  if (value.kind === "dim") return { constant: evaluateDim(value.dim, {}) };
  return hostPosition(value, host, positions);
}

function hostPosition(value: HostValue, host: HostValue[], positions: Map<string, number>): number {
  const key = JSON.stringify(value);
  const known = positions.get(key);
  if (known !== undefined) return known;
  positions.set(key, host.length);
  host.push(value);
  return host.length - 1;
}
