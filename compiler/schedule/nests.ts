// Takes a group of parts, gives its loop nest over buffers of its own, or says why the group is too much for one kernel.
import type { Dim } from "../types/dimension.js";
import { reachable } from "../reachable.js";
import { dimEqual, elementCount, multiplyDims } from "../types/dimension.js";
import type { Node, Origin, Shape } from "../types/graph.js";
import type { Axis, LoopNest, NestStore, Recurrence, Scalar } from "../types/nest.js";
import type { BufferPlace, EvaluationContext } from "./evaluation.js";
import { evaluate, inline } from "./evaluate.js";
import { linearIndex } from "./evaluation.js";
import { flattenNest } from "./flatten.js";
import { measure } from "./limits.js";
import type { FusionGroup } from "./order.js";
import { reachableScalars } from "./operands.js";
import type { LevelOutside, OutsideBuffer, OutsideValue, OwnNest } from "./outside.js";
import { createPositions, elementsOf } from "./outside.js";
import type { Part } from "./parts.js";
import { isOfRows, reducesRows, rowOf } from "./rows.js";
import type { ScalarBuilder } from "./scalars.js";
import { createScalarBuilder } from "./scalars.js";

export type NestProblem =
  /** The first of a pair is read by the second elsewhere than at its own point. */
  | { readonly kind: "apart"; readonly pairs: readonly (readonly [Part, Part])[] }
  /** It writes a storage that other points of it read. */
  | { readonly kind: "hazard"; readonly parts: readonly Part[] };

const maximumOrigins = 6;

export function makeNest(
  group: FusionGroup,
  name: string,
  outside: LevelOutside,
): OwnNest | NestProblem {
  const k = createScalarBuilder();
  const tables = createOwnTables(outside);
  const { shape } = group;
  let axisCount = 0;
  const newAxis = (extent: Dim): Axis => ({ id: axisCount++, extent });
  const axes = shape.map(newAxis);
  const point = axes.map((axis) => k.axis(axis));
  const { stores, apart } = storesOfGroup(group, tables, { k, newAxis, axes, point });
  if (apart.length > 0) return { kind: "apart", pairs: apart };
  const torn = tornStorages(stores);
  const writers = group.parts.filter((part) =>
    part.storages.some((store) => torn.has(tables.storage(store.storage))),
  );
  if (writers.length > 0) return hazardOf(group, writers);
  const nest: LoopNest = {
    name,
    axes: axes.filter((axis) => axis.extent !== 1),
    stores,
    arguments: k.given.map(({ value }) => value),
    ...(tables.turns.length === 0 ? {} : { turns: tables.turns }),
    ...sourcesOf(group.parts, outside),
  };
  // By their axes it shows what nests of a turn keep apart: see kernel/apart.ts.
  const flat =
    tables.turns.length > 0
      ? nest
      : flattenNest(k, nest, newAxis, elementCount(shape), linearIndex(k, shape, point));
  const { buffers, host } = tables.seen();
  return { nest: flat, buffers, host, given: k.given, measured: measure(flat) };
}

/** Numbers buffers and host values as the nest comes to need them. */
interface OwnTables {
  readonly turns: readonly Recurrence[];
  readonly turnOf: LevelOutside["turnOf"];
  readonly drawnIn: LevelOutside["drawnIn"];
  readonly stackOf: LevelOutside["stackOf"];
  readonly isMaterialized: LevelOutside["isMaterialized"];
  readonly temporary: (node: Node) => number;
  readonly storage: (name: string) => number;
  readonly elementsOf: (buffer: number) => Dim;
  readonly input: (node: Node) => number;
  /** The position of a host value, or the value itself where it is known. */
  readonly host: (node: Node) => number | { readonly constant: number } | undefined;
  readonly seen: () => Pick<OwnNest, "buffers" | "host">;
}

function createOwnTables(outside: LevelOutside): OwnTables {
  const buffers = createPositions<unknown, OutsideBuffer>();
  const host = createPositions<string, OutsideValue>();
  const positionOf = (buffer: OutsideBuffer): number => buffers.of(buffer.key, buffer);
  const { turns, turnOf, drawnIn, stackOf, isMaterialized } = outside;
  return {
    ...{ turns, turnOf, drawnIn, stackOf, isMaterialized },
    temporary: (node) => positionOf(outside.temporary(node)),
    storage: (name) => positionOf(outside.storage(name)),
    elementsOf: (buffer) => {
      const entry = buffers.list[buffer];
      if (entry === undefined) throw new Error(`there is no buffer ${buffer}`);
      return elementsOf(entry);
    },
    input: (node) => positionOf(outside.input(node)),
    host: (node) => {
      const value = outside.host(node);
      if (value === undefined) return undefined;
      return typeof value === "number" ? { constant: value } : host.of(value.key, value);
    },
    seen: () => ({ buffers: buffers.list, host: host.list }),
  };
}

