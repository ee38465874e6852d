// Takes a step whose gradients pass through half precision, gives the scale of its loss, which follows overflows on the device, and what a step that overflowed leaves as it was.
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { largestReal } from "../ops/leaves.js";
import type { Effect, Node } from "../types/graph.js";
import type { BuiltStorage } from "./types.js";
import type { StageContext, Updates } from "./update.js";

/**
 * Of torch.cuda.amp.GradScaler: the scale at first, and what becomes of it after so many updates in a row without an overflow, and
 * at each with one, which is left out.
 */
const growth = { initial: 65536, factor: 2, every: 2000, backoff: 0.5 } as const;

export interface LossScale {
  /** What the loss is multiplied by before derivatives are taken, and gradients are divided by. */
  readonly value: Node;
  /** The optimizer's number of this update: those that were left out do not count. */
  readonly step: Node;
  /** Whether a step with these gradients, divided by the scale, is one: all are finite. */
  settle(gradients: ReadonlyMap<string, Node>): Settled;
  readonly storages: readonly BuiltStorage[];
}

export interface Settled {
  /** The gradients, 0 where the update is left out. */
  readonly gradients: Map<string, Node>;
  /** The new value, or the one before. */
  readonly kept: (next: Node, before: Node) => Node;
  readonly effects: readonly Effect[];
}

/** `views`: what the derivatives are taken by. Undefined where they pass through no half precision. */
export function lossScale(
  { b, stage }: StageContext,
  objective: string,
  goal: Node,
  views: ReadonlySet<Node>,
): LossScale | undefined {
  if (!passesHalves(goal, views)) return undefined;
  const storages: BuiltStorage[] = [];
  const kept = (what: string, initial: number): { readonly name: string; readonly value: Node } => {
    const name = `loss_scale.${stage.name}.${objective}.${what}`;
    storages.push({ name, type: "f32", elements: 1, kind: "optimizer", initial });
    return { name, value: b.reshape(b.stored(name, { type: "f32", shape: [1] }), []) };
  };
  const skipped = kept("skipped", 0);
  const scale = stage.lossScale === undefined ? kept("scale", growth.initial) : undefined;
  const good = stage.lossScale === undefined ? kept("good", 0) : undefined;
  const store = ({ name }: { readonly name: string }, value: Node): Effect => {
    return { kind: "store", storage: name, value: b.reshape(value, [1]) };
  };
  return {
    value: scale?.value ?? b.constant(stage.lossScale ?? 1),
    step: b.subtract(b.hostScalar("step"), skipped.value),
    storages,
    settle: (gradients) => {
      const finite = allFinite(b, [...gradients.values()]);
      const effects = [store(skipped, b.add(skipped.value, b.select(finite, 0, b.constant(1))))];
      if (scale && good) {
        const count = b.add(good.value, 1);
        const isTime = b.greaterEqual(count, growth.every);
        const grown = b.select(isTime, b.multiply(scale.value, growth.factor), scale.value);
        const next = b.select(finite, grown, b.multiply(scale.value, growth.backoff));
        const zero = b.constant(0);
        effects.push(store(scale, next));
        effects.push(store(good, b.select(finite, b.select(isTime, zero, count), zero)));
      }
      return {
        gradients: new Map([...gradients].map(([name, g]) => [name, b.select(finite, g, 0)])),
        kept: (next, before) => b.select(finite, next, before),
        effects,
      };
    },
  };
}

function allFinite(b: GraphBuilder, gradients: readonly Node[]): Node {
  const beyond = gradients.map((g) =>
    b.sum(b.select(b.lessEqual(b.abs(g), largestReal), 0, b.constant(1))),
  );
  return b.equal(
    beyond.reduce((sum, one) => b.add(sum, one)),
    0,
  );
}

/** Whether what is computed of the views is rounded to half precision, in the bodies of loops too. */
function passesHalves(goal: Node, views: ReadonlySet<Node>): boolean {
  const reached = new Set<Node>();
  return topologicalOrder([goal]).some((node) => {
    if (!views.has(node) && !node.inputs.some((input) => reached.has(input))) return false;
    reached.add(node);
    return rounds(node);
  });
}

function rounds(node: Node): boolean {
  if (node.op !== "scan") return node.op === "half";
  const { nextCarries, yields } = node.attributes;
  return topologicalOrder([...nextCarries, ...yields]).some(rounds);
}

/** Updates that leave the states of optimizers as they were, too, where a step is left out. */
export function keepingOverflows(
  b: GraphBuilder,
  updates: Updates,
  settled: Settled | undefined,
): Updates {
  if (!settled) return updates;
  const effects = updates.effects.map((effect): Effect => {
    if (effect.kind !== "store") return effect;
    const { type, shape } = effect.value;
    const before = b.stored(effect.storage, { type, shape });
    return { ...effect, value: settled.kept(effect.value, before) };
  });
  return { ...updates, effects };
}
