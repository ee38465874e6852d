// Takes a group of reductions, writes their common loops: guards become bounds of loops, invocations of a workgroup meet in a tree.
import { searches } from "../scalars/reductions.js";
import type { Accumulator } from "./accumulate.js";
import { beats, combine, literalOf, replaceWhere, startOf, variable } from "./accumulate.js";
import type { LoopBlocks } from "./blocks.js";
import { levelsOf, planBlocks } from "./blocks.js";
import type { ReductionGroup } from "./group.js";
import { commonConditions, groupWithin } from "./group.js";
import type { Expression, Statement } from "./ir.js";
import { combineInvocations } from "./workgroupTree.js";
import { hoist } from "./hoist.js";
import { lanesOf } from "./loads.js";
import { laneCount, operate, splat, widthOf } from "./ir.js";
import { isWide } from "./lanes.js";
import { writePacks } from "./pack.js";
import { scaled } from "../types/polynomial.js";
import { internPolynomial, polynomialOf, sumOf } from "./polynomial.js";
import type { Emission, BlockScope } from "./scope.js";
import { branchAround, differInQuad, levelOf, loopStatement, openScope } from "./scope.js";
import { writeSearch } from "./search.js";
import { fillArrays } from "./fill.js";
import { operation } from "./simplify.js";
import type { ReductionLoop, ReductionValue, KernelValue, VariableValue } from "./value.js";
import { meetsOthers } from "./value.js";

export function writeReduction(
  emission: Emission,
  wanted: ReductionValue,
  home: BlockScope,
  minimum: number,
): void {
  const group = groupHere(emission, wanted, home);
  const [first] = group.members;
  if (!first) return;
  if (searches(first.combine)) {
    writeSearch(emission, first, home, minimum);
    return;
  }
  const accumulators = group.members.map((member) => openAccumulator(emission, member, home));
  // Where the invocations of a workgroup meet, none may stay behind.
  const conditions = meetsOthers(first) ? [] : group.conditions;
  const alone = accumulators.flatMap(({ reduction, ...rest }) =>
    reduction.alone ? [{ ...rest, reduction: reduction.alone }] : [],
  );
  if (alone.length === 0) writeTerms(emission, accumulators, conditions, home, minimum);
  else {
    const own = alone.map(({ reduction }) => reduction);
    // Points of an invocation are wanted where its first one is, whichever reduction they are of.
    const wanted = new Set(own.flatMap(({ where }) => where ?? []));
    const ofAlone = [...wanted, ...commonConditions(emission.values, own)];
    const [body, otherwise] = [openScope(home), openScope(home)];
    writeTerms(emission, alone, ofAlone, body, minimum);
    writeTerms(emission, accumulators, conditions, otherwise, minimum);
    home.statements.push({
      ...{ kind: "either", way: "alone", body: body.statements },
      otherwise: otherwise.statements,
    });
  }
  if (first.cooperative) combineInvocations(emission, accumulators, home);
  const inPacks = writePacks(emission, accumulators, home);
  for (const { reduction, best, index: found } of accumulators) {
    if (inPacks.has(reduction) && (emission.uses.get(reduction) ?? 0) < 2) continue;
    const result = found ?? best;
    home.names.set(
      reduction,
      reduction.lanes ? acrossLanes(emission, reduction, best, home) : result,
    );
  }
}

/** The loops of reductions that have them in common, whose terms these accumulators take in. */
function writeTerms(
  emission: Emission,
  opened: readonly Accumulator[],
  conditions: readonly KernelValue[],
  home: BlockScope,
  minimum: number,
): void {
  const own = opened[0]?.reduction.loops ?? [];
  const blocks = planBlocks(own);
  const depth = blocks.reduce((count, loop) => count + levelsOf(loop), 0);
  const accumulators = opened.map((accumulator) => withLevels(emission, accumulator, depth));
  const loops = own.map((loop, at): BlockedLoop => ({
    ...loop,
    blocks: blocks[at] ?? { sizes: [], apart: false },
  }));
  writeLoops({ emission, accumulators }, loops, 0, conditions, home, minimum, (scope, least) => {
    for (const accumulator of accumulators) update(emission, accumulator, scope, least);
  });
}

function groupHere(
  { groups, values }: Emission,
  wanted: ReductionValue,
  home: BlockScope,
): ReductionGroup {
  const group = groups.get(wanted);
  if (!group) throw new Error("a reduction was not surveyed");
  const branch = branchAround(home);
  return branch ? groupWithin(values, group, branch, wanted) : group;
}

/** A loop of a reduction, and how long sums along it are taken apart. */
interface BlockedLoop extends ReductionLoop {
  readonly blocks: LoopBlocks;
}

