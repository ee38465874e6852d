// Where the parser stopped and what it could have taken come in; the diagnostic, in a beginner's words, goes out.

import type { IToken } from "chevrotain";
import type { Diagnostic } from "./diagnostics.js";
import { tokenSpan } from "./lexer.js";
import { explainHabit, isReserved, reservedWord } from "./habits.js";
import type { Failure } from "./parser/failures.js";
import { belongsToNextStatement, startsLine } from "./repair.js";
import { at, is, type Mistake, mistakeAt, show } from "./mistake.js";
import type { SourceFile, Span } from "./span.js";
import { explainDeclaration, explainLine, explainStatement } from "./statementErrors.js";
import {
  Colon,
  Comma,
  Dot,
  Ellipsis,
  Equals,
  Float,
  Integer,
  LeftBrace,
  LeftBracket,
  LeftParenthesis,
  Operator,
  Pipe,
  RightBrace,
  RightBracket,
  RightParenthesis,
  Semicolon,
  Text,
  Tilde,
  Word,
  reserved,
} from "./tokens.js";

/** Says what is wrong at `tokens[index]`, which is the end of the file where there is no such token. */
export function explainMistake(
  file: SourceFile,
  tokens: readonly IToken[],
  index: number,
  failure: Failure,
): Diagnostic {
  const mistake = mistakeAt(file, tokens, index);
  return (
    explainHabit(mistake) ??
    missingValue(mistake) ??
    afterPipeline(mistake) ??
    betweenStatements(mistake, failure) ??
    expectedExpression(mistake, failure) ??
    expectedName(mistake, failure) ??
    expectedKeyword(mistake, failure) ??
    expectedOther(mistake, failure)
  );
}

/** `x =`, newline, `y = 3`: the mistake is noticed in the second line, but made in the first. */
function missingValue(mistake: Mistake): Diagnostic | undefined {
  const before = mistake.tokens[mistake.index - 2];
  const wantsValue = is(before, Equals, Operator) || beginsLineAlone(mistake, mistake.index - 2);
  if (before === undefined || !wantsValue) return undefined;
  if (!belongsToNextStatement(mistake.file.text, mistake.tokens, mistake.index)) return undefined;
  return at(
    mistake,
    "NN0107",
    {
      message: `a value is missing after ${show(before)}`,
      notes: [`${show(mistake.previous)} begins the next statement`],
      hint: `complete the line: \`${before.image} …\``,
    },
    tokenSpan(before),
  );
}

/** Whether a word stands alone on its line, as `batch` without its number does. */
function beginsLineAlone(mistake: Mistake, index: number): boolean {
  const { tokens } = mistake;
  const starts = startsLine(mistake.file.text, tokens, index);
  return starts && is(tokens[index], Word) && !is(tokens[index - 1], Equals, Operator, Comma);
}

/** An operator or index right after `x |> f(a)`: the right side of a pipeline is a name or a call alone. */
function afterPipeline(mistake: Mistake): Diagnostic | undefined {
  if (!is(mistake.token, Operator, LeftBracket, Dot, LeftParenthesis)) return undefined;
  if (is(mistake.previous, Pipe)) return undefined;
  const pipe = pipeBefore(mistake);
  if (pipe === undefined) return undefined;
  return at(mistake, "NN0111", {
    message: `${show(mistake.token)} cannot follow a pipeline`,
    labels: [{ file: mistake.file, span: tokenSpan(pipe), text: "the pipeline" }],
    notes: ["the right side of `|>` is a name or a call, and nothing binds looser than `|>`"],
    hint: "put the pipeline in parentheses: `(x |> f(a)) + 1`",
  });
}

function pipeBefore(mistake: Mistake): IToken | undefined {
  let depth = 0;
  for (let index = mistake.index - 1; index >= 0; index--) {
    const token = mistake.tokens[index];
    if (is(token, RightParenthesis, RightBracket, RightBrace)) depth++;
    else if (is(token, LeftParenthesis, LeftBracket, LeftBrace)) depth--;
    if (depth < 0) return undefined;
    if (depth > 0) continue;
    if (is(token, Pipe)) return token;
    const inCall = is(token, Word, RightParenthesis, Dot, LeftParenthesis);
    if (!inCall || is(token, Semicolon)) return undefined;
  }
  return undefined;
}

