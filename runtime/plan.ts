// Takes no input, gives the types of a plan: the compiled model as data, the only contract between compiler and runtime.

export const PLAN_FORMAT = 5;

/** Most words that a dispatch is given: a binding of any device holds as many. */
export const GIVEN_WORDS = 1024;

/** Behind an output's name: of an ensemble, the result of `predict` with what each of its members gives. */
export const membersSuffix = ".members";

export type PlanType = "f32" | "i32" | "u32" | "bool";

/** An extent or size over free dimensions: a number, a name, or ["+", …], ["*", …], ["/", a, b] (rounded down). */
export type PlanDim = number | string | readonly ["+" | "*" | "/", ...PlanDim[]];

/** What the host computes in double precision: numbers, ["dim", d], ["scalar", name] (step, epoch, progress, turn, plateau.0, total.SIZE), or [op, …arguments] with the op names of the table. */
export type HostExpression = number | readonly [string, ...(HostExpression | PlanDim)[]];

export interface Plan {
  readonly format: number;
  readonly compiler: string;
  readonly model: string;
  readonly doc?: string;
  /** Free dimensions, `batch` first where there is one, with the trained value (the first stage's) of each. */
  readonly dimensions: readonly { readonly name: string; readonly trained: number }[];
  readonly inputs: readonly PlanInput[];
  readonly outputs: readonly PlanOutput[];
  readonly parameters: readonly PlanParameter[];
  readonly storages: readonly PlanStorage[];
  /** Absent where no program runs over whole sets, as in an inference plan. */
  readonly held?: readonly PlanHeld[];
  readonly kernels: readonly PlanKernel[];
  readonly programs: readonly PlanProgram[];
  /** Empty in an inference plan. */
  readonly stages: readonly PlanStage[];
  /** Limits beyond WebGPU's defaults, by name, where a tensor needs them. */
  readonly requiredLimits: Readonly<Record<string, number>>;
  /** Of a plan as a device runs it: words to put behind the reason of its choice, where it lacks what the plan would make use of. */
  readonly told?: string;
}

export interface PlanInput {
  readonly name: string;
  readonly role: "input" | "target";
  readonly type: PlanType;
  readonly categories?: number;
  /** Of integers that reach a class or an index of a table unchanged: the least, and the first that is too large. */
  readonly range?: readonly [number, number];
  /** The least and the largest that files of data may hold, as of binary targets 0 and 1. Nets take others, too. */
  readonly bounds?: readonly [number, number];
  readonly shape: readonly PlanDim[];
  readonly missing?: number;
  /** given: the caller's; drawn: on the device unless given; computed: never given. */
  readonly source: "given" | "drawn" | "computed";
  readonly doc?: string;
}

export interface PlanOutput {
  readonly name: string;
  readonly type: PlanType;
  readonly shape: readonly PlanDim[];
  /** Given inputs that this output depends on. */
  readonly needs: readonly string[];
  /** Absent: what it has for an example depends on that example alone, so that the examples may be given in parts. */
  readonly mixes?: boolean;
  readonly doc?: string;
}

/** A named tensor of the model: a range of a storage. */
export interface PlanParameter {
  readonly name: string;
  readonly role: "weight" | "bias" | "param" | "state" | "fitted";
  readonly type: PlanType;
  readonly shape: readonly number[];
  readonly storage: number;
  /** In elements. */
  readonly offset: number;
}

/** A persistent buffer. Optimizer state and gathered gradients are storages too. */
export interface PlanStorage {
  readonly name: string;
  readonly type: PlanType;
  readonly elements: number;
  /** carried: what passes from batch to batch in steps, of as many examples as its stage's batch has. */
  readonly kind: "parameters" | "optimizer" | "carried" | "constant";
  /** Its value before the first update (optimizer), or where a pass over the data begins (carried): a splat, 0 unless said. */
  readonly initial?: number;
  /** Where kind is constant: its elements. */
  readonly values?: readonly number[];
}

