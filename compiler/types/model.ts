// Takes no input, gives the types between analysis and the building of programs: a model whose every name is resolved and every body traced into graphs.
import type { Dim } from "./dimension.js";
import type { ElementType, Node, Place, Shape } from "./graph.js";

/** What analysis makes of one `model` and its `train` blocks. */
export interface TypedModel {
  readonly name: string;
  readonly doc: string | undefined;
  readonly place: Place;
  /** Free dimensions in order of appearance, `batch` first where it occurs. */
  readonly freeDimensions: readonly string[];
  readonly inputs: readonly InputDeclaration[];
  /** Weights, biases, params, states and fitted values, in order of declaration (instances in order of their calls). */
  readonly parameters: readonly ParameterDeclaration[];
  /** States over the batch: what one batch hands to the next. Their next values are state updates of both traces. */
  readonly carried: readonly CarriedState[];
  /** The body with `training` false: outputs, and what evaluation needs. */
  readonly inference: Trace;
  /** The body with `training` true. Leaves (`input`, `stored`, `random`) bear the same names in both. */
  readonly training: Trace;
  /** Values of fitted parameters, over whole-set tensors (the batch is the set), traced with `training` false. */
  readonly fitted: readonly FittedValue[];
  readonly stages: readonly StageDeclaration[];
  readonly searches: readonly SearchDeclaration[];
}

export interface InputDeclaration {
  readonly name: string;
  readonly role: "input" | "target";
  readonly type: ElementType;
  readonly categories: number | undefined;
  /** Of integers that reach a class or an index unchanged: the least, and the first that is too large. */
  readonly range: readonly [number, number] | undefined;
  /** What data are held to where they are read: the least, and the largest. */
  readonly bounds?: readonly [number, number] | undefined;
  readonly shape: Shape;
  readonly missing: number | undefined;
  /** Whether the model asks which values the data had none of. */
  readonly masked: boolean;
  /** drawn/computed: the value to use where the data gives none; `input` leaves of this name stand for it in the traces. */
  readonly source:
    | { readonly kind: "given" }
    | { readonly kind: "drawn" | "computed"; readonly value: OfTraces<Node> };
  readonly doc: string | undefined;
  readonly place: Place;
}

/** What the body says with `training` false, and with it true: `if training then 0.5 * progress else 0.5` may be how far a draw reaches. */
export interface OfTraces<Value> {
  readonly inference: Value;
  readonly training: Value;
}

export interface ParameterDeclaration {
  /** The name path: `encoder.conv2d_2.b`. It is also the name of its `stored` leaf. */
  readonly name: string;
  readonly role: "weight" | "bias" | "param" | "state" | "fitted";
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Declared f16: what is kept of it is rounded to half precision. */
  readonly half?: true;
  /** A closed graph over constants and draws (stream path = `init/` + name); undefined for fitted values. */
  readonly initial: Node | undefined;
  readonly place: Place;
}

/** `state h: [batch, units] = 0`: an example's passes from its place in one batch to the same place in the next. */
export interface CarriedState {
  /** The name path, which is its `stored` leaf's too. */
  readonly name: string;
  readonly type: ElementType;
  /** `batch` in front, all else fixed. */
  readonly shape: Shape;
  /** Declared f16: what is kept of it is rounded to half precision. */
  readonly half?: true;
  /** What every entry of it is where a pass over the data begins. */
  readonly initial: number;
  readonly place: Place;
}

export interface FittedValue {
  readonly parameter: string;
  readonly value: Node;
}

/** A named tensor of a trace. */
export interface Named {
  readonly name: string;
  readonly value: Node;
  readonly doc?: string;
  readonly place: Place;
}

export interface Trace {
  readonly outputs: readonly Named[];
  /** A scalar, or a shape that starts with batch; the mean over all entries is minimised. */
  readonly losses: readonly Named[];
  readonly penalties: readonly Penalty[];
  readonly metrics: readonly Named[];
  /** New values of states, by parameter name, in the order of writing (the last one counts; each sees the one before). */
  readonly stateUpdates: readonly StateUpdate[];
  readonly rangeChecks: readonly RangeCheck[];
  /** The calls that its body makes, in order, those of losses, metrics and penalties left out. */
  readonly calls: readonly TracedCall[];
}

/** A call of a layer or a function in the body of a model or a layer, with the calls that a layer makes in turn. */
export interface TracedCall {
  /** What is called: `dense`, `relu`. */
  readonly name: string;
  /** A layer's instance; of a function the instance in whose body it is called, `""` in the model's own. */
  readonly path: string;
  readonly kind: "layer" | "function";
  /** Whether the program says which function it is: by a call of its own, or as a parameter of what it calls. */
  readonly chosen: boolean;
  /** Whether what is called is declared in the program, not in the library. */
  readonly own: boolean;
  /** In a recurrence, whose nodes are those of a turn. */
  readonly repeated: boolean;
  readonly arguments: readonly Node[];
  readonly results: readonly Node[];
  readonly inner: readonly TracedCall[];
}

/** The next value of a state, or of what follows other parameters. */
export interface StateUpdate extends Named {
  /** When it moves on: with each line whose losses need the call of the layer that it stands in, once a step, or once a step that updates. */
  readonly pace: "call" | "step" | "update";
}

/** A scalar. */
export interface Penalty extends Named {
  /** The regularized parameter where the term is of one. */
  readonly on: string | undefined;
  /** `l2(rate: 0.0001) on weights`: numbers as such, all else as it was written. */
  readonly settings: string;
}

