// Parts that are printed come in; lists, blocks and assignments as Prettier documents go out.

import type { Doc } from "prettier";
import { builders } from "prettier/doc";
import type { AnyNode, Printing } from "./nodes.js";

const { fill, group, hardline, ifBreak, indent, join, label, line, softline } = builders;

/**
 * `(a, b)`; where that is too long the parts on one line between the brackets, and where that is too long as well
 * one to a line with a comma behind each.
 */
export function bracketed(open: string, parts: readonly Doc[], close: string): Doc {
  if (parts.length === 0) return [open, close];
  const rows = group([join([",", line], [...parts]), ifBreak(",")]);
  return group([open, indent([softline, rows]), softline, close]);
}

/** `(a, b)`, or as many parts to a line as fit: of what is short and many, like parameters and lists of numbers. */
export function filled(open: string, parts: readonly Doc[], close: string): Doc {
  if (parts.length === 0) return [open, close];
  if (parts.some(mayStandApart)) return bracketed(open, parts, close);
  const rows = fill(join(line, withCommas(parts)));
  return group([open, indent([softline, rows]), softline, close]);
}

const ownLines = "own lines";

/** A block or a pipeline: it stands on several lines where the source has it so, and hence wherever it once did not fit. */
export function asInSource(doc: Doc): Doc {
  return label(ownLines, doc);
}

/** Whether a part may have several lines, now or when what comes out is laid out anew. */
function mayStandApart(doc: Doc): boolean {
  return flatWidth(doc) === Infinity || hasOwnLines(doc);
}

function hasOwnLines(doc: Doc): boolean {
  if (typeof doc === "string") return false;
  if (Array.isArray(doc)) return doc.some(hasOwnLines);
  switch (doc.type) {
    case "label":
      return doc.label === ownLines || hasOwnLines(doc.contents);
    case "group":
    case "indent":
    case "align":
      return hasOwnLines(doc.contents);
    case "fill":
      return doc.parts.some(hasOwnLines);
    default:
      return false;
  }
}

function withCommas(parts: readonly Doc[]): Doc[] {
  return parts.map((part, index) => (index === parts.length - 1 ? part : [part, ","]));
}

/** `[a, b]`, which breaks only where it is wider than `most`, or holds a comment: other brackets around it break first. */
export function kept(open: string, parts: readonly Doc[], close: string, most: number): Doc {
  const flat = [open, join(", ", [...parts]), close];
  return flatWidth(flat) <= most && !parts.some(mayStandApart)
    ? flat
    : bracketed(open, parts, close);
}

/** The columns that a document takes on one line; infinite where it cannot stand on one. */
export function flatWidth(doc: Doc): number {
  if (typeof doc === "string") return doc.length;
  if (Array.isArray(doc)) return doc.reduce<number>((sum, part) => sum + flatWidth(part), 0);
  switch (doc.type) {
    case "line":
      if ("hard" in doc && doc.hard === true) return Infinity;
      return "soft" in doc && doc.soft === true ? 0 : 1;
    case "break-parent":
    // A comment behind a part.
    case "line-suffix":
      return Infinity;
    case "group":
      return doc.break ? Infinity : flatWidth(doc.contents);
    case "fill":
      return flatWidth(doc.parts);
    case "if-break":
      return flatWidth(doc.flatContents);
    case "indent":
    case "align":
    case "label":
      return flatWidth(doc.contents);
    default:
      return 0;
  }
}

/** `a, b` without brackets. */
export function commaList(parts: readonly Doc[]): Doc {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return group(indent(join([",", line], [...parts])));
}

/** Each part of a list-valued property, printed. */
export function printed(printing: Printing, key: string, count: number): Doc[] {
  return Array.from({ length: count }, (_, index) => printing.print([key, index]));
}

/**
 * `left = value`. Where that is too long an operation begins a new line, and so does a value that fits on one;
 * any other stays beside the sign and breaks within its brackets. A pipeline has a line for each stage.
 */
export function assignment(
  left: Doc,
  sign: string,
  value: { readonly key: string; readonly node: AnyNode },
  printing: Printing,
): Doc {
  const { key, node } = value;
  const doc = printing.print([key]);
  const operation = node.kind === "Binary" || node.kind === "Conditional";
  const room = printing.width - printing.indentation - 2;
  const fits = !mayStandApart(doc) && flatWidth(doc) <= room;
  if (operation || fits) return [left, " ", sign, group(indent([line, doc]))];
  return [left, " ", sign, " ", doc];
}

/** Whether the source leaves a line empty below a node. */
function blankLineAfter(text: string, offset: number): boolean {
  return /^[ \t]*[;,]?[ \t]*(?:\/\/[^\r\n]*)?(?:\r\n|\r|\n)[ \t]*(?:\r\n|\r|\n)/.test(
    text.slice(offset, offset + 4096),
  );
}

/** Statements or declarations, one to a line; single empty lines between them are kept. */
export function lines(text: string, nodes: readonly AnyNode[], parts: readonly Doc[]): Doc[] {
  return parts.map((part, index) => {
    const node = nodes[index];
    if (node === undefined || index === parts.length - 1) return part;
    return blankLineAfter(text, node.span.end) ? [part, hardline] : part;
  });
}

export interface BlockParts {
  readonly nodes: readonly AnyNode[];
  readonly parts: readonly Doc[];
  /** Where the `{` stands in the text. */
  readonly brace: number;
  /** Comments beside the `{`. */
  readonly beside: readonly Doc[];
  /** Comments in a block without statements. */
  readonly inner: readonly Doc[];
  /** By which parts know whether they stand one to a line. */
  readonly id?: symbol;
}

/** `{ … }`: on one line where the source begins it so and it fits, else one statement to a line. */
export function braces(text: string, { nodes, parts, beside, inner, brace, id }: BlockParts): Doc {
  if (parts.length === 0 && inner.length === 0 && beside.length === 0) return "{}";
  const rows = parts.length === 0 ? inner : lines(text, nodes, parts);
  const first = nodes[0];
  const spread = first !== undefined && /[\r\n]/.test(text.slice(brace, first.span.start));
  const separator = [ifBreak("", "  "), softline];
  const whole = group(["{", ...beside, indent([line, join(separator, [...rows])]), line, "}"], {
    shouldBreak: spread,
    ...(id === undefined ? {} : { id }),
  });
  return asInSource(whole);
}
