// Takes indices of a nest and a way to make and bound them, gives their sums, products, quotients and remainders: equal polynomials are one scalar.
import type { Interval } from "../scalars/intervals.js";
import type { Dim } from "../types/dimension.js";
import { dimEqual, multiplyDims } from "../types/dimension.js";
import type { Scalar, ScalarOp } from "../types/nest.js";
import type { PolynomialOver, TermOver } from "../types/polynomial.js";
import { createPolynomials, monomialOf, scaled } from "../types/polynomial.js";

/** What index arithmetic makes its results of. */
export interface IndexTerms {
  readonly index: (value: number) => Scalar;
  readonly dim: (dim: Dim) => Scalar;
  readonly op: (op: ScalarOp, type: "index", ...operands: readonly Scalar[]) => Scalar;
  readonly range: (scalar: Scalar) => Interval;
  /** In the order in which scalars were made. */
  readonly id: (scalar: Scalar) => number;
}

type IndexOperation = (left: Scalar, right: Scalar) => Scalar;

/** What is divided is not negative. */
export interface IndexArithmetic {
  readonly add: IndexOperation;
  readonly subtract: IndexOperation;
  readonly multiply: IndexOperation;
  readonly divide: IndexOperation;
  readonly modulo: IndexOperation;
}

type IndexPolynomial = PolynomialOver<Scalar>;

/** What a nest is given stands behind its axes, as offsets do, and dimensions behind all, as the strides that they are. */
const behindAxes = 2 ** 40;
const behindAll = 2 ** 41;

