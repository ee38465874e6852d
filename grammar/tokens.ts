// Takes no input, gives the words and signs of the language as token types, longest first.

import { createToken, type IToken, Lexer, tokenMatcher, type TokenType } from "chevrotain";

/** Reserved: never a name. */
export const reservedWords = [
  "if",
  "then",
  "else",
  "and",
  "or",
  "not",
  "true",
  "false",
  "for",
  "in",
  "scan",
  "return",
  "yield",
] as const;

/** What a declaration of a file begins with. */
export const declarationWords = [
  "import",
  "const",
  "fn",
  "init",
  "layer",
  "optimizer",
  "projection",
  "model",
  "train",
  "search",
] as const;

/** Keywords only where the grammar looks for them; names everywhere else. */
export const contextualWords = [
  ...declarationWords,
  "from",
  "stage",
  "where",
  "weight",
  "bias",
  "param",
  "state",
  "fitted",
  "carry",
  "shared",
  "input",
  "target",
  "missing",
  "output",
  "loss",
  "metric",
  "regularize",
  "project",
  "check",
  "on",
  "with",
  "repeat",
  "start",
  "freeze",
  "minimize",
  "maximize",
  "monitor",
  "stop_early",
  "strategy",
  "along",
  "new",
] as const;

/** What may stand where a name is wanted: names and contextual keywords. */
export const Word = createToken({ name: "Word", pattern: Lexer.NA, label: "a name" });
/** Every sign or word between two operands, `<-` (read as `<` and `-`) included. */
export const Operator = createToken({ name: "Operator", pattern: Lexer.NA, label: "an operator" });
/** `-` and `not` before an operand. */
export const Prefix = createToken({ name: "Prefix", pattern: Lexer.NA, label: "`-` or `not`" });
/** A stretch of tokens that was reported and is stepped over. */
export const Skipped = createToken({ name: "Skipped", pattern: Lexer.NA, label: "something" });

export const Name = createToken({
  name: "Name",
  pattern: /[A-Za-z_][A-Za-z0-9_]*/,
  categories: [Word],
  label: "a name",
});

type ReservedWord = (typeof reservedWords)[number];

/** `stop_early` becomes `StopEarly`: the name of a keyword's token type. */
function tokenName(word: string): string {
  return word.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function wordToken(word: string, categories: TokenType[]): TokenType {
  return createToken({
    name: tokenName(word),
    pattern: word,
    longer_alt: Name,
    categories,
    label: `\`${word}\``,
  });
}

const reservedCategories: Partial<Record<ReservedWord, TokenType[]>> = {
  and: [Operator],
  or: [Operator],
  not: [Prefix],
};

function record<Key extends string>(
  keys: readonly Key[],
  make: (key: Key) => TokenType,
): Readonly<Record<Key, TokenType>> {
  return Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<Key, TokenType>;
}

/** The token type of each reserved word. */
export const reserved = record(reservedWords, (word) =>
  wordToken(word, reservedCategories[word] ?? []),
);
/** The token type of each contextual keyword; all of them are `Word`s. */
export const keyword = record(contextualWords, (word) => wordToken(word, [Word]));

export function isDeclarationWord(token: IToken | undefined): boolean {
  return token !== undefined && declarationWords.some((word) => tokenMatcher(token, keyword[word]));
}

function sign(name: string, text: string, categories: TokenType[] = []): TokenType {
  return createToken({ name, pattern: text, categories, label: `\`${text}\`` });
}

export const Ellipsis = sign("Ellipsis", "...");
export const Pipe = sign("Pipe", "|>");
export const Arrow = sign("Arrow", "<-", [Operator]);
export const Equals = sign("Equals", "=");
const Minus = sign("Minus", "-", [Operator, Prefix]);
export const Star = sign("Star", "*", [Operator]);
export const Power = sign("Power", "^", [Operator]);
export const LeftBrace = sign("LeftBrace", "{");
export const RightBrace = sign("RightBrace", "}");
export const LeftParenthesis = sign("LeftParenthesis", "(");
export const RightParenthesis = sign("RightParenthesis", ")");
export const LeftBracket = sign("LeftBracket", "[");
export const RightBracket = sign("RightBracket", "]");
export const Comma = sign("Comma", ",");
export const Colon = sign("Colon", ":");
export const Semicolon = sign("Semicolon", ";");
export const Tilde = sign("Tilde", "~");
export const Dot = sign("Dot", ".");

const operators = [
  Arrow,
  sign("EqualTo", "==", [Operator]),
  sign("UnequalTo", "!=", [Operator]),
  sign("AtMost", "<=", [Operator]),
  sign("AtLeast", ">=", [Operator]),
  sign("Less", "<", [Operator]),
  sign("Greater", ">", [Operator]),
  sign("Plus", "+", [Operator]),
  Minus,
  Star,
  sign("Slash", "/", [Operator]),
  sign("Percent", "%", [Operator]),
  sign("At", "@", [Operator]),
  Power,
];

// A number ends where no letter, digit or further fraction follows; `1.2.3` and `3x` are malformed.
const digits = String.raw`\d+(?:_\d+)*`;
const ending = String.raw`(?![A-Za-z0-9_]|\.\d)`;
export const Float = createToken({
  name: "Float",
  pattern: new RegExp(`${digits}(?:\\.${digits}(?:[eE][+-]?\\d+)?|[eE][+-]?\\d+)${ending}`),
  label: "a number",
});
export const Integer = createToken({
  name: "Integer",
  pattern: new RegExp(`${digits}${ending}`),
  label: "a whole number",
});
export const MalformedNumber = createToken({
  name: "MalformedNumber",
  pattern: /\d(?:[eE][A-Za-z]?[+-](?=\d)|\.(?=\d)|[A-Za-z0-9_])*/,
  label: "a number",
});

export const Text = createToken({
  name: "Text",
  pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*"/,
  label: "a string",
});
export const OpenText = createToken({
  name: "OpenText",
  pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*\\?/,
  label: "a string",
});

/** Signs of other languages, recognised to say what is meant here; see `foreign.ts`. */
export const Foreign = createToken({
  name: "Foreign",
  pattern:
    /\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?|'[^'\r\n]*'?|#[^\r\n]*|&&|\|\||\*\*|\+\+|:=|[-=]>|[-+*/%]=(?!=)|!(?!=)/,
  label: "a sign of another language",
});

const Space = createToken({ name: "Space", pattern: /[ \t\r\n]+/, group: Lexer.SKIPPED });
const CommentText = createToken({
  name: "CommentText",
  pattern: /\/\/[^\r\n]*/,
  group: "comments",
});

/** Words by length: `input` must be tried before `in`, whose longer alternative is only `Name`. */
const words = [...Object.values(reserved), ...Object.values(keyword)].sort(
  (first, second) => second.name.length - first.name.length,
);

/** All token types in the order of matching: longer ones before those that they start with. */
export const allTokens: readonly TokenType[] = [
  Space,
  CommentText,
  Foreign,
  ...words,
  Name,
  Float,
  Integer,
  MalformedNumber,
  Text,
  OpenText,
  Ellipsis,
  Pipe,
  ...operators,
  Equals,
  LeftBrace,
  RightBrace,
  LeftParenthesis,
  RightParenthesis,
  LeftBracket,
  RightBracket,
  Comma,
  Colon,
  Semicolon,
  Tilde,
  Dot,
  Word,
  Operator,
  Prefix,
  Skipped,
];
