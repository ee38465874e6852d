// The tokens of types, parameters and bodies come in; their concrete trees, for declarations and local functions, go out.

import { tokenMatcher } from "chevrotain";
import { ExpressionParser } from "./expressions.js";
import {
  Colon,
  Comma,
  Ellipsis,
  Equals,
  LeftBracket,
  LeftParenthesis,
  RightBracket,
  RightParenthesis,
  Word,
  keyword as k,
} from "../tokens.js";

export abstract class SignatureParser extends ExpressionParser {
  annotation = this.RULE("annotation", () => {
    this.CONSUME(Colon);
    this.SUBRULE(this.type);
  });

  type = this.RULE("type", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.shape) },
      {
        ALT: () => {
          this.CONSUME(Word);
          this.OPTION(() => {
            this.CONSUME(LeftParenthesis);
            this.SUBRULE(this.expression);
            this.CONSUME(RightParenthesis);
          });
          this.OPTION2(() => this.SUBRULE2(this.shape));
        },
      },
    ]);
  });

  shape = this.RULE("shape", () => {
    this.CONSUME(LeftBracket);
    this.OPTION(() => {
      this.SUBRULE(this.dimension);
      this.MANY(() => {
        this.CONSUME(Comma);
        this.SUBRULE2(this.dimension);
      });
      this.OPTION2(() => this.CONSUME2(Comma));
    });
    this.CONSUME(RightBracket);
  });

  dimension = this.RULE("dimension", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(Ellipsis);
          this.CONSUME(Word);
        },
      },
      { ALT: () => this.SUBRULE(this.expression) },
    ]);
  });

  resultType = this.RULE("resultType", () => {
    this.CONSUME(Colon);
    this.OR([
      { ALT: () => this.SUBRULE(this.type) },
      {
        ALT: () => {
          this.CONSUME(LeftParenthesis);
          this.SUBRULE2(this.type);
          this.MANY(() => {
            this.CONSUME(Comma);
            this.SUBRULE3(this.type);
          });
          this.OPTION(() => this.CONSUME2(Comma));
          this.CONSUME(RightParenthesis);
        },
      },
    ]);
  });

  functionDeclaration = this.RULE("functionDeclaration", () => {
    this.CONSUME(k.fn);
    this.CONSUME(Word);
    this.SUBRULE(this.parameters);
    this.OPTION(() => this.SUBRULE(this.resultType));
    this.SUBRULE(this.body);
  });

  parameters = this.RULE("parameters", () => {
    this.CONSUME(LeftParenthesis);
    this.OPTION(() => {
      this.SUBRULE(this.parameter);
      this.MANY(() => {
        this.CONSUME(Comma);
        this.SUBRULE2(this.parameter);
      });
      this.OPTION2(() => this.CONSUME2(Comma));
    });
    this.CONSUME(RightParenthesis);
  });

  parameter = this.RULE("parameter", () => {
    this.CONSUME(Word);
    this.OPTION(() => this.SUBRULE(this.annotation));
    this.OPTION2(() => {
      this.CONSUME(Equals);
      this.SUBRULE(this.expression);
    });
  });

  body = this.RULE("body", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.block) },
      {
        ALT: () => {
          this.CONSUME(Equals);
          this.SUBRULE(this.expression);
          this.OPTION({
            GATE: () => this.isKeyword(k.where),
            DEF: () => this.SUBRULE(this.whereClause),
          });
        },
      },
    ]);
  });

  whereClause = this.RULE("whereClause", () => {
    this.CONSUME(k.where);
    this.SUBRULE(this.whereBinding);
    this.MANY({
      // A comma belongs to the clause only where another `name =` follows it.
      GATE: () => tokenMatcher(this.LA(3), Equals),
      DEF: () => {
        this.CONSUME(Comma);
        this.SUBRULE2(this.whereBinding);
      },
    });
  });

  whereBinding = this.RULE("whereBinding", () => {
    this.CONSUME(Word);
    this.CONSUME(Equals);
    this.SUBRULE(this.expression);
  });
}
