// Takes no input, gives the types of the syntax tree of a `.nn` file: made by the parser, read by analysis and formatter.

import type {
  Block,
  Body,
  Expression,
  FunctionDeclaration,
  Parameter,
  ResultType,
  Type,
} from "./astBodies.js";
import type { Comment, Documented, Identifier, Named, Node } from "./astLeaves.js";
import type { SearchLine, TrainLine } from "./astTraining.js";
import type { SourceFile, Span } from "./span.js";

export type * from "./astBodies.js";
export type * from "./astLeaves.js";
export type * from "./astTraining.js";
export type { SourceFile, Span } from "./span.js";

export interface File extends Node {
  readonly kind: "File";
  readonly source: SourceFile;
  /** The doc comment that stands apart at the top, its lines joined by `\n`. */
  readonly doc?: string;
  readonly declarations: readonly Declaration[];
  /** All comments of the file in order, doc comments included. */
  readonly comments: readonly Comment[];
}

// ---- declarations

export type Declaration =
  | ImportDeclaration
  | ConstDeclaration
  | FunctionDeclaration
  | InitDeclaration
  | LayerDeclaration
  | OptimizerDeclaration
  | ProjectionDeclaration
  | ModelDeclaration
  | TrainDeclaration
  | SearchDeclaration
  | SkippedDeclaration;

/** `import { residual } from "./blocks.nn"`. */
export interface ImportDeclaration extends Node, Documented {
  readonly kind: "Import";
  readonly names: readonly Identifier[];
  readonly path: string;
  readonly pathSpan: Span;
}

/** `const vocabulary = 64`. */
export interface ConstDeclaration extends Named, Documented {
  readonly kind: "Const";
  readonly type?: Type;
  readonly value: Expression;
}

export interface InitDeclaration extends Named, Documented {
  readonly kind: "Init";
  readonly parameters: readonly Parameter[];
  readonly body: Body;
}

export interface LayerDeclaration extends Named, Documented {
  readonly kind: "Layer";
  readonly parameters: readonly Parameter[];
  readonly result?: ResultType;
  readonly body: Body;
}

export interface OptimizerDeclaration extends Named, Documented {
  readonly kind: "Optimizer";
  readonly parameters: readonly Parameter[];
  readonly block: Block;
}

export interface ProjectionDeclaration extends Named, Documented {
  readonly kind: "Projection";
  readonly parameters: readonly Parameter[];
  readonly block: Block;
}

export interface ModelDeclaration extends Named, Documented {
  readonly kind: "Model";
  readonly parameters: readonly Parameter[];
  readonly block: Block;
}

/** `train LeNet stage finetune { … }`. */
export interface TrainDeclaration extends Node, Documented {
  readonly kind: "Train";
  readonly model: Identifier;
  readonly stage?: Identifier;
  readonly lines: readonly TrainLine[];
}

export interface SearchDeclaration extends Node, Documented {
  readonly kind: "Search";
  readonly model: Identifier;
  readonly lines: readonly SearchLine[];
}

/** A declaration that could not be read and was reported; `names` is what it seems to declare. */
export interface SkippedDeclaration extends Node {
  readonly kind: "SkippedDeclaration";
  readonly names: readonly string[];
}
