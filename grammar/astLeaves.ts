// Takes no input, gives the types of syntax nodes that hold no expression: names, comments, literals, selectors.

import type { Span } from "./span.js";

/** What every node has. Spans leave out parentheses around an expression and doc comments above a declaration. */
export interface Node {
  readonly kind: string;
  readonly span: Span;
}

/** What a node that introduces one name has. */
export interface Named extends Node {
  readonly name: string;
  readonly nameSpan: Span;
}

/** What a declaration with a doc comment has: its lines joined by `\n`, without slashes and common indentation. */
export interface Documented {
  readonly doc?: string;
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

// ---- words of types

export type WrittenElementType = "f32" | "f16" | "i32" | "u32" | "bool" | "category";

/** A type of compile-time values. */
export interface ScalarType extends Node {
  readonly kind: "ScalarType";
  readonly name: "int" | "float" | "bool" | "string";
}

export interface SpreadDimension extends Named {
  readonly kind: "SpreadDimension";
}

// ---- leaves of expressions

export interface ExpressionNode {
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

export type UnaryOperator = "-" | "not";

export type ArithmeticOperator = "^" | "*" | "/" | "%" | "@" | "+" | "-";
export type ComparisonOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";
export type LogicalOperator = "and" | "or";
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | LogicalOperator;

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

// ---- selectors

/** `weights`, `encoder.*, head.W`: one item at least. */
export interface Selector {
  readonly kind: "Selector";
  readonly span: Span;
  readonly items: readonly SelectorItem[];
}

/** `encoder.conv2d_1.W`, `encoder.weights`, `encoder.*`, `*.base.*`, `block_*.norm.*`; which words are roles is decided by analysis. */
export interface SelectorItem {
  readonly kind: "SelectorItem";
  readonly span: Span;
  /** Each name may hold stars. */
  readonly path: readonly Identifier[];
}

/** `online.*`: all parameters and states below an instance, in what follows them. */
export interface EverythingExpression extends ExpressionNode {
  readonly kind: "Everything";
  /** Of the instance. */
  readonly path: readonly Identifier[];
}

/** A statement that could not be read and was reported; `names` is what it seems to bind. */
export interface SkippedStatement extends Node {
  readonly kind: "SkippedStatement";
  readonly names: readonly string[];
}
