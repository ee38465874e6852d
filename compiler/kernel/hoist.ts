// Takes a value and an open scope, gives an expression for use there: each part is computed in the outermost scope that knows its operands.
import type { ScalarType } from "../types/nest.js";
import type { ScalarOp } from "../types/nest.js";
import type { Expression, KernelOp } from "./ir.js";
import { expressionChildren, laneCount, operate, splat, widthOf } from "./ir.js";
import { packOf } from "./group.js";
import { isWide } from "./lanes.js";
import { buildLoad } from "./loads.js";
import { internPolynomial, polynomialOf } from "./polynomial.js";
import { minimumOf } from "./range.js";
import type { Emission, BlockScope } from "./scope.js";
import { knownDepth, levelOf, lookUp, nameValue, openScope, scopeAt } from "./scope.js";
import { conjunctsOf } from "./simplify.js";
import type {
  GuardValue,
  LanesValue,
  PolynomialValue,
  Term,
  KernelValue,
  ValueTable,
} from "./value.js";
import { meetsOthers } from "./value.js";

/** WGSL compilers stop at 126 nested parentheses, and readers long before. */
const deepest = 10;

/**
 * `minimum` is the depth above which loads must not move, because what guards them is decided there.
 * Loads read what the buffers held before the kernel (or what this same point wrote), so they may move otherwise.
 */
export function hoist(
  emission: Emission,
  value: KernelValue,
  scope: BlockScope,
  minimum: number,
): Expression {
  return hoistUsed(emission, value, scope, minimum, emission.uses.get(value) ?? 0);
}

function hoistUsed(
  emission: Emission,
  value: KernelValue,
  scope: BlockScope,
  minimum: number,
  uses: number,
): Expression {
  if (value.kind === "literal") return { kind: "literal", type: value.type, value: value.value };
  if (value === emission.values.lane) return laneNumbers;
  if (value.kind === "variable") return { kind: "variable", type: "index", name: value.name };
  if (value.kind === "uniform") {
    return { kind: "uniform", type: value.type, uniform: emission.uniformOf(value.uniform) };
  }
  const named = lookUp(scope, value);
  if (named) return named;
  const guarded = knownGuard(value, scope);
  if (guarded) {
    const most = Math.max(uses, emission.uses.get(guarded.value) ?? 0);
    return hoistUsed(emission, guarded.value, scope, Math.max(minimum, guarded.depth), most);
  }
  const depth = Math.max(levelOf(emission, value), mayMove(value) ? 0 : minimum);
  if (depth > scope.depth) throw new Error(`a ${value.kind} is used outside its loops`);
  const home = scopeAt(scope, depth);
  if (value.kind === "reduction") return hoistReduction(emission, value, home, minimum);
  const packed = value.kind === "lanes" ? hoistPack(emission, value, home, minimum) : undefined;
  if (packed) return packed;
  const expression = build(emission, value, home, minimum);
  const again = lookUp(home, value);
  if (again) return again;
  if (!isTrivial(expression) && (home !== scope || uses > 1 || depthOf(expression) > deepest)) {
    return nameValue(emission, home, value, expression);
  }
  return expression;
}

const laneNumbers: Expression = {
  kind: "lanes",
  type: "index",
  arguments: Array.from({ length: laneCount }, (_, lane) => ({
    ...{ kind: "literal", type: "index", value: lane },
  })),
  width: laneCount,
};

/**
 * Loads stay below what guards them. Not so in a reduction that a workgroup shares: all its invocations have to meet in it, whatever
 * each of them decides, and a GPU's load out of bounds does no harm where its value is not used.
 */
function mayMove(value: KernelValue): boolean {
  return !value.loads || (value.kind === "reduction" && meetsOthers(value));
}

function knownGuard(
  value: KernelValue,
  scope: BlockScope,
): { value: KernelValue; depth: number } | undefined {
  const [condition, inner] = guardParts(value);
  if (!condition || !inner) return undefined;
  let depth = 0;
  for (const conjunct of conjunctsOf(condition)) {
    const known = knownDepth(scope, conjunct);
    if (known === undefined) return undefined;
    depth = Math.max(depth, known);
  }
  return { value: inner, depth };
}

function guardParts(value: KernelValue): readonly KernelValue[] {
  if (value.kind === "guard") return [value.condition, value.value];
  if (value.kind === "op" && value.op === "select") return value.arguments;
  return [];
}

