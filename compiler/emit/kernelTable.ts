// Takes the kernels of dispatches as programs come to them, gives the plan's: each once, with what all its dispatches are given in its text.
import { GIVEN_WORDS } from "../../runtime/plan.js";
import type { PlanKernel, PlanVariant } from "../../runtime/plan.js";
import { numbering } from "../numbering.js";
import type {
  AdapterKernels,
  AdapterName,
  NestKernels,
  PerAdapter,
  PerTarget,
  TargetName,
} from "../kernel/targets.js";
import { adapterNames, perAdapter, perTarget, targetNames, targets } from "../kernel/targets.js";
import type { Kernel, KernelUniform } from "../kernel/ir.js";
import { quadStrides } from "../kernel/ir.js";
import type { NestArgument } from "../types/nest.js";
import { printJavaScript } from "./javascript.js";
import { variantsOf } from "./variants.js";
import { printWgsl } from "./wgsl.js";

/** Of one nest; its plan has no text for adapters where they run it beside others alone. */
export interface PlannedKernel extends NestKernels {
  readonly plan: PlanKernel;
  readonly comment: string;
  /** Parallel to the uniforms of each kernel. */
  readonly words: TargetWords;
  /** How many words a dispatch is given. */
  readonly given: number;
}

export type TargetWords = PerTarget<readonly number[]>;

/** Of several nests, which adapters run side by side. */
export interface PlannedMergedKernel extends AdapterKernels {
  readonly plan: PlanKernel;
  readonly comment: string;
  /** Names of the kernels that each of them has by itself. */
  readonly members: readonly string[];
}

/** A word of the program's uniform buffer. */
export type WordOf = (uniform: KernelUniform) => number;

/** A dispatch of a kernel in the table: of one nest's, or of a merged one. */
export interface KernelUse {
  readonly kind: "nest" | "merged";
  readonly kernel: number;
  /** What the nest is given: see `LoopNest.arguments`. */
  readonly given: readonly NestArgument[];
}

export interface KernelTable {
  /** The comment is the first use's. */
  readonly add: (
    kernels: NestKernels,
    given: readonly NestArgument[],
    elements: BindingElements,
    wordOf: WordOf,
    comment: () => string,
  ) => KernelUse;
  /** What runs several nests side by side, each of them added too. */
  readonly merge: (
    kernels: AdapterKernels,
    members: readonly KernelUse[],
    elements: BindingElements,
    wordOf: WordOf,
    comment: () => string,
  ) => KernelUse;
  /** A nest's kernel is the GPU's too. */
  readonly alone: (use: KernelUse) => void;
  /** Once all uses are added. */
  readonly finish: () => FinishedKernels;
}

export interface FinishedKernels {
  readonly kernels: readonly PlannedKernel[];
  readonly merged: readonly PlannedMergedKernel[];
  /** What differs among the uses of the kernel, as its text expects it. */
  readonly givenTo: (use: KernelUse) => readonly NestArgument[];
}

/** How many elements each binding has, where that is known while compiling. */
export type BindingElements = readonly (number | undefined)[];

/** What uses of a kernel have in common. */
interface Entry<K> {
  readonly kernels: K;
  readonly wordOf: WordOf;
  readonly comment: string;
  readonly uses: (readonly NestArgument[])[];
  readonly elements: BindingElements[];
}

/** Entries by their bodies, which nests alike share, the words that they read and how buffers are bound. */
interface Entries<K> {
  readonly list: Entry<K>[];
  /** `textsOf`: entries of the same texts are one. */
  readonly at: (
    kernels: AdapterKernels,
    words: string,
    make: () => Entry<K>,
    textsOf?: () => KernelTexts,
  ) => number;
}

/** What kernels are told apart by: their shaders, which take longer to print, only where their JavaScript is the same. */
interface KernelTexts {
  readonly script: string;
  readonly shaders: () => string;
}

