// Tokens and the place of a mistake come in; tokens in which the part with the mistake is one `Skipped` go out.

import { type IToken, tokenMatcher, type TokenType } from "chevrotain";
import { beginsStatement } from "./brackets.js";
import { tokenSpan } from "./lexer.js";
import type { Failure } from "./parser/failures.js";
import {
  Arrow,
  Colon,
  Comma,
  Equals,
  Foreign,
  LeftBrace,
  LeftBracket,
  LeftParenthesis,
  Operator,
  Pipe,
  RightBrace,
  RightBracket,
  RightParenthesis,
  Semicolon,
  Skipped,
  Tilde,
  Word,
  allTokens,
  isDeclarationWord,
  reserved,
} from "./tokens.js";

/** A part of the token stream, as indices; `end` is not in it. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Whether a token is the first of its line. */
export function startsLine(text: string, tokens: readonly IToken[], index: number): boolean {
  const token = tokens[index];
  const previous = tokens[index - 1];
  if (token === undefined || previous === undefined) return true;
  return /[\r\n]/.test(text.slice(tokenSpan(previous).end, token.startOffset));
}

/**
 * Whether the token before a mistake begins a new statement, so that the one before it lacks its end:
 * in `x =`, newline, `y = 3` the mistake is seen at the second `=`.
 */
export function belongsToNextStatement(
  text: string,
  tokens: readonly IToken[],
  mistake: number,
): boolean {
  const before = tokens[mistake - 1];
  if (before === undefined || !startsLine(text, tokens, mistake - 1)) return false;
  const token = tokens[mistake];
  if (token === undefined || !tokenMatcher(before, Word)) return false;
  const declares = tokenMatcher(token, Colon) || tokenMatcher(token, Tilde);
  if (declares || beginsStatement(before, token)) return true;
  // `epochs` before `20`: a word and its value, where the line before lacks its own.
  const continues = [Operator, Comma, Pipe, LeftParenthesis, LeftBracket];
  const earlier = tokens[mistake - 2];
  return earlier !== undefined && !continues.some((sign) => tokenMatcher(earlier, sign));
}

/**
 * The part to leave out: from `start` to where the next statement (in a block) or the next
 * declaration (at file level) begins, brackets passed over as wholes.
 */
export function damagedStretch(
  text: string,
  tokens: readonly IToken[],
  start: number,
  mistake: number,
  atFileLevel: boolean,
): Stretch {
  const backward = mistake - 1 > start && belongsToNextStatement(text, tokens, mistake);
  const earliest = Math.max(start + 1, backward ? mistake - 1 : mistake);
  let depth = 0;
  for (let index = start; index < tokens.length; index++) {
    const token = tokens[index];
    if (token === undefined) break;
    const ends =
      depth === 0 &&
      index >= earliest &&
      (atFileLevel ? endsDeclaration(text, tokens, index) : endsStatement(text, tokens, index));
    if (ends || (depth === 0 && tokenMatcher(token, RightBrace))) return { start, end: index };
    depth += bracketStep(token);
  }
  return { start, end: tokens.length };
}

/** At a declaration or two words at the start of a line, or at whatever begins a line after a block. */
function endsDeclaration(text: string, tokens: readonly IToken[], index: number): boolean {
  const token = tokens[index];
  const before = tokens[index - 1];
  const afterBlock = before !== undefined && tokenMatcher(before, RightBrace);
  const words = [token, tokens[index + 1]];
  const looksLikeOne = words.every((one) => one !== undefined && tokenMatcher(one, Word));
  return (
    startsLine(text, tokens, index) && (isDeclarationWord(token) || afterBlock || looksLikeOne)
  );
}

function endsStatement(text: string, tokens: readonly IToken[], index: number): boolean {
  const token = tokens[index];
  if (token === undefined || tokenMatcher(token, Semicolon)) return true;
  if (!startsLine(text, tokens, index)) return false;
  const starters = [Word, Skipped, reserved.if, reserved.for, reserved.return, reserved.yield];
  return starters.some((starter) => tokenMatcher(token, starter));
}

function bracketStep(token: IToken): number {
  const is = (type: IToken["tokenType"]): boolean => token.tokenType === type;
  if (is(LeftBrace) || is(LeftParenthesis) || is(LeftBracket)) return 1;
  return is(RightBrace) || is(RightParenthesis) || is(RightBracket) ? -1 : 0;
}

/** Puts one `Skipped` token, which carries the names that it seems to declare, in place of a stretch. */
export function skipStretch(tokens: readonly IToken[], stretch: Stretch): IToken[] {
  const cut = tokens.slice(stretch.start, stretch.end);
  const from = cut[0];
  const to = cut.at(-1);
  if (from === undefined || to === undefined) return [...tokens];
  const skipped: IToken = {
    image: from.image,
    startOffset: from.startOffset,
    endOffset: Math.max(from.startOffset, tokenSpan(to).end - 1),
    tokenType: Skipped,
    tokenTypeIdx: Skipped.tokenTypeIdx ?? 0,
    payload: declaredNames(cut),
  };
  return [...tokens.slice(0, stretch.start), skipped, ...tokens.slice(stretch.end)];
}

