// Takes schedules and their kernels, gives what the runtime runs: kernels in both languages, each text once, and programs of dispatches.
import type {
  PlanDispatch,
  PlanGiven,
  PlanKernel,
  PlanLoop,
  PlanProgram,
  PlanResult,
} from "../../runtime/plan.js";
import type { ChainKernels, TurnKernels } from "../kernel/index.js";
import type { AdapterKernels, NestKernels } from "../kernel/targets.js";
import { perAdapter, targetNames } from "../kernel/targets.js";
import { createMerger } from "../kernel/merge.js";
import type { Merger } from "../kernel/merge.js";
import type { Kernel } from "../kernel/ir.js";
import { turnsOfStep } from "../schedule/spans.js";
import { dimEqual } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { Origin } from "../types/graph.js";
import { scalarsOf } from "../kernel/evaluate.js";
import type { LoopNest, Recurrence, Scalar, Schedule } from "../types/nest.js";
import { boundForWriting, elementsOf, planBuffer, planSlot } from "./buffers.js";
import { planDim } from "./dimensions.js";
import { commentText } from "./expression.js";
import { innerDimensions } from "./innerDimensions.js";
import { javascriptBody, printJavaScript } from "./javascript.js";
import type { KernelTable, KernelUse, PlannedKernel, PlannedMergedKernel } from "./kernelTable.js";
import { createKernelTable } from "./kernelTable.js";
import type { Precision } from "./javascriptFunctions.js";
import { variantsOf } from "./variants.js";
import { hexadecimal, wasmModule } from "./wasm/module.js";
import type { UniformWords } from "./words.js";
import { createWords, planUniform } from "./words.js";

/** What a program is for; its dispatches and buffers come from the schedule. */
export type ProgramHead = Pick<
  PlanProgram,
  | "name"
  | "kind"
  | "stage"
  | "objective"
  | "series"
  | "along"
  | "totals"
  | "agree"
  | "inputs"
  | "bounds"
>;

export interface ProgramSource {
  readonly head: ProgramHead;
  readonly schedule: Schedule;
  /** Parallel to the schedule's nests. */
  readonly kernels: readonly NestKernels[];
  /** Of recurrences all of whose turns run in one dispatch. */
  readonly turns?: TurnKernels;
  /** Of chains, by the first of their nests. */
  readonly chains?: ChainKernels;
  /** Of how many entries its results are means, by name. */
  readonly entries?: ReadonlyMap<string, Dim>;
  /** What its results that are checked must lie in, by name. */
  readonly ranges?: ReadonlyMap<string, NonNullable<PlanResult["range"]>>;
}

export interface PlanContext {
  /** Storages in the order of `Plan.storages`. */
  readonly storages: readonly string[];
  /** Free dimensions in the order of `Plan.dimensions`. */
  readonly dimensions: readonly string[];
  /** A place for comments: `lenet.nn:9`. */
  readonly describe: (origin: Origin) => string;
}

export type { PlannedKernel, PlannedMergedKernel };

export interface Planned {
  /** Of nests, each once; in the plan, those that run several side by side stand behind them. */
  readonly kernels: readonly PlannedKernel[];
  readonly merged: readonly PlannedMergedKernel[];
  readonly programs: readonly PlanProgram[];
}

export function planPrograms(sources: readonly ProgramSource[], context: PlanContext): Planned {
  const table = createKernelTable();
  const merge = createMerger();
  const programs = sources.map((source) => planProgram(source, { context, table, merge }));
  const { kernels, merged, givenTo } = table.finish();
  const finish = (
    { use, members, ...dispatch }: UsedDispatch,
    turns: readonly Recurrence[],
  ): PlanDispatch => {
    const given = givenTo(use).map((argument): PlanGiven =>
      typeof argument === "number" ? argument : ["turn", turns.indexOf(argument)],
    );
    return {
      ...dispatch,
      kernel: use.kind === "nest" ? use.kernel : kernels.length + use.kernel,
      ...(given.length === 0 ? {} : { given }),
      ...(members.length === 0 ? {} : { joint: members.map((one) => finish(one, turns)) }),
    };
  };
  return {
    ...{ kernels, merged },
    programs: programs.map((program, at) => {
      const turns = recurrencesOf(sources[at]?.schedule.nests ?? []);
      return { ...program, dispatches: program.dispatches.map((one) => finish(one, turns)) };
    }),
  };
}

/** All that programs dispatch, by position. */
export function planKernels({ kernels, merged }: Planned): readonly PlanKernel[] {
  return [...kernels, ...merged].map(({ plan }) => plan);
}

/** The CPU kernels as an ES module; "f64" is the reference for checks in double precision, which JavaScript alone has. */
export function cpuModuleText(kernels: readonly PlannedKernel[], precision: Precision): string {
  const wasm = precision === "f32" ? `export const wasm = "${wasmText(kernels)}";\n` : "";
  return `${javascriptText(kernels, precision)}${wasm}`;
}