function createEntries<K>(): Entries<K> {
  const list: Entry<K>[] = [];
  const bodies = numbering<Kernel["body"]>();
  const byKey = new Map<string, number>();
  const byScript = new Map<string, { readonly at: number; readonly texts: KernelTexts }[]>();
  const entryOf = (texts: KernelTexts, make: () => Entry<K>): number => {
    const alike = byScript.get(texts.script) ?? [];
    const found = alike.find((one) => one.texts.shaders() === texts.shaders());
    if (found !== undefined) return found.at;
    const at = list.push(make()) - 1;
    byScript.set(texts.script, [...alike, { at, texts }]);
    return at;
  };
  return {
    list,
    at: (kernels, words, make, textsOf) => {
      const written = kernels.gpu.bindings.map((one) => one.written);
      const own = adapterNames.map((name) => bodies.of(kernels[name].body));
      const key = [...own, words, ...written].join(" ");
      const same = byKey.get(key);
      if (same !== undefined) return same;
      const at = textsOf ? entryOf(textsOf(), make) : list.push(make()) - 1;
      byKey.set(key, at);
      return at;
    },
  };
}

interface Merged extends AdapterKernels {
  readonly members: readonly string[];
}

/** Of a nest's kernel. */
function nameOf(kernel: number): string {
  return `k${kernel}`;
}

export function createKernelTable(): KernelTable {
  const nests = createEntries<NestKernels>();
  const merged = createEntries<Merged>();
  const alone = new Set<number>();
  return {
    add: (kernels, given, elements, wordOf, comment) => {
      const words = perTarget((target) => wordsOf(kernels[target], wordOf));
      const lists = targetNames.map((target) => words[target]).join(" ");
      const make = (): Entry<NestKernels> => ({
        ...{ kernels, wordOf, comment: comment(), uses: [], elements: [] },
      });
      const kernel = nests.at(kernels, lists, make, () => textsOf(kernels, words));
      nests.list[kernel]?.uses.push(given);
      nests.list[kernel]?.elements.push(elements);
      return { kind: "nest", kernel, given };
    },
    merge: (own, members, elements, wordOf, comment) => {
      const given = members.flatMap((member) => member.given);
      const kernels = { ...own, members: members.map(({ kernel: at }) => nameOf(at)) };
      const make = (): Entry<Merged> => ({
        ...{ kernels, wordOf, comment: comment(), uses: [], elements: [] },
      });
      const words = adapterNames.map((name) => wordsOf(own[name], wordOf)).join(" ");
      const kernel = merged.at(own, words, make);
      merged.list[kernel]?.uses.push(given);
      merged.list[kernel]?.elements.push(elements);
      return { kind: "merged", kernel, given };
    },
    alone: ({ kernel }) => {
      alone.add(kernel);
    },
    finish: () => finish(nests.list, merged.list, alone),
  };
}

function finish(
  nests: readonly Entry<NestKernels>[],
  merged: readonly Entry<Merged>[],
  alone: ReadonlySet<number>,
): FinishedKernels {
  const differing = {
    nest: nests.map(({ uses }) => differingPositions(uses)),
    merged: merged.map(({ uses }) => differingPositions(uses)),
  };
  return {
    kernels: nests.map((entry, at) =>
      planKernel(entry, differing.nest[at] ?? [], nameOf(at), alone.has(at)),
    ),
    merged: merged.map((entry, at) => planMerged(entry, differing.merged[at] ?? [], `m${at}`)),
    givenTo: ({ kind, kernel, given }) =>
      (differing[kind][kernel] ?? []).map((position) => given[position] ?? 0),
  };
}

function wordsOf(kernel: Kernel, wordOf: WordOf): readonly number[] {
  return kernel.uniforms.map((uniform) =>
    uniform.kind === "argument" ? uniform.index : wordOf(uniform),
  );
}

function textsOf(kernels: NestKernels, words: TargetWords): KernelTexts {
  let shaders: string | undefined;
  const print = (): string =>
    adapterNames.map((name) => printWgsl(kernels[name], words[name])).join("");
  return {
    script: printJavaScript(kernels.cpu, words.cpu, "f32", "kernel").text,
    shaders: () => (shaders ??= print()),
  };
}

