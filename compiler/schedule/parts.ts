// Takes the materialized nodes and the effects of a program, gives its parts: what is computed over one iteration space and where it goes.
import type { Dim } from "../types/dimension.js";
import { addDims, dimEqual, dimKey, elementCount, freeNames } from "../types/dimension.js";
import type { Effect, Node, NodeOf, Shape } from "../types/graph.js";
import type { Recurrence } from "../types/nest.js";
import { kernelLimits } from "./limits.js";
import { isPlainReduction, isReducing, loopOf, outcomeOf, piecesAxis, runOf } from "./families.js";

/** A range of a storage in elements; without `count` the whole of it. */
export interface StorageRange {
  readonly storage: string;
  readonly start: number;
  readonly count: number | undefined;
}

/** Where a value goes in a storage: from `offset` on, or to the place of the turn at hand, one place behind the other. */
export interface Destination {
  readonly storage: string;
  readonly offset: number;
  readonly recurrence?: Recurrence;
}

/** What a level of a program leaves behind: an effect of the graph, or what a turn of a recurrence adds to a stack. */
export type LevelEffect = Effect | StackEffect;

export interface StackEffect {
  readonly kind: "stack";
  readonly storage: string;
  readonly value: Node;
  readonly recurrence: Recurrence;
}

/** One value over one iteration space, and its destinations. */
export interface Part {
  /** The same in every attempt to schedule a program. */
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
  readonly storages: readonly Destination[];
  /** Materialized nodes that other parts compute and this one reads. */
  readonly reads: ReadonlySet<Node>;
  readonly storageReads: readonly StorageRange[];
  /** Nodes that it is not computed before, without reading them. */
  readonly waits: ReadonlySet<Node>;
  /** Names of the inputs that it reads. */
  readonly inputs: ReadonlySet<string>;
  /** The owner is a result of the program, so that it is written whoever reads it. */
  readonly result: boolean;
  /** Free dimensions of all that it computes and reads. */
  readonly dimensions: ReadonlySet<string>;
  /** Holds a reduction. */
  readonly reducing: boolean;
  /** Holds one that is not of whole axes: a contraction, windows, a sum by index. */
  readonly contracting: boolean;
  /** Takes the value from the owner's buffer, computed by another part, to the storages. */
  readonly copies: boolean;
  /** It is a loop in time, with nests of its own. */
  readonly loops: boolean;
}

export interface PartRequest {
  /** In topological order. */
  readonly nodes: readonly Node[];
  readonly effects: readonly LevelEffect[];
  readonly materialized: ReadonlySet<Node>;
  /** Values with a buffer that kernels outside of this level fill. */
  readonly isOutside: (node: Node) => boolean;
  /** Values without a buffer of their own that cost nothing to read: leaves and host values. */
  readonly isFree: (node: Node) => boolean;
  /** Values that reach their storages by a buffer and a copy, because others need the old contents for longer. */
  readonly copied: ReadonlySet<Node>;
  /** Of values whose buffer is a stack: what stacks them. */
  readonly stacked: ReadonlyMap<Node, StackEffect>;
  /** What is not computed before something else, and what that is: see `Program.waits`. */
  readonly waits?: ReadonlyMap<Node, Node>;
  readonly idOf: PartNumbers;
}

type PartKey = Pick<Part, "value" | "owner" | "offset" | "storages" | "copies">;

/** Numbers parts by what they are, so that what was found of one in an attempt is known in the next. */
export type PartNumbers = (part: PartKey) => number;

export function numberParts(): PartNumbers {
  const nodes = new Map<Node | undefined, number>();
  const parts = new Map<string, number>();
  const numberOf = <Key>(numbers: Map<Key, number>, key: Key): number => {
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return number;
  };
  return ({ value, owner, offset, storages, copies }) => {
    const start = offset === undefined ? "" : dimKey(offset.start);
    const first = storages[0] === undefined ? "" : `${storages[0].storage} ${storages[0].offset}`;
    const ends = [numberOf(nodes, value), numberOf(nodes, owner), copies].join(" ");
    return numberOf(parts, `${ends} ${start} ${first}`);
  };
}

/** More destinations than these make a kernel of their own: storages are bound beside what is read. */
const mostDestinations = 64;
const mostStorages = kernelLimits.buffers - 1;