/** The names that stand before the first `=`, `~` or `<-`, or after a keyword at the start. */
function declaredNames(tokens: readonly IToken[]): string[] {
  const names: string[] = [];
  const isWord = (token: IToken | undefined): token is IToken =>
    token !== undefined && tokenMatcher(token, Word);
  const [head, second] = tokens;
  let index = isWord(head) && isWord(second) ? 1 : 0;
  if (index === 1 && second !== undefined) names.push(second.image);
  for (; ; index += 2) {
    const name = tokens[index];
    const sign = tokens[index + 1];
    if (!isWord(name) || sign === undefined) break;
    const compared = index === 0 && sign.image === "==";
    const binds =
      compared ||
      [Equals, Tilde, Arrow, Colon, Comma, Foreign].some((one) => tokenMatcher(sign, one));
    if (binds) names.push(name.image);
    if (!tokenMatcher(sign, Comma)) break;
  }
  return [...new Set(names)];
}

/** Rules whose parts are separated by commas: where the bracket should close, a comma may be missing. */
const separated = ["arguments", "list", "parameters", "shape", "index", "resultType"];

/** The tokens with one of them put in, replaced or left out at a mistake; brackets stay as they are. */
export function singleEdits(
  text: string,
  tokens: readonly IToken[],
  index: number,
  failure: Failure,
): IToken[][] {
  const [expected] = failure.expected;
  const token = tokens[index];
  const closing = closers.get(expected ?? "");
  if (token !== undefined && belongsToPipeline(text, tokens, index)) {
    return [[...tokens.slice(0, index), standIn(Pipe, token.startOffset), ...tokens.slice(index)]];
  }
  const between =
    failure.rule === "" || (closing === RightBrace && failure.rule !== "importDeclaration");
  if (token !== undefined && trainRules.includes(failure.rule)) return punctuated(tokens, index);
  if (token === undefined || failure.expected.length !== 1 || between) return [];
  const put = (type: TokenType, removed: number): IToken[] => [
    ...tokens.slice(0, index),
    standIn(type, token.startOffset),
    ...tokens.slice(index + removed),
  ];
  const edits: IToken[][] = [];
  const wanted = insertable.get(expected ?? "");
  // A declaration without its shape does not take the next line for one.
  if (wanted === Colon && startsLine(text, tokens, index)) return [];
  if (closing !== undefined && separated.includes(failure.rule)) edits.push(put(Comma, 0));
  if (wanted !== undefined) edits.push(put(wanted, 0));
  if (bracketStep(token) !== 0) return edits;
  if (wanted !== undefined) edits.push(put(wanted, 1));
  edits.push([...tokens.slice(0, index), ...tokens.slice(index + 1)]);
  return edits;
}

/** Whether a call begins a line below one that begins with `|>`, and has none itself. */
export function belongsToPipeline(text: string, tokens: readonly IToken[], index: number): boolean {
  const [before, token, next] = tokens.slice(index - 1, index + 2);
  if (before === undefined || token === undefined || next === undefined) return false;
  const isCall = tokenMatcher(token, Word) && tokenMatcher(next, LeftParenthesis);
  if (!isCall || !startsLine(text, tokens, index)) return false;
  let start = index - 1;
  while (start > 0 && !startsLine(text, tokens, start)) start--;
  const first = tokens[start];
  return first !== undefined && tokenMatcher(first, Pipe);
}

/** A sign too many in a line of these is left out, however near the next mistake is. */
export const trainRules = ["trainLine", "trainDeclaration", "searchLine", "searchDeclaration"];

/** Lines of a training block without the signs that other languages put into them: `batch: 3,`. */
function punctuated(tokens: readonly IToken[], index: number): IToken[][] {
  const [token, next] = [tokens[index], tokens[index + 1]];
  const without = (position: number): IToken[] => tokens.filter((_, at) => at !== position);
  if (token !== undefined && tokenMatcher(token, Comma)) return [without(index)];
  const word = token !== undefined && tokenMatcher(token, Word);
  if (!word || next === undefined) return [];
  return tokenMatcher(next, Colon) || tokenMatcher(next, Equals) ? [without(index + 1)] : [];
}

const closers = new Map(
  [RightParenthesis, RightBracket, RightBrace].map((type) => [type.LABEL ?? "", type]),
);

/** Signs and keywords by their label; names, literals and brackets are not made up. */
const insertable = new Map(
  allTokens
    .filter((type) => type.LABEL?.startsWith("`") === true && !/[(){}[\]]/.test(type.LABEL))
    .map((type) => [type.LABEL ?? "", type]),
);

/** A token of no width, which no message names. */
function standIn(type: TokenType, offset: number): IToken {
  return {
    image: type.LABEL?.slice(1, -1) ?? "",
    startOffset: offset,
    endOffset: offset - 1,
    tokenType: type,
    tokenTypeIdx: type.tokenTypeIdx ?? 0,
  };
}
