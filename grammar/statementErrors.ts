// A token that starts no declaration, statement or line comes in; the diagnostic that says so, and what was meant, goes out.

import { searchForms, statementForms, trainForms } from "./forms.js";
import type { Diagnostic } from "./diagnostics.js";
import { tokenSpan } from "./lexer.js";
import { nearest } from "./nearest.js";
import {
  elsewhereThanInTraining,
  foreignDeclarations,
  foreignStatements,
  settingHere,
  withNumber,
} from "./foreign.js";
import { belongsToPipeline, startsLine } from "./repair.js";
import { at, is, type Mistake, show } from "./mistake.js";
import {
  Colon,
  Comma,
  Dot,
  Equals,
  Float,
  Integer,
  LeftBrace,
  LeftBracket,
  LeftParenthesis,
  Operator,
  Pipe,
  RightBrace,
  Semicolon,
  Text,
  Word,
  declarationWords,
  isDeclarationWord,
  keyword,
  reserved,
} from "./tokens.js";

/** Words that start a binding in other languages. */
const foreignBinders = ["let", "var", "val", "auto", "mut"];
const foreignFunctions = ["def", "function", "func", "fun", "class", "module"];

/** Something stands where only a declaration may. */
export function explainDeclaration(mistake: Mistake): Diagnostic {
  const { token, next } = mistake;
  const rest = sameLine(mistake);
  if (rest !== undefined) return rest;
  const image = token?.image ?? "";
  const known = declarationWords.find((name) => name === image);
  if (known !== undefined) {
    return at(mistake, "NN0105", {
      message: `after \`${known}\` ${known === "import" ? "`{`" : "a name"} was expected, but ${show(next)} was found`,
      hint: declarationForms[known],
    });
  }
  const message = `a declaration was expected, but ${show(token)} was found`;
  const notes = [
    "a file holds `import`, `const`, `fn`, `init`, `layer`, `optimizer`, `projection`, `model`, `train` and `search`",
  ];
  if (image === "class") {
    const hint = `a model is \`model ${next?.image ?? "Net"} { … }\`, with its inputs, layers, outputs and losses in it`;
    return at(mistake, "NN0105", { message, notes, hint });
  }
  if (foreignFunctions.includes(image)) {
    const hint =
      "a function is `fn name(x) = …`, one with parameters of its own is `layer name(x) { … }`";
    return at(mistake, "NN0105", { message, notes, hint });
  }
  if (is(next, Equals) || foreignBinders.includes(image)) {
    const name = is(next, Equals) ? image : (next?.image ?? "name");
    return at(mistake, "NN0105", { message, notes, hint: `a constant is \`const ${name} = …\`` });
  }
  if (statementForms[image] !== undefined) {
    return at(mistake, "NN0105", { message, notes, hint: outsideHint });
  }
  const here = Object.hasOwn(foreignDeclarations, image) ? foreignDeclarations[image] : undefined;
  const hint =
    here === undefined ? didYouMean(image, declarationWords) : `here it is called \`${here}\``;
  return at(mistake, "NN0105", { message, notes, hint });
}

/** Of a statement that stands in no block; told once in a file, however many there are. */
export const outsideHint =
  "inputs, layers, outputs and losses stand in the braces of a model: `model Name { … }`";

const declarationForms: Readonly<Record<(typeof declarationWords)[number], string>> = {
  import: 'write `import { residual } from "./blocks.nn"`',
  const: "write `const size = 64`",
  fn: "write `fn square(x) = x ^ 2`",
  init: "write `init scaled(scale = 1) = normal(0, scale / fan_in ^ 0.5)`",
  layer: "write `layer dense(x: [...rest, n], units: int): [...rest, units] { … }`",
  optimizer: "write `optimizer sgd(lr = 0.1) { w <- w - lr * g }`",
  projection: "write `projection non_negative() { w <- max(w, 0) }`",
  model: "write `model LeNet { … }`",
  train: "write `train LeNet { … }`",
  search: "write `search LeNet { … }`",
};

/** Something stands in a block where only a statement may. */
export function explainStatement(mistake: Mistake): Diagnostic {
  const { token, next } = mistake;
  const rest = sameLine(mistake);
  if (rest !== undefined) return rest;
  const image = token?.image ?? "";
  const form = Object.hasOwn(statementForms, image) ? statementForms[image] : undefined;
  if (form !== undefined) {
    return at(mistake, "NN0106", {
      message: `\`${image}\` cannot be followed by ${show(next)}`,
      hint: `write \`${form}\``,
    });
  }
  if (lacksPipe(mistake)) {
    const message = `\`|>\` is missing before ${show(token)}`;
    return at(mistake, "NN0106", { message, hint: `write \`|> ${image}(…)\`` });
  }
  if (next?.image === "==" && is(token, Word)) {
    const message = "`==` compares, and gives nothing a name";
    return at(mistake, "NN0106", { message, hint: `write \`${image} = …\`` }, tokenSpan(next));
  }
  const message = `a statement was expected, but ${show(token)} was found`;
  return at(mistake, "NN0106", { message, hint: statementHint(mistake, image) });
}

/** A call on a line of its own below a stage of a pipeline. */
function lacksPipe({ file, tokens, index }: Mistake): boolean {
  return belongsToPipeline(file.text, tokens, index);
}

function statementHint(mistake: Mistake, image: string): string | undefined {
  const { token, next } = mistake;
  if (is(token, keyword.const) || (foreignBinders.includes(image) && is(next, Word))) {
    return `in a block a name is bound without a keyword: \`${next?.image ?? "x"} = …\``;
  }
  if (image === "optimizer" && is(next, Word)) {
    return `how a model is trained stands below it: \`train Name { optimizer ${next?.image ?? "name"}(…) }\``;
  }
  if (isDeclarationWord(token) && is(next, Word, LeftBrace)) {
    return `\`${image}\` is declared at the level of the file, not in a block`;
  }
  if (is(token, reserved.else)) return "`else` follows the `}` of an `if`";
  if (image === "while") return "there are no open-ended loops: use `for` or `scan`";
  const here = Object.hasOwn(foreignStatements, image) ? foreignStatements[image] : undefined;
  if (here !== undefined) return `here it is called \`${here}\`: \`${statementForms[here] ?? ""}\``;
  if (image === "print") return "what a model gives out is an `output`: `output h`";
  if (is(next, LeftParenthesis)) return `bind the result: \`y = ${image}(…)\``;
  if (is(next, LeftBracket, Dot)) {
    return "tensors do not change in place: bind a whole new value with `name = …`";
  }
  if (is(next, Operator)) return "bind the value of an expression: `y = …`";
  const misspelt = didYouMean(image, Object.keys(statementForms));
  const { tokens, index, file } = mistake;
  if (misspelt !== undefined || startsLine(file.text, tokens, index)) return misspelt;
  return didYouMean(image, continuations);
}

/** Something stands in a `train` or `search` block where only one of its lines may. */
export function explainLine(mistake: Mistake, block: "train" | "search"): Diagnostic {
  const { token, next } = mistake;
  const rest = sameLine(mistake);
  if (rest !== undefined) return rest;
  const image = token?.image ?? "";
  const forms = block === "train" ? trainForms : searchForms;
  const message =
    is(token, Word) && is(next, Equals, Colon)
      ? `a line of a \`${block}\` block has no ${show(next)}`
      : `a line of a \`${block}\` block was expected, but ${show(token)} was found`;
  const value = is(next, Equals, Colon) ? mistake.tokens[mistake.index + 2]?.image : undefined;
  if (Object.hasOwn(forms, image)) {
    const form = withNumber(forms[image] ?? "", value);
    return at(mistake, "NN0106", { message, hint: `write \`${form}\`` });
  }
  const here = block === "train" ? settingHere(image, value) : undefined;
  if (here !== undefined) return at(mistake, "NN0106", { message, hint: `write \`${here}\`` });
  if (block === "train" && Object.hasOwn(elsewhereThanInTraining, image)) {
    return at(mistake, "NN0106", { message, hint: elsewhereThanInTraining[image] });
  }
  const candidate = "a parameter to search is `learning_rate ~ log_uniform(1e-4, 1e-1)`";
  const hint = is(token, Word)
    ? block === "search" && is(next, Equals, Colon)
      ? candidate
      : is(next, Equals, Colon)
        ? `write a word and its value: \`${image} 64\``
        : didYouMean(image, Object.keys(forms))
    : `lines look like ${Object.values(forms).slice(0, 3).map(quote).join(", ")}`;
  return at(mistake, "NN0106", { message, hint });
}

function quote(text: string): string {
  return `\`${text}\``;
}

function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  const meant = nearest(word, candidates);
  return meant === undefined ? undefined : `did you mean \`${meant}\`?`;
}

