// A token stream comes in; one whose brackets match goes out, with the mistakes and the stretches they make doubtful.

import { type IToken, tokenMatcher, type TokenType } from "chevrotain";
import { type Diagnostic, diagnostic } from "./diagnostics.js";
import { tokenSpan } from "./lexer.js";
import { emptyToken, isStandIn, openBlocks, startsDeclaration } from "./openBlocks.js";
import type { SourceFile, Span } from "./span.js";
import {
  Arrow,
  Equals,
  LeftBrace,
  LeftBracket,
  LeftParenthesis,
  Pipe,
  RightBrace,
  RightBracket,
  RightParenthesis,
  Word,
  reserved,
} from "./tokens.js";

/** How deep brackets may stand in each other; the parser's stack stays far below its limit. */
const bracketLimit = 64;

export interface BalancedTokens {
  readonly tokens: readonly IToken[];
  readonly diagnostics: readonly Diagnostic[];
  /** Where a bracket was missing or too many: further mistakes in here are its consequences. */
  readonly doubtful: readonly Span[];
  /** Whether brackets are nested beyond the limit; such a stream must not be parsed. */
  readonly tooDeep: boolean;
}

const pairs: readonly (readonly [TokenType, TokenType, string, string])[] = [
  [LeftBrace, RightBrace, "{", "}"],
  [LeftParenthesis, RightParenthesis, "(", ")"],
  [LeftBracket, RightBracket, "[", "]"],
];

const openers = new Map(pairs.map(([open, close, , text]) => [open, { close, text }]));
const closers = new Map(pairs.map(([open, close, text]) => [close, { open, text }]));

interface Opened {
  readonly token: IToken;
  /** Its position in the tokens written out so far. */
  readonly position: number;
}

interface Balancer {
  readonly file: SourceFile;
  readonly out: IToken[];
  readonly stack: Opened[];
  readonly diagnostics: Diagnostic[];
  readonly doubtful: Span[];
}

/** Matches brackets; a missing closing one is put where the text suggests it, one too many is left out. */
export function balance(file: SourceFile, tokens: readonly IToken[]): BalancedTokens {
  const deep = tooDeep(file, tokens);
  if (deep !== undefined) return { tokens, diagnostics: [deep], doubtful: [], tooDeep: true };
  const plain = run(file, tokens, false);
  // Where a brace is missing, a declaration at the start of a line says best which block it should end.
  return matched(plain.diagnostics.length === 0 ? plain : run(file, tokens, true));
}

/**
 * The same where blocks lack the brace that opens them, undefined where none does: only of tokens with mistakes,
 * as what stands at the start of a line has no meaning in others.
 */
export function balanceOpened(
  file: SourceFile,
  tokens: readonly IToken[],
): BalancedTokens | undefined {
  const opened = openBlocks(file, tokens);
  if (opened.diagnostics.length === 0) return undefined;
  const balanced = matched(run(file, opened.tokens, true));
  return { ...balanced, diagnostics: [...opened.diagnostics, ...balanced.diagnostics] };
}

function matched({ out, diagnostics, doubtful }: Balancer): BalancedTokens {
  return { tokens: out, diagnostics, doubtful, tooDeep: false };
}

function tooDeep(file: SourceFile, tokens: readonly IToken[]): Diagnostic | undefined {
  let depth = 0;
  for (const token of tokens) {
    if (openers.has(token.tokenType)) depth++;
    else if (closers.has(token.tokenType)) depth = Math.max(0, depth - 1);
    if (depth > bracketLimit) {
      return diagnostic("NN0002", {
        file,
        span: tokenSpan(token),
        message: "brackets are nested too deeply",
        notes: [`this one is inside ${bracketLimit} others, which is the limit`],
        hint: "bind inner parts to names, or make them a `fn` or a `layer`",
      });
    }
  }
  return undefined;
}

function run(file: SourceFile, tokens: readonly IToken[], useLines: boolean): Balancer {
  const balancer: Balancer = { file, out: [], stack: [], diagnostics: [], doubtful: [] };
  tokens.forEach((token, index) => {
    if (useLines && startsDeclaration(file, token, tokens[index + 1])) closeAll(balancer, token);
    const opener = openers.get(token.tokenType);
    const closer = closers.get(token.tokenType);
    if (closer !== undefined) close(balancer, token, tokens[index + 1], closer.open, closer.text);
    else {
      if (opener !== undefined) balancer.stack.push({ token, position: balancer.out.length });
      balancer.out.push(token);
    }
  });
  closeAll(balancer, undefined);
  return balancer;
}

function closeAll(balancer: Balancer, before: IToken | undefined): void {
  for (let top = balancer.stack.pop(); top !== undefined; top = balancer.stack.pop()) {
    insertCloser(balancer, top, before);
  }
}

function close(
  balancer: Balancer,
  token: IToken,
  next: IToken | undefined,
  open: TokenType,
  text: string,
): void {
  const { stack, out } = balancer;
  const top = stack.at(-1);
  const matching = stack.findLastIndex((one) => one.token.tokenType === open);
  if (top !== undefined && top.token.tokenType === open) {
    stack.pop();
    out.push(token);
  } else if (top !== undefined && matching >= 0 && next !== undefined && closes(next, top)) {
    // `[1, 2)]`: the two closing brackets stand in the wrong order.
    stack.pop();
    mismatch(balancer, top, token);
  } else if (matching >= 0) {
    while (stack.length > matching + 1) {
      const unclosed = stack.pop();
      if (unclosed !== undefined) insertCloser(balancer, unclosed, token);
    }
    stack.pop();
    out.push(token);
  } else if (top !== undefined && open !== LeftBrace && top.token.tokenType !== LeftBrace) {
    stack.pop();
    mismatch(balancer, top, token);
  } else {
    const found = tokenSpan(token);
    balancer.doubtful.push(found);
    balancer.diagnostics.push(
      diagnostic("NN0102", {
        file: balancer.file,
        span: found,
        message: `this \`${token.image}\` closes nothing`,
        notes: [`there is no open \`${text}\` before it`],
        hint: `remove it, or add the missing \`${text}\``,
      }),
    );
  }
}

