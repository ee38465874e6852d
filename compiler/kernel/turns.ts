// Takes the nests of a recurrence and a machine, gives one kernel that runs them turn by turn, where that pays: else nothing.
import { addDims, expectedSize, multiplyDims } from "../types/dimension.js";
import type { Dim, Extents } from "../types/dimension.js";
import type { Axis, NestArgument, Recurrence, ScheduledBuffer } from "../types/nest.js";
import type { NestFacts } from "./analyze.js";
import type { ApartAxes } from "./apart.js";
import type { ParallelChoice } from "./choose.js";
import { chooseForWorkgroup } from "./choose.js";
import { allStatements } from "./company.js";
import { buildForWorkgroup } from "./gpu.js";
import type { Slice } from "./gpu.js";
import type { Expression, Kernel, KernelBinding, Statement } from "./ir.js";
import { indexVariable, operate } from "./ir.js";
import { flopsOf, pointsOf } from "./measure.js";
import { behind, createUnion, memoryKey } from "./merge.js";
import type { Union } from "./merge.js";
import { blockExtent } from "./points.js";
import { renamed } from "./rename.js";
import type { ParallelTarget } from "./target.js";

/** The nests of a recurrence, in order. */
export interface Turns {
  readonly recurrence: Recurrence;
  readonly nests: readonly NestFacts[];
  /** Along what their entries never meet; undefined where there is no such axis. */
  readonly apart: ApartAxes | undefined;
  readonly extents: Extents;
}

/** Whether one dispatch is expected to be faster than dispatches for each turn. */
export function isWorthOneDispatch(turns: Turns, target: ParallelTarget): boolean {
  return isWorthIt(turns, divide(turns, target), target);
}

/**
 * Each workgroup does all turns of some entries that never meet the others (examples of a batch, mostly), with a barrier behind each
 * nest; a single workgroup does all, where there are none. `buffers` have their places: those in one slot are bound as one.
 * Undefined where the kernel would bind too much or be too long.
 */
export function kernelOfTurns(
  turns: Turns,
  buffers: readonly ScheduledBuffer[],
  target: ParallelTarget,
): Kernel | undefined {
  const { nests } = turns;
  const { merging } = target;
  const division = divide(turns, target);
  const members = nests.map((facts, at) => {
    const { choice, slice } = division.members[at] ?? unknown();
    return buildForWorkgroup(facts, choice, slice, buffers, target);
  });
  const kernel = oneBehindTheOther(turns, members, buffers, target);
  const fits =
    kernel.bindings.length <= merging.bindings &&
    allStatements(kernel.body).length <= merging.statements;
  return fits ? kernel : undefined;
}

function unknown(): never {
  throw new Error("a nest without a choice");
}

/** What workgroups do. */
interface Division {
  readonly groups: number;
  readonly members: readonly {
    readonly choice: ParallelChoice;
    readonly slice: Slice | undefined;
    /** What is to be computed at once in a workgroup. */
    readonly blocks: number;
  }[];
}

function divide({ nests, apart, extents }: Turns, target: ParallelTarget): Division {
  const extent = apart ? expectedSize(apart.extent, extents) : 1;
  const wanted = Math.max(1, Math.floor(extent / target.turns.groups));
  const choices = nests.map((facts, at) => {
    const axis = apart?.axes[at];
    return { axis, choice: chooseForWorkgroup(facts, target, axis && { axis, most: wanted }) };
  });
  const sizes = choices.map(({ axis, choice }) => sizeAlong(choice, axis));
  const entries = sizes.reduce(leastCommonMultiple, 1);
  // As many blocks as there are entries wanted.
  const inAll = entries * Math.max(1, Math.floor(wanted / entries));
  const groups = Math.ceil(extent / inAll);
  const members = choices.map(({ axis, choice }) => ({
    choice,
    slice: axis && { axis, entries: inAll },
    blocks: blocksOf(choice, extents) / groups,
  }));
  return { groups, members };
}

function sizeAlong({ tile }: ParallelChoice, axis: Axis | undefined): number {
  return tile.find((tiled) => tiled.axis === axis)?.size ?? 1;
}

function leastCommonMultiple(left: number, right: number): number {
  let [a, b] = [left, right];
  while (b > 0) [a, b] = [b, a % b];
  return (left * right) / a;
}

function blocksOf({ outer, tile }: ParallelChoice, extents: Extents): number {
  return outer.reduce(
    (product, axis) => product * expectedSize(blockExtent(axis, tile), extents),
    1,
  );
}

