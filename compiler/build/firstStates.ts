// An optimizer's update in; the same out with states that all start from numbers, so that a storage is filled without running anything.
import { substitute } from "../graph/substitute.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import type { Node, Shape } from "../types/graph.js";
import type { UpdateTemplate } from "../types/model.js";

export interface NumberedTemplate {
  readonly states: readonly {
    readonly name: string;
    readonly shape: Shape;
    readonly initial: number;
    readonly next: Node;
  }[];
  readonly weight: Node;
}

/**
 * A state that starts from more than a number (`state slow = w`) is, in the first update, what it starts from, and what was
 * stored in all others: the weights that an update begins with are known on the device alone, where a stage begins and after
 * it has read its files.
 */
export function fromNumbers(b: GraphBuilder, { states, weight }: UpdateTemplate): NumberedTemplate {
  const before = new Map<string, Node>();
  for (const { name, shape, initial } of states) {
    if (numberOf(initial) !== undefined) continue;
    const [first = initial] = withStates(b, [initial], before);
    const isFirst = b.equal(b.hostScalar("step"), 1);
    const stored = b.placeholder(`state.${name}`, { type: "f32", shape });
    before.set(`state.${name}`, b.select(isFirst, b.broadcast(first, shape), stored));
  }
  const roots = withStates(b, [weight, ...states.map(({ next }) => next)], before);
  return {
    weight: roots[0] ?? weight,
    states: states.map(({ name, shape, initial, next }, index) => ({
      name,
      shape,
      initial: numberOf(initial) ?? 0,
      next: roots[index + 1] ?? next,
    })),
  };
}

function numberOf(node: Node): number | undefined {
  return node.op === "constant" && node.attributes.values.length === 1
    ? node.attributes.values[0]
    : undefined;
}

function withStates(
  b: GraphBuilder,
  roots: readonly Node[],
  before: ReadonlyMap<string, Node>,
): readonly Node[] {
  const replacements = new Map<Node, Node>();
  for (const node of topologicalOrder(roots)) {
    const value = node.op === "placeholder" ? before.get(node.attributes.name) : undefined;
    if (value !== undefined) replacements.set(node, value);
  }
  return substitute(b, roots, replacements);
}