interface BlockedAccumulator extends Accumulator {
  /** Of a sum in single precision: the accumulators of its blocks, `best` first, from the outermost to the innermost. */
  readonly levels: readonly Accumulator["best"][];
}

interface ReductionNest {
  readonly emission: Emission;
  readonly accumulators: readonly BlockedAccumulator[];
}

/** What the lanes have come to, combined: those that lie two apart, then what is left. */
function acrossLanes(
  emission: Emission,
  { combine: how }: ReductionValue,
  wide: Expression,
  home: BlockScope,
): Expression {
  let parts = lanesOf(emission, home, wide);
  while (parts.length > 1) {
    const half = parts.length / 2;
    const far = parts.slice(half);
    parts = parts.slice(0, half).map((near, at) => combine(how, near, far[at] ?? near));
  }
  const [value] = parts;
  if (!value) throw new Error("there are no lanes");
  const name = emission.fresh("acc");
  home.statements.push({ kind: "let", name, value });
  return variable(name, wide.type);
}

function openAccumulator(
  emission: Emission,
  reduction: ReductionValue,
  home: BlockScope,
): Accumulator {
  const type = reduction.value.type;
  const wide = reduction.lanes !== undefined || isWide(emission.values, reduction);
  const width = wide ? laneCount : undefined;
  const best = variable(emission.fresh("acc"), type, width);
  const start = startOf(reduction.combine, best);
  home.statements.push({ kind: "var", name: best.name, value: start });
  if (!reduction.index) return { reduction, best, index: undefined };
  const found = variable(emission.fresh("at"), reduction.type, width);
  const none = literalOf(reduction.type, 0);
  home.statements.push({ kind: "var", name: found.name, value: width ? splat(none) : none });
  return { reduction, best, index: found };
}

/** `depth`: how many sums of blocks lie within each other, where there are any. */
function withLevels(
  emission: Emission,
  accumulator: Accumulator,
  depth: number,
): BlockedAccumulator {
  const { reduction, best } = accumulator;
  const { type, width } = best;
  const blocked =
    reduction.combine === "sum" && type === "f32" && emission.accumulates === "f32" ? depth : 0;
  const inner = Array.from({ length: blocked }, () =>
    variable(emission.fresh("part"), type, width),
  );
  return { ...accumulator, levels: [best, ...inner] };
}

/** Opens the loops from outside in; a condition is checked as soon as its operands are known. */
function writeLoops(
  nest: ReductionNest,
  loops: readonly BlockedLoop[],
  level: number,
  conditions: readonly KernelValue[],
  home: BlockScope,
  minimum: number,
  body: (scope: BlockScope, minimum: number) => void,
): void {
  const { emission } = nest;
  const decided = conditions.filter((condition) => levelOf(emission, condition) <= home.depth);
  const pending = conditions.filter((condition) => !decided.includes(condition));
  const [loop, ...inner] = loops;
  if (decided.length > 0) {
    writeIf(emission, decided, home, minimum, (scope) => {
      writeLoops(nest, loops, level, pending, scope, scope.depth, body);
    });
    return;
  }
  if (!loop) {
    body(home, minimum);
    return;
  }
  const before = emission.depths.get(loop.variable);
  emission.depths.set(loop.variable, home.depth + 1);
  const bounds = tighten(emission, loop, pending, home.depth);
  const scope = openScope(home, undefined, differInQuad(emission, bounds.from, bounds.below));
  bounds.used.forEach((condition) => scope.known.add(condition));
  const from = hoist(emission, bounds.from, home, minimum);
  const below = hoist(emission, bounds.below, home, minimum);
  const rest = pending.filter((condition) => !bounds.used.includes(condition));
  if (loop.staging) fillArrays(emission, loop.staging, scope);
  const inside = bounds.used.length > 0 ? scope.depth : minimum;
  writeLoops(nest, inner, level + levelsOf(loop.blocks), rest, scope, inside, body);
  if (before === undefined) emission.depths.delete(loop.variable);
  else emission.depths.set(loop.variable, before);
  home.statements.push(blockedLoop(nest, loop, level, from, below, scope));
}