/** How the parts of a set that the batches give become one. */
export type PlanCombine = "sum" | "prod" | "max" | "min" | "any" | "all";

/**
 * A value that programs over a whole set hand on: a result of one of them by this name, an input of later ones. Each run of a
 * series holds its own.
 */
export interface PlanHeld {
  readonly name: string;
  readonly type: PlanType;
  readonly shape: readonly PlanDim[];
  /** The results of a sweep's batches are combined entry by entry, on the host and in double precision. */
  readonly combine?: PlanCombine;
  /** The results of a sweep's batches are put end to end along this axis: one entry or more for each example. */
  readonly axis?: number;
  /** Of what passes from one batch to the next: what all of it is before the first. Its result in a sweep is what the next batch reads. */
  readonly initial?: number;
}

/** Kinds of adapters that have kernels of their own, where those differ: one in software wants large tiles and no barriers. */
export const planAdapters = ["software"] as const;

export type PlanAdapter = (typeof planAdapters)[number];

export interface PlanVariant extends Pick<PlanKernel, "wgsl" | "workgroupSize"> {
  /** The same shader for devices with subgroups of whole quads, whose invocations load together. */
  readonly quads?: string;
}

export interface PlanKernel {
  readonly name: string;
  /**
   * Empty where the GPU dispatches it beside others alone, or where it is fetched. Comments hold what some devices compute
   * otherwise: see `ways.ts`.
   */
  readonly wgsl: string;
  /** Of small bundles: fetches the shader of a kernel that only some calls need. */
  readonly later?: () => Promise<string>;
  readonly workgroupSize: number;
  /** The same from the same buffers up to rounding, on another kind of adapter. */
  readonly variants?: Readonly<Partial<Record<PlanAdapter, PlanVariant>>>;
  /** In binding order, group 0; binding 0 is the uniform buffer of the program, storage bindings follow from 1, and then the uniform buffer with what the dispatch is given. */
  readonly bindings: readonly { readonly access: "read" | "read_write"; readonly type: PlanType }[];
}

export type PlanProgramKind =
  /** parameters from the seed */
  | "init"
  /** outputs; dispatches carry the outputs they serve */
  | "predict"
  /** one update of an objective of a stage; where gathers went before, it adds its own gradient, divides by total.batch and clears */
  | "step"
  /** a step but for its update: adds examples × gradient to the sums; total.batch of the step counts all examples */
  | "gather"
  /** outputs of one step of time, and the held values that the next step reads */
  | "stream"
  /** results named after drawn inputs: their values, where the caller gives none to a program that reads them */
  | "draw"
  /** run for each batch of a set: parts of held values */
  | "sweep"
  /** run once for a set, with as many examples as it has for its batch: held values; the last of a series writes fitted values, or gives losses, penalties and metrics */
  | "whole";

/** Those that compute gradients. */
export const stepKinds: readonly PlanProgramKind[] = ["step", "gather"];

/** Programs that run one after the other over a whole set. */
export type PlanSeries = "fitted" | "evaluation";

export interface PlanProgram {
  readonly name: string;
  readonly kind: PlanProgramKind;
  /** Where kind is step or gather. */
  readonly stage?: string;
  readonly objective?: string;
  /** Where kind is sweep or whole; a series stands in the order of running. */
  readonly series?: PlanSeries;
  /** Where kind is stream: the free dimension that has one entry in each run. */
  readonly along?: string;
  /** Host scalars that it reads and what each sums over the batches of the set, as total.batch sums examples. */
  readonly totals?: Readonly<Record<string, PlanDim>>;
  /** Where kind is whole: free dimensions besides the batch on which it stands; all batches of the set must agree in them. */
  readonly agree?: readonly string[];
  /** Inputs that must be bound: held values, and what the caller gives, or else the `draw` program of a drawn input. */
  readonly inputs: readonly string[];
  /** What the live dimensions must be for it: else its results, or those of a list, would read beside their tensors. */
  readonly bounds?: readonly PlanBound[];
  /** One 32-bit word each, in order, in the uniform buffer (padded to 16 bytes). */
  readonly uniforms: readonly PlanUniform[];
  /** Temporaries, from the lowest in the memory that they share upwards. */
  readonly slots: readonly PlanSlot[];
  /** Slots whose temporaries are of half precision: a device that has it stores them in half as many bytes. Absent: nothing is. */
  readonly halves?: readonly number[];
  readonly dispatches: readonly PlanDispatch[];
  /** Which of the dispatches run again and again: a loop stands before those within it. Absent: none. */
  readonly loops?: readonly PlanLoop[];
  readonly results: readonly PlanResult[];
}

