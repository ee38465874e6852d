// Where the parser stopped and what it could have taken come in; the diagnostic, in a beginner's words, goes out.

import type { IToken } from "chevrotain";
import type { Diagnostic } from "./diagnostics.js";
import { tokenSpan } from "./lexer.js";
import type { Failure } from "./parser/failures.js";
import { belongsToNextStatement, startsLine } from "./repair.js";
import { at, is, type Place, show } from "./place.js";
import type { SourceFile, Span } from "./span.js";
import { explainDeclaration, explainLine, explainStatement } from "./statementErrors.js";
import {
  Comma,
  Dot,
  Ellipsis,
  Equals,
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
  const place: Place = {
    file,
    tokens,
    index,
    token: tokens[index],
    previous: tokens[index - 1],
    next: tokens[index + 1],
  };
  return (
    missingValue(place) ??
    afterPipeline(place) ??
    betweenStatements(place, failure) ??
    expectedExpression(place, failure) ??
    expectedName(place, failure) ??
    expectedKeyword(place, failure) ??
    expectedOther(place, failure)
  );
}

/** `x =`, newline, `y = 3`: the mistake is noticed in the second line, but made in the first. */
function missingValue(place: Place): Diagnostic | undefined {
  const before = place.tokens[place.index - 2];
  const wantsValue = is(before, Equals, Operator) || beginsLineAlone(place, place.index - 2);
  if (before === undefined || !wantsValue) return undefined;
  if (!belongsToNextStatement(place.file.text, place.tokens, place.index)) return undefined;
  return at(
    place,
    "NN0107",
    {
      message: `a value is missing after ${show(before)}`,
      notes: [`${show(place.previous)} begins the next statement`],
      hint: `complete the line: \`${before.image} …\``,
    },
    tokenSpan(before),
  );
}

/** Whether a word stands alone on its line, as `batch` without its number does. */
function beginsLineAlone(place: Place, index: number): boolean {
  const { tokens } = place;
  const starts = startsLine(place.file.text, tokens, index);
  return starts && is(tokens[index], Word) && !is(tokens[index - 1], Equals, Operator, Comma);
}

/** An operator or index right after `x |> f(a)`: the right side of a pipeline is a name or a call alone. */
function afterPipeline(place: Place): Diagnostic | undefined {
  if (!is(place.token, Operator, LeftBracket, Dot, LeftParenthesis)) return undefined;
  if (is(place.previous, Pipe)) return undefined;
  const pipe = pipeBefore(place);
  if (pipe === undefined) return undefined;
  return at(place, "NN0111", {
    message: `${show(place.token)} cannot follow a pipeline`,
    labels: [{ file: place.file, span: tokenSpan(pipe), text: "the pipeline" }],
    notes: ["the right side of `|>` is a name or a call, and nothing binds looser than `|>`"],
    hint: "put the pipeline in parentheses: `(x |> f(a)) + 1`",
  });
}