function hoistReduction(
  emission: Emission,
  value: Extract<KernelValue, { kind: "reduction" }>,
  home: BlockScope,
  minimum: number,
): Expression {
  emission.reduce(emission, value, home, Math.min(minimum, home.depth));
  const result = lookUp(home, value);
  if (!result) throw new Error("a reduction left no result");
  return result;
}

/** Reductions of lanes that take terms of their own are combined all at once. */
function hoistPack(
  emission: Emission,
  value: LanesValue,
  home: BlockScope,
  minimum: number,
): Expression | undefined {
  const [first] = packOf(value)?.members ?? [];
  if (!first || lookUp(home, first)) return undefined;
  emission.reduce(emission, first, home, Math.min(minimum, home.depth));
  return lookUp(home, value);
}

function build(
  emission: Emission,
  value: KernelValue,
  home: BlockScope,
  minimum: number,
): Expression {
  const at = (operand: KernelValue): Expression => hoist(emission, operand, home, minimum);
  switch (value.kind) {
    case "load":
      return buildLoad(emission, value, home, at);
    case "op":
      return operate(
        value.type,
        opOf(value.op, value.type, value.arguments),
        value.arguments.map(at),
      );
    case "polynomial":
      return buildPolynomial(emission, value, home, minimum);
    case "guard":
      return emission.target === "gpu"
        ? select(value.type, at(value.condition), at(value.value), at(value.otherwise))
        : buildBranch(emission, value, home, minimum);
    case "draw":
      for (const kind of ["seed", "counter"] as const) emission.uniformOf({ kind });
      return {
        kind: "draw",
        type: value.type,
        source: value.source,
        stream: at(value.stream),
        index: at(value.index),
        ...(isWide(emission.values, value) && { width: laneCount }),
      };
    case "lanes":
      return {
        kind: "lanes",
        type: value.type,
        arguments: value.arguments.map(at),
        width: laneCount,
      };
    case "staged":
      return {
        ...{ kind: "shared", type: value.type, array: value.array, index: at(value.index) },
        width: laneCount,
      };
    case "lane":
      return { kind: "lane", type: value.type, of: at(value.of), lane: value.lane };
    case "literal":
    case "variable":
    case "uniform":
    case "reduction":
      throw new Error(`a ${value.kind} is not built here`);
  }
}

function opOf(op: ScalarOp, type: ScalarType, operands: readonly KernelValue[]): KernelOp {
  const [dividend] = operands;
  if (op !== "modulo" || type !== "index" || !dividend) return op;
  return minimumOf(polynomialOf(dividend)) >= 0 ? "remainder" : op;
}

function select(
  type: Expression["type"],
  condition: Expression,
  then: Expression,
  other: Expression,
): Expression {
  return operate(type, "select", [condition, then, other]);
}

/** On the CPU a guarded value is computed only where its guard holds. */
function buildBranch(
  emission: Emission,
  value: GuardValue,
  home: BlockScope,
  minimum: number,
): Expression {
  const condition = hoist(emission, value.condition, home, minimum);
  const otherwise = hoist(emission, value.otherwise, home, minimum);
  if (isWide(emission.values, value.condition))
    return buildMasked(emission, value, condition, otherwise, home);
  const branch = openScope(home, value.value);
  for (const conjunct of conjunctsOf(value.condition)) branch.known.add(conjunct);
  const inner = hoist(emission, value.value, branch, branch.depth);
  if (branch.statements.length === 0) return select(value.type, condition, inner, otherwise);
  const name = emission.fresh("v");
  const width = isWide(emission.values, value) ? laneCount : undefined;
  const start = width && widthOf(otherwise) === undefined ? splat(otherwise) : otherwise;
  const then = width && widthOf(inner) === undefined ? splat(inner) : inner;
  home.statements.push(
    { kind: "var", name, value: start },
    {
      kind: "if",
      condition,
      body: [...branch.statements, { kind: "assign", name, value: then }],
    },
  );
  const variable: Expression = { kind: "variable", type: value.type, name, width };
  home.names.set(value, variable);
  return variable;
}

/** Lanes differ in whether they need the value: all compute it, and those that do not read the first element of each buffer. */
function buildMasked(
  emission: Emission,
  value: GuardValue,
  condition: Expression,
  otherwise: Expression,
  home: BlockScope,
): Expression {
  // What is named here has been read for these lanes alone.
  const masked = openScope(home, value.value);
  const both = emission.mask ? operate("bool", "and", [emission.mask, condition]) : condition;
  const mask = {
    kind: "variable",
    type: "bool",
    name: emission.fresh("c"),
    width: laneCount,
  } as const;
  home.statements.push({ kind: "let", name: mask.name, value: both });
  const inner = hoist({ ...emission, mask }, value.value, masked, masked.depth);
  for (const statement of masked.statements) home.statements.push(statement);
  return select(value.type, mask, inner, otherwise);
}

