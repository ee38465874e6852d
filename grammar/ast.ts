// Takes no input, gives the types of the syntax tree of a `.nn` file: made by the parser, read by analysis and formatter.

import type { Expression } from "./astExpressions.js";
import type { SearchLine, Selector, TrainLine } from "./astTraining.js";
import type { SourceFile, Span } from "./span.js";

export type * from "./astExpressions.js";
export type * from "./astTraining.js";
export type { SourceFile, Span } from "./span.js";

/** What every node has. Spans leave out parentheses around an expression and doc comments above a declaration. */
interface Node {
  readonly kind: string;
  readonly span: Span;
}

/** A name that stands for itself: in lists of names, selectors, imports. */
export interface Identifier extends Node {
  readonly kind: "Identifier";
  readonly name: string;
}

/** A comment, kept for the formatter. `text` is what follows the slashes. */
export interface Comment extends Node {
  readonly kind: "Comment";
  /** `///` where true, `//` where false. */
  readonly doc: boolean;
  readonly text: string;
}

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

/** What a node that introduces one name has. */
interface Named extends Node {
  readonly name: string;
  readonly nameSpan: Span;
}

/** What a declaration with a doc comment has: its lines joined by `\n`, without slashes and common indentation. */
interface Documented {
  readonly doc?: string;
}

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