/** What reduces a storage goes before what writes it, in a kernel of its own. */
function hazardOf({ parts }: FusionGroup, writers: readonly Part[]): NestProblem {
  const pairs = parts
    .filter((part) => part.reducing && !writers.includes(part))
    .flatMap((part) => writers.map((writer) => [part, writer] as const));
  return pairs.length > 0 ? { kind: "apart", pairs } : { kind: "hazard", parts: writers };
}

interface GroupSpace {
  readonly k: ScalarBuilder;
  readonly newAxis: (extent: Dim) => Axis;
  readonly axes: readonly Axis[];
  readonly point: readonly Scalar[];
}

interface GroupStores {
  readonly stores: readonly NestStore[];
  /** Parts that cannot be computed together. */
  readonly apart: readonly (readonly [Part, Part])[];
}

function storesOfGroup(group: FusionGroup, tables: OwnTables, space: GroupSpace): GroupStores {
  const { k, newAxis, axes, point } = space;
  const inside = new Map<Node, Part>();
  for (const part of group.parts) if (part.owner !== undefined) inside.set(part.owner, part);
  const apart: (readonly [Part, Part])[] = [];
  let current: Part | undefined;
  const found: { row?: readonly Scalar[] | undefined } = {};
  const context: EvaluationContext = {
    k,
    newAxis,
    memo: new Map(),
    positions: new Map(),
    turnOf: tables.turnOf,
    drawnIn: tables.drawnIn,
    hostIndex: (node) => hostScalar(k, tables, node),
    placeOf: (node, index) => {
      const leaf = node.op === "stored" || node.op === "input";
      const own = leaf ? undefined : inside.get(node);
      if (own !== undefined) {
        const ofRows = isOfRows(own, group);
        if (ofRows) found.row ??= rowOf(index, own.shape, point);
        const at = ofRows ? found.row : point;
        if (own.offset === undefined && at && samePoint(index, at)) return undefined;
        if (current !== undefined && current !== own) apart.push([own, current]);
      }
      return placeOf(k, tables, node);
    },
  };
  const storesAt = (parts: readonly Part[], at: readonly Scalar[]): NestStore[] =>
    parts.flatMap((part) => {
      current = part;
      return storesOf(context, tables, part, at, group.unwritten);
    });
  const ofRows = group.parts.filter((part) => isOfRows(part, group));
  const ofPoints = group.parts.filter((part) => !ofRows.includes(part));
  // Who reads rows shows which points they are.
  const own = storesAt(ofPoints, point);
  if (ofRows.length === 0) return { stores: own, apart };
  const separated = ofRows.flatMap((one) => ofPoints.map((other) => [one, other] as const));
  const { row } = found;
  if (row === undefined) return { stores: own, apart: separated };
  const rows = axes.filter((axis, at) => axis.extent !== 1 && row.some((one) => one === point[at]));
  const stores = [...storesAt(ofRows, row).map((store) => ({ ...store, rows })), ...own];
  return { stores, apart: reducesRows(stores, rows) ? apart : separated };
}

/** Buffers that a point of the nest reads elsewhere than where it writes. */
function tornStorages(stores: readonly NestStore[]): Set<number> {
  const written = new Map<number, Set<Scalar>>();
  for (const { buffer, index } of stores) {
    written.set(buffer, (written.get(buffer) ?? new Set()).add(index));
  }
  const torn = new Set<number>();
  for (const scalar of reachableScalars(stores.map((store) => store.value))) {
    if (scalar.kind !== "load") continue;
    const indices = written.get(scalar.buffer);
    if (indices !== undefined && !indices.has(scalar.index)) torn.add(scalar.buffer);
  }
  return torn;
}

function samePoint(index: readonly Scalar[], point: readonly Scalar[]): boolean {
  return index.length === point.length && index.every((along, axis) => along === point[axis]);
}

function placeOf(k: ScalarBuilder, tables: OwnTables, node: Node): BufferPlace | undefined {
  if (node.op === "stored") return { buffer: tables.storage(node.attributes.name) };
  if (node.op === "input") return { buffer: tables.input(node) };
  return tables.isMaterialized(node) ? temporaryOf(k, tables, node) : undefined;
}

function temporaryOf(k: ScalarBuilder, tables: OwnTables, node: Node): BufferPlace {
  const buffer = tables.temporary(node);
  const stack = tables.stackOf(node);
  return stack ? { buffer, start: startOfTurn(k, stack, node.shape) } : { buffer };
}