function pipeBefore(place: Place): IToken | undefined {
  let depth = 0;
  for (let index = place.index - 1; index >= 0; index--) {
    const token = place.tokens[index];
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
function betweenStatements(place: Place, failure: Failure): Diagnostic | undefined {
  const { rule } = failure;
  const ends = failure.expected[0] === "`}`";
  if (rule === "" || rule === "declaration") return explainDeclaration(place);
  if (rule === "statement" || (rule === "block" && ends)) return explainStatement(place);
  if (rule === "trainLine" || (rule === "trainDeclaration" && ends)) {
    return explainLine(place, "train");
  }
  const searches = rule === "searchLine" || (rule === "searchDeclaration" && ends);
  return searches ? explainLine(place, "search") : undefined;
}

const expressionRules = ["primary", "operand", "indexItem", "dimension", "expression"];

function expectedExpression(place: Place, failure: Failure): Diagnostic | undefined {
  if (!expressionRules.includes(failure.rule)) return undefined;
  if (failure.rule === "dimension" && failure.expected.length === 1) return undefined;
  const { token, previous, next } = place;
  const after = previous === undefined ? "" : ` after ${show(previous)}`;
  const message = `an expression was expected${after}, but ${found(place)}`;
  const details = { message, hint: expressionHint(token, next) };
  return at(place, "NN0107", details, expectedSpan(place));
}

function expressionHint(token: IToken | undefined, next: IToken | undefined): string | undefined {
  if (is(token, Dot) && is(next, Integer)) return `write \`0.${next?.image ?? ""}\``;
  if (is(token, Ellipsis)) return "`...` stands in lists, shapes and indices: `[...rest, 1]`";
  if (is(token, LeftBrace)) return "blocks stand after `if`, `for`, `scan` and declarations alone";
  if (token?.image === "+") return "a number has no sign `+`: leave it out";
  if (is(token, Pipe)) return "a pipeline starts with what goes in: `x |> f()`";
  if (is(token, reserved.else)) return "a choice is written `if c then a else b`";
  if (is(token, Comma, RightParenthesis, RightBracket)) return "fill in what is missing";
  return undefined;
}

function expectedName(place: Place, failure: Failure): Diagnostic | undefined {
  if (!failure.expected.includes("a name") || failure.expected.length > 1) return undefined;
  const { token, previous } = place;
  if (failure.rule === "stage") {
    return at(place, "NN0112", {
      message: `a pipeline leads into a name or a call, not into ${show(token)}`,
      hint: "write `x |> f` or `x |> f(a, key: b)`; any other expression is a call around it: `f(x)`",
    });
  }
  if (isReserved(token)) return reservedWord(place);
  const after = previous === undefined ? "" : ` after ${show(previous)}`;
  const message = `a name was expected${after}, but ${found(place)}`;
  const hint =
    failure.rule === "dimension" ? "dimensions of any number have a name: `...rest`" : undefined;
  return at(place, "NN0108", { message, hint }, expectedSpan(place));
}

function isReserved(token: IToken | undefined): boolean {
  return Object.values(reserved).some((type) => is(token, type));
}

function reservedWord(place: Place): Diagnostic {
  return at(place, "NN0109", {
    message: `${show(place.token)} is a reserved word and cannot be a name`,
    hint: `take another name, as \`${place.token?.image ?? ""}_\``,
  });
}

/** What stands instead of what was expected. */
function found(place: Place): string {
  const { token } = place;
  if (token === undefined) return "the file ends";
  if (!lineEnds(place)) return `${show(token)} was found`;
  return is(token, RightBrace) ? "the block ends" : `the next line begins with ${show(token)}`;
}

/** Whether a line ended where something was expected: the place to look at is its end. */
function lineEnds(place: Place): boolean {
  return place.index > 0 && startsLine(place.file.text, place.tokens, place.index);
}

/** The span of what was found, or of the end of the line before. */
function expectedSpan(place: Place): Span | undefined {
  if (place.previous === undefined || !lineEnds(place)) return undefined;
  const { end } = tokenSpan(place.previous);
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
  "onSelector `on`": "say for which parameters: `project max_norm(3) on weights`",
  "annotation `:`": "a tensor is declared with its shape: `weight W: [n, units] ~ init`",
  "parameters `(`": "parameters stand in parentheses, also where there are none: `()`",
  "constDeclaration `=`": "a constant is written `const size = 64`",
  "selectorItem `*`": "everything below is `encoder.*`, a role below is `encoder.weights`",
  "trainDeclaration `{`": "a training is written `train LeNet { … }`",
  "searchDeclaration `{`": "a search is written `search LeNet { … }`",
};

function expectedKeyword(place: Place, failure: Failure): Diagnostic | undefined {
  const [expected] = failure.expected;
  if (expected === undefined || failure.expected.length > 1) return undefined;
  const closing = ["`)`", "`]`", "`}`"].includes(expected);
  if (closing) return expectedClosing(place, failure.rule, expected);
  if (failure.rule === "block" && is(place.token, reserved.then)) {
    return at(place, "NN0104", {
      message: "`then` belongs to an `if` in an expression",
      hint: "as a statement: `if c { … } else { … }`; as a value: `x = if c then a else b`",
    });
  }
  const message = `${expected} was expected${afterPrevious(place)}, but ${found(place)}`;
  const hint = hints[`${failure.rule} ${expected}`];
  return at(place, "NN0104", { message, hint }, expectedSpan(place));
}

function afterPrevious(place: Place): string {
  return place.previous === undefined ? "" : ` after ${show(place.previous)}`;
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

function expectedClosing(place: Place, rule: string, expected: string): Diagnostic {
  const { token, previous } = place;
  const separated = ["arguments", "list", "parameters", "shape", "index", "resultType"];
  const comma = separated.includes(rule) || (rule === "importDeclaration" && expected === "`}`");
  const begun = is(previous, Comma, LeftParenthesis, LeftBracket, LeftBrace);
  const wanted = begun
    ? (elements[rule] ?? "another element")
    : comma
      ? `\`,\` or ${expected}`
      : expected;
  if (begun && rule === "parameters" && isReserved(token)) return reservedWord(place);
  const apart = startsLine(place.file.text, place.tokens, place.index);
  const message = `${wanted} was expected${afterPrevious(place)}, but ${found(place)}`;
  if (rule === "parameters" && is(token, Equals, Operator)) {
    return at(place, "NN0104", { message, hint: "a parameter is written `name: type = default`" });
  }
  if (is(token, Equals)) {
    const hint =
      rule === "arguments" ? "a named argument is written with `:`: `axis: -1`" : undefined;
    return at(place, "NN0104", { message, hint });
  }
  const hint =
    comma && !apart && is(previous, Word, Integer, RightBracket, RightParenthesis)
      ? "is a comma missing here?"
      : comma
        ? undefined
        : "is an operator missing here?";
  return at(place, "NN0104", { message, hint }, expectedSpan(place));
}

const phrases: Readonly<Record<string, string>> = {
  type: "a type",
  resultType: "a type",
  body: "`=` and an expression, or a block `{ … }`,",
  nameStatement: "`=`, `<-` or `~`",
  trainedStatement: "`=` or `~`",
};

function expectedOther(place: Place, failure: Failure): Diagnostic {
  const wanted = phrases[failure.rule] ?? listed(failure.expected);
  const message = `${wanted} was expected${afterPrevious(place)}, but ${found(place)}`;
  const hint =
    failure.rule === "trainedStatement"
      ? "`= value` sets the initial value, `~ distribution` draws it"
      : failure.rule === "body" && is(place.token, Word)
        ? "a result type follows `:`, a body follows `=` or stands in braces"
        : undefined;
  return at(place, "NN0104", { message, hint }, expectedSpan(place));
}

function listed(labels: readonly string[]): string {
  if (labels.length === 0 || labels.length > 5) return "something else";
  const last = labels.at(-1) ?? "";
  return labels.length === 1 ? last : `${labels.slice(0, -1).join(", ")} or ${last}`;
}
