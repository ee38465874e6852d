// Takes a group of reductions, writes their common loops: guards become bounds of loops, lanes of a workgroup meet in a tree.
import type { ElementType } from "../types/graph.js";
import type { Combine } from "../types/nest.js";
import type { ReductionGroup } from "./group.js";
import type { Expression, Statement } from "./ir.js";
import { place } from "./place.js";
import { internPolynomial, polynomialOf, scaled, sumOf } from "./polynomial.js";
import type { Emission, Scope } from "./scope.js";
import { levelOf, openScope } from "./scope.js";
import { operation } from "./simplify.js";
import type { ReductionLoop, ReductionValue, Value, VariableValue } from "./value.js";

/** The least finite f32: running maxima start here, because −∞ is not safe on real drivers. */
const lowest = -3.4028234663852886e38;

interface Accumulator {
  readonly reduction: ReductionValue;
  readonly best: Expression & { readonly kind: "variable" };
  /** Of argmax and argmin: where the best was found. */
  readonly place: (Expression & { readonly kind: "variable" }) | undefined;
}

export function writeReduction(
  emission: Emission,
  group: ReductionGroup,
  home: Scope,
  minimum: number,
): void {
  const accumulators = group.members.map((member) => openAccumulator(emission, member, home));
  const [first] = group.members;
  if (!first) return;
  writeLoops(emission, first.loops, group.conditions, home, minimum, (scope, depth) => {
    for (const accumulator of accumulators) update(emission, accumulator, scope, depth);
  });
  if (first.cooperative) combineLanes(emission, accumulators, home);
  for (const { reduction, best, place: found } of accumulators) {
    home.names.set(reduction, found ?? best);
  }
}

function openAccumulator(emission: Emission, reduction: ReductionValue, home: Scope): Accumulator {
  const type = reduction.value.type;
  const best = variable(emission.fresh("acc"), type);
  const start = startOf(reduction.combine, type);
  home.statements.push({ kind: "var", name: best.name, value: start });
  if (!reduction.place) return { reduction, best, place: undefined };
  const found = variable(emission.fresh("at"), "i32");
  home.statements.push({ kind: "var", name: found.name, value: literalOf("i32", 0) });
  return { reduction, best, place: found };
}

function variable(name: string, type: ElementType): Expression & { readonly kind: "variable" } {
  return { kind: "variable", type, name };
}

function literalOf(type: ElementType, value: number): Expression {
  return { kind: "literal", type, value };
}

export function startOf(combine: Combine, type: ElementType): Expression {
  switch (combine) {
    case "sum":
    case "any":
      return literalOf(type, 0);
    case "prod":
    case "all":
      return literalOf(type, 1);
    case "max":
    case "argmax":
      return literalOf(type, type === "f32" ? lowest : type === "i32" ? -2147483648 : 0);
    case "min":
    case "argmin":
      return literalOf(
        type,
        type === "f32" ? -lowest : type === "i32" ? 2147483647 : greatest(type),
      );
  }
}

function greatest(type: ElementType): number {
  return type === "bool" ? 1 : 4294967295;
}

/** Opens the loops from outside in; a condition is checked as soon as its operands are known. */
function writeLoops(
  emission: Emission,
  loops: readonly ReductionLoop[],
  conditions: readonly Value[],
  home: Scope,
  minimum: number,
  body: (scope: Scope, minimum: number) => void,
): void {
  const decided = conditions.filter((condition) => levelOf(emission, condition) <= home.depth);
  const pending = conditions.filter((condition) => !decided.includes(condition));
  const [loop, ...inner] = loops;
  if (decided.length > 0) {
    writeIf(emission, decided, home, minimum, (scope) => {
      writeLoops(emission, loops, pending, scope, scope.depth, body);
    });
    return;
  }
  if (!loop) {
    body(home, minimum);
    return;
  }
  const scope = openScope(home);
  const before = emission.depths.get(loop.variable);
  emission.depths.set(loop.variable, scope.depth);
  const bounds = tighten(emission, loop, pending, home.depth);
  bounds.used.forEach((condition) => scope.known.add(condition));
  const from = place(emission, bounds.from, home, minimum);
  const below = place(emission, bounds.below, home, minimum);
  const rest = pending.filter((condition) => !bounds.used.includes(condition));
  const inside = bounds.used.length > 0 ? scope.depth : minimum;
  writeLoops(emission, inner, rest, scope, inside, body);
  if (before === undefined) emission.depths.delete(loop.variable);
  else emission.depths.set(loop.variable, before);
  home.statements.push({
    kind: "for",
    name: loop.variable.name,
    from,
    below,
    step: loop.step,
    body: scope.statements,
  });
}