/** The rules whose parts stand in a row: a mistake between two parts, or at the start of one. */
function betweenStatements(mistake: Mistake, failure: Failure): Diagnostic | undefined {
  const { rule } = failure;
  const ends = failure.expected[0] === "`}`";
  if (rule === "" || rule === "declaration") return explainDeclaration(mistake);
  if (rule === "statement" || (rule === "block" && ends)) return explainStatement(mistake);
  if (rule === "trainLine" || (rule === "trainDeclaration" && ends)) {
    return explainLine(mistake, "train");
  }
  const searches = rule === "searchLine" || (rule === "searchDeclaration" && ends);
  return searches ? explainLine(mistake, "search") : undefined;
}

const expressionRules = ["primary", "operand", "indexItem", "dimension", "expression"];

function expectedExpression(mistake: Mistake, failure: Failure): Diagnostic | undefined {
  if (!expressionRules.includes(failure.rule)) return undefined;
  if (failure.rule === "dimension" && failure.expected.length === 1) return undefined;
  const { token, previous, next } = mistake;
  const after = previous === undefined ? "" : ` after ${show(previous)}`;
  const message = `an expression was expected${after}, but ${found(mistake)}`;
  const details = { message, hint: percentage(mistake) ?? expressionHint(token, next, previous) };
  return at(mistake, "NN0107", details, expectedSpan(mistake));
}

/** `10%`: a share is a number here. */
function percentage({ tokens, index, previous }: Mistake): string | undefined {
  const number = tokens[index - 2];
  if (previous?.image !== "%" || !is(number, Integer, Float)) return undefined;
  const share = Number((Number(number?.image.replaceAll("_", "")) / 100).toPrecision(12));
  return `a share is a number: write \`${share}\` in place of \`${number?.image ?? ""}%\``;
}

/** Declarations as they are written with their names. */
const namedForms: Readonly<Record<string, string>> = {
  model: "model Digits { … }",
  train: "train Digits { … }",
  search: "search Digits { … }",
  layer: "layer block(x: [batch, n]) { … }",
  fn: "fn half(x) = x / 2",
  const: "const classes = 10",
  for: "for i in range(3) { … }",
};

function expressionHint(
  token: IToken | undefined,
  next: IToken | undefined,
  previous: IToken | undefined,
): string | undefined {
  if (is(token, Equals) && ["==", "!="].includes(previous?.image ?? "")) {
    return `write \`${previous?.image ?? "=="}\``;
  }
  if (is(token, Dot) && is(next, Integer)) return `write \`0.${next?.image ?? ""}\``;
  if (is(token, Ellipsis)) return "`...` stands in lists, shapes and indices: `[...rest, 1]`";
  if (is(token, LeftBrace)) return "blocks stand after `if`, `for`, `scan` and declarations alone";
  if (token?.image === "+") return "a number has no sign `+`: leave it out";
  if (is(token, Pipe)) return "a pipeline starts with what goes in: `x |> f()`";
  if (is(token, reserved.else)) return "a choice is written `if c then a else b`";
  if (is(token, Comma, RightParenthesis, RightBracket)) return "fill in what is missing";
  return undefined;
}

function expectedName(mistake: Mistake, failure: Failure): Diagnostic | undefined {
  // Where names of parameters are read, a star may stand in place of one.
  const others = failure.expected.filter((label) => label !== "a name" && label !== "`*`");
  if (!failure.expected.includes("a name") || others.length > 0) return undefined;
  const { token, previous } = mistake;
  if (failure.rule === "stage") {
    return at(mistake, "NN0112", {
      message: `a pipeline leads into a name or a call, not into ${show(token)}`,
      hint: "write `x |> f` or `x |> f(a, key: b)`; any other expression is a call around it: `f(x)`",
    });
  }
  if (isReserved(token)) return reservedWord(mistake);
  const after = previous === undefined ? "" : ` after ${show(previous)}`;
  const message = `a name was expected${after}, but ${found(mistake)}`;
  const hint =
    failure.rule === "dimension"
      ? "dimensions of any number have a name: `...rest`"
      : failure.rule === "selectorPart"
        ? "everything below is `encoder.*`, a role below is `encoder.weights`"
        : Object.hasOwn(namedForms, previous?.image ?? "")
          ? `write \`${namedForms[previous?.image ?? ""] ?? ""}\``
          : undefined;
  return at(mistake, "NN0108", { message, hint }, expectedSpan(mistake));
}