/** A turn in workgroups that may be too few to keep the machine busy, against dispatches over all of it. */
function isWorthIt(
  { nests, extents }: Turns,
  { groups, members }: Division,
  { turns }: ParallelTarget,
): boolean {
  const costs = nests.map((facts, at) => {
    const operations = operationsOf(facts, extents);
    const idle = Math.max(1, turns.lanes / Math.max(1, members[at]?.blocks ?? 1));
    const rounds = Math.ceil(groups / turns.groups);
    return { inside: (rounds * operations * idle) / groups, apart: operations / turns.groups };
  });
  const inside = costs.reduce((sum, cost) => sum + cost.inside, 0);
  const apart = costs.reduce((sum, cost) => sum + cost.apart + turns.dispatch, 0);
  return inside <= apart;
}

/** What moves and does not compute counts too. */
function operationsOf({ nest }: NestFacts, extents: Extents): number {
  return expectedSize(flopsOf(nest), extents) + pointsOf(nest.axes, extents) * nest.stores.length;
}

function oneBehindTheOther(
  { recurrence, nests }: Turns,
  members: readonly Kernel[],
  buffers: readonly ScheduledBuffer[],
  target: ParallelTarget,
): Kernel {
  const union = createUnion((own) => slotKey(own, buffers));
  const length = extentOf(union, recurrence.length);
  let words = 0;
  const inside = members.flatMap((member, at): readonly Statement[] => {
    const given = nests[at]?.nest.arguments ?? [];
    const body = bodyOf(union, member, { at, given, words, recurrence, buffers });
    words += given.length;
    return [...body, { kind: "barrier", memory: "storage" }];
  });
  const one: Expression = { kind: "literal", type: "index", value: 1 };
  const last = operate("index", "subtract", [length, one]);
  const count = indexVariable("count");
  const turn: Statement = {
    ...{ kind: "let", name: turnName },
    value: recurrence.reverse ? operate("index", "subtract", [last, count]) : count,
  };
  return {
    name: members.map(({ name }) => name).join(" > "),
    target: "gpu",
    workgroupSize: target.turns.invocations,
    workgroups: members[0]?.workgroups ?? 1,
    ...{ bindings: union.bindings, uniforms: union.uniforms, shared: union.shared },
    body: [
      {
        ...{ kind: "for", name: "count", below: length, step: 1, body: [turn, ...inside] },
        from: { kind: "literal", type: "index", value: 0 },
      },
    ],
    origins: members.flatMap(({ origins }) => origins),
    flops: multiplyDims(recurrence.length, addDims(...members.map(({ flops }) => flops))),
  };
}

const turnName = "turn";

interface Position {
  readonly at: number;
  readonly given: readonly NestArgument[];
  /** Words that members before it are given. */
  readonly words: number;
  readonly recurrence: Recurrence;
  readonly buffers: readonly ScheduledBuffer[];
}

function startIn(buffers: readonly ScheduledBuffer[], buffer: number): Dim | undefined {
  const declared = buffers[buffer];
  return declared?.kind === "temporary" ? declared.start : undefined;
}

function slotKey(own: KernelBinding, buffers: readonly ScheduledBuffer[]): string {
  const declared = buffers[own.buffer];
  const shared = declared?.kind === "temporary" && declared.start !== undefined;
  return shared ? `slot ${declared.slot}` : memoryKey(own, buffers);
}

function bodyOf(
  union: Union,
  { body, bindings, uniforms, ...member }: Kernel,
  { at, given, words, recurrence, buffers }: Position,
): readonly Statement[] {
  const starts = bindings.map(({ buffer }) => startIn(buffers, buffer));
  const places = bindings.map((own, binding) =>
    union.bindingOf(starts[binding] === undefined ? own : { ...own, whole: true }),
  );
  const arrays = union.arraysOf({ ...member, body, bindings, uniforms });
  const numbers = uniforms.map((own) =>
    own.kind === "argument" && given[own.index] === recurrence
      ? indexVariable(turnName)
      : union.uniformOf(behind(own, words)),
  );
  const isCommon = (name: string): boolean => name === "localIndex" || name === "workgroupIndex";
  return renamed(body, {
    variable: (name) => (isCommon(name) ? name : `${name}_${at}`),
    array: (name) => arrays.get(name) ?? name,
    binding: (binding) => places[binding] ?? binding,
    start: (binding) => {
      const first = starts[binding] ?? 0;
      return first === 0 ? undefined : extentOf(union, first);
    },
    uniform: (uniform) => numbers[uniform] ?? uniform,
  });
}

function extentOf(union: Union, dim: Dim): Expression {
  return typeof dim === "number"
    ? { kind: "literal", type: "index", value: dim }
    : { kind: "uniform", type: "index", uniform: union.uniformOf({ kind: "dim", dim }) };
}
