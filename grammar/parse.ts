// A source text comes in; its syntax tree and all mistakes of its words and their order go out.

import type * as ast from "./ast.js";
import { balance, balanceOpened, type BalancedTokens } from "./brackets.js";
import { buildDeclarations } from "./build/declarations.js";
import type { BuildContext } from "./build/context.js";
import { docComments } from "./build/docs.js";
import { buildExpression, buildOperationNode } from "./build/expressions.js";
import { buildBlock } from "./build/statements.js";
import { type Diagnostic, unlistedNotes } from "./diagnostics.js";
import { lex, type LexedSource, refuseSize } from "./lexer.js";
import type { FileCstNode } from "./parser/cst.js";
import { checkPlacement } from "./placement.js";
import { mistakeLimit, type ReadTree, readTokens } from "./read.js";
import type { SourceFile } from "./span.js";

export interface ParseResult {
  /** Complete but for skipped parts; empty where a limit was exceeded. */
  readonly file: ast.File;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads a source. Never throws: whatever is wrong with the text is a diagnostic. */
export function parse(source: SourceFile): ParseResult {
  const tooLarge = refuseSize(source);
  if (tooLarge !== undefined) return { file: emptyFile(source, []), diagnostics: [tooLarge] };
  const lexed = lex(source);
  const balanced = balance(source, lexed.tokens);
  if (balanced.tooDeep) {
    const found = [...lexed.diagnostics, ...balanced.diagnostics];
    return { file: emptyFile(source, lexed.comments), diagnostics: inOrder(found) };
  }
  const read = readBalanced(source, lexed, balanced);
  const built = buildFile(source, lexed.comments, read.tree);
  const misplaced = checkPlacement(built.file);
  const all = [...lexed.diagnostics, ...read.diagnostics, ...built.diagnostics, ...misplaced];
  return { file: built.file, diagnostics: inOrder(all, read.isCutOff) };
}

/** The mistakes of brackets and of what they hold; blocks without their opening brace are looked for behind a mistake alone. */
function readBalanced(source: SourceFile, lexed: LexedSource, balanced: BalancedTokens): ReadTree {
  const read = ({ tokens, diagnostics, doubtful }: BalancedTokens): ReadTree => {
    const tree = readTokens(source, tokens, [...lexed.doubtful, ...doubtful]);
    return { ...tree, diagnostics: [...diagnostics, ...tree.diagnostics] };
  };
  const plain = read(balanced);
  if (plain.diagnostics.length === 0) return plain;
  const opened = balanceOpened(source, lexed.tokens);
  return opened === undefined ? plain : read(opened);
}

function emptyFile(source: SourceFile, comments: readonly ast.Comment[]): ast.File {
  const span = { start: 0, end: source.text.length };
  return { kind: "File", span, source, declarations: [], comments };
}

/** By place, each once, and no more than anybody reads. */
function inOrder(diagnostics: readonly Diagnostic[], isCutOff = false): Diagnostic[] {
  const sorted = diagnostics.toSorted((a, b) => a.span.start - b.span.start);
  const distinct = sorted.filter((one, index) => {
    const before = sorted[index - 1];
    return before?.code !== one.code || before.span.start !== one.span.start;
  });
  const listed = distinct.slice(0, mistakeLimit);
  const last = listed.at(-1);
  const notes = unlistedNotes(distinct.length - listed.length, isCutOff);
  if (last === undefined) return listed;
  return [...listed.slice(0, -1), { ...last, notes: [...last.notes, ...notes] }];
}

interface BuiltFile {
  readonly file: ast.File;
  readonly diagnostics: readonly Diagnostic[];
}

function buildFile(
  source: SourceFile,
  comments: readonly ast.Comment[],
  tree: FileCstNode | undefined,
): BuiltFile {
  const docs = docComments(source, comments);
  const context: BuildContext = {
    file: source,
    docs,
    diagnostics: [],
    depths: new WeakMap(),
    deepest: 0,
    unread: 0,
    expression: (node) => buildExpression(context, node),
    operation: (node) => buildOperationNode(context, node),
    block: (node) => buildBlock(context, node),
  };
  const file: ast.File = {
    ...emptyFile(source, comments),
    ...(docs.ofFile === undefined ? {} : { doc: docs.ofFile }),
    declarations: tree === undefined ? [] : buildDeclarations(context, tree),
  };
  return { file, diagnostics: context.diagnostics };
}
