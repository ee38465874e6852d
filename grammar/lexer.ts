// A source text comes in; its tokens, its comments and all mistakes of single words and signs go out.

import { type ILexingError, type IToken, Lexer, tokenMatcher } from "chevrotain";
import type { Comment } from "./ast.js";
import { type Diagnostic, diagnostic } from "./diagnostics.js";
import {
  characterHint,
  foreignSign,
  quotedText,
  type PlaceOfSign,
  showCharacter,
} from "./foreign.js";
import {
  Float,
  Foreign,
  Integer,
  LeftParenthesis,
  MalformedNumber,
  Name,
  OpenText,
  RightParenthesis,
  Text,
  Word,
  allTokens,
  isDeclarationWord,
  reserved,
} from "./tokens.js";
import type { SourceFile, Span } from "./span.js";
import { once } from "./once.js";
import { readString } from "./strings.js";

/** The largest source text, in bytes of UTF-8. */
const sourceLimit = 1 << 20;

export interface LexedSource {
  readonly tokens: readonly IToken[];
  readonly comments: readonly Comment[];
  readonly diagnostics: readonly Diagnostic[];
  /** Where something was left out: what follows on the line may be wrong for that reason alone. */
  readonly doubtful: readonly Span[];
}

/** Stateless between calls. */
const lexer = once(
  () =>
    new Lexer([...allTokens], {
      positionTracking: "onlyOffset",
      skipValidations: true,
      recoveryEnabled: true,
    }),
);

export function tokenSpan(token: IToken): Span {
  return { start: token.startOffset, end: (token.endOffset ?? token.startOffset) + 1 };
}

/** The diagnostic of a source beyond the size limit; nothing of such a source is read. */
export function refuseSize(file: SourceFile): Diagnostic | undefined {
  const bytes = file.text.length > sourceLimit ? file.text.length : utf8Length(file.text);
  if (bytes <= sourceLimit) return undefined;
  const grouped = String(bytes).replace(/\B(?=(?:\d{3})+$)/g, ",");
  return diagnostic("NN0001", {
    file,
    span: { start: 0, end: 0 },
    message: "this source is too large",
    notes: [`it has ${grouped} bytes; the limit is 1,048,576 (1 MiB)`],
    hint: "move parts into files of their own and `import` them; data does not belong in a source",
  });
}

function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // A surrogate pair is two units and four bytes: one more for each half.
    if (unit >= 0x80) bytes += unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

/** Splits a text into tokens; mistakes are reported and leave a token behind where one was plainly meant. */
export function lex(file: SourceFile): LexedSource {
  const text = file.text.startsWith("\ufeff") ? ` ${file.text.slice(1)}` : file.text;
  const result = lexer().tokenize(text);
  const diagnostics = result.errors.flatMap((error) => unknownCharacters(file, error));
  diagnostics.push(...brokenUnicode(file));
  const tokens: IToken[] = [];
  for (const token of joinNames(text, result.tokens, result.errors)) {
    const { kept, mistake } = inspectToken(file, token, tokens);
    if (mistake !== undefined) diagnostics.push(mistake);
    if (kept !== undefined) tokens.push(kept);
  }
  const comments = (result.groups.comments ?? []).map((token) => commentOf(withEnd(token)));
  const doubtful = result.errors.map((error) => restOfLine(text, error.offset));
  return { tokens, comments, diagnostics, doubtful };
}

/** A token with both its ends; the lexer tells only where it starts. */
function withEnd(token: IToken): IToken {
  token.endOffset = token.startOffset + token.image.length - 1;
  return token;
}

function restOfLine(text: string, offset: number): Span {
  const rest = text.slice(offset, offset + 10_000).search(/[\r\n]/);
  return { start: offset, end: rest < 0 ? offset + 10_000 : offset + rest };
}

