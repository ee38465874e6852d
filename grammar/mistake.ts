// A token that could not be taken, and its neighbours, come in; how messages name and underline it goes out.

import { type IToken, tokenMatcher, type TokenType } from "chevrotain";
import type { DiagnosticCode } from "./catalogue/index.js";
import { type Diagnostic, diagnostic, type DiagnosticDetails } from "./diagnostics.js";
import { tokenSpan } from "./lexer.js";
import type { SourceFile, Span } from "./span.js";
import { Text } from "./tokens.js";

/** A mistake: the token that could not be taken, and its neighbours. */
export interface Mistake {
  readonly file: SourceFile;
  readonly tokens: readonly IToken[];
  readonly index: number;
  readonly token: IToken | undefined;
  readonly previous: IToken | undefined;
  readonly next: IToken | undefined;
}

export function mistakeAt(file: SourceFile, tokens: readonly IToken[], index: number): Mistake {
  const [token, previous, next] = [tokens[index], tokens[index - 1], tokens[index + 1]];
  return { file, tokens, index, token, previous, next };
}

export function at(
  mistake: Mistake,
  code: DiagnosticCode,
  details: Omit<DiagnosticDetails, "file" | "span">,
  span: Span = mistakeSpan(mistake),
): Diagnostic {
  return diagnostic(code, { ...details, file: mistake.file, span });
}

/** The span of the token; at the end of the file, the last one. */
function mistakeSpan(mistake: Mistake): Span {
  const token = mistake.token ?? mistake.previous;
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
