// Operands and operators in a row come in; the tree that precedence gives them goes out, without recursion.

import { type IToken, tokenMatcher } from "chevrotain";
import type { BinaryOperator, Expression, UnaryOperator } from "../ast.js";
import { tokenSpan } from "../lexer.js";
import { joinSpans, type Span } from "../span.js";
import { Arrow } from "../tokens.js";
import { type BuildContext, composed, report } from "./context.js";

export interface Operand {
  readonly prefixes: readonly IToken[];
  readonly value: Expression;
  /** Whether it is an `if … then … else …` without parentheses, which must stand alone. */
  readonly conditional: boolean;
}

/** From loosest to tightest; a prefix operator has a rank among the others. */
const precedence: Readonly<Record<BinaryOperator | "negation" | "not", number>> = {
  or: 1,
  and: 2,
  not: 3,
  "==": 4,
  "!=": 4,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
  "%": 6,
  "@": 6,
  negation: 7,
  "^": 8,
};

const comparison = precedence["=="];

type Pending =
  | { readonly arity: 1; readonly operator: UnaryOperator; readonly span: Span }
  | { readonly arity: 2; readonly operator: BinaryOperator; readonly span: Span };

/** The span of an expression with the parentheses around it. */
export function outerSpan(expression: Expression): Span {
  return expression.parentheses ?? expression.span;
}

function strength(pending: Pending): number {
  if (pending.arity === 2) return precedence[pending.operator];
  return pending.operator === "not" ? precedence.not : precedence.negation;
}

/** Builds the tree of `operands[0] operators[0] operands[1] …`. */
export function buildOperation(
  context: BuildContext,
  operands: readonly Operand[],
  operators: readonly IToken[],
): Expression {
  const values: Expression[] = [];
  const pending: Pending[] = [];
  operands.forEach((operand, index) => {
    const before = operators[index - 1];
    if (before !== undefined) pushOperator(context, values, pending, before);
    for (const prefix of operand.prefixes) pushPrefix(context, pending, prefix);
    if (operand.conditional && pending.length > 0) {
      report(context, "NN0111", operand.value.span, {
        message: "this `if` needs parentheses",
        notes: ["without them, its `else` would take in all that follows"],
        hint: "write `(if … then … else …)`",
      });
    }
    values.push(operand.value);
  });
  while (pending.length > 0) reduce(context, values, pending);
  const [result] = values;
  if (result === undefined) throw new Error("an operation without operands");
  return result;
}

function pushPrefix(context: BuildContext, pending: Pending[], token: IToken): void {
  const span = tokenSpan(token);
  const operator: UnaryOperator = token.image === "-" ? "-" : "not";
  const top = pending.at(-1);
  if (operator === "not" && top !== undefined && strength(top) > precedence.not) {
    report(context, "NN0111", span, {
      message: `\`not\` needs parentheses after \`${top.operator}\``,
      notes: [`\`${top.operator}\` binds tighter than \`not\``],
      hint: `write \`${top.operator} (not …)\``,
    });
  }
  pending.push({ arity: 1, operator, span });
}

function pushOperator(
  context: BuildContext,
  values: Expression[],
  pending: Pending[],
  token: IToken,
): void {
  const span = tokenSpan(token);
  // In an expression `<-` is `<` and `-`.
  const split = tokenMatcher(token, Arrow);
  const operator = split ? "<" : binaryOperator(token);
  const strengthHere = precedence[operator];
  const rightAssociative = operator === "^";
  for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
    const tighter = strength(top) > strengthHere;
    if (!tighter && (strength(top) < strengthHere || rightAssociative)) break;
    if (strengthHere === comparison && strength(top) === comparison) {
      reportChain(context, top, operator, span);
    }
    reduce(context, values, pending);
  }
  const operatorSpan = split ? { start: span.start, end: span.start + 1 } : span;
  pending.push({ arity: 2, operator, span: operatorSpan });
  if (split) {
    pending.push({ arity: 1, operator: "-", span: { start: span.start + 1, end: span.end } });
  }
}

/** The operator of a token; `&&` and its kind come as the token that was meant by them. */
function binaryOperator(token: IToken): BinaryOperator {
  const label = token.tokenType.LABEL?.slice(1, -1) ?? token.image;
  if (label in precedence) return label as BinaryOperator;
  throw new Error(`no precedence for ${label}`);
}

function reportChain(
  context: BuildContext,
  earlier: Pending,
  operator: BinaryOperator,
  span: Span,
): void {
  report(context, "NN0110", span, {
    message: "comparisons do not chain",
    labels: [{ file: context.file, span: earlier.span, text: "the first comparison" }],
    hint: `write \`a ${earlier.operator} b and b ${operator} c\`, or set parentheses`,
  });
}

function reduce(context: BuildContext, values: Expression[], pending: Pending[]): void {
  const top = pending.pop();
  const right = values.pop();
  if (top === undefined || right === undefined) throw new Error("an operator without operands");
  if (top.arity === 1) {
    const span = joinSpans(top.span, outerSpan(right));
    const { operator, span: operatorSpan } = top;
    const unary = { kind: "Unary", span, operator, operatorSpan, operand: right } as const;
    values.push(composed(context, unary, [right]));
    return;
  }
  const left = values.pop();
  if (left === undefined) throw new Error("an operator without operands");
  const span = joinSpans(outerSpan(left), outerSpan(right));
  const { operator, span: operatorSpan } = top;
  const binary = { kind: "Binary", span, operator, operatorSpan, left, right } as const;
  values.push(composed(context, binary, [left, right]));
}
