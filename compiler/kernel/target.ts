// Takes no input, gives the machines that kernels are built for: what the choice of a mapping rests on, as data.
import { axisLimit } from "../../runtime/layout.js";
import { dispatchCost } from "../schedule/cost.js";
import { kernelLimits } from "../schedule/limits.js";

/** What limits a register tile: the points that one invocation computes together, because they share loads. */
export interface TileLimits {
  /** Along an axis. */
  readonly largest: number;
  /** Registers for the accumulators of a tile: each holds one point, or the lanes of a wide one. */
  readonly accumulators: number;
  /** More of them, in kernels that are compiled soon enough and run long enough for it. */
  readonly bare?: BareLimits;
  /** What a guard that differs among points costs, in loads. */
  readonly guardCost: number;
  /** What loading an element costs, and adding a term to the register of a point (or of a wide one). */
  readonly load: number;
  /** Loops that are written out; absent: none. */
  readonly short?: ShortLimits;
  /** Neighbouring invocations load together what all of them need. */
  readonly quads?: true;
  /** Absent: the machine computes with single numbers. */
  readonly wide?: WideLimits;
}

/** Of loops that cost more to run than their text does to compile. */
export interface ShortLimits {
  /** Terms of a reduction that an iteration takes at once. */
  readonly terms: number;
  /** Loads and operations that are written for them, over all points of a tile. */
  readonly operations: number;
}

export interface BareLimits {
  readonly accumulators: number;
  /** No more are computed of a point besides its sums. */
  readonly operations: number;
  /** No fewer terms in all. */
  readonly work: number;
}

export interface WideLimits {
  /** Points of a tile along the axis of its lanes. */
  readonly largest: number;
  /** Lanes may also take terms of their own along a reduction. */
  readonly alongReductions: boolean;
  /** What is computed outside reductions takes less time in lanes: not where neighbouring invocations are a processor's lanes anyway. */
  readonly speedsAll: boolean;
  /** What four elements cost to load or to store that lie side by side, and four apart that are put into their lanes: in single ones. */
  readonly four: { readonly together: number; readonly apart: number };
  /** Numbers of a line of the cache, where lanes that go through less of it waste the rest. */
  readonly line?: number;
  /** How a guarded load is kept from reading beside its buffer: by a branch, which lanes cannot take apart, or by the machine. */
  readonly guards: "branch" | "machine";
}

/** One thread that runs loops. */
export interface SerialTarget {
  readonly machine: "cpu";
  /** Where its kernels run, as `nnc inspect` says it. */
  readonly title: string;
  readonly tile: TileLimits;
  /** The precision of sums. */
  readonly accumulates: "f32" | "f64";
  /** When what inner loops read in vectors is copied to where it lies side by side; absent: never. */
  readonly panels?: PanelLimits;
}

export interface PanelLimits {
  /** Of an operand that is worth it: a smaller one stays in the cache as it lies. */
  readonly operandBytes: number;
  /** What a panel may take of the cache. */
  readonly bytes: number;
  /** How often it has to be read. */
  readonly passes: number;
}

/** Workgroups of invocations, which may share a reduction: each takes some of the terms, and they meet in a tree of barriers. */
export interface ParallelTarget {
  readonly machine: "gpu";
  /** Where its kernels run, as `nnc inspect` says it. */
  readonly title: string;
  readonly tile: TileLimits;
  /** Invocations of a workgroup that shares nothing. */
  readonly invocations: number;
  /** The length of a storage is text where it is known: the machine keeps what is read within it by a number, not by one that it computes each time. */
  readonly lengths?: true;
  /** Workgroups along an axis of the grid: more fold into a second one, which may leave some without work. */
  readonly groupsAlongAxis: number;
  readonly sharing: {
    /** With fewer invocations than this, reductions of at least this length are shared. */
    readonly plain: SharingLimit;
    /** The accumulators of a tile cost as many trees, so that a tile is shared only where its sums are much longer. */
    readonly tiled: SharingLimit;
    /** Rows up to this length, and reductions along them, are done by one invocation. */
    readonly shortRow: number;
    /** Invocations that share a reduction of at least `length` terms where there are no more than `arrays` accumulators. */
    readonly large: {
      readonly invocations: number;
      readonly length: number;
      readonly arrays: number;
    };
    /** Invocations that share any other. */
    readonly invocations: number;
    /**
     * Where the device has subgroups, so many accumulators at most meet by them, with one barrier in place of a tree's. More share the
     * tree's barriers, and would make the kernel's text longer by five lines each.
     */
    readonly subgroups: number;
  };
  /** When a workgroup loads the operands of its tile into its memory; absent: never. */
  readonly staging: StagingLimits | undefined;
  readonly merging: MergingLimits;
  readonly turns: TurnsLimits;
}

export interface StagingLimits {
  /** Rows, and columns, of a workgroup's tile, in fours: an invocation has four of either. */
  readonly fours: number;
  /** Terms that are loaded at once. */
  readonly terms: number;
  /** Sums are no shorter. */
  readonly length: number;
  /** The share of its tiles that a nest fills. */
  readonly full: number;
}

