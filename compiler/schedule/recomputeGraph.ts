// Takes a program as it would be scheduled and the values that it keeps no longer, gives it over a graph in which they are computed again.
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import type { Node, Program } from "../types/graph.js";
import { isGivenLeaf, isOfPieces } from "./families.js";
import type { Part } from "./parts.js";
import type { Dropping, ProgramPlan } from "./recomputePlan.js";

/**
 * Goes through the groups in order, and makes of each what it computes over what it reads by then: a value itself until its gap, the same
 * op over the same operands, as a node of its own, from there on. Draws have the same counters, and sums the same order.
 */
export function computedAgain(
  b: GraphBuilder,
  program: Program,
  plan: ProgramPlan,
  dropping: Dropping,
): Program {
  const images = createImages(b, program, plan, dropping);
  plan.groups.forEach(({ parts }, place) => {
    for (const part of parts) images.add(part, place);
  });
  const effects = program.effects.map((effect) => ({
    ...effect,
    value: images.valueOf(effect.value),
  }));
  const reached = new Set(topologicalOrder(effects.map(({ value }) => value)));
  const waits = new Map(
    [...images.waits].flatMap(([node, other]) => {
      const now = images.valueOf(other);
      return reached.has(node) && reached.has(now) ? [[node, now] as const] : [];
    }),
  );
  return { ...program, effects, waits };
}

interface Images {
  /** Makes what a part of the group at a place computes. */
  readonly add: (part: Part, place: number) => void;
  /** What was computed first for a value. */
  readonly valueOf: (node: Node) => Node;
  /** See `Program.waits`; what is waited for is of the program before. */
  readonly waits: ReadonlyMap<Node, Node>;
}

function createImages(
  b: GraphBuilder,
  program: Program,
  { use, roles, memory }: ProgramPlan,
  { dropped, last }: Dropping,
): Images {
  const made = new Map<Node, Node>();
  const pieces = new Map<Node, Map<Node, Node>>();
  const again = new Map<Node, Node>();
  const interned = new Map<string, Node>();
  const waits = new Map<Node, Node>();
  /** What is computed from something that is computed again. */
  const renewed = new Set<Node>();
  /** The group behind which a node could be computed. */
  const ready = new Map<Node, number>();
  const written = memory.writes.map((nodes) => [...nodes].find((node) => !isOfPieces(node)));
  const inMemory = (node: Node): boolean => use.spans.has(node);
  const isRead = (node: Node): boolean =>
    roles.host.has(node) || isGivenLeaf(node) || inMemory(node);
  const readyAt = (node: Node): number => ready.get(node) ?? -1;
  const lives = (node: Node, place: number): boolean => {
    const gap = dropped.get(node);
    return (last.get(node) ?? 0) >= place && !(gap && place > gap.after);
  };

  /** What could be computed long before it is needed waits for the last value written before: it would be kept, else. */
  const holdBack = (image: Node, place: number): void => {
    if (!renewed.has(image) || readyAt(image) >= place - 1) return;
    const before = written.slice(0, place).findLast((value) => value !== undefined);
    if (before !== undefined) waits.set(image, before);
  };
  const over = (node: Node, inputs: readonly Node[], place: number, anew: boolean): Node => {
    const same = !anew && inputs.every((input, at) => input === node.inputs[at]);
    const key = `${node.id} ${anew} ${inputs.map(({ id }) => id).join()}`;
    const known = interned.get(key);
    if (known !== undefined) return known;
    const image = same ? node : b.over(node, inputs);
    interned.set(key, image);
    ready.set(image, Math.max(-1, ...inputs.map(readyAt)));
    if (anew || inputs.some((input) => renewed.has(input))) renewed.add(image);
    const held = program.waits?.get(node);
    if (held !== undefined) waits.set(image, held);
    holdBack(image, place);
    return image;
  };
  /** What a group at a place reads of a value that is in memory, or was. */
  const read = (node: Node, place: number): Node => {
    if (!inMemory(node)) return node;
    if (lives(node, place)) return made.get(node) ?? node;
    const image = again.get(node) ?? compute(node, place, true);
    again.set(node, image);
    return image;
  };
  const compute = (root: Node, place: number, anew = false): Node => {
    const found = new Map<Node, Node>();
    const order = topologicalOrder([root], (node) =>
      node !== root && isRead(node) ? [] : node.inputs,
    );
    for (const node of order) {
      const ofRoot = node === root;
      const inputs = (): readonly Node[] => node.inputs.map((input) => found.get(input) ?? input);
      const isBorder = !ofRoot && isRead(node);
      found.set(node, isBorder ? read(node, place) : over(node, inputs(), place, anew));
    }
    return found.get(root) ?? root;
  };
  return {
    waits,
    valueOf: (node) => made.get(node) ?? node,
    add: ({ value, computes, owner }, place) => {
      const image = !computes && isRead(value) ? read(value, place) : compute(value, place);
      if (owner !== undefined && owner !== value) {
        const own = pieces.get(owner) ?? new Map<Node, Node>();
        pieces.set(owner, own.set(value, image));
        const whole = b.over(
          owner,
          owner.inputs.map((input) => own.get(input) ?? input),
        );
        made.set(owner, whole);
        ready.set(whole, place);
      } else if (computes || !isRead(value)) {
        if (!made.has(value)) made.set(value, image);
        if (inMemory(value)) ready.set(image, place);
      }
    },
  };
}
