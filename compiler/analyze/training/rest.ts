// An optimizer's update over placeholders comes in; whether it leaves a weight alone while the gradient is zero goes out.
import { topologicalOrder } from "../../graph/walk.js";
import { movementOf } from "../../ops/movement.js";
import { ruleOf } from "../../ops/table.js";
import { evaluateScalar } from "../../scalars/evaluate.js";
import { reductionScalars } from "../../scalars/reductions.js";
import type { Node } from "../../types/graph.js";
import type { UpdateTemplate } from "../../types/model.js";

/** What is known of every element: one number, the weight as it was, or nothing. */
type Known = number | "weight" | undefined;

/** Steps after which a state that still changes counts as one of which nothing is known. */
const watched = 2;

/** True only where it is certain: a decay of the weights, say, moves them without any gradient. */
export function restsWithoutGradient({ states, weight }: UpdateTemplate): boolean {
  const order = topologicalOrder([weight, ...states.map(({ next }) => next)]);
  let held = firstStates(states);
  for (let step = 0; ; step++) {
    const known = new Map<Node, Known>();
    for (const node of order) known.set(node, knownOf(node, known, held));
    if (known.get(weight) !== "weight") return false;
    const after = new Map(states.map(({ name, next }) => [`state.${name}`, known.get(next)]));
    const changed = [...after].filter(([name, value]) => held.get(name) !== value);
    if (changed.length === 0) return true;
    const kept = (value: Known): Known => (step < watched ? value : undefined);
    held = new Map([...held, ...changed.map(([name, value]) => [name, kept(value)] as const)]);
  }
}

/** A state may start from one that was declared before it. */
function firstStates(states: UpdateTemplate["states"]): Map<string, Known> {
  const held = new Map<string, Known>();
  for (const { name, initial } of states) {
    const known = new Map<Node, Known>();
    for (const node of topologicalOrder([initial])) known.set(node, knownOf(node, known, held));
    held.set(`state.${name}`, known.get(initial));
  }
  return held;
}

function knownOf(
  node: Node,
  known: ReadonlyMap<Node, Known>,
  held: ReadonlyMap<string, Known>,
): Known {
  const operands = node.inputs.map((input) => known.get(input));
  const [only] = operands;
  switch (node.op) {
    case "placeholder": {
      const { name } = node.attributes;
      return name === "w" ? "weight" : name === "g" ? 0 : held.get(name);
    }
    case "constant":
      return node.attributes.values.length === 1 ? node.attributes.values[0] : undefined;
    case "select": {
      const [condition, then, otherwise] = operands;
      if (typeof condition === "number") return condition === 0 ? otherwise : then;
      return then === otherwise ? then : undefined;
    }
    // Sums of products.
    case "cumsum":
    case "contract":
      return operands.includes(0) ? 0 : undefined;
    default:
      if (ruleOf(node.op).lowering.kind === "identity") return only;
      return movedOrReduced(node, known) ?? pointwise(node, operands);
  }
}

/** Elements of the weight may change places, so that of these only numbers are known. */
function movedOrReduced(node: Node, known: ReadonlyMap<Node, Known>): Known {
  const moved = movementOf(node);
  if (moved !== undefined) {
    const values = new Set(moved.operands.map((operand) => known.get(operand)));
    if (moved.fill !== undefined) values.add(moved.fill);
    const [value, another] = values;
    return values.size === 1 && another === undefined && value !== "weight" ? value : undefined;
  }
  const [only] = node.inputs.map((input) => known.get(input));
  if (!Object.hasOwn(reductionScalars, node.op) || typeof only !== "number") return undefined;
  const { step } = reductionScalars[node.op as keyof typeof reductionScalars];
  const type = node.inputs[0]?.type ?? node.type;
  return evaluateScalar(step, { operands: type, result: type }, [only, only]) === only
    ? only
    : undefined;
}

/** Where an operand is zero, or leaves the other as it is, the other need not be known. */
function pointwise({ op, type, inputs }: Node, operands: readonly Known[]): Known {
  const [left, right] = operands;
  if (op === "multiply" && (left === 0 || right === 0)) return 0;
  if (op === "divide" && left === 0 && right !== 0) return 0;
  if ((op === "add" && left === 0) || (op === "multiply" && left === 1)) return right;
  if ((op === "add" || op === "subtract") && right === 0) return left;
  if ((op === "multiply" || op === "divide") && right === 1) return left;
  const { lowering } = ruleOf(op);
  const numbers = operands.filter((operand) => typeof operand === "number");
  if (lowering.kind !== "pointwise" || numbers.length < operands.length) return undefined;
  return evaluateScalar(lowering.op, { operands: inputs[0]?.type ?? type, result: type }, numbers);
}
