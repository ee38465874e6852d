// The op table in; each of its derivative rules with one thing wrong, and how to put it in the table's place, out.

import type { GraphBuilder } from "../../compiler/ops/builder.js";
import type { VjpBuild, VjpRequest, VjpRule } from "../../compiler/ops/rule.js";
import { opTable } from "../../compiler/ops/table.js";
import type { Node, OpName } from "../../compiler/types/graph.js";

/** A rule with a mistake. */
export interface Mutant {
  readonly op: OpName;
  readonly name: string;
  readonly rule: VjpRule<OpName>;
  /** Whether anything has been computed wrongly yet. */
  readonly isApplied: () => boolean;
}

type Build = VjpBuild<OpName>;
type Rule = Extract<VjpRule<OpName>, { kind: "rule" }>;
type Part = Node | undefined;

/** What may be wrong with the cotangent of one operand. */
export const mistakes: Readonly<Record<string, (b: GraphBuilder, part: Node) => Part>> = {
  sign: (b, part) => b.negate(part),
  factor: (b, part) => b.multiply(part, 2),
  dropped: () => undefined,
};

/** Zero but for the first entry along each of the axes. */
function firstAlong(b: GraphBuilder, x: Node, axes: readonly number[]): Node {
  return axes.reduce((rest, axis) => b.select(b.equal(b.iota(x.shape, axis), 0), rest, 0), x);
}

/** A builder whose sums have their first term alone; `onSum` is told of each. */
export function withoutSums(b: GraphBuilder, onSum: () => void): GraphBuilder {
  const told = <T>(value: T): T => {
    onSum();
    return value;
  };
  const own: Partial<GraphBuilder> = {
    sum: (x, axes, keep) =>
      told(b.sum(firstAlong(b, x, axes ?? x.shape.map((_, axis) => axis)), axes, keep)),
    cumsum: (x) => told(x),
    contract: (left, right, how) =>
      told(
        b.contract(left, right, {
          ...how,
          extents: how.extents.map((extent, axis) => (axis < how.outputRank ? extent : 1)),
        }),
      ),
    scatterAdd: (updates, places, axis, ...rest) =>
      told(b.scatterAdd(firstAlong(b, updates, [axis]), places, axis, ...rest)),
    segmentSum: (updates, order, starts, how) =>
      told(b.segmentSum(firstAlong(b, updates, [how.axis]), order, starts, how)),
    fold: (x, ...rest) => told(b.fold(firstAlong(b, x, [x.shape.length - 1]), ...rest)),
  };
  return Object.assign(Object.create(b) as GraphBuilder, own);
}

function mutant(
  op: OpName,
  name: string,
  rule: Rule,
  wrong: (build: Build, request: VjpRequest<OpName>, apply: () => void) => readonly Part[],
): Mutant {
  let isApplied = false;
  const build: Build = (request) =>
    wrong(rule.build, request, () => {
      isApplied = true;
    });
  return { op, name: `${op}: ${name}`, rule: { ...rule, build }, isApplied: () => isApplied };
}

/** Every mistake in the cotangent of every operand, and sums left out. */
function mutantsOfRule(op: OpName, rule: Rule, operands: number): Mutant[] {
  const wrongParts = Object.entries(mistakes).flatMap(([name, mistake]) =>
    Array.from({ length: operands }, (_, position) =>
      mutant(op, `${name} of operand ${position}`, rule, (build, request, apply) =>
        build(request).map((part, at) => {
          if (at !== position || part === undefined) return part;
          apply();
          return mistake(request.b, part);
        }),
      ),
    ),
  );
  const withoutSum = mutant(op, "without its sums", rule, (build, request, apply) =>
    build({ ...request, b: withoutSums(request.b, apply) }),
  );
  return [...wrongParts, withoutSum];
}

/** An op that says it has no derivative, with the one of a value that passes. */
function passing(op: OpName): Mutant {
  const build: Build = ({ g }) => [g];
  const rule: VjpRule<OpName> = { kind: "rule", usage: { kind: "elementwise" }, build };
  return { op, name: `${op}: with a derivative`, rule, isApplied: () => true };
}

/** Of an op with so many operands: what passes on cotangents may do it wrongly, what passes none may pass one. */
export function mutantsOf(op: OpName, operands: number): readonly Mutant[] {
  const rule = opTable[op].vjp as VjpRule<OpName>;
  if (rule.kind === "rule") return mutantsOfRule(op, rule, operands);
  return rule.kind === "none" ? [passing(op)] : [];
}

/** What `look` gives while the mutant stands in the table. */
export function within<T>({ op, rule }: Mutant, look: () => T): T {
  const table = opTable as Record<OpName, unknown>;
  const own = table[op];
  table[op] = { ...opTable[op], vjp: rule };
  try {
    return look();
  } finally {
    table[op] = own;
  }
}
