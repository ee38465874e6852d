// Takes what a program's nodes become, gives the positions of buffers and host values, made as nests ask for them.
import { elementCount, evaluateDim } from "../types/dimension.js";
import type { ElementType, Node } from "../types/graph.js";
import type { HostValue, ScheduledBuffer } from "../types/nest.js";
import { isGivenLeaf } from "./families.js";
import { hostValue, isConstant } from "./host.js";
import type { ProgramTables } from "./nests.js";

/** What becomes of a program's nodes. */
export interface Roles {
  /** The host computes them. */
  readonly host: ReadonlySet<Node>;
  readonly materialized: ReadonlySet<Node>;
  /** Values that reach their storages by a buffer and a copy: see PartRequest. */
  readonly copied: ReadonlySet<Node>;
}

/** Storages by name. */
export type StorageOf = (name: string) => { readonly elements: number; readonly type: ElementType };

export type BufferEntry =
  | Exclude<ScheduledBuffer, { kind: "temporary" }>
  | { readonly kind: "temporary"; readonly node: Node };

export interface Tables {
  readonly tables: ProgramTables;
  readonly buffers: readonly BufferEntry[];
  readonly host: readonly HostValue[];
}

/** Values that are there without a kernel: what the host computes, and given leaves. */
export function isFree(roles: Roles, node: Node): boolean {
  return roles.host.has(node) || isGivenLeaf(node);
}

export function createTables(roles: Roles, storage: StorageOf): Tables {
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
  const tables: ProgramTables = {
    temporary: (node) => position(node, () => ({ kind: "temporary", node })),
    elementsOf: (buffer) => {
      const entry = buffers[buffer];
      if (entry === undefined) throw new Error(`there is no buffer ${buffer}`);
      return entry.kind === "temporary" ? elementCount(entry.node.shape) : entry.elements;
    },
    storage: (name) => position(`storage ${name}`, () => storageEntry(name, storage)),
    input: (node) => {
      const name = node.op === "input" ? node.attributes.name : "";
      return position(`input ${name}`, () => inputEntry(name, node));
    },
    isMaterialized: (node) =>
      roles.materialized.has(node) && !(isFree(roles, node) && !roles.copied.has(node)),
    host: createHostTable(roles.host, host),
  };
  return { tables, buffers, host };
}

function storageEntry(name: string, storage: StorageOf): BufferEntry {
  const { type, elements } = storage(name);
  return { kind: "storage", storage: name, type, elements };
}

function inputEntry(name: string, node: Node): BufferEntry {
  return { kind: "input", input: name, type: node.type, elements: elementCount(node.shape) };
}

/** Equal host values have one position in `host`. */
function createHostTable(nodes: ReadonlySet<Node>, host: HostValue[]): ProgramTables["host"] {
  const positions = new Map<string, number>();
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
