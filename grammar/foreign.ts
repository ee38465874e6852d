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
    const text = quotedText(image);
    const bare = /^[A-Za-z_]\w*$/.test(text)
      ? `, or \`${text}\` alone where a function is meant`
      : "";
    return {
      message: "a string stands in double quotes",
      hint: `write \`"${text.length > 40 ? "…" : text}"\`${bare}`,
      meant: Text,
    };
  }
  return { message: "this is not how a comment is written", hint: "comments start with `//`" };
}

/** What stands between single quotes. */
export function quotedText(image: string): string {
  return image.replaceAll(/^'|'$/g, "");
}

/** What training settings are called elsewhere, without underscores, and how they are written here. */
export const foreignSettings: Readonly<Record<string, string>> = {
  batchsize: "batch 32",
  minibatch: "batch 32",
  minibatchsize: "batch 32",
  learningrate: "optimizer adam(lr: 1e-3)",
  lr: "optimizer adam(lr: 1e-3)",
  optim: "optimizer adam(lr: 1e-3)",
  optimize: "optimizer adam(lr: 1e-3)",
  momentum: "optimizer sgd(lr: 0.1, momentum: 0.9)",
  weightdecay: "optimizer adamw(weight_decay: 0.01)",
  lrschedule: "optimizer adam(lr: cosine(1e-3))",
  lrscheduler: "optimizer adam(lr: cosine(1e-3))",
  learningrateschedule: "optimizer adam(lr: cosine(1e-3))",
  schedule: "optimizer adam(lr: cosine(1e-3))",
  scheduler: "optimizer adam(lr: cosine(1e-3))",
  epoch: "epochs 10",
  nepochs: "epochs 10",
  numepochs: "epochs 10",
  maxepochs: "epochs 10",
  iterations: "steps 1000",
  numsteps: "steps 1000",
  maxsteps: "steps 1000",
  randomseed: "seed 7",
  randomstate: "seed 7",
  validationsplit: "validation 0.1",
  valsplit: "validation 0.1",
  earlystopping: "stop_early(patience: 5)",
  earlystop: "stop_early(patience: 5)",
  stopearly: "stop_early(patience: 5)",
  patience: "stop_early(patience: 5)",
  gradclip: "clip_norm 5",
  clipnorm: "clip_norm 5",
  clipvalue: "clip_value 1",
  droplast: "drop_last true",
};

/** What stands among training settings elsewhere, and where that stands here. */
export const elsewhereThanInTraining: Readonly<Record<string, string>> = {
  loss: "losses stand in the model: `loss mse(prediction, y)`",
  criterion: "losses stand in the model: `loss mse(prediction, y)`",
  metric: "metrics stand in the model: `metric mae(prediction, y)`",
  metrics: "metrics stand in the model: `metric mae(prediction, y)`",
  regularize: "penalties stand in the model: `regularize l2(0.01) on weights`",
  shuffle: "examples come in another order in each epoch, by `seed`: leave the line out",
  device: "where a net runs is said when it runs: `nnc train --backend cpu`",
  verbose: "how much is told is said when it runs: leave the line out",
  callbacks: "what ends a training early is a line: `stop_early(patience: 5)`",
  data: "data is given when a net is trained: `nnc train model.nn --data x=x.npy`",
};

/** What statements and declarations are called elsewhere, and here. */
export const foreignStatements: Readonly<Record<string, string>> = {
  label: "target",
  labels: "target",
  feature: "input",
  features: "input",
  placeholder: "input",
  metrics: "metric",
  losses: "loss",
  cost: "loss",
  objective: "loss",
  minimize: "loss",
  predict: "output",
  prediction: "output",
  parameter: "param",
  variable: "param",
  regularizer: "regularize",
  constraint: "project",
  assert: "check",
};
export const foreignDeclarations: Readonly<Record<string, string>> = {
  fit: "train",
  compile: "train",
  training: "train",
  net: "model",
  network: "model",
  module: "model",
  initializer: "init",
  tune: "search",
};

/** How a setting is written here, with the number that stands behind its name there. */
export function settingHere(name: string, value?: string): string | undefined {
  const key = name.toLowerCase().replaceAll("_", "");
  const form = Object.hasOwn(foreignSettings, key) ? foreignSettings[key] : undefined;
  return form === undefined ? undefined : withNumber(form, value);
}

/** A form with another number in the place of its last one. */
export function withNumber(form: string, value: string | undefined): string {
  if (value === undefined || !/^[\d.][\d._]*(?:e-?\d+)?$/.test(value)) return form;
  return form.replace(/[\d.]+(?:e-?\d+)?(?=[^\d]*$)/, value);
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
