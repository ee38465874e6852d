// Small graphs with the values of their leaves in; all of them as programs of one plan, and their results on a backend, out.

import { storeConstants } from "../../compiler/build/constants.js";
import type { ConstantTable } from "../../compiler/build/constants.js";
import { planDim } from "../../compiler/emit/dimensions.js";
import { cpuModuleText, planKernels, planPrograms } from "../../compiler/emit/plan.js";
import type { Planned } from "../../compiler/emit/plan.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import type { AdapterKernels, NestKernels, Targets } from "../../compiler/kernel/targets.js";
import { mapInSteps, mapSchedule } from "../../compiler/kernel/index.js";
import type { Kernel } from "../../compiler/kernel/ir.js";
import { printKernel } from "../../compiler/kernel/print.js";
import { verifyKernel } from "../../compiler/kernel/verify.js";
import { schedule } from "../../compiler/schedule/index.js";
import type { ScheduleOptions } from "../../compiler/schedule/index.js";
import { verifySchedule } from "../../compiler/schedule/verify.js";
import { evaluateDim } from "../../compiler/types/dimension.js";
import type { ElementType, Node } from "../../compiler/types/graph.js";
import type { Schedule } from "../../compiler/types/nest.js";
import { createCpuBackend } from "../../runtime/cpu.js";
import { makeRun } from "../../runtime/session.js";
import { openSession } from "../../runtime/train/open.js";
import type { Plan, PlanInput } from "../../runtime/plan.js";
import { PLAN_FORMAT } from "../../runtime/plan.js";
import { softwareDevice } from "./adapter.js";
import { importText } from "./compiled.js";
import type { TestBackend } from "./compiled.js";
import type { Tensor } from "./interpret.js";

/** A graph of its own; names of its input leaves are its own too, among all programs of a plan. */
export interface SmallProgram {
  readonly name: string;
  readonly roots: readonly Node[];
  /** Values by the names of input leaves. */
  readonly leaves: Readonly<Record<string, Tensor>>;
  readonly dimensions: Readonly<Record<string, number>>;
}

export interface PlannedPrograms {
  readonly programs: readonly SmallProgram[];
  readonly planned: Planned;
  readonly plan: Plan;
}

export interface Scheduling extends Pick<ScheduleOptions, "fuse" | "share"> {
  /** What runs in one dispatch does, as in what is compiled for users. */
  readonly inSteps?: boolean;
  /** Other machines than the usual ones; not in steps. */
  readonly targets?: Partial<Targets>;
}

/** What free dimensions are thought to be: other than all that they are in samples. */
const estimates = { batch: 32, time: 16 };

/** Schedules every program and gives one plan; throws where a schedule or a kernel breaks a rule. */
export function planSmall(
  programs: readonly SmallProgram[],
  { inSteps = false, targets = {}, ...options }: Scheduling = {},
): PlannedPrograms {
  const constants: ConstantTable = new Map();
  const b = createBuilder(2 ** 30);
  const sources = programs.map(({ name, roots }) => {
    const effects = storeConstants(
      b,
      roots.map((value, at) => ({ kind: "result", name: `y${at}`, value })),
      constants,
    );
    const plain = schedule(
      { name, effects },
      {
        ...{ estimates, storage: (storage) => storageOf(constants, storage), ...options },
        ...(inSteps && { share: false }),
      },
    );
    const stepped = inSteps ? mapInSteps([plain], estimates) : undefined;
    const scheduled = stepped?.schedules[0] ?? plain;
    const kernels = stepped?.kernels[0] ?? mapSchedule(plain, {}, targets);
    const turns = stepped?.turns[0] ?? new Map();
    const chains = stepped?.chains[0] ?? new Map();
    wantVerified(scheduled, [...kernels, ...turns.values(), ...chains.values()]);
    const inputs = [...inputLeaves(roots).keys()];
    const head = { name, kind: "predict" as const, inputs };
    return { head, schedule: scheduled, kernels, turns, chains };
  });
  const storages = [...constants.values()];
  const dimensions = [...new Set(programs.flatMap((one) => Object.keys(one.dimensions)))];
  const planned = planPrograms(sources, {
    storages: storages.map(({ name }) => name),
    dimensions,
    describe: (origin) => origin.path,
  });
  const plan: Plan = {
    format: PLAN_FORMAT,
    compiler: "tests",
    model: "Samples",
    dimensions: dimensions.map((name) => ({ name, trained: 1 })),
    inputs: programs.flatMap(({ roots }) => [...inputLeaves(roots).values()]),
    outputs: [],
    parameters: [],
    storages,
    kernels: planKernels(planned),
    programs: planned.programs,
    stages: [],
    requiredLimits: {},
  };
  return { programs, planned, plan };
}

