// Takes a schedule, gives what is wrong with it: the specification of this level, which tests run between phases.
import type { Axis, LoopNest, Scalar, Schedule } from "../types/nest.js";
import { measure } from "./limits.js";
import { operandsOf } from "./operands.js";
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
  return [...problems, ...sharedSlots(schedule)];
}

/** Two temporaries of one slot never live at the same time. */
function sharedSlots(schedule: Schedule): string[] {
  const problems: string[] = [];
  const spans = new Map<number, { first: number; last: number }>();
  schedule.nests.forEach((nest, index) => {
    const touched = [...readBuffers(nest), ...nest.stores.map((store) => store.buffer)];
    for (const buffer of touched) {
      const span = spans.get(buffer);
      spans.set(buffer, { first: span?.first ?? index, last: index });
    }
  });
  for (const result of schedule.results) {
    const span = spans.get(result.buffer);
    if (span !== undefined) span.last = schedule.nests.length;
  }
  const bySlot = new Map<number, number[]>();
  schedule.buffers.forEach((buffer, index) => {
    if (buffer.kind !== "temporary") return;
    for (const other of bySlot.get(buffer.slot) ?? []) {
      const a = spans.get(other);
      const b = spans.get(index);
      if (a && b && a.first <= b.last && b.first <= a.last) {
        problems.push(`b${other} and b${index} share slot ${buffer.slot} while both live`);
      }
    }
    bySlot.set(buffer.slot, [...(bySlot.get(buffer.slot) ?? []), index]);
  });
  return problems;
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
    if (scalar.kind === "literal" && !Number.isFinite(scalar.value)) {
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
    check(store.index, outer);
    check(store.value, outer);
    if (store.index.type !== "index") problems.push(`${nest.name} stores at a ${store.index.type}`);
  }
  return problems;
}