function startOfTurn(k: ScalarBuilder, recurrence: Recurrence, shape: Shape): Scalar {
  return k.multiply(k.turn(recurrence), k.dim(elementCount(shape)));
}

function hostScalar(k: ScalarBuilder, tables: OwnTables, node: Node): Scalar | undefined {
  const host = tables.host(node);
  if (host === undefined) return undefined;
  if (typeof host !== "number") return k.literal(host.constant, node.type);
  const value = k.host(host);
  if (node.type === "f32") return value;
  if (node.type === "bool") return k.op("notEqual", "bool", value, k.literal(0, "f32"));
  return k.op("cast", node.type, value);
}

/** The stores of one part: into its owner's buffer, and into storages. */
function storesOf(
  context: EvaluationContext,
  tables: OwnTables,
  part: Part,
  point: readonly Scalar[],
  unwritten: ReadonlySet<Node>,
): NestStore[] {
  const { k } = context;
  const value = part.copies
    ? k.load(tables.temporary(part.value), linearIndex(k, part.shape, point), part.value.type)
    : valueOf(context, part, point);
  const stores: NestStore[] = [];
  if (part.owner !== undefined && !unwritten.has(part.owner)) {
    const { buffer, start } = temporaryOf(k, tables, part.owner);
    const within = indexInOwner(k, buffer, part.owner, part.offset, point);
    stores.push({ buffer, index: start ? k.add(start, within) : within, value });
  }
  for (const { storage, offset, recurrence } of part.storages) {
    const buffer = tables.storage(storage);
    const within = linearIndex(k, part.shape, point);
    if (recurrence !== undefined) {
      // Where it stands in its owner's buffer, it is stored already.
      if (stores.some((store) => store.buffer === buffer)) continue;
      const index = k.add(startOfTurn(k, recurrence, part.shape), within);
      stores.push({ buffer, index, value });
      continue;
    }
    const isWhole = dimEqual(elementCount(part.shape), tables.elementsOf(buffer));
    stores.push({
      buffer,
      index: isWhole ? within : k.add(within, k.offset(buffer, offset)),
      value,
    });
  }
  return stores;
}

/** Pieces along the first axis are ranges of the owner's buffer. */
function indexInOwner(
  k: ScalarBuilder,
  buffer: number,
  owner: Node,
  offset: Part["offset"],
  point: readonly Scalar[],
): Scalar {
  if (offset === undefined) return linearIndex(k, owner.shape, point);
  const start = startInOwner(offset, owner);
  if (start !== undefined)
    return k.add(linearIndex(k, owner.shape, point), k.offset(buffer, start));
  const inOwner = point.map((along, axis) =>
    offset.axis === axis ? k.add(along, k.dim(offset.start)) : along,
  );
  return linearIndex(k, owner.shape, inOwner);
}

/** Where a piece along the first axis begins, in elements. */
export function startInOwner(
  { axis, start }: NonNullable<Part["offset"]>,
  { shape }: Node,
): number | undefined {
  const elements = multiplyDims(start, elementCount(shape.slice(1)));
  return axis === 0 && typeof elements === "number" ? elements : undefined;
}

function valueOf(context: EvaluationContext, part: Part, point: readonly Scalar[]): Scalar {
  const { value, computes, owner } = part;
  // What has no buffer here may have one that other parts fill.
  return computes && owner === undefined
    ? inline(context, value, point)
    : evaluate(context, value, point);
}

/** Where in the source its values stand, and all that they are computed from in the same nest. */
export function sourcesOf(
  parts: readonly Part[],
  { isMaterialized }: Pick<LevelOutside, "isMaterialized">,
): Required<Pick<LoopNest, "origins" | "computed">> {
  const values = parts.map(({ value }) => value);
  // What the compiler put around a value (the reshape of a gradient, the mean of a loss) stands where the value does.
  const behind = reachable(values, ({ origin, inputs }) => (origin === undefined ? inputs : []));
  // What is given and numbers compute nothing.
  const within = reachable(values, ({ inputs }) =>
    inputs.filter((one) => one.inputs.length > 0 && !isMaterialized(one)),
  );
  const origins = originsOf(behind).slice(0, maximumOrigins);
  return { origins, computed: originsOf([...behind, ...within]) };
}

function originsOf(nodes: Iterable<Node>): Origin[] {
  const found = new Map<string, Origin>();
  for (const { origin } of nodes) {
    if (origin === undefined) continue;
    found.set(`${origin.file.name}:${origin.span.start}:${origin.span.end}`, origin);
  }
  return [...found.values()];
}
