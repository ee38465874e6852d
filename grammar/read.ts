// Balanced tokens come in; a complete concrete tree of all that can be read, and the mistakes, go out.

import type { IToken } from "chevrotain";
import { type Diagnostic, diagnostic } from "./diagnostics.js";
import { tokenSpan } from "./lexer.js";
import { explainHabit, outputWithoutName } from "./habits.js";
import { is, mistakeAt } from "./mistake.js";
import type { FileCstNode } from "./parser/cst.js";
import { type Failure, readFailure } from "./parser/failures.js";
import { NetworkParser, TooDeepError } from "./parser/index.js";
import {
  belongsToNextStatement,
  damagedStretch,
  singleEdits,
  skipStretch,
  trainRules,
} from "./repair.js";
import { once } from "./once.js";
import type { SourceFile, Span } from "./span.js";
import { isRest, outsideHint } from "./statementErrors.js";
import { explainMistake } from "./syntaxErrors.js";
import { Comma } from "./tokens.js";

/** How many mistakes are listed for one file. */
export const mistakeLimit = 100;
/** How many are counted, listed or not. */
const roundLimit = 1000;
/** How many tokens are read in all, over all attempts, before the rest of a source with mistakes is left out. */
const effort = 400_000;
/** Larger sources are not parsed again for the sake of a better guess. */
const editLimit = 20_000;
/** How many tokens further an edit must lead to count as what was meant. */
const editGain = 4;

/** Every parse starts it anew with its own tokens. */
const sharedParser = once(() => new NetworkParser());

export interface ReadTree {
  /** Absent where even the part before the last mistake could not be read. */
  readonly tree: FileCstNode | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** The rest of the source was left out, whatever mistakes it has. */
  readonly isCutOff: boolean;
}

/**
 * Parses; after each mistake parses again with one token put in, left out or replaced, where that leads
 * on, else without the statement that has it. Mistakes in doubtful stretches are mended unreported.
 */
export function readTokens(
  source: SourceFile,
  balanced: readonly IToken[],
  doubtful: readonly Span[],
): ReadTree {
  const parser = sharedParser();
  const diagnostics: Diagnostic[] = [];
  let tokens = balanced;
  let spent = 0;
  let isCutOff = false;
  for (let round = 1; ; round++) {
    const attempt = ofRest(source, parser, tokens, tryParse(source.text, parser, tokens));
    if (attempt.tree !== undefined) return { tree: attempt.tree, diagnostics, isCutOff };
    const mistake = locate(source, parser, tokens, attempt);
    const explained = explain(source, tokens, attempt, mistake.index);
    // What stands outside of every block stands there for one reason, however many statements there are.
    const told =
      explained.hint === outsideHint && diagnostics.some(({ code }) => code === "NN0105");
    if (!told && !isDoubtful(explained.span, doubtful)) diagnostics.push(explained);
    if (isCutOff) return { tree: undefined, diagnostics, isCutOff };
    // A mistake far down a large source costs nearly a whole parse.
    spent += mistake.index;
    // So that those that are counted alone take no longer than those that are listed.
    if (round > mistakeLimit) spent += tokens.length / 4;
    isCutOff = round >= roundLimit || spent > effort;
    if (isCutOff) {
      tokens = skipStretch(tokens, { start: mistake.declaration, end: tokens.length });
    } else {
      const { start, index, atFileLevel } = mistake;
      tokens =
        // What is counted and not listed may do with less than the best guess.
        (round < mistakeLimit && explainHabit(mistakeAt(source, tokens, index)) === undefined
          ? bestEdit(source.text, parser, tokens, attempt, index)
          : undefined) ??
        skipStretch(tokens, damagedStretch(source.text, tokens, start, index, atFileLevel));
    }
  }
}

interface Attempt {
  readonly tree?: FileCstNode;
  /** Where it failed; a failure without a record is one of depth. */
  readonly token?: IToken;
  readonly failure?: Failure;
}

function tryParse(text: string, parser: NetworkParser, tokens: readonly IToken[]): Attempt {
  parser.start(text, tokens);
  try {
    const tree = parser.file();
    const error = parser.errors[0];
    if (error === undefined) return { tree: tree as FileCstNode };
    return { token: error.token, failure: readFailure(error.message) };
  } catch (error) {
    if (error instanceof TooDeepError) return { token: error.token };
    throw error;
  }
}

