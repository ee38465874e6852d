// A sign or character that the language lacks comes in; what it is called here and the token meant by it go out.

import type { TokenType } from "chevrotain";
import { Colon, Equals, Pipe, Power, reserved, Text } from "./tokens.js";

/** What to say of a foreign sign, and the token that stands for it from then on (none: it is left out). */
export interface ForeignSign {
  readonly message: string;
  readonly hint: string;
  readonly meant?: TokenType;
  /** The statement that has it says nothing that could be kept. */
  readonly statement?: boolean;
}

const assignments: Readonly<Record<string, string>> = {
  "+=": "+",
  "-=": "-",
  "*=": "*",
  "/=": "/",
  "%=": "%",
};

const signs: Readonly<Record<string, ForeignSign>> = {
  "&&": { message: "`&&` is not an operator", hint: "write `and`", meant: reserved.and },
  "||": { message: "`||` is not an operator", hint: "write `or`", meant: reserved.or },
  "!": { message: "`!` is not an operator", hint: "write `not`", meant: reserved.not },
  "**": { message: "`**` is not an operator", hint: "a power is written `x ^ 2`", meant: Power },
  ":=": { message: "`:=` is not known here", hint: "bind a name with `=`", meant: Equals },
  "++": {
    message: "`++` is not an operator",
    hint: "values do not change in place: write `x = x + 1`",
  },
  "=>": {
    message: "`=>` is not known here",
    hint: "a function is declared as `fn name(x) = x + 1`",
    statement: true,
  },
};

/** `->` behind a signature, behind the first word of a statement and elsewhere. */
const arrows = {
  signature: { hint: "a result type follows `:`", meant: Colon },
  start: {
    hint: "what a pipeline gives is bound to a name: `y = x |> f()`; an update is `name <- value`",
    statement: true,
  },
  operand: { hint: "a pipeline is written `x |> f()`", meant: Pipe },
};

/** What stands before a sign. */
export type PlaceOfSign = keyof typeof arrows;

/** Explains a token of type `Foreign`. */
export function foreignSign(image: string, place: PlaceOfSign = "operand"): ForeignSign {
  if (image === "->") return { message: "`->` is not known here", ...arrows[place] };
  const known = signs[image];
  if (known !== undefined) return known;
  const operator = assignments[image];
  if (operator !== undefined) {
    const hint = `values do not change in place: write \`x = x ${operator} …\``;
    return { message: `\`${image}\` is not an operator`, hint, statement: true };
  }
  if (image.startsWith("'")) {
    return { message: "a string stands in double quotes", hint: 'write `"…"`', meant: Text };
  }
  return { message: "this is not how a comment is written", hint: "comments start with `//`" };
}

const characterHints: Readonly<Record<string, string>> = {
  "“": 'a string stands in straight quotes: `"…"`',
  "”": 'a string stands in straight quotes: `"…"`',
  "‘": 'a string stands in straight double quotes: `"…"`',
  "’": 'a string stands in straight double quotes: `"…"`',
  "−": "the minus sign here is `-`",
  "–": "the minus sign here is `-`",
  "×": "a product is written `*`, a matrix product `@`",
  "·": "a product is written `*`, a matrix product `@`",
  "÷": "a quotient is written `/`",
  "≤": "write `<=`",
  "≥": "write `>=`",
  "≠": "write `!=`",
  "←": "an update is written `name <- value`",
  "…": "write three dots: `...`",
  "?": "a choice is written `if c then a else b`",
  "&": "write `and`",
  "|": "write `or`; a pipeline is written `|>`",
  "`": 'a string stands in double quotes: `"…"`',
  "\u00a0": "this is a no-break space: replace it with an ordinary one",
  "\ufeff": "this is a byte order mark, which stands at the start of a file alone",
  "\ufffd": "the file does not seem to be UTF-8: save it as UTF-8",
  "\0": "this looks like a binary file, or one that is not UTF-8",
};

/** What to do about a character that no token starts with. */
export function characterHint(character: string): string | undefined {
  const hint = characterHints[character];
  if (hint !== undefined) return hint;
  if (/\p{L}/u.test(character)) return "names are made of the letters a to z, digits and `_`";
  return undefined;
}

/** A character as a message shows it: itself where it can be seen, else its code point. */
export function showCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hexadecimal = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character) && code !== 0xfffd
    ? `\`${character}\``
    : hexadecimal;
}
