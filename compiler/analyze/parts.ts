// Takes no input, gives the types of what frames, traces and runs are made of, as far as no value stands in it.
import type { Span } from "../../grammar/span.js";
import type { ParameterKind } from "../ops/primitives.js";
import type { Node, Shape } from "../types/graph.js";

/** An instance of a layer, or the model itself: where parameters live. */
export interface Instance {
  /** `encoder.dense_1`; empty for the model. */
  readonly path: string;
}

/** One execution of a body: counts how often each place in it was reached, so that names are the same in every trace. */
export interface Activation {
  readonly occurrences: Map<string, number>;
}

export type BodyKind =
  "file" | "model" | "layer" | "fn" | "init" | "optimizer" | "projection" | "train" | "signature";

/** Whether a body holds a mistake that has been reported: what it lacks may be what could not be understood. */
export interface Taint {
  spoilt: boolean;
}

/** What a model may have more of than analysis found, since a mistake stands where it would be declared. */
export type Unknown = "parameters" | "losses" | "dimensions";

/** What was found of something; nothing follows from what is missing in it unless it is `whole`. */
export interface Found<Item> {
  readonly items: readonly Item[];
  readonly whole: boolean;
}

/** What the trace of an optimizer's or projection's body collects. */
export interface TemplateState {
  readonly shape: Shape;
  readonly states: Map<
    string,
    { readonly shape: Shape; readonly initial: Node; next: Node; readonly span: Span }
  >;
  weight: Node | undefined;
}

/** The path of calls to a draw; its text is made only for a draw. */
export interface DrawPath {
  readonly parent: DrawPath | undefined;
  readonly name: string;
  readonly id: number;
}

export interface CallEffects {
  results: readonly Node[];
}

export interface CarryState {
  readonly bound: Node;
  readonly initial: Node;
  next: Node | undefined;
  readonly span: Span;
}

/** How much work may still be done; what runs out is reported once. */
export interface Budget {
  statements: number;
  work: number;
  /** Expressions under way. */
  depth: number;
  exhausted: boolean;
}

/** What may not be bound anew in the same body. */
export type FixedRole = "input" | "target" | "state" | "parameter" | "shared" | "fitted" | "carry";

/** What a place in a body takes. */
export type WantedKind =
  | ParameterKind
  | "function"
  | "distribution"
  | "size"
  | "operand"
  | "numbers"
  | "indexed"
  | "scheduled"
  | "string"
  | "list";