/** Sums what changes seldom first, so that it leaves the inner loops. */
function buildPolynomial(
  emission: Emission,
  value: PolynomialValue,
  home: BlockScope,
  minimum: number,
): Expression {
  const bare = withoutConstant(emission.values, value);
  if (value.constant !== 0 && (emission.uses.get(bare) ?? 0) > 1) {
    return addConstant(hoist(emission, bare, home, minimum), value.constant);
  }
  const levels = value.terms.map((term) => termLevel(emission, term));
  const inmost = Math.max(...levels);
  const outer = value.terms.filter((_, index) => (levels[index] ?? 0) < inmost);
  const inner = value.terms.filter((_, index) => levels[index] === inmost);
  if (outer.length === 0) {
    // 3 − i rather than i · −1 + 3.
    const first = inner.some((term) => term.coefficient > 0) ? 0 : value.constant;
    const start: Expression | undefined =
      first === 0 ? undefined : { kind: "literal", type: "index", value: first };
    const ordered = [...inner].sort(
      (a, b) => Number(a.coefficient < 0) - Number(b.coefficient < 0),
    );
    const sum = ordered.reduce<Expression | undefined>(
      (left, term) => addTerm(emission, left, term, inner.length > 1, home, minimum),
      start,
    );
    return addConstant(sum, value.constant - first);
  }
  const base = internPolynomial(emission.values, { constant: value.constant, terms: outer });
  return inner.reduce<Expression>(
    (left, term) => addTerm(emission, left, term, true, home, minimum),
    hoist(emission, base, home, minimum),
  );
}

/** What points of a tile have in common: their indices differ by constants. */
export function withoutConstant(values: ValueTable, value: PolynomialValue): KernelValue {
  return internPolynomial(values, { constant: 0, terms: value.terms });
}

function termLevel(emission: Emission, term: Term): number {
  return Math.max(...term.factors.map((factor) => levelOf(emission, factor)));
}

function addTerm(
  emission: Emission,
  left: Expression | undefined,
  term: Term,
  nameable: boolean,
  home: BlockScope,
  minimum: number,
): Expression {
  const negative = left !== undefined && term.coefficient < 0;
  const positive = negative ? { ...term, coefficient: -term.coefficient } : term;
  const right = termExpression(emission, positive, nameable && !negative, home, minimum);
  if (left === undefined) return right;
  return integer(negative ? "subtract" : "add", left, right);
}

function termExpression(
  emission: Emission,
  term: Term,
  nameable: boolean,
  home: BlockScope,
  minimum: number,
): Expression {
  const single = internPolynomial(emission.values, { constant: 0, terms: [term] });
  if (nameable && single.kind === "polynomial") return hoist(emission, single, home, minimum);
  const product = term.factors
    .map((factor) => hoist(emission, factor, home, minimum))
    .reduce<Expression | undefined>(
      (left, right) => (left ? integer("multiply", left, right) : right),
      undefined,
    );
  if (!product) throw new Error("a term has no factors");
  if (term.coefficient === 1) return product;
  return integer("multiply", product, { kind: "literal", type: "index", value: term.coefficient });
}

function addConstant(sum: Expression | undefined, constant: number): Expression {
  const value: Expression = { kind: "literal", type: "index", value: Math.abs(constant) };
  if (!sum) return { ...value, value: constant };
  if (constant === 0) return sum;
  return integer(constant < 0 ? "subtract" : "add", sum, value);
}

function integer(
  op: "add" | "subtract" | "multiply",
  left: Expression,
  right: Expression,
): Expression {
  return operate("index", op, [left, right]);
}

function isTrivial(expression: Expression): boolean {
  return (
    expression.kind === "literal" || expression.kind === "variable" || expression.kind === "uniform"
  );
}

function depthOf(expression: Expression): number {
  switch (expression.kind) {
    case "op":
    case "lanes":
    case "lane":
    case "load":
    case "shared":
    case "across":
    case "draw":
      return 1 + Math.max(...expressionChildren(expression).map(depthOf));
    case "literal":
    case "variable":
    case "uniform":
    case "rank":
    case "isFirst":
      return 0;
  }
}
