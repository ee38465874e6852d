// Takes no input, gives the types between scheduling and kernels: loop nests that name no machine, and the schedule that orders them.
import type { Dim } from "./dimension.js";
import type { ElementType, HostScalarName, Origin, Shape } from "./graph.js";
import type { reductionTable } from "../scalars/reductions.js";
import type { scalarOps } from "../scalars/table.js";

/** A loop axis; identity is the object. Indices run from 0 to extent − 1. */
export interface Axis {
  readonly id: number;
  readonly extent: Dim;
}

/**
 * What a scalar is: an element of a tensor, or `index`, a whole number of index arithmetic. Indices never leave 32 bits and may be
 * rearranged freely; the program's own integers wrap, and are computed as they are written. Casts lead from one to the other.
 */
export type ScalarType = ElementType | "index";

/**
 * Scalar operations, typed by `Scalar.type`. Of integers only indices are divided: their dividend is never negative where the
 * quotient is used, so that to round down and towards 0 are one. `modulo` has the divisor's sign.
 */
export type ScalarOp = keyof typeof scalarOps;

/** A pure scalar expression over axes: a DAG, shared by object identity. Indices are of type `index`. */
export type Scalar =
  | { readonly kind: "literal"; readonly type: ScalarType; readonly value: number }
  | { readonly kind: "axis"; readonly type: "index"; readonly axis: Axis }
  | { readonly kind: "dim"; readonly type: "index"; readonly dim: Dim }
  /** What each dispatch is given, by position in `LoopNest.arguments`: never part of a kernel's text. */
  | { readonly kind: "argument"; readonly type: "index" | "u32"; readonly argument: number }
  /** A value the host computes once a run of the program: see HostExpression in runtime/plan.ts. */
  | { readonly kind: "host"; readonly type: "f32"; readonly index: number }
  | {
      readonly kind: "load";
      readonly type: ElementType;
      readonly buffer: number;
      readonly index: Scalar;
    }
  | {
      readonly kind: "op";
      readonly type: ScalarType;
      readonly op: ScalarOp;
      readonly arguments: readonly Scalar[];
    }
  /** `value` is evaluated only where `condition` holds (its loads may be out of bounds elsewhere). */
  | {
      readonly kind: "guard";
      readonly type: ScalarType;
      readonly condition: Scalar;
      readonly value: Scalar;
      readonly otherwise: Scalar;
    }
  /** For argmax/argmin `value` is compared, the result is the i32 index along the single axis, the first wins. */
  | {
      readonly kind: "reduce";
      readonly type: ElementType;
      readonly combine: Combine;
      readonly axes: readonly Axis[];
      readonly value: Scalar;
      /** How many terms count on average, where guards over loaded bounds leave out the others. */
      readonly terms?: Dim;
    }
  /** Philox at counter (index, draw counter, stream): `stream` is the hash of the draw's name path. */
  | {
      readonly kind: "random";
      readonly type: "f32" | "u32";
      readonly source: "uniform" | "bits";
      readonly stream: Scalar;
      readonly index: Scalar;
    };

export type Combine = keyof typeof reductionTable;

/** A loop in time: what it goes around runs `length` times, one turn after the other. Identity is the object. */
export interface Recurrence {
  readonly id: number;
  readonly length: Dim;
  /** Turns are numbered from the first to the last, and run from the last to the first. */
  readonly reverse: boolean;
}

/** A number, or the number of the turn at hand. */
export type NestArgument = number | Recurrence;

/**
 * For every point of `axes`, the stores; all values are computed from buffers as they were before the nest, or by this same point.
 * What all points of a row share (a maximum, a mean) may be stored too, once a row.
 */
export interface LoopNest {
  readonly name: string;
  readonly axes: readonly Axis[];
  readonly stores: readonly NestStore[];
  /**
   * Where the ranges of buffers that it reads and writes begin, the streams of its draws, and the turns of the recurrences around it:
   * nests that differ in these alone have one kernel.
   */
  readonly arguments: readonly NestArgument[];
  /** It runs in each turn of these, the outermost first; absent: once. Nests of a recurrence stand one behind the other. */
  readonly turns?: readonly Recurrence[];
  /**
   * In a dispatch it stands behind the nest before it, in its step: whoever does a row of that one does the same row of this, and
   * nothing but its own row comes to it from there.
   */
  readonly follows?: boolean;
  /** The source of what is computed, for comments. */
  readonly origins: readonly Origin[];
  /** The source of all that it computes, of what is inlined into that too. */
  readonly computed?: readonly Origin[];
}

export interface NestStore {
  readonly buffer: number;
  readonly index: Scalar;
  readonly value: Scalar;
  /**
   * The nest's axes that number the rows, where it is stored once for each row alone: the same in all stores of a nest that have
   * any. Its buffer is a temporary that the nest reads nowhere, and all its reductions are the rows'.
   */
  readonly rows?: readonly Axis[];
}

/** A buffer of one program, by position in `Schedule.buffers`. */
export type ScheduledBuffer =
  | {
      readonly kind: "storage";
      readonly storage: string;
      readonly type: ElementType;
      readonly elements: Dim;
    }
  | {
      readonly kind: "input";
      readonly input: string;
      readonly type: ElementType;
      readonly elements: Dim;
    }
  | {
      readonly kind: "temporary";
      readonly type: ElementType;
      readonly elements: Dim;
      readonly slot: number;
      /** All its values are of half precision: devices that have it store it in half as many bytes. */
      readonly half?: true;
      /** Where it begins in its slot, in elements, where several of a type that live equally long have one; absent: it is alone. */
      readonly start?: Dim;
      readonly label: string;
      /** It is filled turn by turn, or carried from turn to turn. */
      readonly recurrence?: Recurrence;
      /** The source of its value, where that is not the compiler's own. */
      readonly origin?: Origin;
    };

export interface Slot {
  readonly bytes: Dim;
  /** The first nest that touches the temporary. */
  readonly first: number;
  /** The last nest that touches it; of a result, the number of all nests. */
  readonly last: number;
  /** Slots at whose ends or beyond it begins: between two that live at the same time, a way leads along these. */
  readonly below: readonly number[];
}

export interface ScheduledResult {
  readonly name: string;
  readonly buffer: number;
  readonly type: ElementType;
  readonly shape: Shape;
}

/** What the host computes before a run: a tree over constants, live dimensions and host scalars, in double precision. */
export type HostValue =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "dim"; readonly dim: Dim }
  | { readonly kind: "scalar"; readonly name: HostScalarName }
  | { readonly kind: "op"; readonly op: ScalarOp; readonly arguments: readonly HostValue[] };

/**
 * A program in kernels' order: nests run one after the other, those of a step in one dispatch where a machine gains by it: side by
 * side, one after the other in each row, or in each turn of their recurrence.
 */
export interface Schedule {
  readonly name: string;
  readonly buffers: readonly ScheduledBuffer[];
  readonly nests: readonly LoopNest[];
  /** How many nests there are in each step, in order: what they touch lives together. */
  readonly steps: readonly number[];
  /** Recurrences whose nests are a step: one dispatch does all turns. Nests of any other step wait for those alone that they follow. */
  readonly inOneDispatch: ReadonlySet<Recurrence>;
  /** Parallel to the nests: positions of the results that need it; undefined where an effect on a storage does. */
  readonly serves: readonly (readonly number[] | undefined)[];
  /** The places of temporaries in the memory that they share, from the lowest upwards. */
  readonly slots: readonly Slot[];
  readonly host: readonly HostValue[];
  readonly results: readonly ScheduledResult[];
}
