// Takes parts, gives groups: parts merged into one kernel each, in an order in which every value is read at the right time.
import { dimEqual, shapeEqual, shapeText } from "../types/dimension.js";
import type { Node, Shape } from "../types/graph.js";
import type { Findings } from "./findings.js";
import type { KernelLimits } from "./limits.js";
import { groupNeeds } from "./needs.js";
import type { GroupNeeds } from "./needs.js";
import { orderGroups } from "./order.js";
import type { Cycle, FusionGroup } from "./order.js";
import type { Part } from "./parts.js";
import { overlaps, writesOf } from "./parts.js";
import { sharingOf } from "./wanted.js";
import type { MayShare } from "./wanted.js";

interface OpenGroup {
  /** Of its points; parts of another shape are rows of these. */
  shape: Shape;
  readonly parts: Part[];
}

export interface GroupOptions {
  /** False: a kernel for each part. */
  readonly merge: boolean;
  readonly limits: KernelLimits;
  readonly findings: Pick<Findings, "areApart" | "operationsOf">;
  /** See `LevelOptions`. */
  readonly thrifty?: boolean;
  /** As of Program. */
  readonly apart: boolean;
  /** About how many elements a node has. */
  readonly sizeOf: (node: Node) => number;
}

interface JoinOptions extends GroupOptions {
  readonly readers: ReadonlyMap<Node, number>;
  readonly mayShare: MayShare;
}

export function groupParts(parts: readonly Part[], options: GroupOptions): FusionGroup[] | Cycle {
  const groups = mergeParts(parts, options);
  const readers = countReaders(parts);
  return orderGroups(
    groups.map((group) => ({ ...group, unwritten: readWithin(group.parts, readers) })),
    options.sizeOf,
    options.thrifty,
  );
}

function countReaders(parts: readonly Part[]): ReadonlyMap<Node, number> {
  const readers = new Map<Node, number>();
  for (const { reads } of parts)
    for (const node of reads) readers.set(node, (readers.get(node) ?? 0) + 1);
  return readers;
}

/** Values that no part but these reads. */
function readWithin(parts: readonly Part[], readers: ReadonlyMap<Node, number>): ReadonlySet<Node> {
  const own = parts.flatMap(({ owner, offset, result }) =>
    owner === undefined || offset !== undefined || result ? [] : [owner],
  );
  const inside = countReaders(parts);
  return new Set(own.filter((node) => inside.get(node) === readers.get(node)));
}

/**
 * Elementwise parts over the same space share a kernel, as long as no third kernel stands between them; so do a reduction and
 * those that read its results, at the same points or along rows of them.
 */
function mergeParts(parts: readonly Part[], options: GroupOptions): OpenGroup[] {
  const groups: OpenGroup[] = [];
  const readers = countReaders(parts);
  const groupOf = new Map<Node, Set<number>>();
  const below = groupNeeds(parts.length);
  const mayShare = sharingOf(parts, options.apart);
  const open = new Map<string, number[]>(); // groups that may take more parts, by iteration space
  const opened = (home: number, shape: Shape): void => {
    const key = shapeText(shape);
    open.set(key, [home, ...(open.get(key) ?? []).slice(0, 15)]);
  };
  for (const part of parts) {
    const needs = new Set<number>();
    for (const nodes of [part.reads, part.waits])
      for (const node of nodes) for (const group of groupOf.get(node) ?? []) needs.add(group);
    const mergeable = options.merge && !part.copies && !part.loops;
    const fits = (candidate: number): boolean =>
      canJoin(groups, below, candidate, needs, part, { ...options, readers, mayShare });
    const candidates = mergeable ? (open.get(shapeText(part.shape)) ?? []) : [];
    const found = candidates.find(
      (candidate) => isAlike(groups[candidate], needs.has(candidate), part) && fits(candidate),
    );
    const rows =
      mergeable && found === undefined
        ? [...needs].filter((need) => hasRows(groups[need], part, options)).find(fits)
        : undefined;
    const home = found ?? rows ?? groups.length;
    if (home === groups.length) groups.push({ shape: part.shape, parts: [] });
    const group = groups[home];
    if (group === undefined) continue;
    group.parts.push(part);
    if (rows !== undefined) group.shape = part.shape;
    if (mergeable && found === undefined) opened(home, part.shape);
    below.add(home, needs);
    if (part.owner !== undefined) {
      const owners = groupOf.get(part.owner) ?? new Set();
      owners.add(home);
      groupOf.set(part.owner, owners);
    }
  }
  return groups;
}