/** `fn f(x, axis = -1): [n] = e where a = b` or `fn f(x) { … return e }`; at file level or in a block. */
export interface FunctionDeclaration extends Named, Documented {
  readonly kind: "Function";
  readonly parameters: readonly Parameter[];
  readonly result?: ResultType;
  readonly body: Body;
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

/** `x: [...rest, n]`, `units: int`, `activation = linear`. */
export interface Parameter extends Named {
  readonly kind: "Parameter";
  readonly type?: Type;
  readonly default?: Expression;
}

export type Body = ExpressionBody | Block;

/** `= e where name = e, …`. */
export interface ExpressionBody extends Node {
  readonly kind: "ExpressionBody";
  readonly value: Expression;
  readonly where: readonly WhereBinding[];
}

export interface WhereBinding extends Named {
  readonly kind: "WhereBinding";
  readonly value: Expression;
}

/** `{ … }`; the span covers the braces. */
export interface Block extends Node {
  readonly kind: "Block";
  readonly statements: readonly Statement[];
}

// ---- types

export type ElementType = "f32" | "f16" | "i32" | "u32" | "bool" | "category";

export type Type = TensorType | ScalarType;

/** `[batch, n]`, `u32[n]`, `category(10)[batch]`. */
export interface TensorType extends Node {
  readonly kind: "TensorType";
  readonly element: ElementType;
  /** Where the element type is written; absent where it is the default, f32. */
  readonly elementSpan?: Span;
  /** The number of classes of a category. */
  readonly classes?: Expression;
  readonly dimensions: readonly Dimension[];
}

/** A type of compile-time values. */
export interface ScalarType extends Node {
  readonly kind: "ScalarType";
  readonly name: "int" | "float" | "bool" | "string";
}

/** A dimension is an expression over names and integers, or `...rest`. */
export type Dimension = Expression | SpreadDimension;

export interface SpreadDimension extends Named {
  readonly kind: "SpreadDimension";
}

/** The result of a layer or fn: one type, or several in parentheses. */
export interface ResultType extends Node {
  readonly kind: "ResultType";
  readonly types: readonly TensorType[];
  readonly parenthesized: boolean;
}

// ---- statements

export type Statement =
  | BindingStatement
  | DrawStatement
  | UpdateStatement
  | TrainedStatement
  | StateStatement
  | FittedStatement
  | CarryStatement
  | SharedStatement
  | InputStatement
  | TargetStatement
  | OutputStatement
  | LossStatement
  | MetricStatement
  | RegularizeStatement
  | ProjectStatement
  | ReturnStatement
  | YieldStatement
  | IfStatement
  | ForStatement
  | FunctionDeclaration
  | SkippedStatement;

/** `x = e`, `h, c = e`, `_, key = e`, `z: [batch, 4] = e`; a type stands only beside a single name. */
export interface BindingStatement extends Node {
  readonly kind: "Binding";
  readonly names: readonly Identifier[];
  readonly type?: TensorType;
  readonly value: Expression;
}

/** `keep: [...rest] ~ bernoulli(0.5)`. */
export interface DrawStatement extends Named {
  readonly kind: "Draw";
  readonly type: TensorType;
  readonly distribution: Expression;
}

/** `mean <- e`. */
export interface UpdateStatement extends Named {
  readonly kind: "Update";
  readonly value: Expression;
}

/** `weight W: [n, units] ~ init`, `bias b: [units] = 0`, `param scale: [n] = 1`. */
export interface TrainedStatement extends Named, Documented {
  readonly kind: "Trained";
  readonly role: "weight" | "bias" | "param";
  readonly type: TensorType;
  /** Whether `initial` is drawn from (`~`) or is the value itself (`=`). */
  readonly drawn: boolean;
  readonly initial: Expression;
}

/** `state mean: [n] = 0`; without a type (in an optimizer) it has the shape of `w`. */
export interface StateStatement extends Named, Documented {
  readonly kind: "State";
  readonly type?: TensorType;
  readonly value: Expression;
}

export interface FittedStatement extends Named, Documented {
  readonly kind: "Fitted";
  readonly type?: TensorType;
  readonly value: Expression;
}

export interface CarryStatement extends Named {
  readonly kind: "Carry";
  readonly type?: TensorType;
  readonly value: Expression;
}

/** `shared encoder = mlp([256, 64])`. */
export interface SharedStatement extends Named {
  readonly kind: "Shared";
  readonly value: Expression;
}

/** `input age: [batch] missing -1`, `input x: [batch, 8] ~ normal(0, 1)`. */
export interface InputStatement extends Named, Documented {
  readonly kind: "Input";
  readonly type: TensorType;
  readonly missing?: Expression;
  readonly distribution?: Expression;
}

/** As an input; or computed, with a `value`. */
export interface TargetStatement extends Named, Documented {
  readonly kind: "Target";
  readonly type: TensorType;
  readonly missing?: Expression;
  readonly distribution?: Expression;
  readonly value?: Expression;
}

/** `output y = e`; `output code` gives out what the name stands for. */
export interface OutputStatement extends Node, Documented {
  readonly kind: "Output";
  readonly names: readonly Identifier[];
  readonly type?: TensorType;
  readonly value?: Expression;
}

/** `loss e`, `loss name = e`. */
export interface LossStatement extends Node, Documented {
  readonly kind: "Loss";
  readonly name?: Identifier;
  readonly value: Expression;
}

export interface MetricStatement extends Node, Documented {
  readonly kind: "Metric";
  readonly name?: Identifier;
  readonly value: Expression;
}

/** `regularize l2(1e-4) on weights`, `regularize e`. */
export interface RegularizeStatement extends Node {
  readonly kind: "Regularize";
  readonly value: Expression;
  readonly selector?: Selector;
}

/** `project max_norm(3) on weights`. */
export interface ProjectStatement extends Node {
  readonly kind: "Project";
  readonly value: Expression;
  readonly selector: Selector;
}

export interface ReturnStatement extends Node {
  readonly kind: "Return";
  readonly values: readonly Expression[];
}

export interface YieldStatement extends Node {
  readonly kind: "Yield";
  readonly values: readonly Expression[];
}

/** `if a { } else if b { } else { }`; one branch at least. */
export interface IfStatement extends Node {
  readonly kind: "If";
  readonly branches: readonly IfBranch[];
  readonly otherwise?: Block;
}

export interface IfBranch extends Node {
  readonly kind: "IfBranch";
  readonly condition: Expression;
  readonly block: Block;
}

/** `for units in [256, 128] { … }`. */
export interface ForStatement extends Named {
  readonly kind: "For";
  readonly values: Expression;
  readonly block: Block;
}

/** A statement that could not be read and was reported; `names` is what it seems to bind. */
export interface SkippedStatement extends Node {
  readonly kind: "SkippedStatement";
  readonly names: readonly string[];
}
