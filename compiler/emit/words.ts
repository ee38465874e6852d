// Takes what the kernels of a program read that is no buffer, gives the words of its uniform buffer and how the host finds them.
import type { PlanUniform } from "../../runtime/plan.js";
import type { KernelUniform } from "../kernel/ir.js";
import { uniformKey } from "../kernel/ir.js";
import { freeDim } from "../types/dimension.js";
import type { Schedule } from "../types/nest.js";
import { hostExpression, planDim } from "./dimensions.js";
import type { WordOf } from "./kernelTable.js";

export interface UniformWords {
  readonly list: KernelUniform[];
  readonly wordOf: WordOf;
}

/** Seed, counter and the free dimensions always come first, so that programs can share kernels. */
export function createWords(dimensions: readonly string[]): UniformWords {
  const list: KernelUniform[] = [
    { kind: "seed" },
    { kind: "counter" },
    ...dimensions.map((name): KernelUniform => ({ kind: "dim", dim: freeDim(name) })),
  ];
  const positions = new Map(list.map((uniform, at) => [uniformKey(uniform), at]));
  const wordOf = (uniform: KernelUniform): number => {
    const key = uniformKey(uniform);
    const known = positions.get(key);
    if (known !== undefined) return known;
    positions.set(key, list.length);
    list.push(uniform);
    return list.length - 1;
  };
  return { list, wordOf };
}

export function planUniform(uniform: KernelUniform, schedule: Schedule): PlanUniform {
  switch (uniform.kind) {
    case "dim":
      return { kind: "dim", value: planDim(uniform.dim) };
    case "host": {
      const value = schedule.host[uniform.index];
      if (!value) throw new Error(`there is no host value ${uniform.index}`);
      return { kind: "host", value: hostExpression(value) };
    }
    case "seed":
    case "counter":
      return { kind: uniform.kind };
    case "argument":
      throw new Error("an argument is a dispatch's");
  }
}
