// Takes a kernel for the CPU, gives the loops around it that may be run in slices, each with its number of turns.
import type { Expression, Kernel, Statement } from "../kernel/ir.js";
import { expressionChildren, statementBody, statementExpressions } from "../kernel/ir.js";

type Loop = Extract<Statement, { kind: "for" }>;

/** A loop whose turns may be run in several calls, and where it ends in terms of uniforms and literals. */
export interface SlicedLoop {
  readonly statement: Loop;
  readonly below: Expression;
}

type Names = ReadonlyMap<string, Expression>;

/** Operations and loads that take well under a millisecond in all: loops with fewer are not worth a slice. */
const worthSlicing = 1_000_000;

/**
 * From the outside in, as long as a block is one loop behind names of pure values and copies: a call for some of its turns then
 * computes these again and nothing else, and all calls together do what one does, in the same order. What carries a
 * value from turn to turn has a variable before its loop, and so is none of these.
 */
export function slicedLoops(kernel: Kernel): readonly SlicedLoop[] {
  const loops: SlicedLoop[] = [];
  const names = new Map<string, Expression>();
  let body = kernel.body;
  for (;;) {
    const loop = body.at(-1);
    if (loop?.kind !== "for" || loop.from.kind !== "literal" || loop.from.value !== 0) break;
    for (const statement of body.slice(0, -1)) {
      if (isCopy(statement)) continue;
      if (statement.kind !== "let" || readsWritten(kernel, statement.value)) return loops;
      names.set(statement.name, statement.value);
    }
    const below = inUniforms(loop.below, names);
    if (!below || work(loop, names) < worthSlicing) break;
    loops.push({ statement: loop, below });
    body = loop.body;
  }
  return loops;
}

/** Copies of what the kernel only reads to its own arrays: each call does them again. */
function isCopy(statement: Statement): boolean {
  if (statement.kind === "share") return true;
  const around = statement.kind === "for" || statement.kind === "if";
  return around && statement.body.every(isCopy);
}

/** Read again behind a slice, it could have changed. */
function readsWritten(kernel: Kernel, expression: Expression): boolean {
  const written = expression.kind === "load" && kernel.bindings[expression.binding]?.written;
  return (
    written === true || expressionChildren(expression).some((child) => readsWritten(kernel, child))
  );
}

/** An expression without names; undefined where it takes more than uniforms and literals. */
function inUniforms(expression: Expression, names: Names): Expression | undefined {
  switch (expression.kind) {
    case "literal":
    case "uniform":
      return expression;
    case "variable": {
      const value = names.get(expression.name);
      return value && inUniforms(value, names);
    }
    case "op": {
      const operands = expression.arguments.map((operand) => inUniforms(operand, names));
      const known = operands.flatMap((operand) => operand ?? []);
      return known.length < operands.length ? undefined : { ...expression, arguments: known };
    }
    case "load":
    case "shared":
    case "draw":
    case "lanes":
    case "lane":
    case "across":
    case "rank":
    case "isFirst":
      return undefined;
  }
}

/** At most how many operations and loads a statement takes; ∞ where a loop's end is not known. */
function work(statement: Statement, names: Names): number {
  const own = statementExpressions(statement).reduce((total, one) => total + size(one), 1);
  const body = statementBody(statement);
  if (body.length === 0) return own;
  let sum = own;
  const inner = new Map(names);
  for (const part of body) {
    if (part.kind === "let") inner.set(part.name, part.value);
    sum += turns(statement, names) * work(part, inner);
  }
  return sum;
}

function turns(statement: Statement, names: Names): number {
  if (statement.kind === "halving") return Math.log2(statement.from) + 1;
  if (statement.kind !== "for") return 1;
  return Math.ceil(atMost(statement.below, names) / statement.step);
}

/** A bound on an integer that is not negative. */
function atMost(expression: Expression, names: Names): number {
  if (expression.kind === "literal") return expression.value;
  if (expression.kind === "variable") {
    const value = names.get(expression.name);
    return value ? atMost(value, names) : Infinity;
  }
  if (expression.kind !== "op" || expression.op !== "minimum") return Infinity;
  return Math.min(...expression.arguments.map((operand) => atMost(operand, names)));
}

function size(expression: Expression): number {
  return expressionChildren(expression).reduce((total, child) => total + size(child), 1);
}
