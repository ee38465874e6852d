// Takes no input, gives the machines that kernels are built for: what the choice of a mapping rests on, as data.

/** What limits a register tile: the points that one invocation computes together, because they share loads. */
export interface TileLimits {
  /** Along an axis. */
  readonly largest: number;
  /** Points of a tile: each has an accumulator in a register. */
  readonly points: number;
  /** What a guard that differs among points costs, in loads. */
  readonly guardCost: number;
}

/** One thread that runs loops. */
export interface SerialTarget {
  readonly machine: "cpu";
  readonly name: string;
  readonly tile: TileLimits;
}

/** Workgroups of invocations, which may share a reduction: each takes some of the terms, and they meet in a tree of barriers. */
export interface ParallelTarget {
  readonly machine: "gpu";
  readonly name: string;
  readonly tile: TileLimits;
  /** Invocations of a workgroup that shares nothing. */
  readonly invocations: number;
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
  };
}

interface SharingLimit {
  readonly fewerThan: number;
  readonly length: number;
}

export type Target = SerialTarget | ParallelTarget;

/** Any adapter within WebGPU's default limits. */
export const gpu: ParallelTarget = {
  machine: "gpu",
  name: "gpu",
  tile: { largest: 4, points: 20, guardCost: 0.25 },
  invocations: 64,
  groupsAlongAxis: 65535,
  sharing: {
    plain: { fewerThan: 4096, length: 128 },
    tiled: { fewerThan: 1024, length: 1024 },
    shortRow: 32,
    large: { invocations: 256, length: 1024, arrays: 8 },
    invocations: 64,
  },
};

/** JavaScript in one thread. */
export const cpu: SerialTarget = {
  machine: "cpu",
  name: "cpu",
  tile: { largest: 8, points: 20, guardCost: 1 },
};