/** When all turns of a recurrence run in one dispatch. Costs are in simple operations of a workgroup. */
export interface TurnsLimits {
  /** Workgroups that run at once. */
  readonly groups: number;
  /** Invocations of a workgroup. */
  readonly invocations: number;
  /** Those that compute at once. */
  readonly lanes: number;
  /** What a dispatch costs that is spared. */
  readonly dispatch: number;
}

/** When kernels that do not wait for each other run in one dispatch. Costs are in simple operations. */
export interface MergingLimits {
  /** What a dispatch costs that is spared. */
  readonly dispatch: number;
  /** What it costs a workgroup that its kernel has barriers which it never comes to. */
  readonly idleBarriers: number;
  /** Creating a pipeline is superlinear in the length of its kernel. */
  readonly statements: number;
  /** Storage bindings. */
  readonly bindings: number;
  /** Bytes of workgroup memory. */
  readonly shared: number;
}

interface SharingLimit {
  readonly fewerThan: number;
  readonly length: number;
}

export type Target = SerialTarget | ParallelTarget;

/** Of a workgroup: what every device has, those of WebGPU's compatibility mode too (twice as many where there is all of it). */
export const mostInvocations = 128;

/** Any adapter within the default limits of WebGPU's compatibility mode. */
export const gpu: ParallelTarget = {
  machine: "gpu",
  title: "on the GPU",
  tile: {
    largest: 4,
    accumulators: 20,
    guardCost: 0.25,
    load: 1,
  },
  invocations: 64,
  groupsAlongAxis: axisLimit,
  sharing: {
    plain: { fewerThan: 4096, length: 128 },
    tiled: { fewerThan: 1024, length: 1024 },
    shortRow: 32,
    large: { invocations: mostInvocations, length: 1024, arrays: 8 },
    invocations: 64,
    subgroups: 4,
  },
  // 8 × 8 invocations of 4 × 4 points, 8 terms: what did best over adapters of four vendors in public measurements of WebGPU.
  staging: { fours: 8, terms: 8, length: 32, full: 0.6 },
  merging: {
    dispatch: dispatchCost,
    idleBarriers: 0,
    statements: 1000,
    bindings: kernelLimits.buffers,
    shared: 16_384,
  },
  // 5 µs between dispatches that wait for each other, 100 GFLOP/s for a workgroup.
  turns: { groups: 64, invocations: mostInvocations, lanes: 128, dispatch: 500_000 },
};

/**
 * SwiftShader, llvmpipe: a processor's threads compute as a GPU. Loads cost as much as arithmetic there and a barrier as much as
 * hundreds of either, so tiles are large, and an invocation does whole rows alone.
 */
export const software: ParallelTarget = {
  ...gpu,
  title: "on an adapter in software",
  tile: {
    largest: 16,
    accumulators: 16,
    bare: { accumulators: 32, operations: 4, work: 4e6 },
    guardCost: 0.25,
    load: 1.7,
    short: { terms: 8, operations: 1000 },
    quads: true,
    wide: {
      ...{ largest: 8, alongReductions: false, speedsAll: false, guards: "machine" },
      four: { together: 4, apart: 4 },
    },
  },
  lengths: true,
  sharing: {
    ...gpu.sharing,
    plain: { fewerThan: 64, length: 128 },
    tiled: { fewerThan: 16, length: 1024 },
    shortRow: 100_000,
    // Lanes of four times four: each more is one more that a thread has to switch to, at every barrier.
    large: { ...gpu.sharing.large, invocations: 16 },
    invocations: 16,
  },
  staging: undefined,
  // The invocations of a workgroup take turns wherever its kernel has a barrier, which costs 30 to 50 µs, a dispatch 50 to 100.
  merging: { ...gpu.merging, idleBarriers: dispatchCost / 2 },
  // Threads of a few cores; each switches between the invocations of its workgroup at a barrier.
  turns: { groups: 4, invocations: 16, lanes: 4, dispatch: dispatchCost },
};

/** JavaScript in one thread. */
export const cpu: SerialTarget = {
  machine: "cpu",
  title: "on the CPU, in JavaScript",
  tile: { largest: 8, accumulators: 20, guardCost: 1, load: 1 },
  accumulates: "f64",
};

/** WebAssembly in one thread: eight accumulators stay in registers, and leave some for what they take in. */
export const wasm: SerialTarget = {
  machine: "cpu",
  title: "on the CPU, in WebAssembly",
  tile: {
    largest: 8,
    accumulators: 8,
    guardCost: 1,
    load: 1,
    wide: {
      ...{ largest: 16, alongReductions: true, speedsAll: true, line: 16, guards: "branch" },
      four: { together: 1, apart: 6 },
    },
  },
  accumulates: "f32",
  panels: { operandBytes: 1024 * 1024, bytes: 256 * 1024, passes: 8 },
};
