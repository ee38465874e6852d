// The tokens of expressions come in; their concrete trees go out: pipelines, operands in a row, suffixes, lists, scans.

import { type CstNode, type ParserMethod, tokenMatcher } from "chevrotain";
import { BaseParser } from "./base.js";
import {
  Colon,
  Comma,
  Dot,
  Ellipsis,
  Float,
  Integer,
  LeftBracket,
  LeftParenthesis,
  Operator,
  Pipe,
  Prefix,
  RightBracket,
  RightParenthesis,
  Star,
  Text,
  Word,
  keyword as k,
  reserved as r,
} from "../tokens.js";

export abstract class ExpressionParser extends BaseParser {
  /** Blocks stand in scans; their rule is with the statements. */
  abstract block: ParserMethod<[], CstNode>;
  /** A list of names, with the statements as well. */
  abstract names: ParserMethod<[], CstNode>;

  expression = this.RULE("expression", () => {
    this.enter();
    this.SUBRULE(this.operation);
    this.MANY(() => {
      this.CONSUME(Pipe);
      this.SUBRULE(this.stage);
    });
    this.leave();
  });

  stage = this.RULE("stage", () => {
    this.CONSUME(Word);
    this.MANY(() => {
      this.CONSUME(Dot);
      this.CONSUME2(Word);
    });
    this.OPTION(() => this.SUBRULE(this.arguments));
  });

  /** Operands and operators in a row; `operators.ts` gives them their order. */
  operation = this.RULE("operation", () => {
    this.SUBRULE(this.operand);
    this.MANY(() => {
      this.CONSUME(Operator);
      this.SUBRULE2(this.operand);
    });
  });

  operand = this.RULE("operand", () => {
    this.MANY(() => this.CONSUME(Prefix));
    this.OR([
      { ALT: () => this.SUBRULE(this.conditional) },
      {
        ALT: () => {
          this.SUBRULE(this.primary);
          this.MANY2(() => this.SUBRULE(this.suffix));
        },
      },
    ]);
  });

  conditional = this.RULE("conditional", () => {
    this.CONSUME(r.if);
    this.SUBRULE(this.expression);
    this.CONSUME(r.then);
    this.SUBRULE2(this.expression);
    this.MANY(() => {
      this.CONSUME(r.else);
      this.CONSUME2(r.if);
      this.SUBRULE3(this.expression);
      this.CONSUME2(r.then);
      this.SUBRULE4(this.expression);
    });
    this.CONSUME2(r.else);
    this.SUBRULE(this.operation);
  });

  primary = this.RULE("primary", () => {
    this.OR([
      { GATE: () => !this.beginsStatement(), ALT: () => this.CONSUME(Word) },
      { ALT: () => this.CONSUME(Integer) },
      { ALT: () => this.CONSUME(Float) },
      { ALT: () => this.CONSUME(Text) },
      { ALT: () => this.CONSUME(r.true) },
      { ALT: () => this.CONSUME(r.false) },
      { ALT: () => this.SUBRULE(this.list) },
      { ALT: () => this.SUBRULE(this.group) },
      { ALT: () => this.SUBRULE(this.scan) },
    ]);
  });

  group = this.RULE("group", () => {
    this.CONSUME(LeftParenthesis);
    this.SUBRULE(this.expression);
    this.CONSUME(RightParenthesis);
  });

  list = this.RULE("list", () => {
    this.CONSUME(LeftBracket);
    this.OPTION(() => {
      this.SUBRULE(this.listElement);
      this.MANY(() => {
        this.CONSUME(Comma);
        this.SUBRULE2(this.listElement);
      });
      this.OPTION2(() => this.CONSUME2(Comma));
    });
    this.CONSUME(RightBracket);
  });

  listElement = this.RULE("listElement", () => {
    this.OPTION(() => this.CONSUME(Ellipsis));
    this.SUBRULE(this.expression);
  });

  suffix = this.RULE("suffix", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.arguments) },
      { ALT: () => this.SUBRULE(this.index) },
      {
        ALT: () => {
          this.CONSUME(Dot);
          this.OR2([{ ALT: () => this.CONSUME(Word) }, { ALT: () => this.CONSUME(Star) }]);
        },
      },
    ]);
  });

  arguments = this.RULE("arguments", () => {
    this.CONSUME(LeftParenthesis);
    this.OPTION(() => {
      this.SUBRULE(this.argument);
      this.MANY(() => {
        this.CONSUME(Comma);
        this.SUBRULE2(this.argument);
      });
      this.OPTION2(() => this.CONSUME2(Comma));
    });
    this.CONSUME(RightParenthesis);
  });

  argument = this.RULE("argument", () => {
    this.OPTION(() => {
      this.CONSUME(Word);
      this.CONSUME(Colon);
    });
    this.SUBRULE(this.expression);
  });

  index = this.RULE("index", () => {
    this.CONSUME(LeftBracket);
    this.SUBRULE(this.indexItem);
    this.MANY(() => {
      this.CONSUME(Comma);
      this.SUBRULE2(this.indexItem);
    });
    this.OPTION2(() => this.CONSUME2(Comma));
    this.CONSUME(RightBracket);
  });

  indexItem = this.RULE("indexItem", () => {
    this.OR({
      // `new` alone is the new axis; in `new + 1` it is a name.
      IGNORE_AMBIGUITIES: true,
      DEF: [
        { GATE: () => this.isNewAxis(), ALT: () => this.CONSUME(k.new) },
        { ALT: () => this.CONSUME(Ellipsis) },
        {
          ALT: () => {
            this.SUBRULE(this.expression);
            this.OPTION(() => this.SUBRULE(this.slice));
          },
        },
        { ALT: () => this.SUBRULE2(this.slice) },
      ],
    });
  });

  protected isNewAxis(): boolean {
    const next = this.LA(2);
    return tokenMatcher(next, Comma) || tokenMatcher(next, RightBracket);
  }

  slice = this.RULE("slice", () => {
    this.CONSUME(Colon);
    this.OPTION(() => this.SUBRULE(this.expression));
    this.OPTION2(() => this.SUBRULE(this.sliceStep));
  });

  sliceStep = this.RULE("sliceStep", () => {
    this.CONSUME(Colon);
    this.OPTION(() => this.SUBRULE(this.expression));
  });

  scan = this.RULE("scan", () => {
    this.CONSUME(r.scan);
    this.SUBRULE(this.names);
    this.CONSUME(r.in);
    this.SUBRULE(this.expression);
    this.MANY({
      // A comma before `name:` leads to an option.
      GATE: () => !tokenMatcher(this.LA(3), Colon),
      DEF: () => {
        this.CONSUME(Comma);
        this.SUBRULE2(this.expression);
      },
    });
    this.OPTION(() => {
      this.CONSUME(k.along);
      this.SUBRULE3(this.expression, { LABEL: "along" });
    });
    this.MANY2(() => {
      this.CONSUME2(Comma);
      this.SUBRULE(this.scanOption);
    });
    this.SUBRULE(this.block);
  });

  scanOption = this.RULE("scanOption", () => {
    this.CONSUME(Word);
    this.CONSUME(Colon);
    this.SUBRULE(this.expression);
  });
}