/** Computed integers that name a class or an entry: those outside 0 … extent - 1 are clamped, and told of in training and evaluation. */
export interface RangeCheck {
  readonly value: Node;
  readonly extent: Dim;
  /** Whether some may be below 0, and whether some may be too large. */
  readonly below: boolean;
  readonly above: boolean;
  /** What messages call several of what is indexed: "classes". */
  readonly many: string;
  readonly place: Place;
}

/** An optimizer, schedule-valued arguments included, ready for any parameter. */
export interface OptimizerInstance {
  readonly name: string;
  /** `adam(lr: 0.001)`: each argument as its number, or as it was written where it is none. */
  readonly settings: string;
  readonly place: Place;
  /**
   * The update for a parameter of this shape, over `placeholder` leaves: `w`, `g`, `state.NAME` (value before), and
   * `hostScalar`s. `states` gives each state's shape (w's, or a scalar) and what it holds before the first update, over the
   * same leaves and of its shape or one number.
   */
  readonly update: (shape: Shape) => UpdateTemplate;
}

export interface UpdateTemplate {
  readonly states: readonly {
    readonly name: string;
    readonly shape: Shape;
    readonly initial: Node;
    readonly next: Node;
  }[];
  readonly weight: Node;
}

/** A projection: the new `w` over the placeholder `w`. */
export interface ProjectionInstance {
  /** `max_norm(limit: 3) on weights`: numbers as such, all else as it was written. */
  readonly settings: string;
  readonly place: Place;
  readonly parameters: readonly string[];
  readonly apply: (shape: Shape) => Node;
}

export interface StopEarly {
  readonly patience: number;
  /** The loss or metric of the validation that it goes by; the sum of the losses unless said. */
  readonly on?: string;
  /** Whether that is better when larger. */
  readonly rising?: boolean;
}

export const parameterMonitors = ["update_ratio", "gradient_norm", "small_gradients"] as const;
export const activationMonitors = ["saturation", "dead_units", "spread"] as const;
export const monitorNames = [...parameterMonitors, ...activationMonitors] as const;

export type ParameterMonitor = (typeof parameterMonitors)[number];
export type ActivationMonitor = (typeof activationMonitors)[number];
export type MonitorName = ParameterMonitor | ActivationMonitor;

export interface StageDeclaration {
  /** The stage's name; "train" for a single unnamed block. */
  readonly name: string;
  readonly place: Place;
  /** Trained values of free dimensions: `batch 64`, `time 100` (batch is 32 unless said). */
  readonly dimensions: Readonly<Record<string, number>>;
  readonly epochs: number | undefined;
  readonly steps: number | undefined;
  readonly seed: number;
  readonly validation: number;
  readonly dropLast: boolean;
  readonly accumulate: number;
  readonly clipNorm: number | undefined;
  /** Where gradients pass through half precision: what the loss is multiplied by; undefined: a scale that follows overflows. */
  readonly lossScale: number | undefined;
  readonly clipValue: number | undefined;
  readonly stopEarly: StopEarly | undefined;
  readonly plateaus: readonly { readonly factor: number; readonly patience: number }[];
  readonly monitor: readonly MonitorName[];
  readonly ensemble: number;
  /** In turns; a block without `minimize` lines has one objective of all losses, called "loss". */
  readonly objectives: readonly ObjectiveDeclaration[];
  readonly projections: readonly ProjectionInstance[];
  readonly frozen: readonly string[];
  readonly start: readonly {
    readonly parameters: readonly string[];
    /** Their names below the selector, where that names an instance: so a file of this instance alone calls them. */
    readonly below: Readonly<Record<string, string>>;
    readonly file: string;
    readonly place: Place;
  }[];
}

export interface ObjectiveDeclaration {
  readonly name: string;
  readonly losses: readonly string[];
  /** Which optimizer updates which parameters (frozen ones left out; each parameter once). */
  readonly updates: readonly {
    readonly optimizer: OptimizerInstance;
    readonly parameters: readonly string[];
  }[];
  readonly repeat: number | undefined;
}

export interface SearchDeclaration {
  readonly place: Place;
  readonly parameters: readonly SearchedParameter[];
  readonly strategy: "grid" | "random" | "bayesian";
  /** Of a grid as many as it has points. */
  readonly trials: number;
  /** Of the candidates; trials are trained from the seeds of their stages. */
  readonly seed: number;
  readonly goal: SearchGoal;
  /** From this epoch of a trial on, counted from 1, its value is held to the median of the others'; undefined: no trial is stopped. */
  readonly medianStopping: number | undefined;
}

export interface SearchedParameter {
  readonly name: string;
  readonly space: SearchSpace;
}

export type SearchSpace =
  | { readonly kind: "choice"; readonly values: readonly CompileTimeData[] }
  | {
      readonly kind: "range";
      /** Both ends are taken. */
      readonly low: number;
      readonly high: number;
      /** Even in its logarithm. */
      readonly log: boolean;
      readonly whole: boolean;
      /** How many values of it a grid tries, both ends among them; undefined: each whole number. */
      readonly points: number | undefined;
    };

/** What is compared: `loss`, the sum of the losses, or one loss or metric, of the rows that are held out. */
export interface SearchGoal {
  readonly sense: "minimize" | "maximize";
  readonly name: string;
}

/** A compile-time value as plain data. */
export type CompileTimeData = number | boolean | string | readonly CompileTimeData[];
