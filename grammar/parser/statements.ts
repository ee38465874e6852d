// The tokens of blocks come in; the concrete trees of the statements of layers, functions, models and scans go out.

import { SignatureParser } from "./signatures.js";
import {
  Arrow,
  Comma,
  Dot,
  Equals,
  LeftBrace,
  RightBrace,
  Semicolon,
  Skipped,
  Star,
  Text,
  Tilde,
  Word,
  keyword as k,
  reserved as r,
} from "../tokens.js";

export abstract class StatementParser extends SignatureParser {
  block = this.RULE("block", () => {
    this.enter();
    this.CONSUME(LeftBrace);
    this.MANY(() => {
      this.OR([
        { ALT: () => this.SUBRULE(this.statement) },
        { ALT: () => this.CONSUME(Semicolon) },
      ]);
    });
    this.CONSUME(RightBrace);
    this.leave();
  });

  statement = this.RULE("statement", () => {
    this.enterPart();
    this.OR([
      { ALT: () => this.SUBRULE(this.returnStatement) },
      { ALT: () => this.SUBRULE(this.ifStatement) },
      { ALT: () => this.SUBRULE(this.forStatement) },
      { ALT: () => this.SUBRULE(this.functionDeclaration) },
      { ALT: () => this.SUBRULE(this.trainedStatement) },
      { ALT: () => this.SUBRULE(this.keptStatement) },
      { ALT: () => this.SUBRULE(this.sharedStatement) },
      { ALT: () => this.SUBRULE(this.inputStatement) },
      { ALT: () => this.SUBRULE(this.outputStatement) },
      { ALT: () => this.SUBRULE(this.lossStatement) },
      { ALT: () => this.SUBRULE(this.selectingStatement) },
      { ALT: () => this.SUBRULE(this.checkStatement) },
      { ALT: () => this.SUBRULE(this.followStatement) },
      { ALT: () => this.SUBRULE(this.nameStatement) },
      { ALT: () => this.CONSUME(Skipped) },
    ]);
    this.leavePart();
  });

  /** `return a, b` and `yield a, b`. */
  returnStatement = this.RULE("returnStatement", () => {
    this.OR([{ ALT: () => this.CONSUME(r.return) }, { ALT: () => this.CONSUME(r.yield) }]);
    this.SUBRULE(this.expression);
    this.MANY(() => {
      this.CONSUME(Comma);
      this.SUBRULE2(this.expression);
    });
  });

  ifStatement = this.RULE("ifStatement", () => {
    this.CONSUME(r.if);
    this.SUBRULE(this.expression);
    this.SUBRULE(this.block);
    this.MANY(() => {
      this.CONSUME(r.else);
      this.CONSUME2(r.if);
      this.SUBRULE2(this.expression);
      this.SUBRULE2(this.block);
    });
    this.OPTION(() => {
      this.CONSUME2(r.else);
      this.SUBRULE3(this.block, { LABEL: "elseBlock" });
    });
  });

  forStatement = this.RULE("forStatement", () => {
    this.CONSUME(r.for);
    this.CONSUME(Word);
    this.CONSUME(r.in);
    this.SUBRULE(this.expression);
    this.SUBRULE(this.block);
  });

  trainedStatement = this.RULE("trainedStatement", () => {
    this.OR([
      { ALT: () => this.CONSUME(k.weight) },
      { ALT: () => this.CONSUME(k.bias) },
      { ALT: () => this.CONSUME(k.param) },
    ]);
    this.CONSUME(Word);
    this.SUBRULE(this.annotation);
    this.OR2([{ ALT: () => this.CONSUME(Tilde) }, { ALT: () => this.CONSUME(Equals) }]);
    this.SUBRULE(this.expression);
  });

  /** A state, a fitted value or a carry. */
  keptStatement = this.RULE("keptStatement", () => {
    this.OR([
      { ALT: () => this.CONSUME(k.state) },
      { ALT: () => this.CONSUME(k.fitted) },
      { ALT: () => this.CONSUME(k.carry) },
    ]);
    this.CONSUME(Word);
    this.OPTION(() => this.SUBRULE(this.annotation));
    this.CONSUME(Equals);
    this.SUBRULE(this.expression);
  });

  sharedStatement = this.RULE("sharedStatement", () => {
    this.CONSUME(k.shared);
    this.CONSUME(Word);
    this.CONSUME(Equals);
    this.SUBRULE(this.expression);
  });

