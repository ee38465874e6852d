// Takes a built model, the schedules and the kernels of its programs, gives the heads under which they stand in the plan.
import type { BuiltModel, BuiltProgram } from "../build/types.js";
import { dimensionsRead, totalsRead } from "../build/totals.js";
import { topologicalOrder } from "../graph/walk.js";
import type { ChainKernels, TurnKernels } from "../kernel/index.js";
import type { NestKernels } from "../kernel/targets.js";
import type { Schedule } from "../types/nest.js";
import type { PlanProgram } from "../../runtime/plan.js";
import { planBounds, planRanges } from "./bounds.js";
import { planDim } from "./dimensions.js";
import type { ProgramSource } from "./plan.js";

/** Each by program. */
export interface MappedPrograms {
  readonly schedules: readonly Schedule[];
  readonly kernels: readonly (readonly NestKernels[])[];
  readonly turns?: readonly TurnKernels[];
  readonly chains?: readonly ChainKernels[];
}

export function planSources(
  built: BuiltModel,
  { schedules, kernels, turns = [], chains = [] }: MappedPrograms,
): readonly ProgramSource[] {
  return built.programs.map((program, index) => {
    const schedule = schedules[index];
    if (schedule === undefined) throw new Error(`program ${program.name} has no schedule`);
    const { name, kind, stage, objective, series, along, entries, ranges } = program;
    return {
      ...(entries === undefined ? {} : { entries }),
      ...(ranges === undefined ? {} : { ranges: planRanges(built, ranges) }),
      head: {
        name,
        kind,
        ...(stage === undefined ? {} : { stage }),
        ...(objective === undefined ? {} : { objective }),
        ...(along === undefined ? {} : { along }),
        ...(series === undefined ? {} : { series, ...setHead(program) }),
        inputs: inputsOf(built, program),
        ...planBounds(built, program, schedule),
      },
      schedule,
      kernels: kernels[index] ?? [],
      turns: turns[index] ?? new Map(),
      chains: chains[index] ?? new Map(),
    };
  });
}

/** What a program over a whole set asks of the sizes of its batches. */
function setHead({ kind, totals, effects }: BuiltProgram): Pick<PlanProgram, "totals" | "agree"> {
  const roots = effects.map((effect) => effect.value);
  const read = [...totalsRead(roots, totals ?? new Map())];
  const agree = kind === "whole" ? dimensionsRead(roots) : [];
  return {
    ...(read.length > 0
      ? { totals: Object.fromEntries(read.map(([name, dim]) => [name, planDim(dim)])) }
      : {}),
    ...(agree.length > 0 ? { agree } : {}),
  };
}

/** Inputs that the program reads, in order of declaration, then held values. */
function inputsOf(built: BuiltModel, program: BuiltProgram): string[] {
  const found = new Set<string>();
  for (const node of topologicalOrder(program.effects.map((effect) => effect.value))) {
    if (node.op === "input") found.add(node.attributes.name);
  }
  return [...built.typed.inputs, ...built.held]
    .map((input) => input.name)
    .filter((name) => found.has(name));
}
