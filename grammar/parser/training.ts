// The tokens of `train` and `search` blocks come in; their concrete trees go out.

import { StatementParser } from "./statements.js";
import {
  LeftBrace,
  RightBrace,
  Semicolon,
  Skipped,
  Text,
  Tilde,
  Word,
  keyword as k,
} from "../tokens.js";

export abstract class TrainingParser extends StatementParser {
  trainDeclaration = this.RULE("trainDeclaration", () => {
    this.CONSUME(k.train);
    this.CONSUME(Word);
    this.OPTION(() => {
      this.CONSUME(k.stage);
      this.CONSUME2(Word);
    });
    this.CONSUME(LeftBrace);
    this.MANY(() => {
      this.OR([
        { ALT: () => this.SUBRULE(this.trainLine) },
        { ALT: () => this.CONSUME(Semicolon) },
      ]);
    });
    this.CONSUME(RightBrace);
  });

  trainLine = this.RULE("trainLine", () => {
    this.enterPart();
    this.OR({
      // `optimizer adam` could be a setting called `optimizer`: the first alternative that fits is meant.
      IGNORE_AMBIGUITIES: true,
      DEF: [
        { ALT: () => this.SUBRULE(this.optimizerLine) },
        { ALT: () => this.SUBRULE(this.startLine) },
        { ALT: () => this.SUBRULE(this.freezeLine) },
        { ALT: () => this.SUBRULE(this.minimizeLine) },
        { ALT: () => this.SUBRULE(this.monitorLine) },
        { ALT: () => this.SUBRULE(this.stopEarlyLine) },
        { ALT: () => this.SUBRULE(this.settingLine) },
        { ALT: () => this.CONSUME(Skipped) },
      ],
    });
    this.leavePart();
  });

  optimizerLine = this.RULE("optimizerLine", () => {
    this.CONSUME(k.optimizer);
    this.SUBRULE(this.expression);
    this.OPTION(() => this.SUBRULE(this.onSelector));
  });

  startLine = this.RULE("startLine", () => {
    this.CONSUME(k.start);
    this.SUBRULE(this.selector);
    this.CONSUME(k.from);
    this.CONSUME(Text);
  });

  freezeLine = this.RULE("freezeLine", () => {
    this.CONSUME(k.freeze);
    this.SUBRULE(this.selector);
  });

  minimizeLine = this.RULE("minimizeLine", () => {
    this.CONSUME(k.minimize);
    this.SUBRULE(this.names);
    this.OPTION(() => this.SUBRULE(this.onSelector));
    this.OPTION2(() => {
      this.CONSUME(k.with);
      this.SUBRULE(this.expression);
    });
    this.OPTION3(() => {
      this.CONSUME(k.repeat);
      this.SUBRULE2(this.expression, { LABEL: "value" });
    });
  });

  monitorLine = this.RULE("monitorLine", () => {
    this.CONSUME(k.monitor);
    this.SUBRULE(this.names);
  });

  stopEarlyLine = this.RULE("stopEarlyLine", () => {
    this.CONSUME(k.stop_early);
    this.SUBRULE(this.arguments);
  });

  settingLine = this.RULE("settingLine", () => {
    this.CONSUME(Word);
    this.SUBRULE(this.expression);
  });

  searchDeclaration = this.RULE("searchDeclaration", () => {
    this.CONSUME(k.search);
    this.CONSUME(Word);
    this.CONSUME(LeftBrace);
    this.MANY(() => {
      this.OR([
        { ALT: () => this.SUBRULE(this.searchLine) },
        { ALT: () => this.CONSUME(Semicolon) },
      ]);
    });
    this.CONSUME(RightBrace);
  });

  searchLine = this.RULE("searchLine", () => {
    this.enterPart();
    this.OR({
      IGNORE_AMBIGUITIES: true,
      DEF: [
        { ALT: () => this.SUBRULE(this.candidateLine) },
        { ALT: () => this.SUBRULE(this.strategyLine) },
        { ALT: () => this.SUBRULE(this.objectiveLine) },
        { ALT: () => this.SUBRULE(this.settingLine) },
        { ALT: () => this.CONSUME(Skipped) },
      ],
    });
    this.leavePart();
  });

  candidateLine = this.RULE("candidateLine", () => {
    this.CONSUME(Word);
    this.CONSUME(Tilde);
    this.SUBRULE(this.expression);
  });

  strategyLine = this.RULE("strategyLine", () => {
    this.CONSUME(k.strategy);
    this.CONSUME(Word);
  });

  objectiveLine = this.RULE("objectiveLine", () => {
    this.OR([{ ALT: () => this.CONSUME(k.minimize) }, { ALT: () => this.CONSUME(k.maximize) }]);
    this.SUBRULE(this.expression);
  });
}
