// A mistake's place in the tokens comes in; a diagnostic goes out where it is a habit of another language, or a reserved word for a name.

import type { IToken } from "chevrotain";
import type { Diagnostic } from "./diagnostics.js";
import { foreignSign, settingHere } from "./foreign.js";
import { trainForms } from "./forms.js";
import { tokenSpan } from "./lexer.js";
import { at, is, type Mistake, show } from "./mistake.js";
import { startsLine } from "./repair.js";
import {
  Arrow,
  Colon,
  Comma,
  Dot,
  Equals,
  Foreign,
  Integer,
  LeftBrace,
  LeftBracket,
  LeftParenthesis,
  RightBrace,
  RightBracket,
  RightParenthesis,
  Semicolon,
  Tilde,
  Word,
  reserved,
} from "./tokens.js";

/** The statement that has such a mistake is left out as a whole: no edit of one token mends it. */
export function explainHabit(mistake: Mistake): Diagnostic | undefined {
  return (
    namedByReservedWord(mistake) ??
    inlineFunction(mistake) ??
    choiceBehind(mistake) ??
    valueForShape(mistake) ??
    foreignOperator(mistake) ??
    outputWithoutName(mistake) ??
    settingAsCall(mistake) ??
    keywordWithColon(mistake) ??
    shapeWithoutBrackets(mistake) ??
    otherForms(mistake)
  );
}

export function isReserved(token: IToken | undefined): boolean {
  return Object.values(reserved).some((type) => is(token, type));
}

export function reservedWord(mistake: Mistake, token = mistake.token): Diagnostic {
  const span = token === undefined ? undefined : tokenSpan(token);
  const details = {
    message: `${show(token)} is a word of the language and cannot be a name`,
    hint: `take another name, as \`${token?.image ?? ""}_\``,
  };
  return at(mistake, "NN0109", details, span);
}

/** `in = 3`, `return = 3`, `input then: [batch, 5]`: seen at the word, behind it or before it. */
function namedByReservedWord(mistake: Mistake): Diagnostic | undefined {
  const { tokens, index } = mistake;
  for (const position of [index, index - 1, index + 1]) {
    const token = tokens[position];
    if (!isReserved(token) || !is(tokens[position + 1], Equals, Tilde, Arrow, Colon)) continue;
    if (is(token, reserved.else, reserved.then) && opensBlock(mistake, position)) continue;
    if (beginsStatement(mistake, position) || isDeclared(mistake, position)) {
      return reservedWord(mistake, token);
    }
  }
  return undefined;
}

/** `else:` at the end of a line, as in Python. */
function opensBlock({ file, tokens }: Mistake, position: number): boolean {
  return is(tokens[position + 1], Colon) && startsLine(file.text, tokens, position + 2);
}

function beginsStatement({ file, tokens }: Mistake, position: number): boolean {
  return (
    startsLine(file.text, tokens, position) ||
    is(tokens[position - 1], LeftBrace, RightBrace, Semicolon)
  );
}

/** Whether a word right before it, which begins the statement, declares it. */
function isDeclared(mistake: Mistake, position: number): boolean {
  const word = mistake.tokens[position - 1];
  return is(word, Word) && beginsStatement(mistake, position - 1);
}

/** `z => z * 2`, `lambda z: z`, `fn(z) = z`: where a function is wanted, only a declared one has a name. */
function inlineFunction(mistake: Mistake): Diagnostic | undefined {
  const { tokens, index } = mistake;
  const arrow = [index, index + 1].find((one) => tokens[one]?.image === "=>");
  if (arrow !== undefined) return unnamedFunction(mistake, arrow, parametersBefore(tokens, arrow));
  const lambda = [0, 1, 2, 3, 4]
    .map((back) => index - back)
    .find((one) => tokens[one]?.image === "lambda");
  const colon =
    lambda === undefined ? -1 : tokens.findIndex((one, at) => at > lambda && is(one, Colon));
  if (lambda !== undefined && colon > lambda) {
    return unnamedFunction(mistake, colon, namesOf(tokens.slice(lambda + 1, colon)), lambda);
  }
  if (!is(mistake.token, Equals) || !is(mistake.previous, RightParenthesis)) return undefined;
  const open = openingOf(tokens, index - 1);
  const isFunction = ["fn", "function", "def"].includes(tokens[open - 1]?.image ?? "");
  if (!isFunction || beginsStatement(mistake, open - 1)) return undefined;
  return unnamedFunction(mistake, index, namesOf(tokens.slice(open, index)), open - 1);
}

