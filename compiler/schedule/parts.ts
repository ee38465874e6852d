// Takes the materialized nodes and the effects of a program, gives its parts: what is computed over one iteration space and where it goes.
import type { Dim } from "../types/dimension.js";
import { addDims } from "../types/dimension.js";
import type { Effect, Node, Shape } from "../types/graph.js";
import { isReducing, piecesAxis, runOf } from "./families.js";

/** A range of a storage in elements; without `count` the whole of it. */
export interface StorageRange {
  readonly storage: string;
  readonly start: number;
  readonly count: number | undefined;
}

/** One value over one iteration space, and its destinations. */
export interface Part {
  readonly id: number;
  /** The node whose elements are computed. */
  readonly value: Node;
  /** Computed from its operands; otherwise read where it stands (a piece, a leaf, a buffer). */
  readonly computes: boolean;
  /** The materialized node that this part is (a piece of), if other kernels read it. */
  readonly owner: Node | undefined;
  readonly shape: Shape;
  /** Where the elements stand in the owner: for pieces of a concatenation. */
  readonly offset: { readonly axis: number; readonly start: Dim } | undefined;
  /** Storages that take the value as well, in row-major order from `offset`. */
  readonly storages: readonly { readonly storage: string; readonly offset: number }[];
  /** Materialized nodes that other parts compute and this one reads. */
  readonly reads: ReadonlySet<Node>;
  readonly storageReads: readonly StorageRange[];
  /** Holds a reduction, so that it is not merged with others. */
  readonly reducing: boolean;
  /** Takes the value from the owner's buffer, computed by another part, to the storages. */
  readonly copies: boolean;
}

export interface PartRequest {
  /** In topological order. */
  readonly nodes: readonly Node[];
  readonly effects: readonly Effect[];
  readonly materialized: ReadonlySet<Node>;
  /** Values without a buffer of their own that cost nothing to read: leaves and host values. */
  readonly isFree: (node: Node) => boolean;
  /** Values that reach their storages by a buffer and a copy, because others need the old contents for longer. */
  readonly copied: ReadonlySet<Node>;
}

export function makeParts(request: PartRequest): Part[] {
  const { nodes, effects, materialized, isFree } = request;
  const parts: Part[] = [];
  const { stores, results } = sinksOf(effects);
  const readers = new Set<Node>();
  const add: AddPart = (part) => {
    const found = readsOf(part.value, part.computes, materialized, isFree);
    for (const node of found.reads) readers.add(node);
    parts.push({ ...part, id: parts.length, copies: false, ...found });
  };
  const addCopy = (node: Node, storages: Part["storages"]): void => {
    readers.add(node);
    const found = { reads: new Set([node]), storageReads: [], reducing: false, copies: true };
    const target = { value: node, owner: undefined, computes: false, shape: node.shape };
    parts.push({ ...target, offset: undefined, storages, id: parts.length, ...found });
  };
  for (const node of nodes) {
    const all = stores.get(node) ?? [];
    const storages = request.copied.has(node) ? [] : all;
    if (isFree(node)) {
      if (all.length > 0 || results.has(node)) {
        const owner = results.has(node) || request.copied.has(node) ? node : undefined;
        const target = { owner, shape: node.shape, offset: undefined };
        add({ value: node, computes: false, ...target, storages });
      }
    } else if (materialized.has(node)) {
      addMaterialized(node, storages, add);
    }
    if (request.copied.has(node) && all.length > 0) addCopy(node, all);
  }
  // A value that only storages take needs no buffer of its own.
  return parts.map((part) => {
    const { owner } = part;
    const wanted = owner !== undefined && (readers.has(owner) || results.has(owner));
    return wanted || part.storages.length === 0 ? part : { ...part, owner: undefined };
  });
}

/** Where the values of effects go: to ranges of storages, and to the caller. */
function sinksOf(effects: readonly Effect[]): {
  readonly stores: ReadonlyMap<Node, Part["storages"]>;
  readonly results: ReadonlySet<Node>;
} {
  const stores = new Map<Node, Part["storages"]>();
  const results = new Set<Node>();
  for (const effect of effects) {
    if (effect.kind === "result") results.add(effect.value);
    else {
      const { storage, offset = 0, value } = effect;
      stores.set(value, [...(stores.get(value) ?? []), { storage, offset }]);
    }
  }
  return { stores, results };
}

type AddPart = (
  part: Pick<Part, "value" | "computes" | "owner" | "shape" | "offset" | "storages">,
) => void;

function addMaterialized(node: Node, storages: Part["storages"], add: AddPart): void {
  const axis = piecesAxis(node);
  if (axis === undefined) {
    const target = { owner: node, shape: node.shape, offset: undefined };
    add({ value: node, computes: true, ...target, storages });
    return;
  }
  let start: Dim = 0;
  for (const piece of node.inputs) {
    add({
      value: piece,
      computes: false,
      owner: node,
      shape: piece.shape,
      offset: { axis, start },
      storages: [],
    });
    start = addDims(start, piece.shape[axis] ?? 0);
  }
  if (storages.length > 0) {
    const target = { owner: undefined, shape: node.shape, offset: undefined };
    add({ value: node, computes: false, ...target, storages });
  }
}

/** What stands at the borders of the part: buffers read, and whether a reduction is computed within. */
function readsOf(
  value: Node,
  computes: boolean,
  materialized: ReadonlySet<Node>,
  isFree: (node: Node) => boolean,
): Pick<Part, "reads" | "storageReads" | "reducing"> {
  const reads = new Set<Node>();
  const storageReads: StorageRange[] = [];
  let reducing = false;
  const seen = new Set<Node>();
  const stack: Node[] = [value];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.op === "stored") {
      storageReads.push({ storage: node.attributes.name, start: 0, count: undefined });
      continue;
    }
    if (isFree(node)) continue;
    if (materialized.has(node) && !(node === value && computes)) {
      reads.add(node);
      continue;
    }
    const range = storageRange(node);
    if (range !== undefined) {
      storageReads.push(range);
      continue;
    }
    if (isReducing(node)) reducing = true;
    stack.push(...node.inputs);
  }
  return { reads, storageReads, reducing };
}

/** A run of a flat storage: how parameters are read. */
function storageRange(node: Node): StorageRange | undefined {
  const [input] = node.inputs;
  const { start, count } = runOf(node) ?? {};
  if (input?.op !== "stored" || typeof start !== "number" || typeof count !== "number")
    return undefined;
  return { storage: input.attributes.name, start, count };
}

export function overlaps(a: StorageRange, b: StorageRange): boolean {
  if (a.storage !== b.storage) return false;
  const endA = a.count === undefined ? Infinity : a.start + a.count;
  const endB = b.count === undefined ? Infinity : b.start + b.count;
  return a.start < endB && b.start < endA;
}
