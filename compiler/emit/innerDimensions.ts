// Takes a schedule and its kernels, gives the free dimensions that a result takes and that no shape shows.
import type { Kernel, KernelUniform } from "../kernel/ir.js";
import { freeNames } from "../types/dimension.js";
import type { HostValue, Schedule } from "../types/nest.js";

/**
 * Of the result at this position, those that kernels behind it take, as numbers or to know how much to compute, and that
 * neither its shape nor an input that they read has. `kernels` are those of each nest, on all targets.
 */
export function innerDimensions(
  schedule: Schedule,
  position: number,
  kernels: readonly (readonly Kernel[])[],
): readonly string[] {
  const serving = kernels.filter((_, nest) => schedule.serves[nest]?.includes(position) ?? true);
  const result = schedule.results[position];
  const shown = new Set<string>();
  const show = (buffer: number): void => {
    const declared = schedule.buffers[buffer];
    if (declared?.kind === "input") freeNames(declared.elements, shown);
  };
  for (const dim of result?.shape ?? []) freeNames(dim, shown);
  if (result) show(result.buffer);
  const taken = new Set<string>();
  for (const kernel of serving.flat()) {
    freeNames(kernel.workgroups, taken);
    for (const uniform of kernel.uniforms) namesOfUniform(schedule, uniform, taken);
    for (const { buffer } of kernel.bindings) show(buffer);
  }
  return [...taken].filter((name) => !shown.has(name));
}

function namesOfUniform(schedule: Schedule, uniform: KernelUniform, into: Set<string>): void {
  if (uniform.kind === "dim") freeNames(uniform.dim, into);
  const value = uniform.kind === "host" ? schedule.host[uniform.index] : undefined;
  if (value) namesOfHost(value, into);
}

function namesOfHost(value: HostValue, into: Set<string>): void {
  if (value.kind === "dim") freeNames(value.dim, into);
  if (value.kind === "op") for (const operand of value.arguments) namesOfHost(operand, into);
}
