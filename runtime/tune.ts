// A plan whose dispatches have variants and a device in; the plan with those that are fastest there, measured once for an adapter, out.

import type { TuningCache } from "./api.js";
import type { ProgramRun } from "./backend.js";
import { evaluateDim, type Dimensions } from "./dimensions.js";
import { at } from "./errors.js";
import { planAdapters } from "./plan.js";
import type { Plan, PlanAdapter, PlanDispatch, PlanKernel, PlanProgram } from "./plan.js";
import { nameOfAdapter } from "./adapters.js";
import { createPassTimer, timestamps, type PassTimer } from "./passTimer.js";
import { inHalves } from "./halves.js";
import { hasQuads, kernelFor, kindOf } from "./variants.js";
import { backendOn, openContext, submitRun, type GpuContext } from "./webgpu.js";

/** Of each dispatch of a plan, in order: "." as the adapter's kind says, "0" the kernel for any adapter, "1" that of the first of `planAdapters`. */
type Choices = string;

/** What a dispatch may run: the kernel for any adapter, or that of a kind. */
type Way = PlanAdapter | undefined;

const ways: readonly Way[] = [undefined, ...planAdapters];

/** Measurements of each variant, taken in turns; the least counts. */
const rounds = 5;
/** Milliseconds that a clock tells from the time that a submission takes by itself; shorter dispatches are measured many at once. */
const wellTimed = 2;
const many = 32;

/** What a plan is tuned with. */
export interface Tuning {
  /** Programs that are measured, at their trained sizes. */
  readonly programs: readonly number[];
  readonly cache: TuningCache;
  /** Milliseconds that a run takes; the device's where it tells them, else the clock's, unless given. */
  readonly timed?: Timed;
}

type Timed = (run: () => Promise<unknown>, program: PlanProgram) => Promise<number>;

const byClock: Timed = async (run) => {
  const before = performance.now();
  await run();
  return performance.now() - before;
};

/** What a submission takes besides is no kernel's. */
function byTimestamps(timer: PassTimer): Timed {
  return async (run) => {
    timer.arm();
    await run();
    return timer.read();
  };
}

/** Where nothing can be measured or kept, a plan has the kernels of its adapter's kind: it is never a reason not to load. */
export async function tunePlan(
  plan: Plan,
  device: GPUDevice,
  { programs, cache, timed }: Tuning,
): Promise<Plan> {
  const adapter = nameOfAdapter(device.adapterInfo);
  const key = ["nnc", adapter, fingerprint(JSON.stringify(plan)), programs.join()].join(" ");
  const count = plan.programs.reduce((sum, { dispatches }) => sum + dispatches.length, 0);
  let choices: Choices = ".".repeat(count);
  try {
    const known = await cache.get(key);
    if (isChoices(known, count)) choices = known;
    else {
      const timer = !timed && device.features.has(timestamps) ? createPassTimer(device) : undefined;
      try {
        const clock = timed ?? (timer ? byTimestamps(timer) : byClock);
        choices = await measure(plan, device, new Set(programs), clock);
      } finally {
        timer?.close();
      }
      await cache.set(key, choices);
    }
  } catch {
    // What is chosen so far serves.
  }
  const kind = kindOf(device.adapterInfo);
  const quads = hasQuads(device.features, device.adapterInfo);
  return inHalves(withChoices(plan, choices, kind, quads), device.features);
}

function isChoices(value: unknown, count: number): value is Choices {
  const known = new RegExp(`^[.0-${planAdapters.length}]*$`);
  return typeof value === "string" && value.length === count && known.test(value);
}

/** FNV-1a, 32 bits: what it confuses costs time, never right numbers. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(36);
}

/** The plan with the chosen variant in each dispatch. */
function withChoices(plan: Plan, choices: Choices, kind: Way, quads: boolean): Plan {
  const kernels = [...plan.kernels];
  const choose = createChooser(plan, kernels, quads);
  let position = 0;
  const programs = plan.programs.map((program) => ({
    ...program,
    dispatches: program.dispatches.map((dispatch) => {
      const choice = choices[position++];
      return choose(dispatch, choice === "." ? kind : ways[Number(choice)]);
    }),
  }));
  return { ...plan, kernels, programs };
}

/** Dispatches of one kernel may be chosen differently: variants that are taken become kernels of their own. */
function createChooser(
  plan: Plan,
  kernels: PlanKernel[],
  quads: boolean,
): (dispatch: PlanDispatch, way: Way) => PlanDispatch {
  const places = new Map<string, number>();
  const placeOf = (index: number, kind: PlanAdapter): number => {
    const kernel = at(plan.kernels, index);
    if (!kernel.variants?.[kind]) return index;
    const key = `${index} ${kind}`;
    const place = places.get(key) ?? kernels.push(kernelFor(kernel, kind, quads)) - 1;
    places.set(key, place);
    return place;
  };
  return (dispatch, way) => {
    if (!way) return dispatch;
    const { kernel, workgroups, variants } = dispatch;
    return {
      ...dispatch,
      kernel: placeOf(kernel, way),
      workgroups: variants?.[way] ?? workgroups,
    };
  };
}

