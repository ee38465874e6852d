// Takes no input, gives the types of a built model: its storages, where each parameter stands, and its programs as graphs.
import type { PlanCombine, PlanProgramKind, PlanSeries, PlanStorage } from "../../runtime/plan.js";
import type { BuiltBound } from "./bounds.js";
import type { BuiltRange } from "./ranges.js";
import type { Dim } from "../types/dimension.js";
import type { ElementType, Program, TensorType } from "../types/graph.js";
import type { ParameterDeclaration, StageDeclaration, TypedModel } from "../types/model.js";

export interface BuiltModel {
  readonly typed: TypedModel;
  readonly storages: readonly BuiltStorage[];
  readonly held: readonly BuiltHeld[];
  readonly layout: ReadonlyMap<string, ParameterRange>;
  readonly programs: readonly BuiltProgram[];
  readonly stages: readonly BuiltStage[];
}

export interface BuiltStorage {
  readonly name: string;
  readonly type: ElementType;
  readonly elements: number;
  readonly kind: PlanStorage["kind"];
  readonly initial?: number;
  readonly values?: readonly number[];
}

/** What a series of programs over a whole set computes on its way: see PlanHeld. */
export interface BuiltHeld extends TensorType {
  readonly name: string;
  readonly combine?: PlanCombine;
  readonly axis?: number;
  /** Of a state that passes from batch to batch: what it starts from. */
  readonly initial?: number;
}

/** A parameter's range of a flat storage, in elements. */
export interface ParameterRange {
  readonly declaration: ParameterDeclaration;
  readonly storage: string;
  readonly offset: number;
}

export interface BuiltProgram extends Program {
  readonly kind: PlanProgramKind;
  readonly stage?: string;
  readonly objective?: string;
  readonly series?: PlanSeries;
  /** Of a stream: the dimension of which it takes one step. */
  readonly along?: string;
  /** Of how many entries its losses and metrics are means, by the names of the results. */
  readonly entries?: ReadonlyMap<string, Dim>;
  /** Host scalars that stand for sums over the batches of the set, and of what. */
  readonly totals?: ReadonlyMap<string, Dim>;
  /** What results that tell of classes and indices must lie in, by their names. */
  readonly ranges?: ReadonlyMap<string, BuiltRange>;
  /** What its live dimensions must be. */
  readonly bounds?: readonly BuiltBound[];
}

/** A stage with the names of its programs. */
export interface BuiltStage {
  readonly declaration: StageDeclaration;
  readonly objectives: readonly {
    readonly name: string;
    readonly program: string;
    readonly given: string | undefined;
    readonly gather: string | undefined;
    readonly gatherGiven: string | undefined;
    readonly losses: readonly string[];
    readonly repeat: number | undefined;
  }[];
}
