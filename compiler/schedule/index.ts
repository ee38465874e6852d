// Takes a program (effects of a graph), gives its schedule: loop nests in order, buffers with shared memory, host values.
import { evaluateDim, elementCount } from "../types/dimension.js";
import type { ElementType, Node, Program } from "../types/graph.js";
import type { HostValue, LoopNest, Schedule, ScheduledBuffer } from "../types/nest.js";
import { topologicalOrder } from "../graph/walk.js";
import type { Estimates } from "./cost.js";
import { decide } from "./decide.js";
import { groupParts } from "./groups.js";
import type { Group } from "./groups.js";
import { hostNodes, hostValue, isConstant } from "./host.js";
import { isLeaf } from "./families.js";
import { overfull } from "./limits.js";
import { planMemory } from "./memory.js";
import { makeNest } from "./nests.js";
import type { ProgramTables } from "./nests.js";
import { makeParts } from "./parts.js";
import type { Part } from "./parts.js";
import { servesOf } from "./serves.js";

export interface ScheduleOptions {
  /** Extents of free dimensions to weigh costs by: those it is trained with. */
  readonly estimates: Estimates;
  /** False: every node has a kernel and a buffer of its own (for tests). */
  readonly fuse?: boolean;
  /** False: no two temporaries share memory (for tests). */
  readonly share?: boolean;
  /** Storages by name. */
  readonly storage: (name: string) => { readonly elements: number; readonly type: ElementType };
}

/** What WebGPU promises a shader stage. */
const MAX_BUFFERS = 8;

export function schedule(program: Program, options: ScheduleOptions): Schedule {
  const forced = new Set<Node>();
  const alone = new Set<number>();
  const copied = new Set<Node>();
  for (let attempt = 0; attempt < 2000; attempt++) {
    const outcome = trySchedule(program, options, { forced, alone, copied });
    if (outcome.kind === "done") return outcome.schedule;
    if (outcome.kind === "force") {
      forced.add(outcome.node);
      alone.clear(); // parts are numbered anew
    } else if (outcome.kind === "alone") alone.add(outcome.part);
    else {
      for (const node of outcome.nodes) copied.add(node);
      alone.clear();
    }
  }
  throw new Error(`no schedule found for ${program.name}`);
}

interface Constraints {
  readonly forced: ReadonlySet<Node>;
  readonly alone: ReadonlySet<number>;
  readonly copied: ReadonlySet<Node>;
}

type Outcome =
  | { readonly kind: "done"; readonly schedule: Schedule }
  | { readonly kind: "force"; readonly node: Node }
  | { readonly kind: "alone"; readonly part: number }
  | { readonly kind: "copy"; readonly nodes: readonly Node[] };

function trySchedule(
  program: Program,
  options: ScheduleOptions,
  constraints: Constraints,
): Outcome {
  const { effects } = program;
  const nodes = topologicalOrder(effects.map((effect) => effect.value));
  const host = hostNodes(nodes);
  const isHost = (node: Node): boolean => host.has(node);
  const fuse = options.fuse ?? true;
  const { materialized } = decide(nodes, effects, isHost, {
    estimates: options.estimates,
    fuse,
    forced: constraints.forced,
  });
  const isFree = (node: Node): boolean => host.has(node) || (isLeaf(node) && node.op !== "random");
  const parts = makeParts({ nodes, effects, materialized, isFree, copied: constraints.copied });
  const groups = groupParts(parts, {
    merge: fuse,
    alone: constraints.alone,
    maxBuffers: MAX_BUFFERS,
  });
  if (!Array.isArray(groups)) {
    return copyOutcome(program, groups.parts, constraints);
  }
  const tables = createTables(isHost, materialized, isFree, constraints.copied, options);
  const nests: LoopNest[] = [];
  for (const [index, group] of groups.entries()) {
    const nest = makeNest(group, `${program.name}_${index}`, tables.tables);
    if ("kind" in nest) {
      if (nest.kind === "conflict") return { kind: "alone", part: nest.part.id };
      return copyOutcome(program, nest.parts, constraints);
    }
    const over = overfull(nest, MAX_BUFFERS);
    if (over !== undefined) {
      const outcome = relieve(group, materialized, isFree, constraints);
      if (outcome !== undefined) return outcome;
      throw new Error(`${nest.name} of ${program.name}: ${over}`);
    }
    nests.push(nest);
  }
  return { kind: "done", schedule: assemble(program, options, groups, nests, tables) };
}

function copyOutcome(program: Program, parts: readonly Part[], constraints: Constraints): Outcome {
  const nodes = parts.map((part) => part.value).filter((node) => !constraints.copied.has(node));
  if (nodes.length === 0) throw new Error(`the kernels of ${program.name} wait for each other`);
  return { kind: "copy", nodes };
}

/** Takes a kernel apart that is over a limit: first its parts, then its widest inlined node. */
function relieve(
  group: Group,
  materialized: ReadonlySet<Node>,
  isFree: (node: Node) => boolean,
  constraints: Constraints,
): Outcome | undefined {
  const last = group.parts.at(-1);
  if (group.parts.length > 1 && last !== undefined) return { kind: "alone", part: last.id };
  const [part] = group.parts;
  if (part === undefined) return undefined;
  const node = widestInlined(part.value, materialized, isFree, constraints.forced);
  return node === undefined ? undefined : { kind: "force", node };
}

