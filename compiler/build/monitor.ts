// Takes gradients, updates and activations of a step, gives what its `monitor` line asks for: one scalar a parameter, or an activation.
import { elementCount } from "../types/dimension.js";
import type { Effect, Node } from "../types/graph.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { activationMonitors, parameterMonitors } from "../types/model.js";
import type { ParameterMonitor, StageDeclaration } from "../types/model.js";
import type { WatchedActivation } from "./activations.js";
import { ofMembers } from "./memberRanges.js";
import type { StageContext, UpdatedStorage } from "./update.js";

/** Entries of a gradient below this share of its root mean square count as nothing. */
const negligible = 1e-3;

/** Of one parameter, the members of an ensemble in front. */
interface ParameterUpdate {
  readonly before: Node;
  readonly next: Node;
  readonly gradient: Node | undefined;
  /** Of each member. */
  readonly entries: number;
}

/** What is told of each member; undefined where it is of a gradient, and there is none. */
const ofParameter: Readonly<
  Record<ParameterMonitor, (b: GraphBuilder, update: ParameterUpdate) => Node | undefined>
> = {
  /** ‖Δw‖ / ‖w‖ */
  update_ratio: (b, { before, next }) =>
    b.divide(norm(b, b.subtract(next, before)), b.maximum(norm(b, before), 1e-12)),
  /** ‖g‖ after clipping */
  gradient_norm: (b, { gradient }) => gradient && norm(b, gradient),
  /** The share of gradient entries that are next to nothing beside the others. */
  small_gradients: (b, { gradient, entries }) => {
    if (gradient === undefined) return undefined;
    const limit = b.multiply(b.divide(norm(b, gradient), Math.sqrt(entries)), negligible);
    const members = gradient.shape[0] ?? 1;
    const still = b.cast(b.lessEqual(b.abs(gradient), b.reshape(limit, [members, 1])), "f32");
    return b.divide(b.sum(still, [1]), entries);
  },
};

const norm = (b: GraphBuilder, x: Node): Node => b.sqrt(b.sum(b.multiply(x, x), [1]));

/** Results `monitor.WHAT.NAME` of each parameter; of an ensemble the mean over its members. */
export function monitorEffects(
  { b, layout, stage }: StageContext,
  gradients: ReadonlyMap<string, Node>,
  updated: readonly UpdatedStorage[],
): Effect[] {
  const { monitor, ensemble } = stage;
  const asked = parameterMonitors.filter((what) => monitor.includes(what));
  const effects: Effect[] = [];
  for (const { storage, before, next } of updated) {
    for (const name of layout.members.get(storage) ?? []) {
      const range = layout.ranges.get(name);
      if (range === undefined) continue;
      const count = elementCount(range.declaration.shape);
      const part = (of: Node): Node => ofMembers(b, b.slice(of, [range.offset], [count]), ensemble);
      const gradient = gradients.get(storage);
      const update = {
        before: part(before),
        next: part(next),
        gradient: gradient && part(gradient),
        entries: count / ensemble,
      };
      for (const what of asked) {
        const each = ofParameter[what](b, update);
        if (each === undefined) continue;
        const value = b.divide(b.sum(each), ensemble);
        effects.push({ kind: "result", name: `monitor.${what}.${name}`, value });
      }
    }
  }
  return effects;
}

/** Results `monitor.WHAT.NAME` of the activations that lead to what is minimised. */
export function activationEffects(
  { monitor }: StageDeclaration,
  activations: readonly WatchedActivation[],
  goal: Node,
): Extract<Effect, { kind: "result" }>[] {
  const asked = activationMonitors.filter((what) => monitor.includes(what));
  if (activations.length === 0 || asked.length === 0) return [];
  const reached = new Set(topologicalOrder([goal]));
  return activations
    .filter(({ value }) => reached.has(value))
    .flatMap(({ name, monitored }) =>
      asked.map((what) => ({
        kind: "result" as const,
        name: `monitor.${what}.${name}`,
        value: monitored[what],
      })),
    );
}
