// Comments and the nodes around them come in; to which node each is attached, and how it is printed, goes out.

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
  /** Where this plugin puts it, where it does not leave that to Prettier. */
  put?: Placement;
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

/** Kinds of the parts that have a line each when their parent is broken, by the kind of the parent. */
const rows: Readonly<Record<string, readonly string[]>> = {
  Index: ["Position", "Slice", "Ellipsis", "NewAxis"],
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

/** Whether a part begins a line of its own as soon as its parent is broken over lines. */
function isRow(parent: AnyNode, child: AnyNode): boolean {
  switch (parent.kind) {
    case "File":
    case "Block":
    case "List":
      return true;
    case "Train":
    case "Search":
      return child.kind !== "Identifier";
    case "TensorType":
      return parent.classes !== child;
    case "ResultType":
      return parent.parenthesized;
    default:
      return rows[parent.kind]?.includes(child.kind) === true;
  }
}

/** The innermost row around a comment: its statement, or its argument, stage, element… */
function rowAround(ast: File, comment: AttachedComment): AnyNode {
  const offset = comment.span.start;
  let found: AnyNode = ast;
  let parent: AnyNode = ast;
  for (;;) {
    const child: AnyNode | undefined = childrenOf(parent).find(
      (node) => node.span.start <= offset && offset < node.span.end,
    );
    if (child === undefined) return found;
    if (isRow(parent, child)) found = child;
    parent = child;
  }
}

function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node)
    .flatMap((value: unknown) => (Array.isArray(value) ? (value as unknown[]) : [value]))
    .filter(isNode);
}

/** Behind a node, on a line of its own where it has one, as Prettier prints it. */
function trail(node: AnyNode, comment: AttachedComment): true {
  comment.leading = false;
  comment.trailing = true;
  ((node as WithComments).comments ??= []).push(comment);
  return true;
}

type Placement = "above" | "brace" | "inner";

function put(node: AnyNode, comment: AttachedComment, placement: Placement): true {
  comment.leading = false;
  comment.trailing = false;
  comment.put = placement;
  ((node as WithComments).comments ??= []).push(comment);
  return true;
}

/**
 * Decides where a comment goes; `false` leaves it to Prettier. Statements keep their comments as Prettier
 * attaches them. Inside a statement a comment keeps its line only where a line begins or ends; any other
 * goes above the row in which it stands: formatting once more must not move it again.
 */
function attach(comment: AttachedComment, text: string, ast: File, ownLine: boolean): boolean {
  const { enclosingNode: parent, precedingNode: before } = comment;
  if (parent === undefined || parent.kind === "File") return false;
  if (parent.kind === "Block") {
    return before === undefined && !ownLine && put(parent, comment, "brace");
  }
  if (parent.kind === "Train" || parent.kind === "Search") {
    if (before !== undefined && before.kind !== "Identifier") return false;
    const [first] = parent.lines;
    return first === undefined ? put(parent, comment, "inner") : put(first, comment, "above");
  }
  // Behind the bracket that closes a list of rows a comment is no longer one of the last row.
  const row =
    before !== undefined && isRow(parent, before) && !closedBetween(text, before, comment);
  const rowBefore = row ? before : undefined;
  return ownLine
    ? attachOwnLine(comment, ast, parent, rowBefore)
    : attachAtEnd(comment, ast, parent, rowBefore);
}

/** Whether a closing bracket stands between a node and a comment. */
function closedBetween(text: string, before: AnyNode, comment: AttachedComment): boolean {
  const between = text.slice(before.span.end, comment.span.start);
  return /[)\]}]/.test(between.replace(/\/\/[^\r\n]*/g, ""));
}

function attachOwnLine(
  comment: AttachedComment,
  ast: File,
  parent: AnyNode,
  rowBefore: AnyNode | undefined,
): boolean {
  const { followingNode: after } = comment;
  if (after !== undefined && isRow(parent, after)) return put(after, comment, "above");
  if (rowBefore !== undefined) return trail(rowBefore, comment);
  return put(rowAround(ast, comment), comment, "above");
}

function attachAtEnd(
  comment: AttachedComment,
  ast: File,
  parent: AnyNode,
  rowBefore: AnyNode | undefined,
): boolean {
  const { precedingNode: before, followingNode: after } = comment;
  // A first operand may carry one comment at the end of its line; a second would move down a line.
  const operand = parent.kind === "Binary" && parent.left === before;
  const piped = parent.kind === "Pipeline" && parent.input === before;
  const first = (operand || piped) && (before as WithComments).comments === undefined;
  if (before !== undefined && (first || before === rowBefore)) return trail(before, comment);
  if (after?.kind === "Block") return put(after, comment, "brace");
  const row = after !== undefined && isRow(parent, after) ? after : rowAround(ast, comment);
  return put(row, comment, "above");
}

/** Whether a comment within a node goes below it with the empty line that stands above the comment. */
export function endsApart(node: AnyNode, text: string): boolean {
  const own = (node as WithComments).comments ?? [];
  const apart = own.some(
    ({ trailing, span }) =>
      trailing === true && /\n[ \t\r]*\n[ \t]*$/.test(text.slice(0, span.start)),
  );
  return apart || childrenOf(node).some((child) => endsApart(child, text));
}

/** Prettier's hooks: each returns whether it has attached the comment itself. */
export const handleComments = {
  ownLine: (comment: AttachedComment, text: string, _options: unknown, ast: File): boolean =>
    attach(comment, text, ast, true),
  endOfLine: (comment: AttachedComment, text: string, _options: unknown, ast: File): boolean =>
    attach(comment, text, ast, false),
  remaining: (comment: AttachedComment, text: string, _options: unknown, ast: File): boolean =>
    attach(comment, text, ast, false),
};

export function printComment(path: AstPath<AttachedComment>): Doc {
  return commentText(path.node);
}

/** The comments of a node that Prettier does not print itself; they count as printed from here on. */
function take(node: AnyNode, placement: Placement): AttachedComment[] {
  const taken = ((node as WithComments).comments ?? []).filter((one) => {
    const around = one.leading === true || one.trailing === true;
    return !around && one.printed !== true && (one.put ?? "inner") === placement;
  });
  for (const comment of taken) comment.printed = true;
  return taken;
}

/** Comments on lines of their own above a row. */
export function commentsAbove(node: AnyNode): Doc {
  return take(node, "above").map((one) => [commentText(one), hardline]);
}

/** Comments on the line of an opening brace. */
export function braceComments(node: AnyNode): Doc[] {
  return take(node, "brace").map((one) => [lineSuffix([" ", commentText(one)]), breakParent]);
}

/** Comments in an empty block or file, one to a line. */
export function innerComments(node: AnyNode): Doc[] {
  return take(node, "inner").map((one) => [commentText(one), breakParent]);
}