/** Whether a part over the same space may be computed with a group: one that reduces only with what it reads. */
function isAlike(group: OpenGroup | undefined, reads: boolean, part: Part): boolean {
  if (group === undefined) return false;
  // Where rows have points by now, the part is one more row of them.
  if (!shapeEqual(group.shape, part.shape) && !mayBeOfRows(part)) return false;
  const reduces = group.parts.some((one) => one.reducing);
  if (!part.reducing) return !reduces || reads;
  return reads && ![...group.parts, part].some((one) => one.contracting);
}

/** A storage's old value may be read by points after its row has written the new one: rows fill temporaries of their own alone. */
function mayBeOfRows({ storages, offset, copies }: Part): boolean {
  return storages.length === 0 && offset === undefined && !copies;
}

/** Points of a row that a workgroup still does at once with its sums, which are stored anyhow: sixteen for each invocation. */
const longestStoredRow = 4096;

/** Whether what a group computes may be rows of a part that reads it. */
function hasRows(group: OpenGroup | undefined, part: Part, { sizeOf }: GroupOptions): boolean {
  if (group === undefined || part.offset !== undefined) return false;
  const plain = group.parts.every(mayBeOfRows);
  const reduces = group.parts.some((one) => one.reducing);
  if (!plain || !reduces || [...group.parts, part].some((one) => one.contracting)) return false;
  const [first] = group.parts;
  const rows = first === undefined ? 1 : sizeOf(first.value);
  return areRows(group, part) && sizeOf(part.value) <= longestStoredRow * rows;
}

/** All extents of the group's are among the part's, in order, which has others besides; its rows are of one shape. */
function areRows({ shape, parts }: OpenGroup, part: Part): boolean {
  if (!parts.every((one) => shapeEqual(one.shape, shape))) return false;
  const extents = shape.filter((extent) => extent !== 1);
  let at = 0;
  for (const extent of part.shape) {
    const wanted = extents[at];
    if (wanted !== undefined && dimEqual(extent, wanted)) at++;
  }
  return at === extents.length && part.shape.filter((extent) => extent !== 1).length > at;
}

function canJoin(
  groups: readonly OpenGroup[],
  below: GroupNeeds,
  candidate: number,
  needs: ReadonlySet<number>,
  part: Part,
  { limits, findings, readers, mayShare }: JoinOptions,
): boolean {
  for (const need of needs) {
    if (need !== candidate && below.has(need, candidate)) return false;
  }
  const group = groups[candidate];
  if (group === undefined) return false;
  const overlap = group.parts.some(
    (other) => conflicts(other, part) || conflicts(part, other) || findings.areApart(other, part),
  );
  if (overlap) return false;
  const all = [...group.parts, part];
  if (!mayShare(all)) return false;
  const operations = all.reduce((sum, one) => sum + findings.operationsOf(one), 0);
  return (
    countBuffers(all, readWithin(all, readers)) <= limits.buffers && operations <= limits.operations
  );
}

/** One reads a storage through another window than the other writes: in one kernel the order would be undefined. */
function conflicts(writer: Part, reader: Part): boolean {
  return writesOf(writer).some((write) =>
    reader.storageReads.some(
      (read) =>
        overlaps(write, read) &&
        read.count !== undefined &&
        !(read.start === write.start && read.count === write.count),
    ),
  );
}

function countBuffers(parts: readonly Part[], unwritten: ReadonlySet<Node>): number {
  const buffers = new Set<unknown>();
  for (const part of parts) {
    for (const node of part.reads) buffers.add(node);
    for (const name of part.inputs) buffers.add(`input ${name}`);
    for (const read of part.storageReads) buffers.add(`storage ${read.storage}`);
    for (const store of part.storages) buffers.add(`storage ${store.storage}`);
    if (part.owner !== undefined) buffers.add(part.owner);
    else if (part.storages.length === 0) buffers.add(part);
  }
  for (const node of unwritten) buffers.delete(node);
  return buffers.size;
}