/**
 * Dispatches that run in each turn, one turn after the other: the position of the first of them, how many there are, how many turns,
 * whether these run from the last to the first, and whether the kernel of the only dispatch does all turns by itself on a GPU.
 */
export type PlanLoop = readonly [
  first: number,
  count: number,
  length: PlanDim,
  reverse: boolean,
  within?: boolean,
];

/** A word that a dispatch is given: a number, or the number of the turn of a loop (by position in `PlanProgram.loops`). */
export type PlanGiven = number | readonly ["turn", number];

/** A temporary: its bytes, and the slots above whose ends it begins, as they live while it does. */
export type PlanSlot = readonly [bytes: PlanDim, ...below: readonly number[]];

export interface PlanBound {
  /** Negative where the dimensions do not fit. */
  readonly value: PlanDim;
  /** What they must be, and why. */
  readonly text: string;
  /** Indices of the program's results that ask for it; absent: every run does. */
  readonly serves?: readonly number[];
}

export type PlanUniform =
  | { readonly kind: "dim"; readonly value: PlanDim } // as i32
  | { readonly kind: "host"; readonly value: HostExpression } // as f32
  | { readonly kind: "seed" } // u32: key of the draws
  | { readonly kind: "counter" }; // u32: counts runs that draw, so that each update draws anew

export type PlanBuffer =
  | { readonly kind: "storage"; readonly storage: number }
  /** `start`: where it begins in the slot, in elements (a multiple of 64), where it lies there beside others. */
  | {
      readonly kind: "slot";
      readonly slot: number;
      readonly elements: PlanDim;
      readonly start?: PlanDim;
    }
  | { readonly kind: "input"; readonly input: string; readonly elements: PlanDim };

export interface PlanDispatch {
  readonly kernel: number;
  readonly buffers: readonly PlanBuffer[];
  /** Workgroups in all; the runtime folds them into a grid with at most 65,535 along an axis (x first, then y). */
  readonly workgroups: PlanDim;
  /** Workgroups of the variants of its kernel. */
  readonly variants?: Readonly<Partial<Record<PlanAdapter, PlanDim>>>;
  /** Estimated floating-point operations. */
  readonly flops: PlanDim;
  /** Indices of the program's results that need this dispatch; absent: always, as for what updates a storage. */
  readonly serves?: readonly number[];
  /** Words of its kernel that are no run's: where ranges of its buffers begin, the streams of its draws, turns of loops. */
  readonly given?: readonly PlanGiven[];
  /** What it runs side by side, for machines that run one after the other; the kernel is the GPU's alone then. */
  readonly joint?: readonly PlanDispatch[];
}

export interface PlanResult {
  /** Output name; or "loss.NAME", "penalty.NAME", "metric.NAME", "monitor.NAME", "range.AT" (each a scalar unless an output). */
  readonly name: string;
  readonly type: PlanType;
  readonly shape: readonly PlanDim[];
  /** Of a predict program's, where there are any: free dimensions that it takes and that neither its shape nor an input behind it shows. */
  readonly dimensions?: readonly string[];
  readonly buffer: PlanBuffer;
  /** Of the largest (with `end`, the first that is too large) or the least of classes or indices: what they are; another is an error. */
  readonly range?: { readonly end?: PlanDim; readonly text: string };
  /** Of a step's loss or metric that is a mean: of how many entries. One without is of its batch alone and never averaged. */
  readonly entries?: PlanDim;
}