export function makeParts(request: PartRequest): Part[] {
  const { nodes, effects, materialized, isFree } = request;
  const parts: Part[] = [];
  const { stores, results } = sinksOf(effects);
  const readers = new Set<Node>();
  const resulting = new Set([...results].map((node) => outcomeOf(node)?.loop ?? node));
  const push = (part: Omit<Part, "id" | "result">): void => {
    for (const node of part.reads) readers.add(node);
    const result = part.owner !== undefined && resulting.has(part.owner);
    parts.push({ ...part, result, id: request.idOf(part) });
  };
  const add: AddPart = (part) => {
    const found = readsOf(part.value, part.computes, request);
    push({ ...part, copies: false, loops: false, ...found });
  };
  const addLoop = (node: Node): void => {
    const found = node.inputs.map((input) => readsOf(input, false, request));
    const inside = { reducing: true, contracting: true, loops: true, copies: false };
    const target = { value: node, owner: node, computes: true, shape: [], storages: [] };
    push({ ...target, offset: undefined, ...together(found), ...inside });
  };
  const addCopy = (node: Node, storages: Part["storages"]): void => {
    const dimensions = new Set(node.shape.flatMap((extent) => [...freeNames(extent)]));
    const found = {
      reads: new Set([node]),
      storageReads: [],
      waits: new Set<Node>(),
      inputs: new Set<string>(),
      dimensions,
    };
    const target = { value: node, owner: undefined, computes: false, shape: node.shape };
    push({
      ...target,
      offset: undefined,
      storages,
      ...found,
      reducing: false,
      contracting: false,
      copies: true,
      loops: false,
    });
  };
  for (const node of nodes) {
    const all = stores.get(node) ?? [];
    const storages = request.copied.has(node) ? [] : all;
    if (loopOf(node) !== undefined) addLoop(node);
    else if (outcomeOf(node) !== undefined || request.isOutside(node)) {
      if (all.length > 0)
        addStored({ value: node, computes: false, owner: undefined, shape: node.shape }, all, add);
      continue;
    } else if (isFree(node)) {
      if (all.length > 0 || results.has(node)) {
        const owner = results.has(node) || request.copied.has(node) ? node : undefined;
        addStored({ value: node, computes: false, owner, shape: node.shape }, storages, add);
      }
    } else if (materialized.has(node)) {
      addMaterialized(node, storages, request, add);
    }
    if (request.copied.has(node)) for (const some of inKernels(all)) addCopy(node, some);
  }
  // A value that only storages take needs no buffer of its own.
  return parts.map((part) => {
    const { owner, result } = part;
    const wanted = owner !== undefined && (readers.has(owner) || result);
    return wanted || part.storages.length === 0 ? part : { ...part, owner: undefined };
  });
}

/** What several values need. */
function together(found: readonly PartReads[]): PartReads {
  return {
    reads: new Set(found.flatMap(({ reads }) => [...reads])),
    storageReads: found.flatMap(({ storageReads }) => storageReads),
    waits: new Set(found.flatMap(({ waits }) => [...waits])),
    inputs: new Set(found.flatMap(({ inputs }) => [...inputs])),
    dimensions: new Set(found.flatMap(({ dimensions }) => [...dimensions])),
    reducing: found.some(({ reducing }) => reducing),
    contracting: found.some(({ contracting }) => contracting),
  };
}

/** Where the values of effects go: to ranges of storages, and to the caller. */
function sinksOf(effects: readonly LevelEffect[]): {
  readonly stores: ReadonlyMap<Node, Part["storages"]>;
  readonly results: ReadonlySet<Node>;
} {
  const stores = new Map<Node, Part["storages"]>();
  const results = new Set<Node>();
  for (const effect of effects) {
    if (effect.kind === "result") results.add(effect.value);
    else {
      const { storage, value } = effect;
      const place =
        effect.kind === "stack"
          ? { offset: 0, recurrence: effect.recurrence }
          : { offset: effect.offset ?? 0 };
      stores.set(value, [...(stores.get(value) ?? []), { storage, ...place }]);
    }
  }
  return { stores, results };
}

type AddPart = (
  part: Pick<Part, "value" | "computes" | "owner" | "shape" | "offset" | "storages">,
) => void;