/** What of it people read. */
export function javascriptText(kernels: readonly PlannedKernel[], precision: Precision): string {
  const { text, names } = cpuKernelsText(kernels, precision);
  return `${text}\nexport const kernels = { ${names.join(", ")} };\n`;
}

/** The CPU kernels as a WebAssembly module, in Base64. */
export function wasmText(kernels: readonly PlannedKernel[]): string {
  return hexadecimal(
    wasmModule(
      kernels.map(({ plan, wasm, words, given }) => ({
        name: plan.name,
        kernel: wasm,
        words: words.wasm,
        given,
      })),
    ),
  );
}

/** The functions of the CPU kernels, and what they are called. */
export function cpuKernelsText(
  kernels: readonly PlannedKernel[],
  precision: Precision,
): { readonly text: string; readonly names: readonly string[] } {
  const scripts = kernels.map(({ plan, comment, cpu, words }) => ({
    ...printJavaScript(cpu, words.cpu, precision, plan.name),
    name: plan.name,
    comment,
  }));
  return { text: javascriptBody(scripts, precision), names: kernels.map(({ plan }) => plan.name) };
}

/** Programs that may be run for some of their results. */
const choosing: ReadonlySet<PlanProgram["kind"]> = new Set([
  "predict",
  "step",
  "gather",
  "sweep",
  "whole",
]);

/** A dispatch whose kernel has no position yet. */
interface UsedDispatch extends Omit<PlanDispatch, "kernel" | "given" | "members"> {
  readonly use: KernelUse;
  readonly members: readonly UsedDispatch[];
}

interface Shared {
  readonly context: PlanContext;
  readonly table: KernelTable;
  readonly merge: Merger;
}

function planProgram(
  source: ProgramSource,
  shared: Shared,
): Omit<PlanProgram, "dispatches"> & { readonly dispatches: readonly UsedDispatch[] } {
  const { head, schedule, kernels } = source;
  const { context } = shared;
  const words = createWords(context.dimensions);
  const turns = recurrencesOf(schedule.nests);
  const single = kernels.map((mapped, at) => singleDispatch(source, mapped, at, shared, words));
  const dispatches: UsedDispatch[] = [];
  let first = 0;
  for (const count of schedule.steps) {
    const members = single.slice(first, first + count);
    const [only] = members;
    const recurrence = turnsOfStep(schedule.nests.slice(first, first + count), schedule);
    if (recurrence) {
      const own = source.turns?.get(recurrence);
      if (!own) throw new Error(`no kernel does all turns t${recurrence.id}`);
      dispatches.push(jointDispatch(source, { members, first }, own, shared, words));
    } else if (only !== undefined && count === 1) {
      shared.table.alone(only.use);
      dispatches.push(only);
    } else dispatches.push(mergedDispatch(source, { members, first }, shared, words));
    first += count;
  }
  return {
    ...head,
    uniforms: words.list.map((uniform) => planUniform(uniform, schedule)),
    slots: schedule.slots.map(({ bytes, below }) => [planDim(bytes), ...below]),
    dispatches,
    ...halvesOf(schedule),
    ...(turns.length === 0 ? {} : { loops: loopsOf(schedule, turns) }),
    results: planResults(source, context),
  };
}

/** The slots of halves; none, but a list, where values are rounded without being stored so. */
function halvesOf({ buffers, nests }: Schedule): Pick<PlanProgram, "halves"> {
  const isRounding = (scalar: Scalar): boolean => scalar.kind === "op" && scalar.op === "half";
  if (!nests.some((nest) => scalarsOf(nest).some(isRounding))) return {};
  const halves = buffers.flatMap((buffer) =>
    buffer.kind === "temporary" && buffer.half ? [buffer.slot] : [],
  );
  return { halves };
}

/** As the loops of a program are numbered: outer ones before those within. */
function recurrencesOf(nests: readonly LoopNest[]): readonly Recurrence[] {
  return [...new Set(nests.flatMap(({ turns = [] }) => turns))];
}

function loopsOf(schedule: Schedule, turns: readonly Recurrence[]): readonly PlanLoop[] {
  const { nests, steps, inOneDispatch } = schedule;
  let at = 0;
  const around = steps.map((count) => {
    const [nest] = nests.slice(at, at + count);
    at += count;
    return nest?.turns ?? [];
  });
  return turns.map((recurrence) => {
    const inside = around.map((own) => own.includes(recurrence));
    const { length, reverse } = recurrence;
    const loop = [
      inside.indexOf(true),
      inside.filter(Boolean).length,
      planDim(length),
      reverse,
    ] as const;
    return inOneDispatch.has(recurrence) ? [...loop, true] : loop;
  });
}

