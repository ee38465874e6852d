// What Chevrotain knows of a mistake comes in; a small record of it, carried as its message, goes out.

import type { IParserErrorMessageProvider, TokenType } from "chevrotain";

/** The record that stands in the message of a recognition exception. */
export interface Failure {
  /** Empty where a declaration was to begin. */
  readonly rule: string;
  /** The labels of the tokens that could have stood here; empty where there is a choice of many. */
  readonly expected: readonly string[];
}

function failure(rule: string, expected: readonly string[]): string {
  return JSON.stringify({ rule, expected } satisfies Failure);
}

/** Reads back what `parserMessages` wrote. */
export function readFailure(message: string): Failure {
  return JSON.parse(message) as Failure;
}

function label(type: TokenType): string {
  return type.LABEL ?? type.name;
}

/** Writes failures instead of English: `syntaxErrors.ts` finds the words. */
export const parserMessages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, ruleName }) => failure(ruleName, [label(expected)]),
  buildNotAllInputParsedMessage: () => failure("", []),
  buildNoViableAltMessage: ({ expectedPathsPerAlt, ruleName }) => {
    const firsts = expectedPathsPerAlt.flatMap((paths) =>
      paths.flatMap((path) => path.slice(0, 1)),
    );
    return failure(ruleName, [...new Set(firsts.map(label))]);
  },
  buildEarlyExitMessage: ({ ruleName }) => failure(ruleName, []),
};
