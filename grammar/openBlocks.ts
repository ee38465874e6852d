// Tokens come in; those in which every declaration that goes on in the next line has the brace that opens its block go out.

import { type IToken, tokenMatcher, type TokenType } from "chevrotain";
import { type Diagnostic, diagnostic } from "./diagnostics.js";
import { tokenSpan } from "./lexer.js";
import type { SourceFile } from "./span.js";
import {
  Colon,
  LeftBrace,
  LeftParenthesis,
  RightBrace,
  RightParenthesis,
  Word,
  isDeclarationWord,
  reserved,
} from "./tokens.js";

/** Whether a token begins a line without indentation and a declaration. */
export function startsDeclaration(
  file: SourceFile,
  token: IToken,
  next: IToken | undefined,
): boolean {
  if (!isDeclarationWord(token)) return false;
  const before = token.startOffset === 0 ? "\n" : file.text[token.startOffset - 1];
  const named = next !== undefined && (tokenMatcher(next, Word) || tokenMatcher(next, LeftBrace));
  return named && (before === "\n" || before === "\r");
}

/** A token of no width, put in where one is missing. */
export function emptyToken(type: TokenType, image: string, offset: number): IToken {
  return {
    image,
    startOffset: offset,
    endOffset: offset - 1,
    tokenType: type,
    tokenTypeIdx: type.tokenTypeIdx ?? 0,
  };
}

export const isStandIn = ({ startOffset, endOffset }: IToken): boolean =>
  endOffset !== undefined && endOffset < startOffset;

interface OpenedBlocks {
  readonly tokens: readonly IToken[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Puts in the `{` of `model M`, newline, `input x: [batch, 4]`; a `:` in its place is left out. */
export function openBlocks(file: SourceFile, tokens: readonly IToken[]): OpenedBlocks {
  const braces: { readonly from: number; readonly to: number; readonly brace: IToken }[] = [];
  const diagnostics: Diagnostic[] = [];
  let depth = 0;
  tokens.forEach((token, index) => {
    if (is(token, LeftBrace)) depth++;
    if (is(token, RightBrace)) depth = Math.max(0, depth - 1);
    if (depth > 0 || !startsDeclaration(file, token, tokens[index + 1])) return;
    const end = headEnd(file, tokens, index);
    if (end === undefined) return;
    const [last, next] = [tokens[end - 1], tokens[end]];
    if (last === undefined || next === undefined) return;
    const colon = tokenMatcher(last, Colon);
    const before = colon ? tokens[end - 2] : last;
    const at = tokenSpan(last).end;
    braces.push({ from: colon ? end - 1 : end, to: end, brace: emptyToken(LeftBrace, "{", at) });
    const head = file.text.slice(token.startOffset, tokenSpan(before ?? last).end);
    const found = colon ? "`:` was found" : `the next line begins with \`${next.image}\``;
    diagnostics.push(
      diagnostic("NN0104", {
        file,
        span: colon ? tokenSpan(last) : { start: at, end: at },
        message: `\`{\` was expected after \`${before?.image ?? ""}\`, but ${found}`,
        hint: `a block stands in braces: \`${/[\r\n]/.test(head) ? "…" : head} { … }\``,
      }),
    );
  });
  return { tokens: withBraces(tokens, braces), diagnostics };
}

function withBraces(
  tokens: readonly IToken[],
  braces: readonly { readonly from: number; readonly to: number; readonly brace: IToken }[],
): readonly IToken[] {
  const starts = [0, ...braces.map(({ to }) => to)];
  return starts.flatMap((start, place) => {
    const next = braces[place];
    return [...tokens.slice(start, next?.from), ...(next === undefined ? [] : [next.brace])];
  });
}

/** The longest list of parameters that is looked through, in tokens. */
const headLimit = 2000;

/** Behind the head of a declaration that lacks its brace; undefined where nothing is lacking. */
function headEnd(file: SourceFile, tokens: readonly IToken[], start: number): number | undefined {
  const word = tokens[start];
  if (word === undefined || !hasBlock(word) || !is(tokens[start + 1], Word)) return undefined;
  let end = start + 2;
  if (is(tokens[end], LeftParenthesis)) end = closingOf(tokens, end) + 1;
  // What stands on the line of the name or of the closing parenthesis: a result type, a stage, a brace, a body.
  while (end < tokens.length && !beginsLine(file, tokens, end)) {
    if (is(tokens[end], LeftBrace) || tokens[end]?.image === "=") return undefined;
    end++;
  }
  const next = tokens[end];
  if (next?.image === "stage") return undefined;
  if (next === undefined || startsDeclaration(file, next, tokens[end + 1])) return undefined;
  const begins = [Word, reserved.if, reserved.for, reserved.return].some((type) => is(next, type));
  return begins ? end : undefined;
}

const hasBlock = (word: IToken): boolean =>
  ["model", "train", "search", "layer", "fn", "optimizer", "projection"].includes(word.image);

const is = (token: IToken | undefined, type: TokenType): boolean =>
  token !== undefined && tokenMatcher(token, type);

function closingOf(tokens: readonly IToken[], opening: number): number {
  let depth = 0;
  for (let index = opening; index < Math.min(tokens.length, opening + headLimit); index++) {
    if (is(tokens[index], LeftParenthesis)) depth++;
    if (is(tokens[index], RightParenthesis)) depth--;
    if (depth === 0) return index;
  }
  return tokens.length;
}

function beginsLine({ text }: SourceFile, tokens: readonly IToken[], index: number): boolean {
  const [before, token] = [tokens[index - 1], tokens[index]];
  if (before === undefined || token === undefined) return true;
  return /[\r\n]/.test(text.slice(tokenSpan(before).end, token.startOffset));
}