  /** An input or a target. */
  inputStatement = this.RULE("inputStatement", () => {
    this.OR([{ ALT: () => this.CONSUME(k.input) }, { ALT: () => this.CONSUME(k.target) }]);
    this.CONSUME(Word);
    this.SUBRULE(this.annotation);
    this.OPTION({
      GATE: () => this.isKeyword(k.missing),
      DEF: () => {
        this.CONSUME(k.missing);
        this.SUBRULE(this.expression);
      },
    });
    this.OPTION2(() => {
      this.OR2([{ ALT: () => this.CONSUME(Tilde) }, { ALT: () => this.CONSUME(Equals) }]);
      this.SUBRULE2(this.expression, { LABEL: "value" });
    });
  });

  outputStatement = this.RULE("outputStatement", () => {
    this.CONSUME(k.output);
    this.SUBRULE(this.names);
    this.OPTION(() => this.SUBRULE(this.annotation));
    this.OPTION2(() => {
      this.CONSUME(Equals);
      this.SUBRULE(this.expression);
    });
  });

  names = this.RULE("names", () => {
    this.CONSUME(Word);
    this.MANY(() => {
      this.CONSUME(Comma);
      this.CONSUME2(Word);
    });
  });

  /** A loss or a metric. */
  lossStatement = this.RULE("lossStatement", () => {
    this.OR([{ ALT: () => this.CONSUME(k.loss) }, { ALT: () => this.CONSUME(k.metric) }]);
    this.OPTION(() => {
      this.CONSUME(Word);
      this.CONSUME(Equals);
    });
    this.SUBRULE(this.expression);
  });

  /** `regularize` and `project`. */
  selectingStatement = this.RULE("selectingStatement", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(k.regularize);
          this.SUBRULE(this.expression);
          this.OPTION({
            GATE: () => this.isKeyword(k.on),
            DEF: () => this.SUBRULE(this.onSelector),
          });
        },
      },
      {
        ALT: () => {
          this.CONSUME(k.project);
          this.SUBRULE2(this.expression);
          this.SUBRULE2(this.onSelector);
        },
      },
    ]);
  });

  /** What starts with a name: a binding, a draw or an update. */
  nameStatement = this.RULE("nameStatement", () => {
    this.SUBRULE(this.names);
    this.OPTION(() => this.SUBRULE(this.annotation));
    this.OR([
      { ALT: () => this.CONSUME(Equals) },
      { ALT: () => this.CONSUME(Tilde) },
      { ALT: () => this.CONSUME(Arrow) },
    ]);
    this.SUBRULE(this.expression);
  });

  checkStatement = this.RULE("checkStatement", () => {
    this.CONSUME(k.check);
    this.SUBRULE(this.expression);
    this.CONSUME(Comma);
    this.CONSUME(Text);
  });

  /** `slow.* = online.*` and `slow.* <- e`. */
  followStatement = this.RULE("followStatement", () => {
    this.CONSUME(Word);
    this.AT_LEAST_ONE(() => {
      this.CONSUME(Dot);
      this.OR([{ ALT: () => this.CONSUME2(Word) }, { ALT: () => this.CONSUME(Star) }]);
    });
    this.OR2([{ ALT: () => this.CONSUME(Equals) }, { ALT: () => this.CONSUME(Arrow) }]);
    this.SUBRULE(this.expression);
  });

  onSelector = this.RULE("onSelector", () => {
    this.CONSUME(k.on);
    this.SUBRULE(this.selector);
  });

  selector = this.RULE("selector", () => {
    this.SUBRULE(this.selectorItem);
    this.MANY(() => {
      this.CONSUME(Comma);
      this.SUBRULE2(this.selectorItem);
    });
  });

  selectorItem = this.RULE("selectorItem", () => {
    this.SUBRULE(this.selectorPart);
    this.MANY(() => {
      this.CONSUME(Dot);
      this.SUBRULE2(this.selectorPart);
    });
  });

  /** `encoder`, `*`, `block_*`: names and stars without a gap. */
  selectorPart = this.RULE("selectorPart", () => {
    this.OR([{ ALT: () => this.CONSUME(Word) }, { ALT: () => this.CONSUME(Star) }]);
    this.MANY({
      GATE: () => this.isAdjacent(),
      DEF: () => {
        this.OR2([{ ALT: () => this.CONSUME2(Word) }, { ALT: () => this.CONSUME2(Star) }]);
      },
    });
  });
}
