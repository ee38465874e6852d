// Takes a schedule, gives what is wrong with it: the specification of this level, which tests run between phases.
import { addDims, ceilDivideDims, dimEqual, dimText, multiplyDims } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type {
  Axis,
  LoopNest,
  NestStore,
  Scalar,
  Schedule,
  ScheduledBuffer,
} from "../types/nest.js";
import { measure } from "./limits.js";
import { operandsOf } from "./operands.js";
import { reducesRows } from "./rows.js";
import { roomOf } from "./place.js";
import { haveSameTurns, spansOfRecurrences, touchesOf, turnsOfStep } from "./spans.js";
import { readBuffers } from "./serves.js";

export function verifySchedule(schedule: Schedule, maxBuffers = 8): string[] {
  const problems: string[] = [];
  const written = new Set<number>();
  for (const nest of schedule.nests) {
    problems.push(...verifyNest(schedule, nest));
    for (const buffer of readBuffers(nest)) {
      const temporary = schedule.buffers[buffer]?.kind === "temporary";
      const own = nest.stores.some((store) => store.buffer === buffer);
      if (temporary && !written.has(buffer) && !own) {
        problems.push(`${nest.name} reads b${buffer} before anything was written to it`);
      }
    }
    for (const { buffer } of nest.stores) written.add(buffer);
    const { buffers } = measure(nest);
    if (buffers > maxBuffers) problems.push(`${nest.name} binds ${buffers} buffers`);
  }
  const read = new Set(schedule.nests.flatMap((nest) => [...readBuffers(nest)]));
  for (const { buffer } of schedule.results) read.add(buffer);
  for (const buffer of written) {
    if (schedule.buffers[buffer]?.kind === "temporary" && !read.has(buffer))
      problems.push(`b${buffer} is written, and nothing reads it`);
  }
  for (const result of schedule.results) {
    if (!written.has(result.buffer)) problems.push(`result ${result.name} is never written`);
  }
  return [
    ...problems,
    ...verifySteps(schedule),
    ...verifyTurns(schedule),
    ...sharedMemory(schedule),
  ];
}

/** Nests of a recurrence stand one behind the other, and those of a step run in the same turns. */
function verifyTurns({ nests, steps }: Schedule): string[] {
  const problems: string[] = [];
  for (const [recurrence, { first, last }] of spansOfRecurrences(nests))
    for (const nest of nests.slice(first, last + 1))
      if (!nest.turns?.includes(recurrence))
        problems.push(`${nest.name} stands among the nests of t${recurrence.id}`);
  let at = 0;
  for (const count of steps) {
    const [one, ...others] = nests.slice(at, at + count);
    for (const other of others)
      if (one && !haveSameTurns(one, other))
        problems.push(`${other.name} runs beside ${one.name}, in other turns`);
    at += count;
  }
  return problems;
}

/** Steps take in all nests, and no nest of one waits for another of it but those that it follows, and in turns that one dispatch does. */
function verifySteps(schedule: Schedule): string[] {
  const { nests, steps, buffers } = schedule;
  const problems: string[] = [];
  const memory = nests.map((nest) => memoryOf(nest, buffers));
  const spans = spansOfRecurrences(nests);
  let first = 0;
  for (const count of steps) {
    if (count < 1) problems.push("a step without a nest");
    const turns = turnsOfStep(nests.slice(first, first + count), schedule);
    if (nests[first]?.follows)
      problems.push(`${nests[first]?.name} follows what is in another step`);
    if (turns) {
      const span = spans.get(turns);
      if (span?.first !== first || span.last !== first + count - 1)
        problems.push(`not all nests of t${turns.id} are in its dispatch, or others are`);
      first += count;
      continue;
    }
    let head = first;
    for (let at = first; at < first + count; at++) {
      if (!nests[at]?.follows) head = at;
      const chain = head;
      const own = memory[at];
      const early = memory.slice(first, chain).findIndex((other) => own && isOrdered(own, other));
      if (early >= 0)
        problems.push(
          `${nests[at]?.name} waits for ${nests[first + early]?.name}, which is in its step`,
        );
    }
    first += count;
  }
  if (first !== nests.length) problems.push(`steps of ${first} nests, there are ${nests.length}`);
  return problems;
}

interface NestMemory {
  readonly reads: ReadonlySet<string>;
  readonly writes: ReadonlySet<string>;
}

/** Looked at by itself, whatever steps were made by. */
function memoryOf(nest: LoopNest, buffers: readonly ScheduledBuffer[]): NestMemory {
  const nameOf = (buffer: number): string => {
    const declared = buffers[buffer];
    return declared?.kind === "storage" ? `the storage ${declared.storage}` : `b${buffer}`;
  };
  return {
    reads: new Set([...readBuffers(nest)].map(nameOf)),
    writes: new Set(nest.stores.map(({ buffer }) => nameOf(buffer))),
  };
}

/** Whether one reads what the other writes: then it matters which of them runs first. */
function isOrdered(one: NestMemory, other: NestMemory): boolean {
  const meet = (names: ReadonlySet<string>, others: ReadonlySet<string>): boolean =>
    [...names].some((name) => others.has(name));
  return meet(one.reads, other.writes) || meet(one.writes, other.reads);
}