/** Words that go on after an expression. */
const continuations = ["on", "where", "as", "with", "from"];

/** Whether a mistake stands on the line of a complete statement or line, and begins none itself. */
export function isRest(mistake: Mistake): boolean {
  const { token, previous, tokens, index, file } = mistake;
  if (token === undefined || previous === undefined) return false;
  if (startsLine(file.text, tokens, index)) return false;
  if (is(previous, LeftBrace, RightBrace, Semicolon)) return false;
  return !startsAnother(mistake) || nearest(token.image, continuations) !== undefined;
}

/** Two statements may share a line: a word that starts one is explained as such. */
function startsAnother({ token, next, tokens, index, file }: Mistake): boolean {
  const goesOn = is(next, Word) && !startsLine(file.text, tokens, index + 1);
  return is(token, Word) && (goesOn || startsForm(token?.image ?? ""));
}

/** What stands on the line of a complete statement and is no part of it. */
function sameLine(mistake: Mistake): Diagnostic | undefined {
  const { token, previous } = mistake;
  if (token === undefined || previous === undefined) return undefined;
  if (!isRest(mistake) || startsAnother(mistake)) return undefined;
  return at(
    mistake,
    "NN0104",
    {
      message: `${show(token)} cannot stand here`,
      labels: [
        { file: mistake.file, span: tokenSpan(previous), text: "what is before it ends here" },
      ],
      hint: restHint(mistake),
    },
    tokenSpan(token),
  );
}

