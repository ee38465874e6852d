// Takes a reduction that searches, writes the loop that halves its axis until it knows how many values hold.
import { literalOf, variable } from "./accumulate.js";
import type { Expression } from "./ir.js";
import { hoist } from "./hoist.js";
import type { Emission, BlockScope } from "./scope.js";
import { differInQuad, openScope } from "./scope.js";
import type { ReductionValue, KernelValue } from "./value.js";

/** The first step along an axis whose length is not known: no index has more bits. */
const longestStep = 2 ** 30;

/**
 * The number of values that hold is built from its highest bit down: a step is taken where the value before its end holds,
 * and so all before that do.
 */
export function writeSearch(
  emission: Emission,
  reduction: ReductionValue,
  home: BlockScope,
  minimum: number,
): void {
  const [loop] = reduction.loops;
  if (!loop) throw new Error("a search has an axis");
  const count = variable(emission.fresh("count"), "index");
  const step = variable(emission.fresh("step"), "index");
  const below = hoist(emission, loop.below, home, minimum);
  const scope = openScope(home, undefined, differInQuad(emission, reduction));
  const last = openScope(scope);
  const before = emission.depths.get(loop.variable);
  emission.depths.set(loop.variable, last.depth);
  const holds = hoist(emission, reduction.value, last, last.depth);
  if (before === undefined) emission.depths.delete(loop.variable);
  else emission.depths.set(loop.variable, before);
  last.statements.push({
    kind: "if",
    condition: holds,
    body: [{ kind: "assign", name: count.name, value: index("add", count, step) }],
  });
  const value = index("add", count, index("subtract", step, literalOf("index", 1)));
  const inside = variable(loop.variable.name, "index");
  scope.statements.push(
    { kind: "let", name: loop.variable.name, value },
    {
      kind: "if",
      condition: { kind: "op", type: "bool", op: "less", arguments: [inside, below] },
      body: last.statements,
    },
  );
  const found = variable(emission.fresh("at"), reduction.type);
  home.statements.push(
    { kind: "var", name: count.name, value: literalOf("index", 0) },
    { kind: "halving", name: step.name, from: firstStep(loop.below), body: scope.statements },
    {
      kind: "let",
      name: found.name,
      value: { kind: "op", type: reduction.type, op: "cast", arguments: [count] },
    },
  );
  home.names.set(reduction, found);
}

function firstStep(length: KernelValue): number {
  if (length.kind !== "literal") return longestStep;
  return 2 ** Math.floor(Math.log2(Math.max(1, length.value)));
}

function index(op: "add" | "subtract", left: Expression, right: Expression): Expression {
  return { kind: "op", type: "index", op, arguments: [left, right] };
}
