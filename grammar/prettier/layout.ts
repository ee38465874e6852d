// Parts that are printed come in; lists, blocks and assignments as Prettier documents go out.

import type { Doc } from "prettier";
import { builders } from "prettier/doc";
import type { AnyNode, Printing } from "./nodes.js";

const { group, hardline, ifBreak, indent, join, line, softline } = builders;

/** `(a, b)`, or one part to a line with a comma behind each. */
export function bracketed(open: string, parts: readonly Doc[], close: string): Doc {
  if (parts.length === 0) return [open, close];
  return group([
    open,
    indent([softline, join([",", line], [...parts])]),
    ifBreak(","),
    softline,
    close,
  ]);
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

/** `left = value`: a long value that can break begins a new line, any other stays beside the sign. */
export function assignment(left: Doc, sign: string, value: AnyNode, print: () => Doc): Doc {
  const ownLine = value.kind === "Binary" || value.kind === "Conditional";
  if (ownLine) return [left, " ", sign, group(indent([line, print()]))];
  return [left, " ", sign, " ", print()];
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
}

/** `{ … }`: on one line where the source begins it so and it fits, else one statement to a line. */
export function braces(text: string, block: BlockParts): Doc {
  const { nodes, parts, beside, inner } = block;
  if (parts.length === 0 && inner.length === 0 && beside.length === 0) return "{}";
  const rows = parts.length === 0 ? inner : lines(text, nodes, parts);
  const first = nodes[0];
  const spread = first !== undefined && /[\r\n]/.test(text.slice(block.brace, first.span.start));
  const separator = [ifBreak("", "  "), softline];
  return group(["{", ...beside, indent([line, join(separator, [...rows])]), line, "}"], {
    shouldBreak: spread,
  });
}