/** `h = x if x > 0 else 0`, as in Python. */
function choiceBehind(mistake: Mistake): Diagnostic | undefined {
  const { tokens, index, file } = mistake;
  if (!is(mistake.token, reserved.if, reserved.else)) return undefined;
  let word = index;
  while (word > 0 && !is(tokens[word], reserved.if)) word--;
  let other = index;
  while (other < tokens.length && !is(tokens[other], reserved.else)) other++;
  let first = word;
  while (first > 0 && !is(tokens[first - 1], Equals, Comma, LeftParenthesis, LeftBracket)) first--;
  const last = endOfArgument(mistake, other + 1) - 1;
  const sameLine = !tokens.slice(first, last + 1).some((_, at) => {
    return at > 0 && startsLine(file.text, tokens, first + at);
  });
  if (first === word || other >= last + 1 || first === 0 || !sameLine) return undefined;
  const text = (from: number, to: number): string => {
    const [one, two] = [tokens[from], tokens[to]];
    if (one === undefined || two === undefined) return "…";
    return file.text.slice(one.startOffset, tokenSpan(two).end);
  };
  const written = text(first, last);
  const choice = `if ${text(word + 1, other - 1)} then ${text(first, word - 1)} else ${text(other + 1, last)}`;
  const details = {
    message: "a choice begins with its condition",
    hint: `write \`${written.length > 80 ? "if c then a else b" : choice}\``,
  };
  const start = tokens[first]?.startOffset ?? 0;
  return at(mistake, "NN0104", details, { start, end: start + written.length });
}

/** `weight W = zeros([4, 8])`: what is trained is declared with its shape. */
function valueForShape(mistake: Mistake): Diagnostic | undefined {
  const { tokens, index, file, token } = mistake;
  const [word, name] = [tokens[index - 2], tokens[index - 1]];
  const trained = ["weight", "bias", "param", "state"].includes(word?.image ?? "");
  if (!is(token, Equals) || !trained || !is(name, Word)) return undefined;
  if (!beginsStatement(mistake, index - 2)) return undefined;
  const rest = file.text.slice((token?.startOffset ?? 0) + 1).split("\n", 1)[0] ?? "";
  const [, filled, shape = "[n, units]"] =
    /^\s*(?:(zeros|ones)|\w+)\((\[[^\]]*\])/.exec(rest) ?? [];
  const drawn = word?.image === "state" ? "= 0" : "~ glorot_uniform()";
  const value = filled === "ones" ? "= 1" : filled === "zeros" ? "= 0" : drawn;
  const declared = `${word?.image ?? ""} ${name?.image ?? ""}: ${shape} ${value}`;
  const details = {
    message: `a \`${word?.image ?? ""}\` is declared with its shape, which \`:\` begins`,
    hint: `write \`${declared}\``,
  };
  return at(mistake, "NN0104", details);
}

function unnamedFunction(
  mistake: Mistake,
  sign: number,
  names: readonly string[],
  begin = sign,
): Diagnostic {
  const { tokens, file } = mistake;
  const body = tokens.slice(sign + 1, endOfArgument(mistake, sign + 1));
  const [first, last] = [body[0], body.at(-1)];
  const text =
    first === undefined || last === undefined
      ? "…"
      : file.text.slice(tokenSpan(first).start, tokenSpan(last).end);
  const declared = `fn f(${names.join(", ")}) = ${text.length > 60 ? "…" : text}`;
  const from = tokens[begin];
  return at(
    mistake,
    "NN0010",
    {
      message: "a function has a name here: it is declared, and then given by its name",
      hint: `write \`${declared}\`, and give \`f\``,
    },
    from === undefined ? undefined : tokenSpan(from),
  );
}

function parametersBefore(tokens: readonly IToken[], arrow: number): string[] {
  const before = arrow - 1;
  const open = is(tokens[before], RightParenthesis) ? openingOf(tokens, before) : before;
  return namesOf(tokens.slice(open, arrow));
}

function openingOf(tokens: readonly IToken[], closing: number): number {
  let open = closing;
  while (open > 0 && !is(tokens[open], LeftParenthesis)) open--;
  return open;
}

