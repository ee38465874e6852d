// Takes a schedule and its kernels, gives chains of nests that hand rows on, and their kernel: each invocation, or workgroup, does a row of all.
import type { Dim } from "../types/dimension.js";
import { addDims, dimEqual } from "../types/dimension.js";
import type { Axis, NestArgument, Schedule, ScheduledBuffer } from "../types/nest.js";
import { waitsOf } from "../schedule/waits.js";
import { numbering } from "../numbering.js";
import type { NestFacts } from "./analyze.js";
import { stepsOfEntries } from "./apart.js";
import { bufferKey } from "./bindings.js";
import type { ParallelChoice } from "./choose.js";
import type { Kernel, Statement } from "./ir.js";
import { builtins, usedBuiltins } from "./ir.js";
import { behind, createUnion, memoryKey } from "./merge.js";
import type { Member, Merger, Union } from "./merge.js";
import { renamed } from "./rename.js";
import type { PerAdapter } from "./targets.js";
import { adapterNames } from "./targets.js";

/** What an invocation, or a workgroup, of a kernel does by itself. */
export interface RowMapping {
  /** The nest's axes, taken apart, that number its rows: the last one runs fastest. */
  readonly axes: readonly Axis[];
  readonly shared: boolean;
  readonly workgroupSize: number;
}

/** Undefined where one does several points that are no row. */
export function rowMappingOf(choice: ParallelChoice): RowMapping | undefined {
  const { outer, tile, quads, shared, workgroupSize } = choice;
  return tile.length === 0 && !quads ? { axes: outer, shared, workgroupSize } : undefined;
}

/** Whether both number their rows alike, and do one in as many invocations. */
function haveSameRows(one: RowMapping, other: RowMapping): boolean {
  const [own, others] = [extentsOf(one), extentsOf(other)];
  return (
    one.shared === other.shared &&
    one.workgroupSize === other.workgroupSize &&
    own.length === others.length &&
    own.every((extent, at) => dimEqual(extent, others[at] ?? 0))
  );
}

function extentsOf({ axes }: RowMapping): readonly Dim[] {
  return axes.map(({ extent }) => extent).filter((extent) => extent !== 1);
}

/** A nest as it is in its schedule: `facts` may be of another that is like it. */
export interface RowNest {
  readonly facts: NestFacts;
  readonly rows: PerAdapter<RowMapping>;
  /** The buffer that one of the facts' nest stands for. */
  readonly bufferOf: (buffer: number) => number;
}

/**
 * Chains of nests, by the position of the first: each reads what those before it make of the same row, and waits for nothing else that
 * comes behind the first. `fits`: whether a dispatch can take so many.
 */
export function findChains(
  { nests, buffers, serves }: Schedule,
  rowNests: readonly (RowNest | undefined)[],
  fits: (chain: readonly number[]) => boolean,
): ReadonlyMap<number, readonly number[]> {
  const waits = waitsOf(nests, buffers);
  const behindOf = nests.map(() => [] as number[]);
  waits.forEach((all, nest) => {
    for (const other of all) behindOf[other]?.push(nest);
  });
  const taken = new Set<number>();
  const mayFollow = (chain: readonly number[], next: number): boolean => {
    const [head = next] = chain;
    const isFree = [...(waits[next] ?? [])].every((other) => other < head || chain.includes(other));
    return isFree && !taken.has(next) && String(serves[next]) === String(serves[head]);
  };
  const areRows = (chain: readonly number[]): boolean => {
    const members = chain.flatMap((nest) => rowNests[nest] ?? []);
    const [first] = members;
    const alike = members.every(({ rows }) =>
      adapterNames.every((name) => first && haveSameRows(first.rows[name], rows[name])),
    );
    const given = chain.map((nest) => nests[nest]?.arguments ?? []);
    return members.length === chain.length && alike && stayInRows(members, given, buffers);
  };
  const chains = new Map<number, readonly number[]>();
  for (const head of nests.keys()) {
    if (taken.has(head) || !rowNests[head]) continue;
    let chain: readonly number[] = [head];
    for (;;) {
      const next = [...new Set(chain.flatMap((nest) => behindOf[nest] ?? []))]
        .sort((a, b) => a - b)
        .find((one) => {
          const longer = [...chain, one];
          return mayFollow(chain, one) && areRows(longer) && fits(longer);
        });
      if (next === undefined) break;
      chain = [...chain, next];
      taken.add(next);
    }
    if (chain.length > 1) chains.set(head, chain);
  }
  return chains;
}