/** What stands instead of what was expected. */
function found(mistake: Mistake): string {
  const { token } = mistake;
  if (token === undefined) return "the file ends";
  if (!lineEnds(mistake)) return `${show(token)} was found`;
  return is(token, RightBrace) ? "the block ends" : `the next line begins with ${show(token)}`;
}

/** Whether a line ended where something was expected: what to look at is its end. */
function lineEnds(mistake: Mistake): boolean {
  return mistake.index > 0 && startsLine(mistake.file.text, mistake.tokens, mistake.index);
}

/** The span of what was found, or of the end of the line before. */
function expectedSpan(mistake: Mistake): Span | undefined {
  if (mistake.previous === undefined || !lineEnds(mistake)) return undefined;
  const { end } = tokenSpan(mistake.previous);
  return { start: end, end };
}

/** Hints for the one word or sign that a rule could not do without. */
const hints: Readonly<Record<string, string>> = {
  "conditional `then`": "a choice in an expression is written `if c then a else b`",
  "conditional `else`": "every `if … then …` in an expression has an `else …`",
  "block `{`": "a block stands in braces: `{ … }`",
  "scan `in`": "a scan is written `scan x_t in x along 1 { … yield y }`",
  "forStatement `in`": "a loop is written `for units in [256, 128] { … }`",
  "importDeclaration `{`": 'an import is written `import { residual } from "./blocks.nn"`',
  "importDeclaration `from`": 'an import is written `import { residual } from "./blocks.nn"`',
  "importDeclaration a string": 'the path of an import is a string: `"./blocks.nn"`',
  "startLine `from`": 'a start is written `start conv2d_1.* from "earlier.safetensors"`',
  "startLine a string": 'the path of the weights is a string: `"earlier.safetensors"`',
  "checkStatement `,`": 'a check says what must be, in a string: `check n > 1, "…"`',
  "checkStatement a string": 'a check says what must be, in a string: `check n > 1, "…"`',
  "onSelector `on`": "say for which parameters: `project max_norm(3) on weights`",
  "keptStatement `=` drawn":
    "what is drawn once and then kept is a `param` that does not train: `param R: [3, 5] ~ normal()`, and `freeze R` in the train block",
  "annotation `:`":
    "a tensor is declared with its shape: `input x: [batch, 8]`, `weight W: [n, units] ~ init`",
  "parameters `(`": "parameters stand in parentheses, also where there are none: `()`",
  "constDeclaration `=`": "a constant is written `const size = 64`",
  "trainDeclaration `{`": "a training is written `train LeNet { … }`",
  "searchDeclaration `{`": "a search is written `search LeNet { … }`",
};

function expectedKeyword(mistake: Mistake, failure: Failure): Diagnostic | undefined {
  const [expected] = failure.expected;
  if (expected === undefined || failure.expected.length > 1) return undefined;
  const closing = ["`)`", "`]`", "`}`"].includes(expected);
  if (closing) return expectedClosing(mistake, failure.rule, expected);
  if (failure.rule === "block" && is(mistake.token, reserved.then)) {
    return at(mistake, "NN0104", {
      message: "`then` belongs to an `if` in an expression",
      hint: "as a statement: `if c { … } else { … }`; as a value: `x = if c then a else b`",
    });
  }
  const message = `${expected} was expected${afterPrevious(mistake)}, but ${found(mistake)}`;
  const compares = is(mistake.token, Equals) && ["conditional", "block"].includes(failure.rule);
  const draws = is(mistake.token, Tilde) && failure.rule === "keptStatement";
  const hint = compares
    ? "to compare, write `==`"
    : hints[`${failure.rule} ${expected}${draws ? " drawn" : ""}`];
  return at(mistake, "NN0104", { message, hint }, expectedSpan(mistake));
}

function afterPrevious(mistake: Mistake): string {
  return mistake.previous === undefined ? "" : ` after ${show(mistake.previous)}`;
}

/** What a rule separates by commas. */
const elements: Readonly<Record<string, string>> = {
  arguments: "an argument",
  parameters: "a parameter",
  shape: "a dimension",
  index: "an index",
  resultType: "a type",
  importDeclaration: "a name",
};

