// Takes what a program's nodes become, gives the positions of buffers and host values, made as nests ask for them.
import { exactText } from "../ops/exactText.js";
import { elementCount, evaluateDim } from "../types/dimension.js";
import type { ElementType, Node } from "../types/graph.js";
import type { HostValue, Recurrence } from "../types/nest.js";
import { isGivenLeaf, isRecurrent } from "./families.js";
import { hostValue, isConstant } from "./host.js";
import type { Loops, Outcome } from "./loops.js";
import type { BufferEntry, LevelOutside, OutsideBuffer, OutsideValue } from "./outside.js";
import { createPositions } from "./outside.js";
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

export interface Tables {
  /** As the kernels of a level see them, which run in each of these turns. */
  readonly of: (roles: Roles, turns: readonly Recurrence[]) => LevelOutside;
  readonly positionOf: (buffer: OutsideBuffer) => number;
  readonly hostPositionOf: (value: OutsideValue) => number;
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
  const buffers = createPositions<unknown, BufferEntry>();
  const host = createPositions<string, HostValue>();
  const outcome = ({ key, node, recurrence }: Outcome): OutsideBuffer => ({
    key,
    entry: { kind: "temporary", node, recurrence },
  });
  const of = (roles: Roles, turns: readonly Recurrence[]): LevelOutside => ({
    turns,
    turnOf: loops.turnOf,
    drawnIn: (node) => loops.drawnIn(node, turns),
    stackOf: (node) => roles.stacked.get(node)?.recurrence,
    temporary: (node) => {
      const stack = roles.stacked.get(node);
      const made = stack ? loops.outcomeAt(stack.storage) : loops.outcomeOf(node);
      return made ? outcome(made) : { key: node, entry: { kind: "temporary", node } };
    },
    storage: (name) => {
      const made = loops.outcomeAt(name);
      if (made) return outcome(made);
      const { type, elements } = storage(name);
      return { key: `storage ${name}`, entry: { kind: "storage", storage: name, type, elements } };
    },
    input: (node) => {
      const input = node.op === "input" ? node.attributes.name : "";
      const elements = elementCount(node.shape);
      return {
        key: `input ${input}`,
        entry: { kind: "input", input, type: node.type, elements },
      };
    },
    isMaterialized: (node) =>
      hasBuffer(roles, node) ||
      (roles.materialized.has(node) && !(isFree(roles, node) && !roles.copied.has(node))),
    host: createHostValues(roles.host),
  });
  return {
    of,
    positionOf: ({ key, entry }) => buffers.of(key, entry),
    hostPositionOf: ({ key, value }) => host.of(key, value),
    buffers: buffers.list,
    host: host.list,
  };
}

function createHostValues(nodes: ReadonlySet<Node>): LevelOutside["host"] {
  const memo = new Map<Node, OutsideValue | number>();
  return (node) => {
    if (!nodes.has(node)) return undefined;
    const known = memo.get(node) ?? outsideValue(hostValue(node));
    memo.set(node, known);
    return known;
  };
}

function outsideValue(value: HostValue): OutsideValue | number {
  if (value.kind === "number") return value.value;
  // Of an operation on constants, the host keeps the digits.
  if (value.kind === "dim" && isConstant(value)) return evaluateDim(value.dim, {});
  return { key: exactText(value), value };
}
