// Takes no input, gives the types that every part of analysis passes along, which hold one another: files, scopes, values, frames of bodies being traced, and the state of one run.
import type * as ast from "../../grammar/ast.js";
import type { Diagnostic } from "../../grammar/diagnostics.js";
import type { Span } from "../../grammar/span.js";
import type { GraphBuilder } from "../ops/builder.js";
import type { Dim } from "../types/dimension.js";
import type { Node, Origin } from "../types/graph.js";
import type { CarriedRecord } from "./carriedRecord.js";
import type {
  RangeCheck,
  CompileTimeData,
  InputDeclaration,
  Named,
  ParameterDeclaration,
  Penalty,
  StateUpdate,
  TracedCall,
} from "../types/model.js";
import type {
  Activation,
  BodyKind,
  Budget,
  CallEffects,
  CarryState,
  DrawPath,
  FixedRole,
  Instance,
  Taint,
  TemplateState,
  Unknown,
  WantedKind,
} from "./parts.js";
import type {
  BoolValue,
  DimensionValue,
  FloatValue,
  IntValue,
  PoisonValue,
  RangeValue,
  StringValue,
  TensorValue,
} from "./values/plain.js";

export type * from "./parts.js";
export type * from "./values/plain.js";

/** A file with its names. */
export interface Unit {
  readonly source: ast.SourceFile;
  readonly tree: ast.File;
  readonly prelude: boolean;
  /** The names declared in it, around the prelude's. */
  readonly scope: Scope;
}

/** What a body is being evaluated with. */
export interface Frame {
  readonly run: Run;
  readonly taint: Taint;
  readonly trace: TraceState | undefined;
  readonly unit: Unit;
  readonly scope: Scope;
  readonly body: BodyKind;
  readonly instance: Instance | undefined;
  readonly activation: Activation;
  /** Under which draws have their names: the path of calls, not of instances. */
  readonly drawPath: DrawPath;
  readonly training: boolean;
  readonly call: CallSite | undefined;
  readonly declaration: Callable | undefined;
  readonly depth: number;
  /** The innermost recurrence that is being traced. */
  readonly scan: ScanState | undefined;
  /** State writes of this call of a layer, kept only where the call's results are used. */
  readonly effects: CallEffects | undefined;
  /** The states of the optimizer whose update is being traced. */
  readonly template: TemplateState | undefined;
  /** Whether `step`, `epoch` and `progress` have values: in `train` blocks, optimizers and training steps. */
  readonly scheduled: boolean;
}

export interface CallSite {
  readonly caller: Frame;
  readonly span: Span;
  readonly name: string;
  /** The arguments, by the names of parameters. */
  readonly given: ReadonlyMap<string, GivenArgument>;
  /** What the body is about, where the call alone does not tell: the parameter that an optimizer updates. */
  readonly on?: string | undefined;
}

export interface ScanState {
  readonly carries: Map<string, CarryState>;
  readonly yields: (readonly Node[])[];
  readonly yieldSpans: Span[];
  readonly scope: Scope;
  /** The frame around the scan: carries start from its names. */
  readonly outer: Frame;
  /** Nodes made before this one belong outside. */
  readonly firstId: number;
}

/** What both traces of a model share: names given once, parameters declared once. */
export interface ModelState {
  readonly name: string;
  /** The ordinals and names given to calls, weights and draws, by the place that asked. */
  readonly ordinals: Map<string, number>;
  readonly counts: Map<string, number>;
  readonly drawPaths: Map<string, DrawPath>;
  /** Who bears a name below an instance, by path. */
  readonly claims: Map<string, string>;
  readonly parameters: Map<string, ParameterRecord>;
  readonly carried: Map<string, CarriedRecord>;
  readonly inputs: Map<string, InputRecord>;
  /** Inputs of which it is asked what is missing. */
  readonly masked: Set<string>;
  /** Of inputs that reach classes or indices unchanged: the first integer that is too large. */
  readonly ranges: Map<string, number>;
  /** Of inputs that reach `within` unchanged: the least and the largest that data may hold. */
  readonly bounds: Map<string, readonly [number, number]>;
  readonly freeDimensions: Set<string>;
  readonly unknown: Set<Unknown>;
  /** The names that nodes were bound to, for messages. */
  readonly boundNames: Map<Node, string>;
}

export interface ParameterRecord {
  readonly declaration: ParameterDeclaration;
  readonly leaf: Node;
  readonly place: { readonly unit: Unit; readonly span: Span };
}

export interface InputRecord {
  readonly declaration: InputDeclaration;
  readonly leaf: Node;
}