/** Each temporary lies in a slot that lives as long as it does, alone or behind others of its type. */
function sharedMemory(schedule: Schedule): string[] {
  const problems: string[] = [];
  const spans = touchesOf(schedule);
  const inSlot = new Map<number, Temporary[]>();
  schedule.buffers.forEach((buffer, index) => {
    const span = spans.get(index);
    if (buffer.kind !== "temporary" || span === undefined) return;
    const slot = schedule.slots[buffer.slot];
    if (slot === undefined || slot.first > span.first || slot.last < span.last)
      problems.push(`b${index} lives in nests ${span.first} to ${span.last}, its slot does not`);
    inSlot.set(buffer.slot, [...(inSlot.get(buffer.slot) ?? []), buffer]);
  });
  for (const [at, buffers] of inSlot) {
    const types = new Set(buffers.map(({ type }) => type));
    if (types.size > 1) problems.push(`slot ${at} holds ${[...types].join(" and ")}`);
    let end: Dim = 0;
    for (const { start = 0, elements } of buffers) {
      if (!dimEqual(start, multiplyDims(64, ceilDivideDims(end, 64))))
        problems.push(`slot ${at} has a buffer at ${dimText(start)}, behind ${dimText(end)}`);
      end = addDims(start, roomOf(elements, buffers.length === 1));
    }
    const bytes = schedule.slots[at]?.bytes ?? 0;
    if (!dimEqual(bytes, multiplyDims(4, end)))
      problems.push(`slot ${at} has ${dimText(bytes)} bytes for ${dimText(end)} elements`);
  }
  return [...problems, ...overlappingSlots(schedule.slots)];
}

type Temporary = Extract<ScheduledBuffer, { kind: "temporary" }>;

/** Of two slots that live at the same time one lies above the other. */
function overlappingSlots(slots: Schedule["slots"]): string[] {
  const problems: string[] = [];
  const beneath: Set<number>[] = [];
  slots.forEach(({ first, last, below }, slot) => {
    const own = new Set(below.flatMap((other) => [other, ...(beneath[other] ?? [])]));
    beneath.push(own);
    slots.slice(0, slot).forEach((other, at) => {
      if (other.first <= last && first <= other.last && !own.has(at))
        problems.push(`slots ${at} and ${slot} may overlap while both live`);
    });
  });
  return problems;
}

/** What `NestStore.rows` promises. */
function verifyRows(schedule: Schedule, nest: LoopNest, { buffer, rows }: NestStore): string[] {
  if (rows === undefined) return [];
  const problems: string[] = [];
  const others = nest.stores.flatMap((store) => (store.rows ? [store.rows] : []));
  if (
    others.some(
      (other) => other.length !== rows.length || other.some((axis, at) => axis !== rows[at]),
    )
  )
    problems.push(`${nest.name} has rows along several axes`);
  if (rows.some((axis) => !nest.axes.includes(axis)))
    problems.push(`${nest.name} has rows along an axis that is not its own`);
  if (schedule.buffers[buffer]?.kind !== "temporary" || readBuffers(nest).has(buffer))
    problems.push(`${nest.name} stores a row in b${buffer}, which is not its alone`);
  if (!reducesRows(nest.stores, rows))
    problems.push(`${nest.name} stores rows and reduces for each point`);
  return problems;
}

/** What pads a maximum. */
function isInfinity({ type, value }: Extract<Scalar, { kind: "literal" }>): boolean {
  return type === "f32" && Math.abs(value) === Infinity;
}

function verifyNest(schedule: Schedule, nest: LoopNest): string[] {
  const problems: string[] = [];
  if (nest.stores.length === 0) problems.push(`${nest.name} stores nothing`);
  const visit = (scalar: Scalar, bound: ReadonlySet<Axis>): void => {
    if (scalar.kind === "axis" && !bound.has(scalar.axis)) {
      problems.push(`${nest.name} uses i${scalar.axis.id} outside of its loop`);
    }
    if (scalar.kind === "load" && schedule.buffers[scalar.buffer] === undefined) {
      problems.push(`${nest.name} loads from b${scalar.buffer}, which does not exist`);
    }
    if (scalar.kind === "literal" && !Number.isFinite(scalar.value) && !isInfinity(scalar)) {
      problems.push(`${nest.name} holds the literal ${scalar.value}`);
    }
    if (scalar.kind === "host" && schedule.host[scalar.index] === undefined) {
      problems.push(`${nest.name} uses host ${scalar.index}, which does not exist`);
    }
    const inner = scalar.kind === "reduce" ? new Set([...bound, ...scalar.axes]) : bound;
    for (const operand of operandsOf(scalar)) check(operand, inner);
  };
  const seen = new Map<Scalar, Set<string>>();
  const check = (scalar: Scalar, bound: ReadonlySet<Axis>): void => {
    const key = [...bound].map((axis) => axis.id).join(",");
    const keys = seen.get(scalar) ?? new Set();
    if (keys.has(key)) return;
    seen.set(scalar, keys.add(key));
    visit(scalar, bound);
  };
  const outer = new Set(nest.axes);
  for (const store of nest.stores) {
    const own = store.rows ? new Set(store.rows) : outer;
    check(store.index, own);
    check(store.value, own);
    problems.push(...verifyRows(schedule, nest, store));
    if (store.index.type !== "index") problems.push(`${nest.name} stores at a ${store.index.type}`);
  }
  return problems;
}
