/** A source text comes in; its syntax tree and all mistakes of its words and their order go out. */

import type { IToken } from "chevrotain";
import type * as ast from "./ast.js";
import { balance } from "./brackets.js";
import { buildDeclarations } from "./build/declarations.js";
import type { BuildContext } from "./build/context.js";
import { docComments } from "./build/docs.js";
import { buildExpression, buildOperationNode } from "./build/expressions.js";
import { buildBlock } from "./build/statements.js";
import { type Diagnostic, diagnostic } from "./diagnostics.js";
import { lex, refuseSize, tokenSpan } from "./lexer.js";
import type { FileCstNode } from "./parser/cst.js";
import { readFailure } from "./parser/failures.js";
import { NetworkParser, TooDeepError } from "./parser/index.js";
import { checkPlacement } from "./placement.js";
import { damagedStretch, skipStretch } from "./repair.js";
import type { SourceFile, Span } from "./span.js";
import { explainMistake } from "./syntaxErrors.js";

export interface ParseResult {
  /** Complete but for skipped parts; empty where a limit was exceeded. */
  readonly file: ast.File;
  readonly diagnostics: readonly Diagnostic[];
}

/** How many mistakes are listed for one file. */
export const mistakeLimit = 100;

/** Made once, at the first parse (tens of milliseconds); every parse starts it anew with its own tokens. */
let sharedParser: NetworkParser | undefined;

/** Reads a source. Never throws: whatever is wrong with the text is a diagnostic. */
export function parse(source: SourceFile): ParseResult {
  const tooLarge = refuseSize(source);
  if (tooLarge !== undefined) return { file: emptyFile(source, []), diagnostics: [tooLarge] };
  const lexed = lex(source);
  const balanced = balance(source, lexed.tokens);
  const found = [...lexed.diagnostics, ...balanced.diagnostics];
  if (balanced.tooDeep) {
    return { file: emptyFile(source, lexed.comments), diagnostics: inOrder(found) };
  }
  const read = readRepairing(source, balanced.tokens, balanced.doubtful);
  const built = buildFile(source, lexed.comments, read.tree);
  const placed = checkPlacement(built.file);
  const all = [...found, ...read.diagnostics, ...built.diagnostics, ...placed];
  return { file: built.file, diagnostics: inOrder(all) };
}

function emptyFile(source: SourceFile, comments: readonly ast.Comment[]): ast.File {
  const span = { start: 0, end: source.text.length };
  return { kind: "File", span, source, declarations: [], comments };
}

/** By place, each once, and no more than anybody reads. */
function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const sorted = diagnostics.toSorted((a, b) => a.span.start - b.span.start);
  const distinct = sorted.filter((one, index) => {
    const before = sorted[index - 1];
    return before?.code !== one.code || before.span.start !== one.span.start;
  });
  const last = distinct[mistakeLimit - 1];
  if (distinct.length <= mistakeLimit || last === undefined) return distinct;
  const more = `${distinct.length - mistakeLimit} more mistakes in this file are not listed`;
  return [...distinct.slice(0, mistakeLimit - 1), { ...last, notes: [...last.notes, more] }];
}

interface ReadTree {
  readonly tree: FileCstNode | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses, and after each mistake parses again without the part that has it. */
function readRepairing(
  source: SourceFile,
  balanced: readonly IToken[],
  doubtful: readonly Span[],
): ReadTree {
  const parser = (sharedParser ??= new NetworkParser());
  const diagnostics: Diagnostic[] = [];
  // Large sources with many mistakes: each costs a whole parse.
  const rounds = Math.max(2, Math.min(mistakeLimit, Math.floor(250_000 / (balanced.length + 1))));
  let tokens = balanced;
  for (let round = 0; ; round++) {
    const attempt = tryParse(parser, tokens);
    if (attempt.tree !== undefined) return { tree: attempt.tree, diagnostics };
    const mistake = locate(parser, tokens, attempt);
    const explained = explain(source, tokens, attempt, mistake.index);
    if (!isDoubtful(explained.span, doubtful)) diagnostics.push(explained);
    if (round > rounds + 1) return { tree: undefined, diagnostics };
    const stretch =
      round < rounds
        ? damagedStretch(source.text, tokens, mistake.start, mistake.index, mistake.atFileLevel)
        : { start: mistake.declaration, end: tokens.length };
    tokens = skipStretch(tokens, stretch);
  }
}

interface Attempt {
  readonly tree?: FileCstNode;
  readonly token?: IToken;
  readonly message?: string;
}

function tryParse(parser: NetworkParser, tokens: readonly IToken[]): Attempt {
  parser.start(tokens);
  try {
    const tree = parser.file();
    const error = parser.errors[0];
    if (error === undefined) return { tree: tree as FileCstNode };
    return { token: error.token, message: error.message };
  } catch (error) {
    if (error instanceof TooDeepError) return { token: error.token };
    throw error;
  }
}

interface Mistake {
  /** Where the part to leave out begins. */
  readonly start: number;
  /** Where the mistake was noticed; the number of tokens where that is the end. */
  readonly index: number;
  /** Where the declaration with the mistake begins. */
  readonly declaration: number;
  readonly atFileLevel: boolean;
}

const closingRules = ["block", "trainDeclaration", "searchDeclaration"];

function locate(parser: NetworkParser, tokens: readonly IToken[], attempt: Attempt): Mistake {
  const { token, message } = attempt;
  const seen = token === undefined ? -1 : tokens.indexOf(token);
  const index = seen < 0 ? tokens.length : seen;
  const parts = parser.openParts.map((part) => tokens.indexOf(part)).filter((part) => part >= 0);
  const declaration = parts[0] ?? Math.min(index, tokens.length - 1);
  if (message === undefined) {
    const start = parts[1] ?? declaration;
    return { start, index, declaration, atFileLevel: parts.length < 2 };
  }
  const { rule, expected } = readFailure(message);
  // Where a block should go on or end, what stands there is no part of the statement before it.
  const between = closingRules.includes(rule) && expected[0] === "`}`";
  if (between && index < tokens.length) {
    return { start: index, index, declaration, atFileLevel: false };
  }
  const start = parts.at(-1) ?? declaration;
  return { start, index, declaration, atFileLevel: parts.length < 2 };
}

function explain(
  source: SourceFile,
  tokens: readonly IToken[],
  attempt: Attempt,
  index: number,
): Diagnostic {
  if (attempt.message !== undefined) {
    return explainMistake(source, tokens, index, readFailure(attempt.message));
  }
  const last = tokens[index] ?? tokens.at(-1);
  return diagnostic("NN0003", {
    file: source,
    span: last === undefined ? { start: 0, end: 0 } : tokenSpan(last),
    message: "this is nested too deeply",
    notes: ["expressions and blocks may stand in each other 160 deep"],
    hint: "bind inner parts to names, or make them a `fn` or a `layer`",
  });
}

function isDoubtful(span: Span, doubtful: readonly Span[]): boolean {
  return doubtful.some((one) => one.start <= span.start && span.start <= one.end);
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