/** Positions of arguments that are not the same in all dispatches: turns are not, even in one use. */
function differingPositions(uses: readonly (readonly NestArgument[])[]): readonly number[] {
  const [first = []] = uses;
  const differing = [...first.keys()].filter(
    (at) => typeof first[at] !== "number" || uses.some((given) => given[at] !== first[at]),
  );
  if (differing.length > GIVEN_WORDS) throw new Error(`a kernel wants ${differing.length} words`);
  return differing;
}

function numberOf(argument: NestArgument | undefined): number {
  if (typeof argument === "object") throw new Error("a turn is no part of a kernel's text");
  return argument ?? 0;
}

interface Settled {
  readonly kernel: Kernel;
  readonly words: readonly number[];
}

/** A kernel with what all its uses are given alike, and the words that it reads. */
function settle(
  kernel: Kernel,
  { wordOf, uses }: Entry<unknown>,
  differing: readonly number[],
): Settled {
  const [first = []] = uses;
  const uniforms = kernel.uniforms.map((uniform) =>
    uniform.kind === "argument" && !differing.includes(uniform.index)
      ? { ...uniform, value: numberOf(first[uniform.index]) }
      : uniform,
  );
  const words = uniforms.map((uniform) =>
    uniform.kind === "argument" ? Math.max(0, differing.indexOf(uniform.index)) : wordOf(uniform),
  );
  return { kernel: { ...kernel, uniforms }, words };
}

/** As `Target.lengths` has it: where every use of the kernel binds as many elements, that is the length of the array. */
function inArrays(kernel: Kernel, target: TargetName, { elements }: Entry<unknown>): Kernel {
  const machine = targets[target];
  if (machine.machine === "cpu" || !machine.lengths) return kernel;
  const bindings = kernel.bindings.map((binding, at) => {
    const [first] = elements.map((each) => each[at]);
    const same = first !== undefined && elements.every((each) => each[at] === first);
    return same ? { ...binding, elements: first } : binding;
  });
  return { ...kernel, bindings };
}

function planKernel(
  entry: Entry<NestKernels>,
  differing: readonly number[],
  name: string,
  alone: boolean,
): PlannedKernel {
  const { kernels, comment } = entry;
  const own = perTarget((target) =>
    settle(inArrays(kernels[target], target, entry), entry, differing),
  );
  const text = (settled: Settled, quads: boolean): string =>
    alone ? shaderText(settled, comment, quads) : "";
  return {
    plan: planShaders(name, own, text),
    comment,
    ...perTarget((target) => own[target].kernel),
    words: perTarget((target) => own[target].words),
    given: differing.length,
  };
}

function planMerged(
  entry: Entry<Merged>,
  differing: readonly number[],
  name: string,
): PlannedMergedKernel {
  const { kernels, comment } = entry;
  const own = perAdapter((adapter) =>
    settle(inArrays(kernels[adapter], adapter, entry), entry, differing),
  );
  return {
    plan: planShaders(name, own, (settled, quads) => shaderText(settled, comment, quads)),
    comment,
    ...perAdapter((adapter) => own[adapter].kernel),
    members: kernels.members,
  };
}

function shaderText({ kernel, words }: Settled, comment: string, quads: boolean): string {
  return `// ${comment}\n${printWgsl(kernel, words, quads)}`;
}

function planShaders(
  name: string,
  own: PerAdapter<Settled>,
  textOf: (settled: Settled, quads: boolean) => string,
): PlanKernel {
  const shaderOf = (adapter: AdapterName): Pick<PlanKernel, "wgsl" | "workgroupSize"> => ({
    wgsl: textOf(own[adapter], false),
    workgroupSize: own[adapter].kernel.workgroupSize,
  });
  const any = shaderOf("gpu");
  const variants = variantsOf((adapter): PlanVariant | undefined => {
    const shader = shaderOf(adapter);
    if (shader.wgsl === any.wgsl) return undefined;
    const inQuads = quadStrides(own[adapter].kernel.body).size > 0;
    return inQuads ? { ...shader, quads: textOf(own[adapter], true) } : shader;
  });
  return {
    name,
    ...any,
    ...variants,
    bindings: own.gpu.kernel.bindings.map(({ type, written }) => ({
      access: written ? "read_write" : "read",
      type,
    })),
  };
}