function closes(token: IToken, opened: Opened): boolean {
  return closers.get(token.tokenType)?.open === opened.token.tokenType;
}

function mismatch(balancer: Balancer, opened: Opened, token: IToken): void {
  const wanted = openers.get(opened.token.tokenType);
  if (wanted === undefined) return;
  balancer.out.push(standIn(wanted.close, wanted.text, token));
  balancer.diagnostics.push(
    diagnostic("NN0103", {
      file: balancer.file,
      span: tokenSpan(token),
      message: `\`${opened.token.image}\` is closed by \`${token.image}\``,
      labels: [{ file: balancer.file, span: tokenSpan(opened.token), text: "opened here" }],
      hint: `write \`${wanted.text}\``,
    }),
  );
}

/** Reports an opening bracket without an end and ends it: before the next statement, else before `before`. */
function insertCloser(balancer: Balancer, opened: Opened, before: IToken | undefined): void {
  const { file, out } = balancer;
  const wanted = openers.get(opened.token.tokenType);
  if (wanted === undefined) return;
  if (isStandIn(opened.token)) {
    out.push(emptyToken(wanted.close, wanted.text, tokenSpan(out.at(-1) ?? opened.token).end));
    return;
  }
  const inParentheses = opened.token.tokenType !== LeftBrace;
  const statement = inParentheses ? nextStatement(file, out, opened.position) : out.length;
  const position = Math.min(statement, inParentheses ? nextStep(out, opened.position) : statement);
  const previous = out[position - 1] ?? opened.token;
  const at = tokenSpan(previous).end;
  // What follows an open brace is mostly as meant; an open parenthesis swallows the statements after it.
  if (inParentheses) {
    const last = out[statement - 1] ?? previous;
    balancer.doubtful.push({ start: tokenSpan(opened.token).start, end: tokenSpan(last).end });
  }
  out.splice(position, 0, emptyToken(wanted.close, wanted.text, at));
  const follower = out[position + 1] ?? before;
  const labels =
    follower === undefined
      ? []
      : [{ file, span: tokenSpan(follower), text: `\`${wanted.text}\` was expected before this` }];
  balancer.diagnostics.push(
    diagnostic("NN0101", {
      file,
      span: tokenSpan(opened.token),
      message: `this \`${opened.token.image}\` is never closed`,
      labels,
      hint: swallowedBy(file, opened.token, wanted.text) ?? `add the missing \`${wanted.text}\``,
    }),
  );
}

/** `dense(n // 2)`: a comment on the line of the bracket holds the one that would close it. */
function swallowedBy(file: SourceFile, opener: IToken, closing: string): string | undefined {
  const start = opener.startOffset + 1;
  const [line = ""] = file.text.slice(start, start + 400).split(/[\r\n]/, 1);
  const [, left = "", right = ""] = /(\w+)\s*\/\/\s*(\w+)/.exec(line) ?? [];
  if (right === "" || !line.slice(line.indexOf("//")).includes(closing)) return undefined;
  return `\`//\` begins a comment, which goes to the end of the line; a quotient rounded down is \`floor(${left} / ${right})\``;
}

/** In `x |> dense(8 |> relu()` the next step of the pipeline, which is hardly part of the argument; else the end. */
function nextStep(tokens: readonly IToken[], opener: number): number {
  const before = tokens[opener - 2];
  const inPipeline = before !== undefined && tokenMatcher(before, Pipe);
  let depth = 0;
  for (let index = opener + 1; inPipeline && index < tokens.length; index++) {
    const token = tokens[index];
    if (token === undefined) break;
    if (openers.has(token.tokenType)) depth++;
    else if (closers.has(token.tokenType)) depth--;
    else if (depth === 0 && tokenMatcher(token, Pipe)) return index;
  }
  return tokens.length;
}

/** The first token after an opening bracket that begins a line and can only begin a statement, else the end. */
function nextStatement(file: SourceFile, tokens: readonly IToken[], opener: number): number {
  for (let index = opener + 1; index < tokens.length; index++) {
    const token = tokens[index];
    const previous = tokens[index - 1];
    if (token === undefined || previous === undefined) break;
    const gap = file.text.slice(tokenSpan(previous).end, token.startOffset);
    if (/[\r\n]/.test(gap) && beginsStatement(token, tokens[index + 1])) return index;
  }
  return tokens.length;
}

/** Whether two tokens at the start of a line can only begin a statement. */
export function beginsStatement(token: IToken, next: IToken | undefined): boolean {
  const { return: returns, yield: yields, for: loops } = reserved;
  if ([returns, yields, loops].some((word) => tokenMatcher(token, word))) return true;
  if (next === undefined || !tokenMatcher(token, Word)) return false;
  if (tokenMatcher(next, Equals) || tokenMatcher(next, Arrow)) return true;
  const statementWord = token.tokenType.name !== "Name";
  return statementWord && tokenMatcher(next, Word);
}

function standIn(type: TokenType, image: string, token: IToken): IToken {
  return { ...token, tokenType: type, tokenTypeIdx: type.tokenTypeIdx ?? 0, image };
}
