// Takes no input, gives the types of the lines of `train` and `search` blocks in the syntax tree.

import type { Argument, Expression } from "./astBodies.js";
import type { Identifier, Selector } from "./astLeaves.js";
import type { Span } from "./span.js";

export type TrainLine =
  | OptimizerLine
  | StartLine
  | FreezeLine
  | MinimizeLine
  | MonitorLine
  | StopEarlyLine
  | SettingLine
  | SkippedLine;

/** `optimizer adam(lr: 1e-3) on weights`. */
export interface OptimizerLine {
  readonly kind: "OptimizerLine";
  readonly span: Span;
  readonly algorithm: Expression;
  readonly selector?: Selector;
}

/** `start conv2d_1.* from "earlier.safetensors"`. */
export interface StartLine {
  readonly kind: "StartLine";
  readonly span: Span;
  readonly selector: Selector;
  readonly path: string;
  readonly pathSpan: Span;
}

/** `freeze conv2d_1.*`. */
export interface FreezeLine {
  readonly kind: "FreezeLine";
  readonly span: Span;
  readonly selector: Selector;
}

/** `minimize critic_loss on critic.* with adam(lr: 2e-4) repeat 2`; several losses are added up. */
export interface MinimizeLine {
  readonly kind: "MinimizeLine";
  readonly span: Span;
  readonly losses: readonly Identifier[];
  readonly selector?: Selector;
  readonly algorithm?: Expression;
  readonly repeat?: Expression;
}

/** `monitor update_ratio, gradient_norm`. */
export interface MonitorLine {
  readonly kind: "MonitorLine";
  readonly span: Span;
  readonly names: readonly Identifier[];
}

/** `stop_early(patience: 5)`. */
export interface StopEarlyLine {
  readonly kind: "StopEarlyLine";
  readonly span: Span;
  readonly arguments: readonly Argument[];
}

/** `epochs 20`, `seed 7`, `validation 0.1`, `batch 64`, `time 100`: a word and a value. */
export interface SettingLine {
  readonly kind: "SettingLine";
  readonly span: Span;
  readonly name: string;
  readonly nameSpan: Span;
  readonly value: Expression;
}

/** A line that could not be read and was reported. */
export interface SkippedLine {
  readonly kind: "SkippedLine";
  readonly span: Span;
}

export type SearchLine =
  CandidateLine | StrategyLine | SearchObjectiveLine | SettingLine | SkippedLine;

/** `learning_rate ~ log_uniform(1e-4, 1e-2)`. */
export interface CandidateLine {
  readonly kind: "CandidateLine";
  readonly span: Span;
  readonly name: string;
  readonly nameSpan: Span;
  readonly distribution: Expression;
}

/** `strategy bayesian`. */
export interface StrategyLine {
  readonly kind: "StrategyLine";
  readonly span: Span;
  readonly strategy: Identifier;
}

/** `minimize validation.loss`, `maximize accuracy`. */
export interface SearchObjectiveLine {
  readonly kind: "SearchObjectiveLine";
  readonly span: Span;
  readonly sense: "minimize" | "maximize";
  readonly value: Expression;
}