function singleDispatch(
  { head, schedule }: ProgramSource,
  mapped: NestKernels,
  at: number,
  { context, table }: Shared,
  { wordOf }: UniformWords,
): UsedDispatch {
  const bound = perAdapter((adapter) => boundForWriting(mapped[adapter], schedule));
  const given = schedule.nests[at]?.arguments ?? [];
  const serves = choosing.has(head.kind) ? schedule.serves[at] : undefined;
  return {
    use: table.add({ ...mapped, ...bound }, given, elementsOf(bound.gpu, schedule), wordOf, () =>
      commentOf(mapped.gpu, context),
    ),
    ...dispatchOf(bound, schedule, context),
    ...(serves ? { serves } : {}),
    members: [],
  };
}

interface StepMembers {
  readonly members: readonly UsedDispatch[];
  /** The position of the first of their nests. */
  readonly first: number;
}

/** One dispatch for nests side by side. */
function mergedDispatch(
  source: ProgramSource,
  step: StepMembers,
  shared: Shared,
  words: UniformWords,
): UsedDispatch {
  const links = linksOf(source, step);
  const own = perAdapter((adapter) => {
    const parts = links.map(({ kernels, given }) => ({ kernel: kernels[adapter], given }));
    const [only] = parts;
    return only && parts.length === 1 ? only.kernel : shared.merge(parts, source.schedule.buffers);
  });
  return jointDispatch(source, step, own, shared, words);
}

/** What stands side by side: kernels of nests, and of chains of them. */
function linksOf(
  { schedule, kernels, chains }: ProgramSource,
  { members, first }: StepMembers,
): readonly { readonly kernels: AdapterKernels; readonly given: number }[] {
  const links: { readonly kernels: AdapterKernels; given: number }[] = [];
  members.forEach(({ use }, position) => {
    const at = first + position;
    const [nest, next] = [schedule.nests[at], schedule.nests[at + 1]];
    const last = links.at(-1);
    if (nest?.follows && last) {
      last.given += use.given.length;
      return;
    }
    const chained = next?.follows === true && position + 1 < members.length;
    const own = chained && nest ? chains?.get(nest) : kernels[at];
    if (!own) throw new Error(`no kernel does nest ${at} and what follows it`);
    links.push({ kernels: own, given: use.given.length });
  });
  return links;
}

/** The kernels of several nests, and what each of these is by itself. */
function jointDispatch(
  { schedule, kernels }: ProgramSource,
  { members, first }: StepMembers,
  own: AdapterKernels,
  { context, table }: Shared,
  { wordOf }: UniformWords,
): UsedDispatch {
  const parts = kernels.slice(first, first + members.length);
  const bound = perAdapter((adapter) => boundForWriting(own[adapter], schedule));
  const uses = members.map(({ use }) => use);
  const comment = (): string => parts.map(({ gpu }) => commentOf(gpu, context)).join(" | ");
  const [{ serves } = {}] = members;
  return {
    use: table.merge(bound, uses, elementsOf(bound.gpu, schedule), wordOf, comment),
    ...dispatchOf(bound, schedule, context),
    ...(serves && members.every((member) => member.serves) ? { serves } : {}),
    members,
  };
}

function dispatchOf(
  kernels: AdapterKernels,
  schedule: Schedule,
  context: PlanContext,
): Pick<PlanDispatch, "buffers" | "workgroups" | "variants" | "flops"> {
  const { gpu } = kernels;
  return {
    buffers: gpu.bindings.map((own) =>
      own.whole
        ? planSlot(schedule, own.buffer)
        : planBuffer(schedule, own.buffer, context.storages),
    ),
    workgroups: planDim(gpu.workgroups),
    ...variantsOf((adapter) => {
      const { workgroups } = kernels[adapter];
      return dimEqual(gpu.workgroups, workgroups) ? undefined : planDim(workgroups);
    }),
    flops: planDim(gpu.flops),
  };
}

function planResults(
  { head, schedule, kernels, entries, ranges }: ProgramSource,
  context: PlanContext,
): readonly PlanResult[] {
  return schedule.results.map((result, position) => {
    const count = entries?.get(result.name);
    const range = ranges?.get(result.name);
    // Other programs run for data, which tell every dimension.
    const dimensions =
      head.kind === "predict"
        ? innerDimensions(
            schedule,
            position,
            kernels.map((mapped) => targetNames.map((target) => mapped[target])),
          )
        : [];
    return {
      name: result.name,
      type: result.type,
      shape: result.shape.map(planDim),
      ...(dimensions.length === 0 ? {} : { dimensions }),
      buffer: planBuffer(schedule, result.buffer, context.storages),
      ...(count === undefined ? {} : { entries: planDim(count) }),
      ...(range === undefined ? {} : { range }),
    };
  });
}

/** More places than this make a comment that nobody reads. */
const mostPlaces = 6;

function commentOf(kernel: Kernel, context: PlanContext): string {
  const places = [...new Set(kernel.origins.map(context.describe))];
  const shown = places.slice(0, mostPlaces).join(", ");
  const more = places.length > mostPlaces ? ` and ${places.length - mostPlaces} more` : "";
  return commentText(places.length === 0 ? kernel.name : `${kernel.name}: ${shown}${more}`);
}