function storageOf(
  constants: ConstantTable,
  name: string,
): { elements: number; type: ElementType } {
  const found = [...constants.values()].find((storage) => storage.name === name);
  if (found === undefined) throw new Error(`no constant ${name}`);
  return found;
}

function wantVerified(
  scheduled: Schedule,
  kernels: readonly (NestKernels | AdapterKernels)[],
): void {
  const problems = [
    ...verifySchedule(scheduled),
    ...kernels.flatMap((mapped) =>
      Object.values(mapped).flatMap((kernel: Kernel) => {
        const faults = verifyKernel(kernel);
        return faults.length === 0 ? [] : [...faults, printKernel(kernel)];
      }),
    ),
  ];
  if (problems.length > 0) throw new Error(`${scheduled.name}: ${problems.join("; ")}`);
}

function inputLeaves(roots: readonly Node[]): Map<string, PlanInput> {
  const found = new Map<string, PlanInput>();
  for (const node of topologicalOrder(roots)) {
    if (node.op !== "input") continue;
    const { name } = node.attributes;
    const shape = node.shape.map(planDim);
    found.set(name, { name, role: "input", type: node.type, shape, source: "given" });
  }
  return found;
}

/**
 * The results of every program, in order: numbers as they were computed, bools as 0 and 1. "javascript" is single precision
 * where WebAssembly is refused.
 */
export async function runSmall(
  { programs, planned, plan }: PlannedPrograms,
  backend: TestBackend | "javascript",
  seed = 0,
): Promise<Tensor[][]> {
  const session = await openSession(plan, {
    ...(backend === "webgpu"
      ? { backend, device: await softwareDevice() }
      : { backend: "cpu", precision: backend === "f64" ? 64 : 32 }),
    openCpu: async (precision) => {
      const text = cpuModuleText(planned.kernels, precision === 64 ? "f64" : "f32");
      const { kernels, wasm } = await importText(text);
      const module =
        backend === "javascript" || wasm === undefined ? { kernels } : { kernels, wasm };
      return createCpuBackend(plan, module, precision);
    },
  });
  const results: Tensor[][] = [];
  for (const [index, { roots, leaves, dimensions }] of programs.entries()) {
    const inputs = new Map(
      [...inputLeaves(roots)].map(([name, { type }]) => [
        name,
        wordsOf(leaves[name], type, backend),
      ]),
    );
    const run = makeRun(session, index, { dimensions, inputs, seed, counter: 3 });
    const values = await session.backend.read(run);
    results.push(
      roots.map((root, at) => ({
        shape: root.shape.map((dim) => evaluateDim(dim, dimensions)),
        data: Array.from(values[at] ?? []),
      })),
    );
  }
  session.backend.destroy();
  return results;
}

function wordsOf(
  value: Tensor | undefined,
  type: ElementType,
  backend: TestBackend | "javascript",
): Float32Array | Float64Array | Int32Array | Uint32Array {
  if (value === undefined) throw new Error("a leaf without a value");
  if (type === "i32") return Int32Array.from(value.data);
  if (type !== "f32") return Uint32Array.from(value.data);
  return backend === "f64" ? Float64Array.from(value.data) : Float32Array.from(value.data);
}

/** The numbers that 32 bits hold: what all backends and the reference are given alike. */
export function rounded(value: Tensor): Tensor {
  return { shape: value.shape, data: Array.from(value.data, Math.fround) };
}

/** The largest error, relative where the expected number is above 1; infinite where one alone is finite. */
export function worst(found: Tensor, expected: Tensor): number {
  if (found.shape.join() !== expected.shape.join()) return Infinity;
  let most = 0;
  for (const [index, want] of Array.from(expected.data).entries()) {
    const have = found.data[index] ?? NaN;
    if (Object.is(have, want) || have === want) continue;
    const error = Math.abs(have - want) / Math.max(1, Math.abs(want));
    most = Math.max(most, Number.isNaN(error) ? Infinity : error);
  }
  return most;
}