function writeIf(
  emission: Emission,
  conditions: readonly Value[],
  home: Scope,
  minimum: number,
  body: (scope: Scope) => void,
): void {
  const condition = conditions
    .map((each) => place(emission, each, home, minimum))
    .reduce((left, right) => ({ kind: "op", type: "bool", op: "and", arguments: [left, right] }));
  const scope = openScope(home);
  conditions.forEach((each) => scope.known.add(each));
  body(scope);
  home.statements.push({ kind: "if", condition, body: scope.statements });
}

interface Bounds {
  readonly from: Value;
  readonly below: Value;
  readonly used: readonly Value[];
}

/** Turns conditions of the form ±variable + rest ≥ 0 into bounds of its loop: padding costs nothing then. */
function tighten(
  emission: Emission,
  loop: ReductionLoop,
  conditions: readonly Value[],
  depth: number,
): Bounds {
  let { from, below } = loop;
  const used: Value[] = [];
  for (const condition of conditions) {
    if (loop.step !== 1 || levelOf(emission, condition) !== depth + 1) continue;
    const bound = boundOf(emission, condition, loop.variable);
    if (!bound) continue;
    used.push(condition);
    const i32 = (op: "maximum" | "minimum", left: Value, right: Value): Value =>
      operation(emission.values, op, "i32", [left, right]);
    if (bound.side === "from") from = i32("maximum", from, bound.value);
    else below = i32("minimum", below, bound.value);
  }
  return { from, below, used };
}

function boundOf(
  emission: Emission,
  condition: Value,
  of: VariableValue,
): { side: "from" | "below"; value: Value } | undefined {
  if (condition.kind !== "op") return undefined;
  const [left, right] = condition.arguments;
  if (!left || !right || left.type !== "i32") return undefined;
  const less = condition.op === "less" || condition.op === "lessEqual";
  if (!less && condition.op !== "greater" && condition.op !== "greaterEqual") return undefined;
  const strict = condition.op === "less" || condition.op === "greater" ? -1 : 0;
  const [low, high] = less ? [left, right] : [right, left];
  // The condition says: room ≥ 0.
  const room = sumOf(polynomialOf(high), scaled(polynomialOf(low), -1), {
    constant: strict,
    terms: [],
  });
  const own = room.terms.filter((term) => term.factors.some((factor) => factor.free.has(of)));
  const [term] = own;
  if (own.length !== 1 || term?.factors.length !== 1 || term.factors[0] !== of) return undefined;
  const rest = { constant: room.constant, terms: room.terms.filter((other) => other !== term) };
  if (term.coefficient === 1) {
    return { side: "from", value: internPolynomial(emission.values, scaled(rest, -1)) };
  }
  if (term.coefficient !== -1) return undefined;
  const above = sumOf(rest, { constant: 1, terms: [] });
  return { side: "below", value: internPolynomial(emission.values, above) };
}

function update(emission: Emission, accumulator: Accumulator, scope: Scope, minimum: number): void {
  const { reduction, best, place: found } = accumulator;
  const value = place(emission, reduction.value, scope, minimum);
  if (!found || !reduction.place) {
    const combined = combine(reduction.combine, best, value);
    scope.statements.push({ kind: "assign", name: best.name, value: combined });
    return;
  }
  const candidate = variable(emission.fresh("v"), value.type);
  const here = place(emission, reduction.place, scope, minimum);
  scope.statements.push(
    { kind: "let", name: candidate.name, value },
    {
      kind: "if",
      condition: beats(reduction.combine, candidate, best),
      body: [
        { kind: "assign", name: best.name, value: candidate },
        { kind: "assign", name: found.name, value: here },
      ],
    },
  );
}