/** Whether what one writes and another reads or writes too is the same row's: then a row waits for nothing but itself. */
function stayInRows(
  members: readonly RowNest[],
  given: readonly (readonly NestArgument[])[],
  buffers: readonly ScheduledBuffer[],
): boolean {
  const accesses = members.map(({ facts, bufferOf }) =>
    accessesOf(facts).map(({ buffer, ...access }) => {
      const declared = buffers[bufferOf(buffer)];
      return { ...access, memory: declared ? bufferKey(declared) : "" };
    }),
  );
  const touching = (memory: string): number =>
    accesses.filter((own) => own.some((access) => access.memory === memory)).length;
  const common = new Set(
    accesses.flatMap((own) =>
      own.flatMap(({ memory, writes }) => (writes && touching(memory) > 1 ? [memory] : [])),
    ),
  );
  return adapterNames.every((name) => {
    const steps = new Map<string, string>();
    return members.every(({ facts, rows }, at) => {
      const entry = rows[name].axes.flatMap((axis) => {
        const variable = facts.variables.get(axis);
        return variable && axis.extent !== 1 ? [{ variable, extent: axis.extent }] : [];
      });
      if (entry.length === 0) return true;
      return (accesses[at] ?? []).every(({ memory, index }) => {
        if (!common.has(memory)) return true;
        const own = stepsOfEntries(index, entry, given[at] ?? []);
        const known = steps.get(memory) ?? own;
        if (own !== undefined) steps.set(memory, own);
        return own !== undefined && own === known;
      });
    });
  });
}

function accessesOf({ stored, values }: NestFacts) {
  return [
    ...stored.map((store) => ({ ...store, writes: true })),
    ...values.flatMap((value) =>
      value.kind === "load" ? [{ buffer: value.buffer, index: value.index, writes: false }] : [],
    ),
  ];
}

/** Chains of members alike get one and the same body. Rows that a workgroup shares are handed on behind a barrier. */
export function createChainer(): Merger {
  const bodies = numbering<Kernel["body"]>();
  const known = new Map<string, Kernel["body"]>();
  return (members, buffers) => {
    const union = createUnion((own) => memoryKey(own, buffers));
    const links = placed(members, union);
    const key = links
      .map(({ kernel, bindings, uniforms, arrays }) =>
        [bodies.of(kernel.body), kernel.workgroupSize, bindings, uniforms, [...arrays]].join("/"),
      )
      .join("; ");
    const body = known.get(key) ?? bodyOf(links);
    known.set(key, body);
    const [first] = members;
    return {
      name: members.map(({ kernel }) => kernel.name).join(" > "),
      target: "gpu",
      workgroupSize: first?.kernel.workgroupSize ?? 1,
      workgroups: first?.kernel.workgroups ?? 1,
      ...{ bindings: union.bindings, uniforms: union.uniforms, shared: union.shared },
      body,
      origins: members.flatMap(({ kernel }) => kernel.origins),
      flops: addDims(...members.map(({ kernel }) => kernel.flops)),
    };
  };
}

interface Link {
  readonly kernel: Kernel;
  /** By its own positions: those in the chain. */
  readonly bindings: readonly number[];
  readonly uniforms: readonly number[];
  readonly arrays: ReadonlyMap<string, string>;
}

function placed(members: readonly Member[], union: Union): readonly Link[] {
  let words = 0;
  return members.map(({ kernel, given }) => {
    const link = {
      kernel,
      bindings: kernel.bindings.map(union.bindingOf),
      uniforms: kernel.uniforms.map((own) => union.uniformOf(behind(own, words))),
      arrays: union.arraysOf(kernel),
    };
    words += given;
    return link;
  });
}

function bodyOf(links: readonly Link[]): readonly Statement[] {
  // Where there is one row alone, no kernel asks for the number of its workgroup.
  const shared = links.some(({ kernel }) => {
    const used = usedBuiltins(kernel.body);
    return used.has("workgroupIndex") || used.has("localIndex");
  });
  const barriers: Statement[] = [{ kind: "barrier", memory: "storage" }];
  // Arrays of one are another's too.
  if (links.some(({ arrays }) => arrays.size > 0))
    barriers.push({ kind: "barrier", memory: "workgroup" });
  return links.flatMap(({ kernel, bindings, uniforms, arrays }, at): readonly Statement[] => {
    const isGiven = (name: string): boolean => given.has(name);
    const own = renamed(kernel.body, {
      variable: (name) => (at === 0 || isGiven(name) ? name : `${name}_${at}`),
      array: (name) => arrays.get(name) ?? name,
      binding: (binding) => bindings[binding] ?? binding,
      uniform: (uniform) => uniforms[uniform] ?? uniform,
    });
    return at === 0 || !shared ? own : [...barriers, ...own];
  });
}

const given: ReadonlySet<string> = new Set(builtins);