function restHint(mistake: Mistake): string | undefined {
  const { token, previous, tokens, index } = mistake;
  if (is(token, Equals)) {
    return "names are bound at the start of a statement: `y = …`; to compare, write `==`";
  }
  if (is(token, Comma)) return "no comma stands between statements: leave it out";
  const operands = [Word, Integer, Float, Text, LeftBracket, reserved.true, reserved.false];
  if (!is(token, ...operands)) return undefined;
  if (is(previous, Integer, Float) && is(token, Word)) {
    return `a product is written with \`*\`: \`${previous?.image ?? ""} * ${token?.image ?? ""}\``;
  }
  if (!is(previous, Word)) return "is an operator, or a comma, missing before it?";
  const call = `${previous?.image ?? ""}(${restText(mistake)})`;
  return is(tokens[index - 2], Pipe)
    ? `arguments stand in parentheses: write \`${call}\``
    : `is an operator missing before it? Arguments stand in parentheses: \`${call}\``;
}

/** What follows on the line, as far as it may be arguments. */
function restText({ file, tokens, index, token }: Mistake): string {
  let end = index + 1;
  const ends = [Pipe, RightBrace, Semicolon, keyword.on, keyword.with];
  while (end < tokens.length && !startsLine(file.text, tokens, end) && !is(tokens[end], ...ends)) {
    end++;
  }
  const last = tokens[end - 1];
  const text = file.text.slice(
    token?.startOffset ?? 0,
    last === undefined ? undefined : tokenSpan(last).end,
  );
  return text.length > 60 ? "…" : text;
}

function startsForm(image: string): boolean {
  return Object.hasOwn(statementForms, image) || Object.hasOwn(trainForms, image);
}