/** A loss, penalty or metric: without a value where that is a mistake. */
export type Score = Omit<Named, "value"> & { readonly value: Node | undefined };

/** What one trace of a model's body collects. */
export interface TraceState {
  readonly model: ModelState;
  readonly training: boolean;
  readonly outputs: Named[];
  /** By name, as are metrics. */
  readonly losses: Map<string, Score>;
  readonly penalties: (Score & Pick<Penalty, "on" | "settings">)[];
  readonly metrics: Map<string, Score>;
  readonly updates: (StateUpdate & { readonly owner: CallEffects | undefined })[];
  /** The latest value of each state in this trace. */
  readonly states: Map<string, Node>;
  readonly fitted: Map<string, Node>;
  /** The paths of instances that a line gives next values: their own updates of states are not kept. */
  readonly followed: readonly string[];
  /** Lines by which parameters follow others, which become states by that: run when the body has been traced. */
  readonly follows: (() => void)[];
  /** Forms that want the parameters of the whole model: run behind these. */
  readonly later: (() => void)[];
  /** Projections, in the order of the source. */
  readonly projections: PendingProjection[];
  /** Classes and indices that no host can check, before they were clamped. */
  readonly rangeChecks: RangeCheck[];
  /** The calls of the body under way that have ended. */
  readonly calls: TracedCall[];
}

export interface PendingProjection {
  readonly statement: ast.ProjectStatement;
  readonly frame: Frame;
}

/** A value that is not what the place where it is used takes. */
export interface WrongKind {
  readonly value: Value;
  readonly kind: WantedKind;
}

export interface ReportDetails {
  readonly message: string;
  readonly labels?: readonly { readonly span: Span; readonly text: string; readonly unit?: Unit }[];
  readonly notes?: readonly string[];
  readonly hint?: string | undefined;
  readonly severity?: "error" | "warning";
  /** The value at the place, where its kind is the mistake: one that was given for a parameter is told where it was given. */
  readonly wrong?: WrongKind;
}

/** The parts of the evaluator that call each other, wired up in `index.ts` so that files need not import in circles. */
export interface Evaluator {
  readonly expression: (expression: ast.Expression, frame: Frame) => Value;
  readonly call: (callee: FunctionValue, request: CallRequest, frame: Frame) => Value;
  readonly block: (block: ast.Block, frame: Frame) => Value | undefined;
  readonly where: (bindings: readonly ast.WhereBinding[], frame: Frame) => void;
  readonly scan: (expression: ast.ScanExpression, frame: Frame) => Value;
  readonly scanStatement: (
    statement: ast.CarryStatement | ast.YieldStatement,
    frame: Frame,
    scan: ScanState,
  ) => void;
}

/** A call that is to be made. */
export interface CallRequest {
  readonly given: readonly GivenArgument[];
  readonly span: Span;
  /** The name for messages: as the user wrote it. */
  readonly name: string;
  /** What is called, where it is written. */
  readonly callee?: Span | undefined;
  readonly instanceName?: string | undefined;
  readonly training?: boolean | undefined;
}

/** The state of one analysis. */
export interface Run {
  readonly diagnostics: Diagnostic[];
  readonly reported: Set<string>;
  /** Those found when the list was full, by their places. */
  readonly unlisted: Set<string>;
  readonly builder: GraphBuilder;
  readonly budget: Budget;
  readonly evaluator: Evaluator;
  readonly builtins: ReadonlyMap<string, Builtin>;
  /** For each declaration, the parameters that its body calls: there a call leaves out its first parameter. */
  readonly functionParameters: Map<object, ReadonlySet<string>>;
  /** The constants that are being evaluated, outermost first. */
  readonly forcing: string[];
  /** Declarations that call themselves, reported already. */
  readonly recursive: Set<Callable>;
  /** The place that nodes are being made for. */
  readonly site: { origin: Origin | undefined };
  readonly origins: Map<string, Origin>;
  readonly settings: Readonly<Record<string, CompileTimeData>>;
  /** Of the values of `grad` and `jacobian`, what they are derivatives of. */
  readonly derivatives: Map<Node, readonly Node[]>;
  /** Whether a file of the program mentions f16: what is asked to be f32 is told apart from what follows, there alone. */
  readonly halves: { mentioned: boolean };
  /** `plateau` calls of the stage that is being read. */
  plateaus:
    { readonly factor: number; readonly patience: number; readonly span: Span }[] | undefined;
}

/** What a builtin is called with: its arguments matched to its parameters. */
export interface BuiltinCall {
  readonly frame: Frame;
  readonly span: Span;
  readonly name: string;
  /** By parameter name; a parameter left out and without a default is absent. */
  readonly values: ReadonlyMap<string, Value>;
  readonly spans: ReadonlyMap<string, Span>;
}

