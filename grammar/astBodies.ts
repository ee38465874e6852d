// Takes no input, gives the types of functions, types, statements and expressions in the syntax tree, which hold one another.

import type {
  BinaryOperator,
  BooleanLiteral,
  Documented,
  EverythingExpression,
  WrittenElementType,
  ExpressionNode,
  FloatLiteral,
  Identifier,
  IndexEllipsis,
  IndexNewAxis,
  IntegerLiteral,
  NameExpression,
  Named,
  Node,
  ScalarType,
  Selector,
  SkippedStatement,
  SpreadDimension,
  StringLiteral,
  UnaryOperator,
} from "./astLeaves.js";
import type { Span } from "./span.js";

// ---- functions

/** `fn f(x, axis = -1): [n] = e where a = b` or `fn f(x) { … return e }`; at file level or in a block. */
export interface FunctionDeclaration extends Named, Documented {
  readonly kind: "Function";
  readonly parameters: readonly Parameter[];
  readonly result?: ResultType;
  readonly body: Body;
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

export type Type = TensorType | ScalarType;

/** `[batch, n]`, `u32[n]`, `category(10)[batch]`. */
export interface TensorType extends Node {
  readonly kind: "TensorType";
  readonly element: WrittenElementType;
  /** Where the element type is written; absent where it is the default, f32. */
  readonly elementSpan?: Span;
  /** The number of classes of a category. */
  readonly classes?: Expression;
  readonly dimensions: readonly Dimension[];
}

/** A dimension is an expression over names and integers, or `...rest`. */
export type Dimension = Expression | SpreadDimension;

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
  | FollowStatement
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
  | CheckStatement
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

/** `mean <- e`, `h, c <- e`, `_, c <- e`. */
export interface UpdateStatement extends Node {
  readonly kind: "Update";
  readonly names: readonly Identifier[];
  readonly value: Expression;
}

/** `slow.* = online.*`, what they start from; `slow.* <- e`, their next values. */
export interface FollowStatement extends Node {
  readonly kind: "Follow";
  readonly target: EverythingExpression;
  readonly next: boolean;
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

/** `check n % groups == 0, "groups divides the channels"`. */
export interface CheckStatement extends Node {
  readonly kind: "Check";
  readonly condition: Expression;
  readonly message: string;
  readonly messageSpan: Span;
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

// ---- expressions

export type Expression =
  | NameExpression
  | IntegerLiteral
  | FloatLiteral
  | StringLiteral
  | BooleanLiteral
  | ListExpression
  | UnaryExpression
  | BinaryExpression
  | ConditionalExpression
  | CallExpression
  | IndexExpression
  | MemberExpression
  | EverythingExpression
  | PipelineExpression
  | ScanExpression;

/** `[256, 128]`, `[...skips, x]`; also what stands where a shape is wanted: `[...rest, 1]`. */
export interface ListExpression extends ExpressionNode {
  readonly kind: "List";
  readonly elements: readonly ListElement[];
}

export type ListElement = Expression | SpreadElement;

export interface SpreadElement {
  readonly kind: "Spread";
  readonly span: Span;
  readonly value: Expression;
}

export interface UnaryExpression extends ExpressionNode {
  readonly kind: "Unary";
  readonly operator: UnaryOperator;
  readonly operatorSpan: Span;
  readonly operand: Expression;
}

export interface BinaryExpression extends ExpressionNode {
  readonly kind: "Binary";
  readonly operator: BinaryOperator;
  readonly operatorSpan: Span;
  readonly left: Expression;
  readonly right: Expression;
}

/** `if c then a else b`. */
export interface ConditionalExpression extends ExpressionNode {
  readonly kind: "Conditional";
  readonly condition: Expression;
  readonly whenTrue: Expression;
  readonly whenFalse: Expression;
}

export interface CallExpression extends ExpressionNode {
  readonly kind: "Call";
  readonly callee: Expression;
  readonly arguments: readonly Argument[];
}

/** `x` or `axis: -1`; positional ones stand before named ones. */
export interface Argument {
  readonly kind: "Argument";
  readonly span: Span;
  readonly name?: string;
  readonly nameSpan?: Span;
  readonly value: Expression;
}

export interface IndexExpression extends ExpressionNode {
  readonly kind: "Index";
  readonly object: Expression;
  readonly items: readonly IndexItem[];
}

export type IndexItem = IndexPosition | IndexSlice | IndexEllipsis | IndexNewAxis;

/** `x[i]`. */
export interface IndexPosition {
  readonly kind: "Position";
  readonly span: Span;
  readonly value: Expression;
}

/** `x[a:b:step]`, each part optional. */
export interface IndexSlice {
  readonly kind: "Slice";
  readonly span: Span;
  readonly start?: Expression;
  readonly stop?: Expression;
  readonly step?: Expression;
}

/** `m.name`. */
export interface MemberExpression extends ExpressionNode {
  readonly kind: "Member";
  readonly object: Expression;
  readonly name: string;
  readonly nameSpan: Span;
}

/** `x |> f(a) |> relu`; one stage at least, applied from the left. */
export interface PipelineExpression extends ExpressionNode {
  readonly kind: "Pipeline";
  readonly input: Expression;
  readonly stages: readonly PipelineStage[];
}

/** One `|> f(a, k: b)`; `|> relu` has no arguments. */
export interface PipelineStage {
  readonly kind: "Stage";
  /** From `|>` to the end of the call. */
  readonly span: Span;
  readonly callee: NameExpression | MemberExpression;
  readonly arguments: readonly Argument[];
  /** Whether parentheses were written: `|> flatten()` but not `|> flatten`. */
  readonly called: boolean;
}

/** `scan a, b in x, y along 1, reverse: true { … }`. */
export interface ScanExpression extends ExpressionNode {
  readonly kind: "Scan";
  readonly names: readonly Identifier[];
  readonly sources: readonly Expression[];
  readonly along?: Expression;
  readonly reverse?: Expression;
  readonly block: Block;
}
