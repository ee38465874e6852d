// A file comes in; what building its tree keeps at hand goes out: doc comments, the mistakes so far, the depth of what was built.

import type { CstNode, IToken } from "chevrotain";
import type { Block, Expression, Identifier } from "../ast.js";
import type { DiagnosticCode } from "../catalogue/index.js";
import { type Diagnostic, type DiagnosticDetails, diagnostic } from "../diagnostics.js";
import { tokenSpan } from "../lexer.js";
import type { BlockCstNode, ExpressionCstNode, OperationCstNode } from "../parser/cst.js";
import type { SourceFile, Span } from "../span.js";
import type { DocComments } from "./docs.js";

/** How deep an expression's tree may be, so that whoever walks it may recurse. */
const treeLimit = 256;

export interface BuildContext {
  readonly file: SourceFile;
  readonly docs: DocComments;
  readonly diagnostics: Diagnostic[];
  /** The depth of the tree under each composed expression; a leaf has 1 and is not listed. */
  readonly depths: WeakMap<object, number>;
  /** Expressions and blocks contain each other: their builders are reached through here. */
  readonly expression: (node: ExpressionCstNode) => Expression;
  readonly operation: (node: OperationCstNode) => Expression;
  readonly block: (node: BlockCstNode) => Block;
  /** The deepest expression since the statement or scan began. */
  deepest: number;
  /** Types of the parts that are being built that could not be read: the innermost part around one is skipped. */
  unread: number;
}

/** Thrown where an expression's tree is too deep; caught where its statement is built, which is then skipped. */
export class TreeTooDeepError extends Error {
  constructor(readonly span: Span) {
    super("the expression is nested too deeply");
  }
}

export function report(
  context: BuildContext,
  code: DiagnosticCode,
  span: Span,
  details: Omit<DiagnosticDetails, "file" | "span">,
): void {
  context.diagnostics.push(diagnostic(code, { ...details, file: context.file, span }));
}

/** Notes the depth of a composed node, given its parts, and hands the node back. */
export function composed<Node extends { readonly span: Span }>(
  context: BuildContext,
  node: Node,
  parts: readonly (object | undefined)[],
): Node {
  let depth = 0;
  for (const part of parts) {
    if (part !== undefined) depth = Math.max(depth, context.depths.get(part) ?? 1);
  }
  return withDepth(context, node, depth + 1);
}

/** Notes a depth that is known. */
export function withDepth<Node extends { readonly span: Span }>(
  context: BuildContext,
  node: Node,
  depth: number,
): Node {
  if (depth > treeLimit) throw new TreeTooDeepError(node.span);
  context.depths.set(node, depth);
  context.deepest = Math.max(context.deepest, depth);
  return node;
}

/** The first of a list that the grammar never leaves empty. */
export function first<Item>(items: readonly Item[] | undefined): Item {
  const item = items?.[0];
  if (item === undefined) throw new Error("the grammar promises a part that is not there");
  return item;
}

/** The n-th of a list that the grammar makes that long. */
export function nth<Item>(items: readonly Item[] | undefined, index: number): Item {
  const item = items?.[index];
  if (item === undefined) throw new Error("the grammar promises a part that is not there");
  return item;
}

export function nodeSpan(node: CstNode): Span {
  const start = node.location?.startOffset ?? 0;
  return { start, end: (node.location?.endOffset ?? start - 1) + 1 };
}

export function identifier(token: IToken): Identifier {
  return { kind: "Identifier", span: tokenSpan(token), name: token.image };
}

/** The name of what is declared, and where it is written. */
export function named(token: IToken): { readonly name: string; readonly nameSpan: Span } {
  return { name: token.image, nameSpan: tokenSpan(token) };
}

/** `{ [key]: value }` where there is a value, else nothing: optional properties are absent, never undefined. */
export function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): Partial<Record<Key, Value>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, Value>);
}