function expectedClosing(mistake: Mistake, rule: string, expected: string): Diagnostic {
  const { token, previous } = mistake;
  const tuple = tupleAt(mistake, rule, expected);
  if (tuple !== undefined) return tuple;
  const separated = ["arguments", "list", "parameters", "shape", "index", "resultType"];
  const comma = separated.includes(rule) || (rule === "importDeclaration" && expected === "`}`");
  const begun = is(previous, Comma, LeftParenthesis, LeftBracket, LeftBrace);
  const wanted = begun
    ? (elements[rule] ?? "another element")
    : comma
      ? `\`,\` or ${expected}`
      : expected;
  if (begun && rule === "parameters" && isReserved(token)) return reservedWord(mistake);
  const apart = startsLine(mistake.file.text, mistake.tokens, mistake.index);
  const message = `${wanted} was expected${afterPrevious(mistake)}, but ${found(mistake)}`;
  if (rule === "parameters" && is(token, Equals, Operator)) {
    return at(mistake, "NN0104", {
      message,
      hint: "a parameter is written like `units: int = 8`",
    });
  }
  if (is(token, Equals)) {
    const after = mistake.next?.image ?? "…";
    const value = /^'\w+'$/.test(after) ? after.slice(1, -1) : after;
    const hint =
      rule === "arguments"
        ? `a named argument is written with \`:\`: \`${previous?.image ?? "axis"}: ${value}\``
        : undefined;
    return at(mistake, "NN0104", { message, hint });
  }
  const hint =
    comma && !apart && is(previous, Word, Integer, RightBracket, RightParenthesis)
      ? "is a comma missing here?"
      : comma
        ? undefined
        : "is an operator missing here?";
  return at(mistake, "NN0104", { message, hint }, expectedSpan(mistake));
}

/** `kernel: (5, 5)`: a list in parentheses, which hold one expression. */
function tupleAt(mistake: Mistake, rule: string, expected: string): Diagnostic | undefined {
  const { tokens, index, token, file } = mistake;
  if (!is(token, Comma) || expected !== "`)`" || Object.hasOwn(elements, rule)) return undefined;
  const from = partner(tokens, index, -1);
  const to = partner(tokens, index, 1);
  if (from === undefined || to === undefined) return undefined;
  const span = { start: from.startOffset, end: tokenSpan(to).end };
  const text = file.text.slice(span.start + 1, span.end - 1).replace(/,\s*$/, "");
  return at(
    mistake,
    "NN0104",
    {
      message: "a list stands in brackets, not in parentheses",
      hint: `write \`[${text.length > 60 ? "…" : text}]\``,
    },
    span,
  );
}

/** The bracket that encloses a token, before it or behind it. */
function partner(tokens: readonly IToken[], index: number, step: 1 | -1): IToken | undefined {
  let depth = 0;
  for (let place = index; place >= 0 && place < tokens.length; place += step) {
    const token = tokens[place];
    if (is(token, LeftParenthesis, LeftBracket, LeftBrace)) depth += step;
    if (is(token, RightParenthesis, RightBracket, RightBrace)) depth -= step;
    if (depth < 0) return token;
  }
  return undefined;
}

const phrases: Readonly<Record<string, string>> = {
  type: "a type",
  resultType: "a type",
  body: "`=` and an expression, or a block `{ … }`,",
  nameStatement: "`=`, `<-` or `~`",
  trainedStatement: "`=` or `~`",
};

function expectedOther(mistake: Mistake, failure: Failure): Diagnostic {
  const wanted = phrases[failure.rule] ?? listed(failure.expected);
  const message = `${wanted} was expected${afterPrevious(mistake)}, but ${found(mistake)}`;
  const hint =
    failure.rule === "trainedStatement"
      ? "`= value` sets the initial value, `~ distribution` draws it"
      : is(mistake.previous, Colon) && is(mistake.token, Integer, Float, Text)
        ? `what a parameter is when it is left out follows \`=\`: \`${mistake.tokens[mistake.index - 2]?.image ?? "x"} = ${mistake.token?.image ?? ""}\``
        : failure.rule === "body" && is(mistake.token, Word)
          ? "a result type follows `:`, a body follows `=` or stands in braces"
          : undefined;
  return at(mistake, "NN0104", { message, hint }, expectedSpan(mistake));
}

function listed(labels: readonly string[]): string {
  if (labels.length === 0 || labels.length > 5) return "something else";
  const last = labels.at(-1) ?? "";
  return labels.length === 1 ? last : `${labels.slice(0, -1).join(", ")} or ${last}`;
}