const namesOf = (tokens: readonly IToken[]): string[] =>
  tokens.filter((token) => is(token, Word)).map((token) => token.image);

/** Before the comma or bracket, or the line, that ends what begins at `start`. */
function endOfArgument({ tokens, file }: Mistake, start: number): number {
  let depth = 0;
  for (let index = start; index < tokens.length; index++) {
    const token = tokens[index];
    if (depth === 0 && (is(token, Comma) || startsLine(file.text, tokens, index))) return index;
    if (is(token, LeftParenthesis, LeftBracket, LeftBrace)) depth++;
    if (is(token, RightParenthesis, RightBracket, RightBrace)) depth--;
    if (depth < 0) return index;
  }
  return tokens.length;
}

/** `h += 1`: what the name is afterwards nobody knows, so that the statement is left out. */
function foreignOperator(mistake: Mistake): Diagnostic | undefined {
  const { tokens, index } = mistake;
  const token = tokens.slice(index, index + 2).find((one) => is(one, Foreign));
  if (token === undefined) return undefined;
  const { message, hint } = foreignSign(token.image, "start");
  const name = tokens[tokens.indexOf(token) - 1]?.image ?? "x";
  return at(
    mistake,
    "NN0010",
    { message, hint: hint.replaceAll(/\bx\b/g, name) },
    tokenSpan(token),
  );
}

/** `output softmax(x)`: what an output is called stands in no other place. */
export function outputWithoutName(mistake: Mistake): Diagnostic | undefined {
  const { tokens, index, file } = mistake;
  const [word, first] = [tokens[index - 2], tokens[index - 1]];
  const written = word?.image === "output" && beginsStatement(mistake, index - 2);
  if (!written || first === undefined || !is(first, Word)) return undefined;
  if (startsLine(file.text, tokens, index) || is(mistake.token, Semicolon, RightBrace)) {
    return undefined;
  }
  if (startsLine(file.text, tokens, index - 1) || is(mistake.token, Word)) return undefined;
  const last = tokens[endOfArgument(mistake, index - 1) - 1];
  const text = file.text.slice(first.startOffset, tokenSpan(last ?? first).end);
  return at(
    mistake,
    "NN0106",
    {
      message: "an output that is computed here has no name",
      hint: `write \`output name = ${text.length > 60 ? "…" : text}\``,
    },
    tokenSpan(first),
  );
}

/** `early_stopping(patience: 3)`: a setting by its name elsewhere, with arguments. */
function settingAsCall(mistake: Mistake): Diagnostic | undefined {
  const { tokens, file } = mistake;
  let start = Math.min(mistake.index, tokens.length - 1);
  const isCall = (): boolean => is(tokens[start], Word) && is(tokens[start + 1], LeftParenthesis);
  while (start > 0 && !isCall() && !startsLine(file.text, tokens, start)) start--;
  const word = tokens[start];
  if (word === undefined || !isCall()) return undefined;
  const last = tokens[endOfArgument(mistake, start + 1) - 2];
  const form = settingHere(word.image, last?.image);
  const isOptimizer = form === undefined && isLineOfTraining(mistake, start);
  if (!isOptimizer && (form === undefined || form.startsWith(word.image))) return undefined;
  const details = {
    message: `a \`train\` block has no \`${word.image}\``,
    hint: isOptimizer
      ? `an optimizer is given by its line: \`optimizer ${word.image}(…)\``
      : `write \`${form ?? ""}\``,
  };
  return at(mistake, "NN0106", details, tokenSpan(word));
}

/** Whether a token begins a line of a `train` block, and is none of the words that do. */
function isLineOfTraining({ tokens, file }: Mistake, index: number): boolean {
  if (Object.hasOwn(trainForms, tokens[index]?.image ?? "")) return false;
  if (!startsLine(file.text, tokens, index) && !is(tokens[index - 1], LeftBrace)) return false;
  let open = index - 1;
  for (let depth = 0; open >= 0; open--) {
    if (is(tokens[open], RightBrace)) depth++;
    if (is(tokens[open], LeftBrace) && depth-- === 0) break;
  }
  // `train Name {`, `train Name stage first {`
  return [2, 4].some((before) => tokens[open - before]?.image === "train");
}

const calledWords = ["loss", "metric", "regularize", "project", "output"];

