// Takes the kernels of nests that do not wait for each other, gives one kernel that runs them side by side: each in a range of the workgroups.
import type { Dim } from "../types/dimension.js";
import {
  addDims,
  ceilDivideDims,
  dimEqual,
  dimKey,
  multiplyDims,
  subtractDims,
} from "../types/dimension.js";
import type { ScheduledBuffer } from "../types/nest.js";
import { numbering } from "../numbering.js";
import { bufferKey } from "./bindings.js";
import type {
  GivenVariable,
  Expression,
  Kernel,
  KernelBinding,
  KernelUniform,
  SharedArray,
  Statement,
} from "./ir.js";
import { indexVariable, operate, uniformKey, usedBuiltins } from "./ir.js";
import { renamed } from "./rename.js";

/** A kernel of the GPU, and how many words its dispatch is given: they follow those of the members before it. */
export interface Member {
  readonly kernel: Kernel;
  readonly given: number;
}

export type Merger = (members: readonly Member[], buffers: readonly ScheduledBuffer[]) => Kernel;

/** A merger gives members alike one and the same body. */
export function createMerger(): Merger {
  const bodies = numbering<Kernel["body"]>();
  const known = new Map<string, Kernel["body"]>();
  return (members, buffers) => {
    const size = commonSize(members);
    const union = createUnion((own) => memoryKey(own, buffers));
    const ranges = rangesOf(members, size).map((range) => placed(union, range));
    const key = ranges
      .map(({ kernel, start, end, ...places }) =>
        [
          bodies.of(kernel.body),
          kernel.workgroupSize,
          dimKey(start),
          dimKey(end),
          placesText(places),
        ].join(),
      )
      .join("; ");
    const body = known.get(key) ?? ranges.flatMap((range, at) => bodyOf(range, at, size));
    known.set(key, body);
    return {
      name: members.map(({ kernel }) => kernel.name).join(" | "),
      target: "gpu",
      workgroupSize: size,
      workgroups: ranges.at(-1)?.end ?? 0,
      ...{ bindings: union.bindings, uniforms: union.uniforms, shared: union.shared },
      body,
      origins: members.flatMap(({ kernel }) => kernel.origins),
      flops: addDims(...members.map(({ kernel }) => kernel.flops)),
    };
  };
}

/** The one that some members take, or the largest. */
function commonSize(members: readonly Member[]): number {
  const fixed = members.find(({ kernel }) => !takesAnySize(kernel));
  return fixed?.kernel.workgroupSize ?? Math.max(...members.map((one) => one.kernel.workgroupSize));
}

/** What numbers invocations alone runs in workgroups of any size. */
export function takesAnySize({ body, shared }: Kernel): boolean {
  const used = usedBuiltins(body);
  return shared.length === 0 && !used.has("localIndex") && !used.has("workgroupIndex");
}

interface Range extends Member {
  /** Workgroups of the merged kernel. */
  readonly start: Dim;
  readonly end: Dim;
  /** Words that the members before it are given. */
  readonly words: number;
}

function rangesOf(members: readonly Member[], size: number): readonly Range[] {
  let end: Dim = 0;
  let words = 0;
  return members.map((member) => {
    const start = end;
    const { workgroups, workgroupSize } = member.kernel;
    end = addDims(
      end,
      workgroupSize === size
        ? workgroups
        : ceilDivideDims(multiplyDims(workgroups, workgroupSize), size),
    );
    words += member.given;
    return { ...member, start, end, words: words - member.given };
  });
}

interface Places {
  /** By the member's own positions: positions in the merged kernel. */
  readonly bindings: readonly number[];
  readonly uniforms: readonly number[];
  readonly arrays: ReadonlyMap<string, string>;
  /** Positions of the words that bound the range and count its points, where they are not known. */
  readonly words: ReadonlyMap<string, number>;
}

type PlacedRange = Pick<Range, "kernel" | "start" | "end"> & Places;

function placesText({ bindings, uniforms, arrays, words }: Places): string {
  return [bindings, uniforms, [...arrays], [...words]].join("/");
}

/** What the members of one kernel bind, read and share. */
export interface Union {
  readonly bindings: readonly KernelBinding[];
  readonly uniforms: readonly KernelUniform[];
  readonly shared: readonly SharedArray[];
  /** Positions of what a member has. */
  readonly bindingOf: (own: KernelBinding) => number;
  readonly uniformOf: (own: KernelUniform) => number;
  /** Names of a member's arrays: no two members use theirs at the same time. */
  readonly arraysOf: (member: Kernel) => ReadonlyMap<string, string>;
}