function beats(how: Combine, candidate: Expression, best: Expression): Expression {
  const op = how === "argmax" ? "greater" : "less";
  return { kind: "op", type: "bool", op, arguments: [candidate, best] };
}

export function combine(how: Combine, left: Expression, right: Expression): Expression {
  const op = (
    {
      sum: "add",
      prod: "multiply",
      max: "maximum",
      min: "minimum",
      any: "or",
      all: "and",
      argmax: "maximum",
      argmin: "minimum",
    } as const
  )[how];
  return { kind: "op", type: left.type, op, arguments: [left, right] };
}

/** A fixed tree over workgroup memory: the same bits every time. */
function combineLanes(emission: Emission, accumulators: readonly Accumulator[], home: Scope): void {
  const lane = variable("lane", "i32");
  const arrays = accumulators.map((accumulator) => ({
    ...accumulator,
    values: shareArray(emission, accumulator.best.type),
    places: accumulator.place ? shareArray(emission, "i32") : undefined,
  }));
  for (const { best, place: found, values, places } of arrays) {
    home.statements.push({ kind: "share", array: values, index: lane, value: best });
    if (found && places) {
      home.statements.push({ kind: "share", array: places, index: lane, value: found });
    }
  }
  home.statements.push({ kind: "barrier" });
  const half = variable(emission.fresh("half"), "i32");
  const condition: Expression = { kind: "op", type: "bool", op: "less", arguments: [lane, half] };
  const body = arrays.flatMap((entry) => meet(emission, entry, lane, half));
  // A loop, not its copies: some drivers take minutes for a row of barriers.
  home.statements.push({
    kind: "halving",
    name: half.name,
    from: emission.lanes / 2,
    body: [{ kind: "if", condition, body }, { kind: "barrier" }],
  });
  for (const { best, place: found, values, places } of arrays) {
    const zero = literalOf("i32", 0);
    const read = (array: string, type: ElementType): Expression => ({
      kind: "shared",
      type,
      array,
      index: zero,
    });
    home.statements.push({ kind: "assign", name: best.name, value: read(values, best.type) });
    if (found && places) {
      home.statements.push({ kind: "assign", name: found.name, value: read(places, "i32") });
    }
  }
}

function shareArray(emission: Emission, type: ElementType): string {
  const name = emission.fresh("shared");
  emission.shared.push({ name, type, length: emission.lanes });
  return name;
}

interface Meeting extends Accumulator {
  readonly values: string;
  readonly places: string | undefined;
}

/** Lane l takes in what lane l + half found. */
function meet(emission: Emission, entry: Meeting, lane: Expression, half: Expression): Statement[] {
  const { reduction, best, values, places } = entry;
  const other: Expression = {
    kind: "op",
    type: "i32",
    op: "add",
    arguments: [lane, half],
  };
  const read = (array: string, type: ElementType, index: Expression): Expression => ({
    kind: "shared",
    type,
    array,
    index,
  });
  const mine = read(values, best.type, lane);
  const theirs = read(values, best.type, other);
  if (!places) {
    return [
      {
        kind: "share",
        array: values,
        index: lane,
        value: combine(reduction.combine, mine, theirs),
      },
    ];
  }
  const [a, b] = [
    variable(emission.fresh("v"), best.type),
    variable(emission.fresh("v"), best.type),
  ];
  const [p, q] = [variable(emission.fresh("i"), "i32"), variable(emission.fresh("i"), "i32")];
  const op = (kind: "and" | "or" | "equal" | "less", left: Expression, right: Expression) =>
    ({ kind: "op", type: "bool", op: kind, arguments: [left, right] }) satisfies Expression;
  const first = op("and", op("equal", b, a), op("less", q, p));
  return [
    { kind: "let", name: a.name, value: mine },
    { kind: "let", name: b.name, value: theirs },
    { kind: "let", name: p.name, value: read(places, "i32", lane) },
    { kind: "let", name: q.name, value: read(places, "i32", other) },
    {
      kind: "if",
      condition: op("or", beats(reduction.combine, b, a), first),
      body: [
        { kind: "share", array: values, index: lane, value: b },
        { kind: "share", array: places, index: lane, value: q },
      ],
    },
  ];
}
