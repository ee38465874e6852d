// Takes no input, gives the targets by name: what kernels are built for, and which of these are for adapters.
import type { PlanAdapter } from "../../runtime/plan.js";
import type { Kernel } from "./ir.js";
import type { ParallelTarget, SerialTarget } from "./target.js";
import { cpu, gpu, software, wasm } from "./target.js";

/** What runs kernels by workgroups: any adapter, and kinds of adapters that have kernels of their own. */
const adapters = { gpu, software } as const satisfies Record<"gpu" | PlanAdapter, ParallelTarget>;

/** What runs them in a thread: JavaScript, WebAssembly. */
const threads = { cpu, wasm } as const satisfies Record<string, SerialTarget>;

export type AdapterName = keyof typeof adapters;
export type TargetName = AdapterName | keyof typeof threads;

/** One of something for each adapter. */
export type PerAdapter<T> = Readonly<Record<AdapterName, T>>;

/** One of something for each target. */
export type PerTarget<T> = Readonly<Record<TargetName, T>>;

/** The machines that the kernels of a nest are built for. */
export type Targets = PerAdapter<ParallelTarget> & PerTarget<ParallelTarget | SerialTarget>;

/** A nest on every target; buffers are bound in the same order on each. */
export type NestKernels = PerTarget<Kernel>;

export type AdapterKernels = PerAdapter<Kernel>;

export const targets: Targets = { ...adapters, ...threads };

export const adapterNames = Object.keys(adapters) as readonly AdapterName[];
/** Those that have kernels of their own beside those for any. */
export const kindNames = adapterNames.filter((name): name is PlanAdapter => name !== "gpu");
export const targetNames = Object.keys(targets) as readonly TargetName[];

export function perAdapter<T>(of: (name: AdapterName) => T): PerAdapter<T> {
  return Object.fromEntries(adapterNames.map((name) => [name, of(name)])) as PerAdapter<T>;
}

export function perTarget<T>(of: (name: TargetName) => T): PerTarget<T> {
  return Object.fromEntries(targetNames.map((name) => [name, of(name)])) as PerTarget<T>;
}

/** Undefined where one of them has none. */
export function forEachAdapter<T>(
  of: (name: AdapterName) => T | undefined,
): PerAdapter<T> | undefined {
  const all = perAdapter(of);
  return adapterNames.every((name) => all[name] !== undefined) ? (all as PerAdapter<T>) : undefined;
}