/** A dispatch that has variants, in each way that it has, by itself and many at once: positions of programs. */
interface Candidate {
  readonly key: string;
  /** Positions in `ways`. */
  readonly own: readonly number[];
  readonly once: readonly number[];
  readonly often: readonly number[];
  readonly dimensions: Dimensions;
}

async function measure(
  plan: Plan,
  device: GPUDevice,
  measured: ReadonlySet<number>,
  timed: Timed,
): Promise<Choices> {
  const kernels = [...plan.kernels];
  const choose = createChooser(plan, kernels, hasQuads(device.features, device.adapterInfo));
  const programs: PlanProgram[] = [];
  const candidates = new Map<string, Candidate>();
  const keys: (string | undefined)[] = [];
  // The dispatch alone, whatever the program does around it; where its ranges begin takes no time.
  const add = (program: PlanProgram, dispatch: PlanDispatch, times: number): number => {
    const { kind, name, inputs, uniforms, slots } = program;
    const { kernel, buffers, workgroups, flops } = dispatch;
    const dispatches = Array<PlanDispatch>(times).fill({ kernel, buffers, workgroups, flops });
    return programs.push({ kind, name, inputs, uniforms, slots, results: [], dispatches }) - 1;
  };
  plan.programs.forEach((program, index) => {
    const dimensions = trainedDimensions(plan, program);
    for (const dispatch of program.dispatches) {
      const key = measured.has(index) ? keyOf(plan, dispatch, dimensions) : undefined;
      keys.push(key);
      if (key === undefined || candidates.has(key)) continue;
      const own = waysOf(plan, dispatch);
      const each = (times: number): number[] =>
        own.map((way) => add(program, choose(dispatch, ways[way]), times));
      candidates.set(key, { key, own, once: each(1), often: each(many), dimensions });
    }
  });
  if (candidates.size === 0) return ".".repeat(keys.length);
  const context = openContext({ ...plan, kernels, programs }, device, false);
  const backend = backendOn(context);
  try {
    await backend.prepare([...programs.keys()]);
    const faster = new Map<string, string>();
    for (const candidate of candidates.values())
      faster.set(candidate.key, await fasterOf(context, candidate, timed));
    return keys.map((key) => (key === undefined ? "." : faster.get(key))).join("");
  } finally {
    backend.destroy();
  }
}

/** The kernel for any adapter, and those of kinds that have another. */
function waysOf(plan: Plan, { kernel, variants }: PlanDispatch): readonly number[] {
  const own = at(plan.kernels, kernel).variants;
  return [...ways.keys()].filter((position) => {
    const kind = ways[position];
    return !kind || own?.[kind] !== undefined || variants?.[kind] !== undefined;
  });
}

/** What takes a dispatch's time: others alike are measured with it. Undefined where it has no variants. */
function keyOf(plan: Plan, dispatch: PlanDispatch, dimensions: Dimensions): string | undefined {
  const { kernel, workgroups, variants } = dispatch;
  if (waysOf(plan, dispatch).length === 1) return undefined;
  const counts = [workgroups, ...planAdapters.map((kind) => variants?.[kind] ?? workgroups)];
  return [kernel, ...counts.map((count) => evaluateDim(count, dimensions))].join();
}

function trainedDimensions(plan: Plan, { stage }: PlanProgram): Dimensions {
  const trained = plan.dimensions.map(({ name, trained: size }) => [name, size] as const);
  const own = plan.stages.find(({ name }) => name === stage)?.dimensions;
  return { ...Object.fromEntries(trained), ...own };
}

async function fasterOf(context: GpuContext, candidate: Candidate, timed: Timed): Promise<Choices> {
  const { own, once, often } = candidate;
  const trials = await leastOf(context, candidate, once, 2, timed);
  const measured = Math.max(...trials) < wellTimed ? often : once;
  const times = await leastOf(context, candidate, measured, rounds, timed);
  const least = Math.min(...times);
  // What a clock cannot tell apart is as the adapter's kind says.
  const fastest = own.filter((_, position) => times[position] === least);
  return fastest.length === 1 ? fastest.join("") : ".";
}

/** The least milliseconds of each program, run in turns. */
async function leastOf(
  context: GpuContext,
  { dimensions }: Candidate,
  measured: readonly number[],
  times: number,
  timed: Timed,
): Promise<number[]> {
  const least = measured.map(() => Infinity);
  for (let round = 0; round < times; round++) {
    for (const [position, program] of measured.entries()) {
      const run = runOf(context.plan, program, dimensions);
      const took = await timed(
        async () => {
          await submitRun(context, run, () => undefined).checked;
          await context.device.queue.onSubmittedWorkDone();
        },
        at(context.plan.programs, program),
      );
      least[position] = Math.min(at(least, position), took);
    }
  }
  return least;
}

/** On memory that holds zeros. */
function runOf(plan: Plan, program: number, dimensions: Dimensions): ProgramRun {
  const { uniforms } = at(plan.programs, program);
  const words = new Uint32Array(Math.ceil(uniforms.length / 4) * 4);
  uniforms.forEach((uniform, index) => {
    if (uniform.kind === "dim") words[index] = evaluateDim(uniform.value, dimensions);
  });
  const floats = new Float32Array(words.buffer);
  return { program, dimensions, words, floats, inputs: new Map(), draws: [] };
}