/** Letters beyond a to z are a mistake, but still part of the name in which they stand. */
function joinNames(
  text: string,
  tokens: readonly IToken[],
  errors: readonly ILexingError[],
): IToken[] {
  const letters = errors
    .map((error) => ({
      offset: error.offset,
      image: text.slice(error.offset, error.offset + error.length),
    }))
    .filter((one) => /^[\p{L}\p{M}\p{N}]+$/u.test(one.image))
    .map((one) => nameToken(one.image, one.offset));
  if (letters.length === 0) return tokens.map(withEnd);
  const all = [...tokens.map(withEnd), ...letters];
  const joined: IToken[] = [];
  for (const token of all.sort((a, b) => a.startOffset - b.startOffset)) {
    const before = joined.at(-1);
    const touches = before !== undefined && tokenSpan(before).end === token.startOffset;
    if (touches && isWordlike(before) && isWordlike(token)) {
      joined[joined.length - 1] = nameToken(before.image + token.image, before.startOffset);
    } else joined.push(token);
  }
  return joined;
}

function isWordlike(token: IToken): boolean {
  return (
    tokenMatcher(token, Word) || Object.values(reserved).some((type) => tokenMatcher(token, type))
  );
}

function nameToken(image: string, startOffset: number): IToken {
  const endOffset = startOffset + image.length - 1;
  return { image, startOffset, endOffset, tokenType: Name, tokenTypeIdx: Name.tokenTypeIdx ?? 0 };
}

function commentOf(token: IToken): Comment {
  const doc = token.image.startsWith("///") && !token.image.startsWith("////");
  const text = token.image.slice(doc ? 3 : 2);
  return { kind: "Comment", span: tokenSpan(token), doc, text };
}

interface InspectedToken {
  readonly kept: IToken | undefined;
  readonly mistake?: Diagnostic | undefined;
}

function inspectToken(file: SourceFile, token: IToken, before: readonly IToken[]): InspectedToken {
  if (tokenMatcher(token, Foreign)) return foreignToken(file, token, before);
  if (tokenMatcher(token, OpenText)) {
    const mistake = diagnostic("NN0006", {
      file,
      span: tokenSpan(token),
      message: "this string is never closed",
      hint: 'a string ends with `"` on the line where it starts',
    });
    return { kept: retyped(token, Text, `"${token.image.slice(1).replace(/\\$/, "")}"`), mistake };
  }
  if (tokenMatcher(token, Text)) return { kept: token, mistake: badEscape(file, token) };
  if (tokenMatcher(token, MalformedNumber)) {
    const mistake = diagnostic("NN0008", {
      file,
      span: tokenSpan(token),
      message: `\`${shorten(token.image)}\` is not a number`,
      hint: numberHint(token.image),
    });
    // Its value is not a number, so that nothing more is told of it.
    return { kept: retyped(token, Integer, token.image), mistake };
  }
  if (tokenMatcher(token, Integer) || tokenMatcher(token, Float)) return numberToken(file, token);
  return { kept: token };
}

/** A token that stands where another one was written. */
function retyped(token: IToken, tokenType: IToken["tokenType"], image: string): IToken {
  const tokenTypeIdx = tokenType.tokenTypeIdx ?? token.tokenTypeIdx;
  return { ...token, tokenType, tokenTypeIdx, image };
}

function foreignToken(file: SourceFile, token: IToken, before: readonly IToken[]): InspectedToken {
  const place = token.image === "->" ? placeOfSign(file.text, before) : undefined;
  const { message, hint, meant, statement } = foreignSign(token.image, place);
  // Told where the parser meets it: what it means depends on what stands around it.
  if (statement === true) return { kept: token };
  // The parser tells of the whole head of `for (i = 0; i < 3; i++)`.
  if (isInHeadOfFor(before)) return { kept: undefined };
  const mistake = diagnostic("NN0010", { file, span: tokenSpan(token), message, hint });
  if (meant === undefined) return { kept: undefined, mistake };
  const image = meant === Text ? JSON.stringify(quotedText(token.image)) : token.image;
  return { kept: retyped(token, meant, image), mistake };
}

/** What the tokens before a sign are the end of. */
function placeOfSign(text: string, before: readonly IToken[]): PlaceOfSign {
  const last = before.at(-1);
  if (last === undefined) return "operand";
  if (tokenMatcher(last, RightParenthesis)) {
    const head = before[openingOf(before, before.length - 1) - 2];
    return head !== undefined && isDeclarationWord(head) ? "signature" : "operand";
  }
  const gap = text.slice(tokenSpan(before.at(-2) ?? last).end, last.startOffset);
  return tokenMatcher(last, Word) && /[\r\n]/.test(gap) ? "start" : "operand";
}