/** `keyOf`: bindings with equal keys are one. */
export function createUnion(keyOf: (own: KernelBinding) => string): Union {
  const bindings: KernelBinding[] = [];
  const uniforms: KernelUniform[] = [];
  const shared: SharedArray[] = [];
  const [bindingAt, uniformAt] = [numbering<string>(), numbering<string>()];
  const arrayOf = (own: SharedArray, taken: Set<string>): string => {
    const at = shared.findIndex(
      ({ name, type, width }) => !taken.has(name) && type === own.type && width === own.width,
    );
    const found = shared[at];
    const array = found ?? { ...own, name: `shared${shared.length}`, length: 0 };
    const grown = { ...array, length: Math.max(array.length, own.length) };
    if (found === undefined) shared.push(grown);
    else shared[at] = grown;
    taken.add(array.name);
    return array.name;
  };
  return {
    ...{ bindings, uniforms, shared },
    bindingOf: (own) => {
      const at = bindingAt.of(keyOf(own));
      const known = bindings[at];
      if (known === undefined) return bindings.push(own) - 1;
      bindings[at] = { ...known, written: known.written || own.written };
      return at;
    },
    uniformOf: (own) => {
      const at = uniformAt.of(uniformKey(own));
      uniforms[at] ??= own;
      return at;
    },
    arraysOf: (member) => {
      const taken = new Set<string>();
      return new Map(member.shared.map((own) => [own.name, arrayOf(own, taken)]));
    },
  };
}

/** Ranges have their arrays at the same place, as no workgroup is in two. */
function placed(union: Union, { kernel, start, end, words }: Range): PlacedRange {
  const counted = [start, end, pointsOf(kernel)].filter((dim) => typeof dim !== "number");
  return {
    ...{ kernel, start, end },
    bindings: kernel.bindings.map(union.bindingOf),
    uniforms: kernel.uniforms.map((own) => union.uniformOf(behind(own, words))),
    arrays: union.arraysOf(kernel),
    words: new Map(counted.map((dim) => [dimKey(dim), union.uniformOf({ kind: "dim", dim })])),
  };
}

/** A uniform of a member, whose dispatch is given so many words before the member's own. */
export function behind(own: KernelUniform, words: number): KernelUniform {
  return own.kind === "argument" ? { ...own, index: own.index + words } : own;
}

/** Equal for bindings of the same memory; of two types of it, one kernel cannot have both. */
export function memoryKey({ buffer }: KernelBinding, buffers: readonly ScheduledBuffer[]): string {
  const declared = buffers[buffer];
  if (!declared) throw new Error(`there is no buffer ${buffer}`);
  return bufferKey(declared);
}

function pointsOf({ workgroups, workgroupSize }: Kernel): Dim {
  return multiplyDims(workgroups, workgroupSize);
}

/** Workgroups may be more than the ranges need, where they fold into a grid: the last one ends too. */
function bodyOf(range: PlacedRange, at: number, size: number): readonly Statement[] {
  const { kernel, start, end, words } = range;
  const dim = (value: Dim): Expression =>
    typeof value === "number"
      ? { kind: "literal", type: "index", value }
      : { kind: "uniform", type: "index", uniform: words.get(dimKey(value)) ?? -1 };
  const group = indexVariable("workgroupIndex");
  const ends = operate("bool", "less", [group, dim(end)]);
  const begins = operate("bool", "greaterEqual", [group, dim(start)]);
  const within = at === 0 ? ends : operate("bool", "and", [begins, ends]);
  const nameOf = (name: string): string => (at === 0 ? name : `${name}_${at}`);
  const own = renamed(kernel.body, {
    variable: (name) => (name === "localIndex" ? name : nameOf(name)),
    array: (name) => range.arrays.get(name) ?? name,
    binding: (binding) => range.bindings[binding] ?? binding,
    uniform: (uniform) => range.uniforms[uniform] ?? uniform,
  });
  const exact =
    kernel.workgroupSize === size ||
    dimEqual(multiplyDims(subtractDims(end, start), size), pointsOf(kernel));
  const invocation = indexVariable(nameOf("invocation"));
  const points = operate("bool", "less", [invocation, dim(pointsOf(kernel))]);
  const guarded: readonly Statement[] = exact
    ? own
    : [{ kind: "if", condition: points, body: own }];
  const used = usedBuiltins(kernel.body);
  const given = at === 0 ? [] : builtinsOf(used, nameOf, dim(start), size);
  return [{ kind: "if", condition: within, body: [...given, ...guarded] }];
}

/** What a member takes for the number of its workgroup and of its invocation. */
function builtinsOf(
  used: ReadonlySet<GivenVariable>,
  nameOf: (name: string) => string,
  start: Expression,
  size: number,
): readonly Statement[] {
  if (!used.has("workgroupIndex") && !used.has("invocation")) return [];
  const group = operate("index", "subtract", [indexVariable("workgroupIndex"), start]);
  const before: Statement = { kind: "let", name: nameOf("workgroupIndex"), value: group };
  if (!used.has("invocation")) return [before];
  const first = operate("index", "multiply", [
    indexVariable(nameOf("workgroupIndex")),
    { kind: "literal", type: "index", value: size },
  ]);
  const value = operate("index", "add", [first, indexVariable("localIndex")]);
  return [before, { kind: "let", name: nameOf("invocation"), value }];
}