/** `loss: mse(h, y)`, noticed within what looked like a type. */
function keywordWithColon(mistake: Mistake): Diagnostic | undefined {
  const { tokens, file } = mistake;
  let start = Math.min(mistake.index, tokens.length - 1);
  // Of `output: y` it is noticed at what begins the next line.
  if (startsLine(file.text, tokens, start)) start--;
  while (start > 0 && !startsLine(file.text, tokens, start)) start--;
  const [word, colon, callee, open] = tokens.slice(start, start + 4);
  if (word === undefined || !calledWords.includes(word.image) || !is(colon, Colon))
    return undefined;
  if (!is(callee, Word) || callee?.image === "category") return undefined;
  const isCall = is(open, LeftParenthesis);
  const ends = isCall || open === undefined || is(open, RightBrace);
  if (!ends && !startsLine(file.text, tokens, start + 3)) return undefined;
  const details = {
    message: `\`${word.image}\` is not followed by \`:\``,
    hint: `write \`${word.image} ${callee?.image ?? ""}${isCall ? "(…)" : ""}\``,
  };
  return at(mistake, "NN0106", details, colon === undefined ? undefined : tokenSpan(colon));
}

const declaring = ["input", "target", "weight", "bias", "param", "state", "carry", "fitted"];

/** `input x: batch, 4`, `target y: category(3), batch`: noticed at the comma. */
function shapeWithoutBrackets(mistake: Mistake): Diagnostic | undefined {
  const { tokens, file, index } = mistake;
  const noType = is(mistake.previous, Colon) && is(mistake.token, Integer);
  if (!noType && !is(mistake.token, Comma)) return undefined;
  let start = index;
  while (start > 0 && !beginsStatement(mistake, start)) start--;
  const [word, name, colon, first] = tokens.slice(start, start + 4);
  const declares = declaring.includes(word?.image ?? "") && is(name, Word) && is(colon, Colon);
  if (!declares || first === undefined || is(first, LeftBracket)) return undefined;
  let end = index;
  while (end < tokens.length && !startsLine(file.text, tokens, end) && !ends(tokens[end])) end++;
  const last = tokenSpan(tokens[end - 1] ?? first);
  const text = file.text.slice(first.startOffset, last.end);
  // An element type stands before the brackets.
  const [, type = "", dimensions = text] =
    /^(category\s*\(.*?\)|f16|f32|i32|u32|bool)\s*,\s*(.*)$/s.exec(text) ?? [];
  return at(
    mistake,
    "NN0104",
    {
      message: "a shape stands in brackets",
      hint: `write \`${text.length > 60 ? "[…]" : `${type}[${dimensions}]`}\``,
    },
    { start: first.startOffset, end: last.end },
  );
}

const ends = (token: IToken | undefined): boolean =>
  is(token, Equals, Tilde, Semicolon, RightBrace) || token?.image === "missing";

/** Forms that are written in another way here. */
function otherForms(mistake: Mistake): Diagnostic | undefined {
  const { token, previous, tokens, index } = mistake;
  if (["elif", "elseif", "elsif"].includes(token?.image ?? "")) {
    const message = `${show(token)} is not a word of the language`;
    return at(mistake, "NN0106", { message, hint: "write `else if`" });
  }
  if (is(token, Dot) && is(previous, Dot)) {
    const [from, to] = [tokens[index - 2], tokens[index + 1]];
    const example = is(from, Integer) && from?.image === "0" ? (to?.image ?? "5") : "5";
    const hint = `whole numbers are counted by \`range\`: \`for i in range(${example}) { … }\``;
    return at(mistake, "NN0108", { message: "`..` is not an operator", hint });
  }
  if (is(previous, Colon) && is(token, LeftParenthesis)) {
    const shape = shapeText(mistake);
    return at(mistake, "NN0104", {
      message: "a shape stands in brackets, not in parentheses",
      hint: `write \`[${shape.length > 60 ? "…" : shape.trim()}]\``,
    });
  }
  return undefined;
}

/** What stands in the parentheses at the mistake. */
function shapeText({ file, tokens, index, token }: Mistake): string {
  let end = index;
  while (end < tokens.length && !is(tokens[end], RightParenthesis)) end++;
  return file.text.slice((token?.startOffset ?? 0) + 1, tokens[end]?.startOffset ?? 0);
}