/** `loss mse h, y`: what seems to bind `h, y` goes on with the statement before it. */
function ofRest(
  source: SourceFile,
  parser: NetworkParser,
  tokens: readonly IToken[],
  attempt: Attempt,
): Attempt {
  const token = parser.openParts.at(-1);
  if (attempt.failure === undefined || token === undefined) return attempt;
  const mistake = mistakeAt(source, tokens, tokens.indexOf(token));
  if (!is(mistake.next, Comma) || !isRest(mistake)) return attempt;
  return { token, failure: { rule: "statement", expected: [] } };
}

/** The index of the token that failed; the number of tokens where that is the end. */
function indexOf(tokens: readonly IToken[], attempt: Attempt): number {
  const seen = attempt.token === undefined ? -1 : tokens.indexOf(attempt.token);
  return seen < 0 ? tokens.length : seen;
}

/** The tokens with the one edit that leads furthest, if any leads far enough. */
function bestEdit(
  text: string,
  parser: NetworkParser,
  tokens: readonly IToken[],
  attempt: Attempt,
  index: number,
): readonly IToken[] | undefined {
  if (attempt.failure === undefined || tokens.length > editLimit) return undefined;
  let best: readonly IToken[] | undefined;
  let furthest = index + (trainRules.includes(attempt.failure.rule) ? 0 : editGain);
  for (const edited of singleEdits(text, tokens, index, attempt.failure)) {
    const next = tryParse(text, parser, edited);
    if (next.tree !== undefined) return edited;
    const reached = indexOf(edited, next) - (edited.length - tokens.length);
    if (reached > furthest) {
      best = edited;
      furthest = reached;
    }
  }
  return best;
}

interface Mistake {
  /** Where the part to leave out begins. */
  readonly start: number;
  readonly index: number;
  /** Where the declaration with the mistake begins. */
  readonly declaration: number;
  readonly atFileLevel: boolean;
}

const closingRules = ["block", "trainDeclaration", "searchDeclaration"];

function locate(
  source: SourceFile,
  parser: NetworkParser,
  tokens: readonly IToken[],
  attempt: Attempt,
): Mistake {
  const { failure } = attempt;
  const index = indexOf(tokens, attempt);
  const parts = parser.openParts.map((part) => tokens.indexOf(part)).filter((part) => part >= 0);
  const declaration = parts[0] ?? Math.min(index, tokens.length - 1);
  if (failure === undefined) {
    const start = parts[1] ?? declaration;
    return { start, index, declaration, atFileLevel: parts.length < 2 };
  }
  const last = parser.lastPart === undefined ? -1 : tokens.indexOf(parser.lastPart);
  const mistake = mistakeAt(source, tokens, index);
  // What goes on with a statement on its line is a part of it: without that, it says something else.
  const rest = isRest(mistake);
  // Where a block should go on or end, what stands there is no part of the statement before it.
  const between = closingRules.includes(failure.rule) && failure.expected[0] === "`}`";
  const begins = rest && parts.length > 1 && parts.at(-1) === index;
  if ((between || begins) && index < tokens.length) {
    // Unless that statement lacks its value, and took the first word of the next one for it.
    const nameless = outputWithoutName(mistake) !== undefined;
    const lacks = nameless || rest || belongsToNextStatement(source.text, tokens, index);
    return {
      start: lacks && last >= 0 && last < index ? last : index,
      index,
      declaration,
      atFileLevel: false,
    };
  }
  const start = parts.at(-1) ?? declaration;
  return { start, index, declaration, atFileLevel: parts.length < 2 };
}

function explain(
  source: SourceFile,
  tokens: readonly IToken[],
  attempt: Attempt,
  index: number,
): Diagnostic {
  if (attempt.failure !== undefined) return explainMistake(source, tokens, index, attempt.failure);
  const last = tokens[index] ?? tokens.at(-1);
  return diagnostic("NN0003", {
    file: source,
    span: last === undefined ? { start: 0, end: 0 } : tokenSpan(last),
    message: "this is nested too deeply",
    notes: ["expressions and blocks may stand in each other 160 deep"],
    hint: "bind inner parts to names, or make them a `fn` or a `layer`",
  });
}

function isDoubtful(span: Span, doubtful: readonly Span[]): boolean {
  return doubtful.some((one) => one.start <= span.start && span.start <= one.end);
}