/** The inlined node with about half of the leaves below it: a good place to cut. */
function widestInlined(
  root: Node,
  materialized: ReadonlySet<Node>,
  isFree: (node: Node) => boolean,
  forced: ReadonlySet<Node>,
): Node | undefined {
  const border = (node: Node): boolean => node !== root && (isFree(node) || materialized.has(node));
  const weights = new Map<Node, number>();
  const inner = topologicalOrder([root], (node) => (border(node) ? [] : node.inputs));
  for (const node of inner) {
    const below = node.inputs.reduce((sum, input) => sum + (weights.get(input) ?? 0), 0);
    weights.set(node, border(node) || node.inputs.length === 0 ? 1 : below + 1);
  }
  const half = (weights.get(root) ?? 0) / 2;
  let best: Node | undefined;
  let distance = Infinity;
  for (const node of inner) {
    if (node === root || border(node) || forced.has(node) || node.inputs.length === 0) continue;
    const away = Math.abs((weights.get(node) ?? 0) - half);
    if (away < distance) {
      best = node;
      distance = away;
    }
  }
  return best;
}

interface Tables {
  readonly tables: ProgramTables;
  readonly buffers: BufferEntry[];
  readonly host: HostValue[];
}

type BufferEntry =
  | Exclude<ScheduledBuffer, { kind: "temporary" }>
  | { readonly kind: "temporary"; readonly node: Node };

function createTables(
  isHost: (node: Node) => boolean,
  materialized: ReadonlySet<Node>,
  isFree: (node: Node) => boolean,
  copied: ReadonlySet<Node>,
  options: ScheduleOptions,
): Tables {
  const buffers: BufferEntry[] = [];
  const positions = new Map<unknown, number>();
  const host: HostValue[] = [];
  const hostPositions = new Map<string, number>();
  const hostMemo = new Map<Node, number | { constant: number }>();
  const position = (key: unknown, make: () => BufferEntry): number => {
    const known = positions.get(key);
    if (known !== undefined) return known;
    positions.set(key, buffers.length);
    buffers.push(make());
    return buffers.length - 1;
  };
  const tables: ProgramTables = {
    temporary: (node) => position(node, () => ({ kind: "temporary", node })),
    storage: (name) =>
      position(`storage ${name}`, () => ({
        kind: "storage",
        storage: name,
        type: options.storage(name).type,
        elements: options.storage(name).elements,
      })),
    input: (node) =>
      position(`input ${node.op === "input" ? node.attributes.name : ""}`, () => ({
        kind: "input",
        input: node.op === "input" ? node.attributes.name : "",
        type: node.type,
        elements: elementCount(node.shape),
      })),
    isMaterialized: (node) => materialized.has(node) && !(isFree(node) && !copied.has(node)),
    host: (node) => {
      if (!isHost(node)) return undefined;
      const known = hostMemo.get(node);
      if (known !== undefined) return known;
      const value = hostValue(node);
      const found = isConstant(value)
        ? constantOf(value, host, hostPositions)
        : hostPosition(value, host, hostPositions);
      hostMemo.set(node, found);
      return found;
    },
  };
  return { tables, buffers, host };
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

/** Lifetimes, slots and results: the schedule as data. */
function assemble(
  program: Program,
  options: ScheduleOptions,
  groups: readonly Group[],
  nests: readonly LoopNest[],
  { tables, buffers, host }: Tables,
): Schedule {
  const results = program.effects.flatMap((effect) =>
    effect.kind === "result"
      ? [
          {
            name: effect.name,
            buffer: tables.temporary(effect.value),
            type: effect.value.type,
            shape: effect.value.shape,
          },
        ]
      : [],
  );
  const touched = new Map<Node, { first: number; last: number }>();
  groups.forEach((group, index) => {
    for (const part of group.parts) {
      for (const node of [part.owner, ...part.reads]) {
        if (node === undefined) continue;
        const span = touched.get(node);
        if (span === undefined) touched.set(node, { first: index, last: index });
        else span.last = index;
      }
    }
  });
  const resultBuffers = new Set(results.map((result) => result.buffer));
  const temporaries = buffers.flatMap((entry, index) =>
    entry.kind === "temporary" ? [{ index, node: entry.node }] : [],
  );
  const lifetimes = temporaries.map(({ index, node }) => {
    const span = touched.get(node) ?? { first: 0, last: nests.length };
    return {
      elements: elementCount(node.shape),
      first: span.first,
      last: resultBuffers.has(index) ? nests.length : span.last,
    };
  });
  const memory = planMemory(lifetimes, options.estimates, options.share ?? true);
  const slotOf = new Map(temporaries.map(({ index }, at) => [index, memory.slots[at] ?? 0]));
  return {
    name: program.name,
    buffers: buffers.map((entry, index) =>
      entry.kind === "temporary"
        ? {
            kind: "temporary",
            type: entry.node.type,
            elements: elementCount(entry.node.shape),
            slot: slotOf.get(index) ?? 0,
            label: [entry.node.origin?.path ?? "", entry.node.op].join(" ").trim(),
          }
        : entry,
    ),
    nests,
    serves: servesOf(nests, results, (buffer) => buffers[buffer]?.kind === "storage"),
    slots: memory.sizes.map((bytes) => ({ bytes })),
    host,
    results,
  };
}