/** The loop, in blocks where a sum along it may be long: each block's sum is added to that of the block around it. */
function blockedLoop(
  { emission, accumulators }: ReductionNest,
  loop: BlockedLoop,
  outer: number,
  from: Expression,
  below: Expression,
  scope: BlockScope,
): Statement {
  const blocked = accumulators.some(({ levels }) => levels.length > 1);
  const { sizes, apart } = loop.blocks;
  if (!blocked || levelsOf(loop.blocks) === 0) return loopStatement(loop, from, below, scope);
  const starts = sizes.map(() => variable(emission.fresh("block"), "index"));
  const end = (at: number): Expression => {
    const start = starts[at];
    const length = literalOf("index", (sizes[at] ?? 1) * loop.step);
    if (start === undefined) return below;
    return integer("minimum", integer("add", start, length), below);
  };
  let level = outer + levelsOf(loop.blocks);
  const withPart = (statements: readonly Statement[]): readonly Statement[] => {
    level--;
    return inPart(accumulators, level, statements);
  };
  const body = apart ? withPart(scope.statements) : scope.statements;
  const { variable: index, step } = loop;
  let statement: Statement = {
    kind: "for",
    name: index.name,
    from: starts[0] ?? from,
    below: end(0),
    step,
    body,
  };
  for (const [at, start] of starts.entries())
    statement = {
      kind: "for",
      name: start.name,
      from: starts[at + 1] ?? from,
      below: end(at + 1),
      step: step * (sizes[at] ?? 1),
      body: withPart([statement]),
    };
  return statement;
}

/** Statements with accumulators of their own, one level further in, which are then added to those of `level`. */
function inPart(
  accumulators: readonly BlockedAccumulator[],
  level: number,
  statements: readonly Statement[],
): readonly Statement[] {
  const parts = accumulators.flatMap(({ reduction, levels }) => {
    const [whole, part] = [levels[level], levels[level + 1]];
    return whole && part ? [{ reduction, whole, part }] : [];
  });
  return [
    ...parts.map(({ reduction, part }): Statement => ({
      kind: "var",
      name: part.name,
      value: startOf(reduction.combine, part),
    })),
    ...statements,
    ...parts.map(({ reduction, whole, part }): Statement => ({
      kind: "assign",
      name: whole.name,
      value: combine(reduction.combine, whole, part),
    })),
  ];
}

function integer(op: "add" | "minimum", left: Expression, right: Expression): Expression {
  return { kind: "op", type: "index", op, arguments: [left, right] };
}

function writeIf(
  emission: Emission,
  conditions: readonly KernelValue[],
  home: BlockScope,
  minimum: number,
  body: (scope: BlockScope) => void,
): void {
  const condition = conditions
    .map((each) => hoist(emission, each, home, minimum))
    .reduce((left, right) => ({ kind: "op", type: "bool", op: "and", arguments: [left, right] }));
  const scope = openScope(home, undefined, differInQuad(emission, ...conditions));
  conditions.forEach((each) => scope.known.add(each));
  body(scope);
  home.statements.push({ kind: "if", condition, body: scope.statements });
}

interface Bounds {
  readonly from: KernelValue;
  readonly below: KernelValue;
  readonly used: readonly KernelValue[];
}

/** Turns conditions of the form ±variable + rest ≥ 0 into bounds of its loop: padding costs nothing then. */
function tighten(
  emission: Emission,
  loop: ReductionLoop,
  conditions: readonly KernelValue[],
  depth: number,
): Bounds {
  let { from, below } = loop;
  const used: KernelValue[] = [];
  for (const condition of conditions) {
    if (loop.step !== 1 || levelOf(emission, condition) !== depth + 1) continue;
    const bound = boundOf(emission, condition, loop.variable);
    if (!bound) continue;
    used.push(condition);
    const i32 = (op: "maximum" | "minimum", left: KernelValue, right: KernelValue): KernelValue =>
      operation(emission.values, op, "index", [left, right]);
    if (bound.side === "from") from = i32("maximum", from, bound.value);
    else below = i32("minimum", below, bound.value);
  }
  return { from, below, used };
}

function boundOf(
  emission: Emission,
  condition: KernelValue,
  of: VariableValue,
): { side: "from" | "below"; value: KernelValue } | undefined {
  if (condition.kind !== "op") return undefined;
  const [left, right] = condition.arguments;
  if (!left || !right || left.type !== "index") return undefined;
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

function update(
  emission: Emission,
  accumulator: BlockedAccumulator,
  scope: BlockScope,
  minimum: number,
): void {
  const { reduction, best, index: found } = accumulator;
  const value = hoist(emission, reduction.value, scope, minimum);
  if (!found || !reduction.index) {
    const innermost = accumulator.levels.at(-1) ?? best;
    const combined = combine(reduction.combine, innermost, value);
    scope.statements.push({ kind: "assign", name: innermost.name, value: combined });
    return;
  }
  const candidate = variable(emission.fresh("v"), value.type, widthOf(value));
  const here = operate(reduction.type, "cast", [hoist(emission, reduction.index, scope, minimum)]);
  const better = beats(reduction.combine, candidate, best);
  scope.statements.push({ kind: "let", name: candidate.name, value });
  const assign =
    ({ name }: { readonly name: string }) =>
    (to: Expression): Statement => ({ kind: "assign", name, value: to });
  const changes = [
    { write: assign(found), by: here, now: found },
    { write: assign(best), by: candidate, now: best },
  ];
  scope.statements.push(...replaceWhere(better, changes));
}
