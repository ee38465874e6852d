// A token that could not be taken, and its neighbours, come in; how messages name and underline it goes out.

import { type IToken, tokenMatcher, type TokenType } from "chevrotain";
import type { DiagnosticCode } from "./catalogue/index.js";
import { type Diagnostic, diagnostic, type DiagnosticDetails } from "./diagnostics.js";
import { tokenSpan } from "./lexer.js";
import type { SourceFile, Span } from "./span.js";
import { Text } from "./tokens.js";

/** The place of a mistake: the token that could not be taken, and its neighbours. */
export interface Place {
  readonly file: SourceFile;
  readonly tokens: readonly IToken[];
  readonly index: number;
  readonly token: IToken | undefined;
  readonly previous: IToken | undefined;
  readonly next: IToken | undefined;
}

export function at(
  place: Place,
  code: DiagnosticCode,
  details: Omit<DiagnosticDetails, "file" | "span">,
  span: Span = placeSpan(place),
): Diagnostic {
  return diagnostic(code, { ...details, file: place.file, span });
}

/** The span of the token; at the end of the file, the last one. */
function placeSpan(place: Place): Span {
  const token = place.token ?? place.previous;
  return token === undefined ? { start: 0, end: 0 } : tokenSpan(token);
}

export function is(token: IToken | undefined, ...types: readonly TokenType[]): boolean {
  return token !== undefined && types.some((type) => tokenMatcher(token, type));
}

/** A token as a message names it. */
export function show(token: IToken | undefined): string {
  if (token === undefined) return "the end of the file";
  if (is(token, Text)) return "a string";
  const image = token.image.length > 30 ? `${token.image.slice(0, 30)}…` : token.image;
  return `\`${image}\``;
}