export function createIndexArithmetic(terms: IndexTerms): IndexArithmetic {
  const keyOf = (factor: Scalar): number => {
    const id = terms.id(factor);
    if (factor.kind === "dim") return behindAll + id;
    return factor.kind === "argument" ? behindAxes + id : id;
  };
  const { sumOf, productOf, divideOut } = createPolynomials(keyOf);
  const known = new Map<Scalar, IndexPolynomial>();
  const polynomialOf = (scalar: Scalar): IndexPolynomial => {
    const made = known.get(scalar) ?? polynomialAnew(scalar);
    known.set(scalar, made);
    return made;
  };
  const polynomialAnew = (scalar: Scalar): IndexPolynomial => {
    if (scalar.kind === "literal") return { constant: scalar.value, terms: [] };
    if (isOp(scalar, "add")) return sumOf(...summandsOf(scalar).map(polynomialOf));
    if (isOp(scalar, "multiply"))
      return scalar.arguments.map(polynomialOf).reduce((left, right) => productOf(left, right));
    const whole = { constant: 0, terms: [{ coefficient: 1, factors: [scalar] }] };
    return scalar.kind === "dim" ? (dimPolynomial(scalar.dim) ?? whole) : whole;
  };
  /** A dimension of several terms is a factor by itself, as what it is a stride of is divided by it. */
  const dimPolynomial = (dim: Dim): IndexPolynomial | undefined => {
    if (typeof dim === "number" || dim.terms.length !== 1) return undefined;
    const [{ coefficient, factors } = { coefficient: 1, factors: [] }] = dim.terms;
    const own = factors.map((factor) =>
      terms.dim({ kind: "dim", terms: [{ coefficient: 1, factors: [factor] }] }),
    );
    return sumOf({ constant: 0, terms: [{ coefficient, factors: own.sort(inOrder) }] });
  };
  const inOrder = (left: Scalar, right: Scalar): number => keyOf(left) - keyOf(right);
  const compareTerms = (left: TermOver<Scalar>, right: TermOver<Scalar>): number => {
    const differs = left.factors.findIndex((factor, at) => factor !== right.factors[at]);
    const [a, b] = [left.factors[differs], right.factors[differs]];
    return a && b ? inOrder(a, b) : left.factors.length - right.factors.length;
  };
  const scalarOf = (polynomial: IndexPolynomial): Scalar => {
    const sorted = [...polynomial.terms].sort(compareTerms);
    const [first, ...others] = sorted.map(termScalar);
    const { constant } = polynomial;
    if (first === undefined) return terms.index(constant);
    const sum = others.reduce((left, right) => terms.op("add", "index", left, right), first);
    const made = constant === 0 ? sum : terms.op("add", "index", sum, terms.index(constant));
    if (made.kind === "op") known.set(made, polynomial);
    return made;
  };
  const termScalar = ({ coefficient, factors }: TermOver<Scalar>): Scalar => {
    const [only] = factors;
    if (factors.length === 1 && coefficient === 1 && only) return only;
    const dims = factors.flatMap((factor) => (factor.kind === "dim" ? [factor.dim] : []));
    const [first, ...others] = factors.slice(0, factors.length - dims.length);
    const stride =
      dims.length === 0 ? terms.index(coefficient) : terms.dim(multiplyDims(coefficient, ...dims));
    if (first === undefined) return stride;
    const times = (left: Scalar, right: Scalar): Scalar =>
      terms.op("multiply", "index", left, right);
    const product = others.reduce(times, first);
    return isNumber(stride, 1) ? product : times(product, stride);
  };
  /** Into quotient · divisor + rest with 0 ≤ rest < divisor, where that shows. */
  const split = (value: Scalar, divisor: Scalar) => {
    if (isNumber(divisor, 1)) return { quotient: value, rest: terms.index(0) };
    if (isBelow(terms, value, divisor)) return { quotient: terms.index(0), rest: value };
    const by = monomialOf(polynomialOf(divisor));
    if (by === undefined || by.coefficient < 1) return undefined;
    const { whole, rest } = divideOut(polynomialOf(value), by);
    const left = scalarOf(rest);
    return isBelow(terms, left, divisor) ? { quotient: scalarOf(whole), rest: left } : undefined;
  };
  const combine =
    (of: (left: IndexPolynomial, right: IndexPolynomial) => IndexPolynomial): IndexOperation =>
    (left, right) =>
      scalarOf(of(polynomialOf(left), polynomialOf(right)));
  /** Whether a term stands behind all those of a sum, as where positions are put together axis by axis. */
  const follows = (sum: Scalar, term: Scalar): boolean => {
    const last = isOp(sum, "add") ? sum.arguments[1] : sum;
    if (last === undefined || last.kind === "literal" || isOp(term, "add")) return false;
    if (term.kind === "literal") return term.value !== 0;
    const [before, own] = [leading(last), leading(term)];
    return before.kind !== "dim" && own.kind !== "dim" && inOrder(before, own) < 0;
  };
  const [add, multiply] = [combine(sumOf), combine(productOf)];
  return {
    add: (left, right) => {
      if (isNumber(left, 0)) return right;
      return follows(left, right) ? terms.op("add", "index", left, right) : add(left, right);
    },
    subtract: combine((left, right) => sumOf(left, scaled(right, -1))),
    multiply: (left, right) => {
      if (isNumber(left, 1)) return right;
      if (isNumber(right, 1)) return left;
      const plain = left.kind === "axis" && (right.kind === "dim" || right.kind === "literal");
      return plain && !isNumber(right, 0)
        ? terms.op("multiply", "index", left, right)
        : multiply(left, right);
    },
    divide: (left, right) =>
      split(left, right)?.quotient ?? terms.op("divide", "index", left, right),
    modulo: (left, right) => split(left, right)?.rest ?? terms.op("modulo", "index", left, right),
  };
}

type Operation = Extract<Scalar, { kind: "op" }>;

function isOp<Op extends ScalarOp>(
  scalar: Scalar,
  op: Op,
): scalar is Operation & { readonly op: Op } {
  return scalar.kind === "op" && scalar.op === op;
}

/** Sums of sums taken apart, as far as they are nested on the left. */
function summandsOf(sum: Scalar): readonly Scalar[] {
  const found: Scalar[] = [];
  let at = sum;
  for (;;) {
    const [left, right] = isOp(at, "add") ? at.arguments : [];
    if (left === undefined || right === undefined) return [at, ...found.reverse()];
    found.push(right);
    at = left;
  }
}

/** The first factor of a term. */
function leading(term: Scalar): Scalar {
  const [first] = isOp(term, "multiply") ? term.arguments : [];
  return first ? leading(first) : term;
}

function isNumber(scalar: Scalar, value: number): boolean {
  return scalar.kind === "literal" && scalar.value === value;
}

/** Whether 0 ≤ value < divisor shows. */
function isBelow(terms: IndexTerms, value: Scalar, divisor: Scalar): boolean {
  if (value.kind === "axis" && divisor.kind === "dim" && dimEqual(value.axis.extent, divisor.dim))
    return true;
  const { low, high } = terms.range(value);
  return low >= 0 && high < (divisor.kind === "literal" ? divisor.value : 1);
}