export interface PlanStage {
  readonly name: string;
  readonly dimensions: Readonly<Record<string, number>>;
  readonly epochs?: number;
  readonly steps?: number;
  readonly seed: number;
  readonly validation: number;
  readonly dropLast: boolean;
  readonly accumulate: number;
  /** `on`: the loss or metric that it goes by, the sum of the losses unless said; `rising`: whether that is better when larger. */
  readonly stopEarly?: {
    readonly patience: number;
    readonly on?: string;
    readonly rising?: boolean;
  };
  /** plateau scalars in order of their index */
  readonly plateaus: readonly { readonly factor: number; readonly patience: number }[];
  /** A fingerprint of all that its steps compute, which a run that goes on must have kept. */
  readonly formulas: string;
  /** What its formulas are made of: tells people why they differ. */
  readonly terms: readonly PlanTerm[];
  /** Positions of the terms that go by the progress of the run. Absent: none does. */
  readonly progress?: readonly number[];
  /** Run in order in each step, each `repeat` times. */
  readonly objectives: readonly {
    readonly name: string;
    /** Draws its drawn inputs itself. */
    readonly program: number;
    /** The same update reading every input, for callers that give data for drawn inputs; absent where none is drawn. */
    readonly given?: number;
    /** Where `accumulate` is above 1: run for all batches of an update but the last, which `program` takes. */
    readonly gather?: number;
    readonly gatherGiven?: number;
    readonly losses: readonly string[];
    /** undefined: the same batch as the update before it */
    readonly repeat?: number;
  }[];
  /** Parameters from earlier files, which have them by their names or, all of a line, by those `below` an instance. */
  readonly start: readonly {
    readonly parameters: readonly string[];
    readonly below?: Readonly<Record<string, string>>;
    readonly file: string;
  }[];
  readonly frozen: readonly string[];
  readonly monitor: readonly string[];
  readonly ensemble: number;
  /** Given inputs and targets that its losses, regularizers and metrics reach. */
  readonly inputs: readonly string[];
}

export interface PlanTerm {
  /** How it is called: "the optimizer". */
  readonly name: string;
  readonly words: string;
  readonly formulas: string;
}

/**
 * A kernel on the CPU: buffers in binding order, the uniform words as integers and as floats, what the dispatch is given. One that has loops to slice
 * computes the part that `range` says, all without it; the parts, run in their order, give the same bits as the whole.
 */
export interface CpuKernel {
  (
    buffers: readonly (Float32Array | Float64Array | Int32Array | Uint32Array)[],
    words: Uint32Array,
    floats: Float32Array | Float64Array,
    given: readonly number[],
    range?: Int32Array,
  ): void;
  /** First and end of each loop's turns, from the outside in, of the whole kernel; absent where it runs in one go. */
  readonly whole?: (words: Uint32Array) => Int32Array;
}

/** Kernels in JavaScript, by name. */
export type ScalarKernels = Readonly<Record<string, CpuKernel>>;

/** What a `*.cpu.js` file exports: kernels (and `createCpuBackend`, see runtime/bundle/cpu.ts). */
export interface CpuModule {
  /** In JavaScript, or what fetches them (`*.scalar.js`) where WebAssembly is refused. */
  readonly kernels: ScalarKernels | (() => Promise<{ readonly kernels: ScalarKernels }>);
  /**
   * The same kernels as a WebAssembly module in hexadecimal digits, over the memory `host.memory`: of the addresses of what is bound, that of
   * the uniform words, and first and end of each sliced loop's turns. `NAME.AT` gives the turns of a loop from the words. Nothing
   * lies in the memory's first 64 kB. Absent where there is double precision alone.
   */
  readonly wasm?: string;
}
