// Takes the kernels of dispatches as programs come to them, gives the plan's: each once, with what all its dispatches are given in its text.
import { GIVEN_WORDS } from "../../runtime/plan.js";
import type { PlanKernel } from "../../runtime/plan.js";
import type { NestKernels, TargetName } from "../kernel/index.js";
import { perTarget, targetNames } from "../kernel/index.js";
import type { Kernel, KernelUniform } from "../kernel/ir.js";
import { printJavaScript } from "./javascript.js";
import { printWgsl } from "./wgsl.js";

export interface PlannedKernel extends NestKernels {
  readonly plan: PlanKernel;
  readonly comment: string;
  /** Parallel to the uniforms of each kernel. */
  readonly words: TargetWords;
  /** How many words a dispatch is given. */
  readonly given: number;
}

export type TargetWords = Readonly<Record<TargetName, readonly number[]>>;

/** A word of the program's uniform buffer. */
export type WordOf = (uniform: KernelUniform) => number;

/** A dispatch of a kernel in the table. */
export interface KernelUse {
  readonly kernel: number;
  /** What the nest is given: see `LoopNest.arguments`. */
  readonly given: readonly number[];
}

export interface KernelTable {
  /** The comment is the first use's. */
  readonly add: (
    kernels: NestKernels,
    given: readonly number[],
    wordOf: WordOf,
    comment: () => string,
  ) => KernelUse;
  /** Once all uses are added. */
  readonly finish: () => FinishedKernels;
}

export interface FinishedKernels {
  readonly kernels: readonly PlannedKernel[];
  /** What differs among the uses of the kernel, as its text expects it. */
  readonly givenTo: (use: KernelUse) => readonly number[];
}

interface Entry {
  readonly kernels: NestKernels;
  readonly wordOf: WordOf;
  readonly comment: string;
  readonly uses: (readonly number[])[];
}

export function createKernelTable(): KernelTable {
  const entries: Entry[] = [];
  /** By the body, which nests alike share, the words that it reads and how its buffers are bound. */
  const byBody = new Map<Kernel["body"], Map<string, number>>();
  const byText = new Map<string, number>();
  const positionOf = (kernels: NestKernels, wordOf: WordOf, comment: () => string): number => {
    const words = perTarget((target) => wordsOf(kernels[target], wordOf));
    const known = byBody.get(kernels.gpu.body) ?? new Map<string, number>();
    byBody.set(kernels.gpu.body, known);
    const lists = targetNames.map((target) => words[target]);
    const key = [...lists, ...kernels.gpu.bindings.map(({ written }) => written)].join(" ");
    const found = known.get(key) ?? byText.get(textOf(kernels, words));
    const at = found ?? entries.length;
    known.set(key, at);
    if (found === undefined) {
      byText.set(textOf(kernels, words), at);
      entries.push({ kernels, wordOf, comment: comment(), uses: [] });
    }
    return at;
  };
  return {
    add: (kernels, given, wordOf, comment) => {
      const kernel = positionOf(kernels, wordOf, comment);
      entries[kernel]?.uses.push(given);
      return { kernel, given };
    },
    finish: () => {
      const differing = entries.map(({ uses }) => differingPositions(uses));
      return {
        kernels: entries.map((entry, at) => planKernel(entry, differing[at] ?? [], `k${at}`)),
        givenTo: ({ kernel, given }) =>
          (differing[kernel] ?? []).map((position) => given[position] ?? 0),
      };
    },
  };
}

function wordsOf(kernel: Kernel, wordOf: WordOf): readonly number[] {
  return kernel.uniforms.map((uniform) =>
    uniform.kind === "argument" ? uniform.index : wordOf(uniform),
  );
}

function textOf({ gpu, software, cpu }: NestKernels, words: TargetWords): string {
  const shaders = [printWgsl(gpu, words.gpu), printWgsl(software, words.software)];
  return `${shaders.join("")}${printJavaScript(cpu, words.cpu, "f32", "kernel").text}`;
}

/** Positions of arguments that are not the same in all uses. */
function differingPositions(uses: readonly (readonly number[])[]): readonly number[] {
  const [first = []] = uses;
  const differing = [...first.keys()].filter((at) => uses.some((given) => given[at] !== first[at]));
  if (differing.length > GIVEN_WORDS) throw new Error(`a kernel wants ${differing.length} words`);
  return differing;
}

function planKernel(entry: Entry, differing: readonly number[], name: string): PlannedKernel {
  const { kernels, wordOf, comment, uses } = entry;
  const [first = []] = uses;
  const settled = (kernel: Kernel): Kernel => ({
    ...kernel,
    uniforms: kernel.uniforms.map((uniform) =>
      uniform.kind === "argument" && !differing.includes(uniform.index)
        ? { ...uniform, value: first[uniform.index] ?? 0 }
        : uniform,
    ),
  });
  const word: WordOf = (uniform) =>
    uniform.kind === "argument" ? Math.max(0, differing.indexOf(uniform.index)) : wordOf(uniform);
  const own = perTarget((target) => settled(kernels[target]));
  const words = perTarget((target) => own[target].uniforms.map(word));
  const shader = (target: "gpu" | "software"): Pick<PlanKernel, "wgsl" | "workgroupSize"> => ({
    wgsl: `// ${comment}\n${printWgsl(own[target], words[target])}`,
    workgroupSize: own[target].workgroupSize,
  });
  const [any, software] = [shader("gpu"), shader("software")];
  return {
    plan: {
      name,
      ...any,
      ...(software.wgsl === any.wgsl ? {} : { variants: { software } }),
      bindings: own.gpu.bindings.map(({ type, written }) => ({
        access: written ? "read_write" : "read",
        type,
      })),
    },
    comment,
    ...own,
    words,
    given: differing.length,
  };
}
