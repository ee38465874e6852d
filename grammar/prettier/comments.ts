/** Comments and the nodes around them come in; to which node each is attached, and how it is printed, goes out. */

import type { AstPath, Doc } from "prettier";
import { builders } from "prettier/doc";
import type { Comment, File } from "../ast.js";
import type { AnyNode } from "./nodes.js";
import { isNode } from "./nodes.js";

const { breakParent, hardline, lineSuffix } = builders;

/** A comment as Prettier hands it on, with what it found around it. */
export interface AttachedComment extends Comment {
  leading?: boolean;
  trailing?: boolean;
  printed?: boolean;
  /** Right after the `{` of a block. */
  atBrace?: boolean;
  readonly enclosingNode?: AnyNode;
  readonly precedingNode?: AnyNode;
  readonly followingNode?: AnyNode;
}

interface WithComments {
  comments?: AttachedComment[];
}

export function commentText(comment: Comment): string {
  return `${comment.doc ? "///" : "//"}${comment.text}`.trimEnd();
}

function attach(node: WithComments, comment: AttachedComment): void {
  (node.comments ??= []).push(comment);
}

/** Nodes whose parts each have a line when they are broken, by the kinds of such parts (none listed: all). */
const rows: Readonly<Record<string, readonly string[]>> = {
  File: [],
  Block: [],
  List: [],
  TensorType: [],
  ResultType: [],
  Index: [],
  Call: ["Argument"],
  Stage: ["Argument"],
  StopEarlyLine: ["Argument"],
  Pipeline: ["Stage"],
  Import: ["Identifier"],
  Function: ["Parameter"],
  Init: ["Parameter"],
  Layer: ["Parameter"],
  Optimizer: ["Parameter"],
  Projection: ["Parameter"],
  Model: ["Parameter"],
};

function hasOwnLine(parent: AnyNode, child: AnyNode): boolean {
  if (parent.kind === "Train" || parent.kind === "Search") return child.kind !== "Identifier";
  const kinds = rows[parent.kind];
  return kinds !== undefined && (kinds.length === 0 || kinds.includes(child.kind));
}

/**
 * A comment before a part that begins no line (the value of a binding, say) goes above the whole
 * statement: anywhere else, formatting twice would move it twice.
 */
function hoist(comment: AttachedComment, ast: File): boolean {
  const { enclosingNode, followingNode } = comment;
  if (enclosingNode === undefined || followingNode === undefined) return false;
  if (hasOwnLine(enclosingNode, followingNode)) return false;
  const statement = statementAround(ast, comment.span.start);
  if (statement === undefined) return false;
  comment.leading = true;
  comment.trailing = false;
  attach(statement as WithComments, comment);
  return true;
}

/** The innermost node around an offset that has a line of its own. */
function statementAround(ast: File, offset: number): AnyNode | undefined {
  let found: AnyNode | undefined;
  let parent: AnyNode = ast;
  for (;;) {
    const child: AnyNode | undefined = childrenOf(parent).find(
      (node) => node.span.start <= offset && offset < node.span.end,
    );
    if (child === undefined) return found;
    if (hasOwnLine(parent, child)) found = child;
    parent = child;
  }
}

function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node)
    .flatMap((value: unknown) => (Array.isArray(value) ? (value as unknown[]) : [value]))
    .filter(isNode);
}

function atBrace(comment: AttachedComment): boolean {
  const { enclosingNode, precedingNode } = comment;
  if (enclosingNode?.kind !== "Block" || precedingNode !== undefined) return false;
  comment.leading = false;
  comment.trailing = false;
  comment.atBrace = true;
  attach(enclosingNode as WithComments, comment);
  return true;
}

/** Prettier's hooks: each returns whether it has attached the comment itself. */
export const handleComments = {
  ownLine: (comment: AttachedComment, _text: string, _options: unknown, ast: File): boolean =>
    hoist(comment, ast),
  endOfLine: (comment: AttachedComment, _text: string, _options: unknown, ast: File): boolean =>
    atBrace(comment) || (comment.precedingNode === undefined && hoist(comment, ast)),
  remaining: (comment: AttachedComment, _text: string, _options: unknown, ast: File): boolean =>
    hoist(comment, ast),
};

export function printComment(path: AstPath<AttachedComment>): Doc {
  return commentText(path.node);
}

/** The comments of a node that are neither before nor behind it; they count as printed from here on. */
function takeInner(node: AnyNode, braces: boolean): AttachedComment[] {
  const inner = ((node as WithComments).comments ?? []).filter(
    (one) => one.leading !== true && one.trailing !== true && (one.atBrace === true) === braces,
  );
  for (const comment of inner) comment.printed = true;
  return inner;
}

/** Comments on the line of an opening brace. */
export function braceComments(node: AnyNode): Doc[] {
  return takeInner(node, true).map((one) => [lineSuffix([" ", commentText(one)]), breakParent]);
}

/** Comments in an empty block or file, one to a line. */
export function innerComments(node: AnyNode): Doc[] {
  return takeInner(node, false).map((one) => [commentText(one), breakParent]);
}

/** Comments inside any other node without parts: at the end of its line, further ones below. */
export function strayComments(node: AnyNode): Doc {
  return takeInner(node, false).map((one, index) => [
    lineSuffix([index === 0 ? " " : hardline, commentText(one)]),
    breakParent,
  ]);
}