/** What the compiler itself knows as a function of the language: a primitive of the op table, or what only analysis can compute. */
export interface Builtin {
  readonly name: string;
  /** A `?` behind a parameter's name marks one that may be left out. */
  readonly parameters: readonly string[];
  readonly apply: (call: BuiltinCall) => Value;
}

// ---- names

/** Where a name was bound. */
export interface BindingPlace {
  readonly unit: Unit;
  readonly span: Span;
}

export interface Binding {
  readonly value: Value;
  readonly place: BindingPlace | undefined;
  readonly fixed: FixedRole | undefined;
  /** The path of the state that `name <- …` writes. */
  readonly state: string | undefined;
  /** Of a state or carry of a category, how many classes it has. */
  readonly classes?: Dim | undefined;
}

/** A declaration of a file: evaluated when it is first asked for. */
export interface LazyBinding {
  readonly place: BindingPlace;
  status: "waiting" | "running" | "done";
  value: Value | undefined;
  readonly compute: () => Value;
}

export interface Scope {
  readonly parent: Scope | undefined;
  readonly names: Map<string, Binding>;
  readonly lazy: Map<string, LazyBinding>;
}

// ---- values

/** What an expression evaluates to. `poison` stands for a mistake already reported: whatever touches it stays silent. */
export type Value =
  | IntValue
  | FloatValue
  | BoolValue
  | StringValue
  | DimensionValue
  | ListValue
  | RangeValue
  | TensorValue
  | ResultsValue
  | FunctionValue
  | DistributionValue
  | InitializerValue
  | PoisonValue;

export interface ListValue {
  readonly kind: "list";
  readonly items: readonly Value[];
  /** How many values stand in it and in its lists, each as often as it is seen: lists share their parts. */
  readonly leaves: number;
  readonly spoilt: boolean;
  readonly tensors: boolean;
}

/** Several results of one call, to be bound at once. */
export interface ResultsValue {
  readonly kind: "results";
  readonly values: readonly Value[];
}

export type Callable =
  ast.FunctionDeclaration | ast.LayerDeclaration | ast.InitDeclaration | AlgorithmDeclaration;

export type AlgorithmDeclaration = ast.OptimizerDeclaration | ast.ProjectionDeclaration;

/** An argument that has been evaluated, with the place where it is written. */
export interface GivenArgument {
  readonly name: string | undefined;
  readonly nameSpan: ast.Span | undefined;
  readonly value: Value;
  readonly span: ast.Span;
  readonly unit: Unit;
}

export type FunctionValue = ClosureValue | BuiltinValue | PartialValue | SharedValue;

/** A declaration together with the names it sees. */
export interface ClosureValue {
  readonly kind: "function";
  readonly form: "closure";
  readonly declaration: Callable;
  readonly scope: Scope;
  readonly unit: Unit;
  /** For a `fn` declared inside a block: the body it stands in, whose instance its layers belong to. */
  readonly home: Frame | undefined;
}

/** What the compiler itself knows. */
export interface BuiltinValue {
  readonly kind: "function";
  readonly form: "builtin";
  readonly name: string;
}

/** A call that leaves out its first parameter, as a value; or a layer that bears the name of the parameter it was given for. */
export interface PartialValue {
  readonly kind: "function";
  readonly form: "partial";
  readonly target: FunctionValue;
  /** Whether positional arguments in `given` begin at the second parameter. */
  readonly given: readonly GivenArgument[];
  /** The parameter that it was given for: the name of its instance where it is a layer. */
  readonly parameter: string | undefined;
}

/** One instance of a layer, to call many times. */
export interface SharedValue {
  readonly kind: "function";
  readonly form: "shared";
  readonly target: FunctionValue;
  readonly given: readonly GivenArgument[];
  readonly instance: Instance;
  readonly name: string;
  readonly place: { readonly unit: Unit; readonly span: ast.Span };
}

/** Something that can be drawn where it meets a shape. */
export interface DistributionValue {
  readonly kind: "distribution";
  readonly name: DistributionName;
  readonly parameters: readonly Value[];
}

export type DistributionName = "uniform" | "normal" | "bernoulli" | "randint" | "categorical";

/** A call of an `init`, run where it meets a shape. */
export interface InitializerValue {
  readonly kind: "initializer";
  readonly target: ClosureValue;
  readonly given: readonly GivenArgument[];
  readonly call: { readonly unit: Unit; readonly span: ast.Span; readonly frame: Frame };
}