/** How far back the head of a loop is looked for, in tokens. */
const headLimit = 40;

/** Whether the parenthesis that is open last stands behind `for`. */
function isInHeadOfFor(before: readonly IToken[]): boolean {
  const head = before.slice(-headLimit);
  const closed = head.findLastIndex((token) => tokenMatcher(token, RightParenthesis));
  const open = head.findLastIndex((token) => tokenMatcher(token, LeftParenthesis));
  const word = head[open - 1];
  return open > closed && word !== undefined && tokenMatcher(word, reserved.for);
}

/** Where the parenthesis opens that is closed at a place. */
function openingOf(tokens: readonly IToken[], closing: number): number {
  let depth = 0;
  for (let index = closing; index >= 0; index--) {
    const token = tokens[index];
    if (token === undefined) break;
    if (tokenMatcher(token, RightParenthesis)) depth++;
    if (tokenMatcher(token, LeftParenthesis)) depth--;
    if (depth === 0) return index;
  }
  return 0;
}

function badEscape(file: SourceFile, token: IToken): Diagnostic | undefined {
  const { badEscapes } = readString(token.image);
  const bad = badEscapes[0];
  if (bad === undefined) return undefined;
  const span = { start: token.startOffset + bad.start, end: token.startOffset + bad.end };
  return diagnostic("NN0007", {
    file,
    span,
    message: `\`${token.image.slice(bad.start, bad.end)}\` is not an escape`,
    hint: 'the escapes are `\\"`, `\\\\`, `\\n`, `\\t`, `\\r` and `\\u{1F600}`; a backslash is `\\\\`',
  });
}

function numberToken(file: SourceFile, token: IToken): InspectedToken {
  const value = Number(token.image.replaceAll("_", ""));
  const whole = tokenMatcher(token, Integer);
  const fits = whole ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (fits) return { kept: token };
  const mistake = diagnostic("NN0009", {
    file,
    span: tokenSpan(token),
    message: "this number is too large",
    notes: [
      whole
        ? "whole numbers reach to 9_007_199_254_740_991 (2^53 - 1)"
        : "numbers reach to about 1.8e308",
    ],
    hint: whole ? "a large number that need not be exact is written `1e20`" : undefined,
  });
  return { kept: retyped(token, whole ? Integer : Float, "1"), mistake };
}

function numberHint(image: string): string {
  if (image.includes("_")) return "`_` stands between two digits: `1_000`";
  if (/^0[xob]/i.test(image)) return "numbers are decimal";
  if (/^\d+(\.\d+)?[A-Za-z]\w*$/.test(image) && !/^\d+(\.\d+)?[eE]$/.test(image)) {
    return "a name does not start with a digit, and a product is written with `*`: `2 * x`";
  }
  return "numbers are written `10`, `1_000`, `0.1` or `1e-3`";
}

function shorten(image: string): string {
  return image.length > 40 ? `${image.slice(0, 40)}…` : image;
}

const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function brokenUnicode(file: SourceFile): Diagnostic[] {
  const first = file.text.search(loneSurrogate);
  if (first < 0) return [];
  return [
    diagnostic("NN0005", {
      file,
      span: { start: first, end: first + 1 },
      message: "this is not valid Unicode",
      notes: ["half of a surrogate pair stands alone here"],
      hint: "save the file as UTF-8",
    }),
  ];
}

/** One diagnostic for a stretch of unknown characters, named after the first. */
function unknownCharacters(file: SourceFile, error: ILexingError): Diagnostic[] {
  const text = file.text.slice(error.offset, error.offset + error.length);
  const character = String.fromCodePoint(text.codePointAt(0) ?? 0);
  if (/^[\ud800-\udfff]$/.test(character)) return [];
  const end = error.offset + Math.max(1, text.trimEnd().length);
  return [
    diagnostic("NN0004", {
      file,
      span: { start: error.offset, end },
      message: `${showCharacter(character)} is not a character of the language`,
      hint: characterHint(character),
    }),
  ];
}
