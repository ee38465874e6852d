// Tokens come in; the state of one parse, and answers to what rules ask of the tokens ahead, go out: no rules.

import { CstParser, type IToken, type TokenType, tokenMatcher } from "chevrotain";
import { parserMessages } from "./failures.js";
import { Arrow, Colon, Comma, Equals, Tilde, allTokens, Name, Word, keyword } from "../tokens.js";
/** How deep expressions and blocks may stand in each other, with or without brackets. */
const nestingLimit = 160;

/** Thrown out of the parser where the source is nested too deeply for its stack; `parse` reports it. */
export class TooDeepError extends Error {
  constructor(readonly token: IToken) {
    super("nested too deeply");
  }
}

/** A parser with two tokens of look-ahead that stops at the first mistake. */
export abstract class BaseParser extends CstParser {
  /** The first tokens of the declarations, statements and lines that are being read, outermost first. */
  openParts: IToken[] = [];
  /** The first token of the part that was read last. */
  lastPart: IToken | undefined;
  protected depth = 0;
  private text = "";

  constructor(validate = false) {
    super([...allTokens], {
      maxLookahead: 2,
      recoveryEnabled: false,
      nodeLocationTracking: "onlyOffset",
      errorMessageProvider: parserMessages,
      skipValidations: !validate,
    });
  }

  /** Forgets the parse before and takes new tokens. */
  start(text: string, tokens: readonly IToken[]): void {
    this.text = text;
    this.input = [...tokens];
    this.openParts = [];
    this.lastPart = undefined;
    this.depth = 0;
  }

  protected enterPart(): void {
    this.ACTION(() => this.openParts.push(this.LA(1)));
  }

  protected leavePart(): void {
    this.ACTION(() => {
      this.lastPart = this.openParts.pop();
    });
  }

  protected enter(): void {
    this.ACTION(() => {
      this.depth++;
      if (this.depth > nestingLimit) throw new TooDeepError(this.LA(1));
    });
  }

  protected leave(): void {
    this.ACTION(() => this.depth--);
  }

  /** Whether the next word is used as a name, because `=`, `:`, `,`, `~` or `<-` follows it. */
  protected isName(): boolean {
    const next = this.LA(2);
    return [Equals, Colon, Comma, Tilde, Arrow].some((sign) => tokenMatcher(next, sign));
  }

  protected isKeyword(word: TokenType): boolean {
    return tokenMatcher(this.LA(1), word) && !this.isName();
  }

  /** Whether nothing stands between the token before and the next. */
  protected isAdjacent(): boolean {
    const { endOffset } = this.LA(0);
    return endOffset !== undefined && this.LA(1).startOffset === endOffset + 1;
  }

  /**
   * Whether a keyword begins a line and a statement, so that it is no operand: without this, a `loss`
   * whose value is missing would take the `output` of the next line for it.
   */
  protected beginsStatement(): boolean {
    const token = this.LA(1);
    const next = this.LA(2);
    if (token.tokenType === Name || !tokenMatcher(next, Word)) return false;
    if (continuing.some((word) => tokenMatcher(next, word))) return false;
    const gap = this.text.slice(this.LA(0).startOffset, token.startOffset);
    return (
      /[\r\n]/.test(gap) && !/[\r\n]/.test(this.text.slice(token.startOffset, next.startOffset))
    );
  }
}

/** Words that go on after an operand. */
const continuing = [
  keyword.on,
  keyword.along,
  keyword.where,
  keyword.with,
  keyword.repeat,
  keyword.missing,
  keyword.from,
];
