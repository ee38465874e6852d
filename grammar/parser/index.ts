// Balanced tokens come in; a concrete syntax tree, or the first mistake, goes out.

import { TrainingParser } from "./training.js";
import {
  Comma,
  Equals,
  LeftBrace,
  RightBrace,
  Semicolon,
  Skipped,
  Text,
  Word,
  keyword as k,
} from "../tokens.js";

export { TooDeepError } from "./base.js";

/**
 * The grammar, whose top rule is `file`. It recovers from nothing: `parse` replaces the statement with the
 * mistake by one `Skipped` token and tries again, so that every tree handed on is complete.
 */
export class NetworkParser extends TrainingParser {
  constructor(validate = false) {
    super(validate);
    this.performSelfAnalysis();
  }

  file = this.RULE("file", () => {
    this.MANY(() => {
      this.OR([
        { ALT: () => this.SUBRULE(this.declaration) },
        { ALT: () => this.CONSUME(Semicolon) },
      ]);
    });
  });

  declaration = this.RULE("declaration", () => {
    this.enterPart();
    this.OR([
      { ALT: () => this.SUBRULE(this.importDeclaration) },
      { ALT: () => this.SUBRULE(this.constDeclaration) },
      { ALT: () => this.SUBRULE(this.functionDeclaration) },
      { ALT: () => this.SUBRULE(this.initDeclaration) },
      { ALT: () => this.SUBRULE(this.layerDeclaration) },
      { ALT: () => this.SUBRULE(this.ruleDeclaration) },
      { ALT: () => this.SUBRULE(this.modelDeclaration) },
      { ALT: () => this.SUBRULE(this.trainDeclaration) },
      { ALT: () => this.SUBRULE(this.searchDeclaration) },
      { ALT: () => this.CONSUME(Skipped) },
    ]);
    this.leavePart();
  });

  importDeclaration = this.RULE("importDeclaration", () => {
    this.CONSUME(k.import);
    this.CONSUME(LeftBrace);
    this.OPTION(() => {
      this.CONSUME(Word);
      this.MANY(() => {
        this.CONSUME(Comma);
        this.CONSUME2(Word);
      });
      this.OPTION2(() => this.CONSUME2(Comma));
    });
    this.CONSUME(RightBrace);
    this.CONSUME(k.from);
    this.CONSUME(Text);
  });

  constDeclaration = this.RULE("constDeclaration", () => {
    this.CONSUME(k.const);
    this.CONSUME(Word);
    this.OPTION(() => this.SUBRULE(this.annotation));
    this.CONSUME(Equals);
    this.SUBRULE(this.expression);
  });

  initDeclaration = this.RULE("initDeclaration", () => {
    this.CONSUME(k.init);
    this.CONSUME(Word);
    this.SUBRULE(this.parameters);
    this.SUBRULE(this.body);
  });

  layerDeclaration = this.RULE("layerDeclaration", () => {
    this.CONSUME(k.layer);
    this.CONSUME(Word);
    this.SUBRULE(this.parameters);
    this.OPTION(() => this.SUBRULE(this.resultType));
    this.SUBRULE(this.body);
  });

  /** An optimizer or a projection. */
  ruleDeclaration = this.RULE("ruleDeclaration", () => {
    this.OR([{ ALT: () => this.CONSUME(k.optimizer) }, { ALT: () => this.CONSUME(k.projection) }]);
    this.CONSUME(Word);
    this.SUBRULE(this.parameters);
    this.SUBRULE(this.block);
  });

  modelDeclaration = this.RULE("modelDeclaration", () => {
    this.CONSUME(k.model);
    this.CONSUME(Word);
    this.OPTION(() => this.SUBRULE(this.parameters));
    this.SUBRULE(this.block);
  });
}