/** What a value is stored to beyond the first destinations, kernels of their own take there. */
function addStored(
  part: Pick<Part, "value" | "computes" | "owner" | "shape">,
  storages: Part["storages"],
  add: AddPart,
): void {
  const offset = undefined;
  const [first = [], ...others] = inKernels(storages);
  add({ ...part, offset, storages: first });
  for (const more of others)
    add({ ...part, computes: false, owner: undefined, offset, storages: more });
}

/** What one kernel stores, and each after it. */
function inKernels(storages: Part["storages"]): readonly Part["storages"][] {
  const kernels: Destination[][] = [];
  let bound = new Set<string>();
  for (const target of storages) {
    const last = kernels.at(-1);
    const isFull = last?.length === mostDestinations || bound.size === mostStorages;
    if (last && (!isFull || (bound.has(target.storage) && last.length < mostDestinations))) {
      last.push(target);
    } else {
      kernels.push([target]);
      bound = new Set();
    }
    bound.add(target.storage);
  }
  return kernels;
}

function addMaterialized(
  node: Node,
  storages: Part["storages"],
  { stacked }: PartRequest,
  add: AddPart,
): void {
  const { shape } = node;
  const axis = piecesAxis(node);
  if (axis === undefined) {
    addStored({ value: node, computes: true, owner: node, shape }, storages, add);
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
  const elsewhere = storages.filter(({ storage }) => stacked.get(node)?.storage !== storage);
  if (elsewhere.length > 0) {
    addStored({ value: node, computes: false, owner: undefined, shape }, elsewhere, add);
  }
}

/** What stands at the borders of the part: buffers read, and whether a reduction is computed within. */
type PartReads = Pick<
  Part,
  "reads" | "storageReads" | "waits" | "inputs" | "dimensions" | "reducing" | "contracting"
>;

function readsOf(
  value: Node,
  computes: boolean,
  { materialized, isFree, isOutside, waits: waiting }: PartRequest,
): PartReads {
  const reads = new Set<Node>();
  const waits = new Set<Node>();
  const inputs = new Set<string>();
  const storageReads: StorageRange[] = [];
  const dimensions = new Set<string>();
  let reducing = false;
  let contracting = false;
  const seen = new Set<Node>();
  const stack: Node[] = [value];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    for (const extent of node.shape) freeNames(extent, dimensions);
    const outcome = outcomeOf(node);
    if (outcome !== undefined || isOutside(node)) {
      reads.add(outcome?.loop ?? node);
      continue;
    }
    if (node.op === "dimension") freeNames(node.attributes.dim, dimensions);
    if (node.op === "stored") {
      storageReads.push({ storage: node.attributes.name, start: 0, count: undefined });
      continue;
    }
    if (node.op === "input") inputs.add(node.attributes.name);
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
    const other = waiting?.get(node);
    if (other !== undefined) waits.add(other);
    if (isReducing(node)) reducing = true;
    if (isReducing(node) && !isPlainReduction(node)) contracting = true;
    stack.push(...node.inputs);
  }
  return { reads, storageReads, waits, inputs, dimensions, reducing, contracting };
}

/** A run of a flat storage, where it is not all of it: how parameters are read. */
export function parameterRange(
  node: Node,
):
  | { readonly stored: NodeOf<"stored">; readonly start: number; readonly count: number }
  | undefined {
  const [stored] = node.inputs;
  if (stored?.op !== "stored") return undefined;
  const { start, count } = runOf(node) ?? {};
  if (typeof start !== "number" || typeof count !== "number") return undefined;
  return dimEqual(count, elementCount(stored.shape)) ? undefined : { stored, start, count };
}

function storageRange(node: Node): StorageRange | undefined {
  const parameter = parameterRange(node);
  if (parameter === undefined) return undefined;
  const { stored, start, count } = parameter;
  return { storage: stored.attributes.name, start, count };
}

export function overlaps(a: StorageRange, b: StorageRange): boolean {
  if (a.storage !== b.storage) return false;
  const endA = a.count === undefined ? Infinity : a.start + a.count;
  const endB = b.count === undefined ? Infinity : b.start + b.count;
  return a.start < endB && b.start < endA;
}

/** The ranges of storages that a part writes. */
export function writesOf(part: Part): StorageRange[] {
  const count = elementCount(part.shape);
  return part.storages.map(({ storage, offset, recurrence }) => ({
    storage,
    start: offset,
    count: typeof count === "number" && recurrence === undefined ? count : undefined,
  }));
}
