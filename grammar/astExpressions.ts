// Takes no input, gives the types of expressions in the syntax tree: literals, operators, calls, indexing, pipelines, scans.

import type { Block, Identifier } from "./ast.js";
import type { Span } from "./span.js";

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
  | PipelineExpression
  | ScanExpression;

interface ExpressionNode {
  readonly kind: string;
  /** Without the parentheses around it. */
  readonly span: Span;
  /** The outermost parentheses around it, where there are any; they mean nothing but order. */
  readonly parentheses?: Span;
}

export interface NameExpression extends ExpressionNode {
  readonly kind: "Name";
  readonly name: string;
}

/** `10`, `1_000`; `value` is exact (at most 2^53 - 1). */
export interface IntegerLiteral extends ExpressionNode {
  readonly kind: "Integer";
  readonly value: number;
  readonly text: string;
}

/** `0.1`, `1e-3`; `value` is finite. */
export interface FloatLiteral extends ExpressionNode {
  readonly kind: "Float";
  readonly value: number;
  readonly text: string;
}

/** `value` has its escapes resolved, `text` is as written, with its quotes. */
export interface StringLiteral extends ExpressionNode {
  readonly kind: "String";
  readonly value: string;
  readonly text: string;
}

export interface BooleanLiteral extends ExpressionNode {
  readonly kind: "Boolean";
  readonly value: boolean;
}

/** `[256, 128]`, `[...skips, x]`; also what stands where a shape is wanted: `[...rest, 1]`. */
export interface ListExpression extends ExpressionNode {
  readonly kind: "List";
  readonly elements: readonly ListElement[];
}

export type ListElement = Expression | SpreadElement;

/** `...skips` in a list. */
export interface SpreadElement {
  readonly kind: "Spread";
  readonly span: Span;
  readonly value: Expression;
}

export type UnaryOperator = "-" | "not";

export interface UnaryExpression extends ExpressionNode {
  readonly kind: "Unary";
  readonly operator: UnaryOperator;
  readonly operatorSpan: Span;
  readonly operand: Expression;
}

export type ArithmeticOperator = "^" | "*" | "/" | "%" | "@" | "+" | "-";
export type ComparisonOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";
export type LogicalOperator = "and" | "or";
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | LogicalOperator;

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

/** `x[..., 0]`. */
export interface IndexEllipsis {
  readonly kind: "Ellipsis";
  readonly span: Span;
}

/** `x[:, new]`. */
export interface IndexNewAxis {
  readonly kind: "NewAxis";
  readonly span: Span;
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
