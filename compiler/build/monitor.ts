// Takes gradients, updates and activations of a step, gives what its `monitor` line asks for: one scalar a parameter, or an activation.
import { elementCount } from "../types/dimension.js";
import type { Effect, Node } from "../types/graph.js";
import { topologicalOrder } from "../graph/walk.js";
import type { StageDeclaration } from "../types/model.js";
import type { WatchedActivation } from "./activations.js";
import { ofMembers } from "./memberRanges.js";
import type { StageContext, UpdatedStorage } from "./update.js";

/** Entries of a gradient below this share of its root mean square count as nothing. */
const negligible = 1e-3;

/**
 * Results `monitor.gradient_norm.NAME` (‖g‖ after clipping), `monitor.update_ratio.NAME` (‖Δw‖ / ‖w‖) and
 * `monitor.small_gradients.NAME` (the share of gradient entries that are next to nothing beside the others); of an ensemble
 * the mean over its members.
 */
export function monitorEffects(
  { b, layout, stage }: StageContext,
  gradients: ReadonlyMap<string, Node>,
  updated: readonly UpdatedStorage[],
): Effect[] {
  const { monitor, ensemble } = stage;
  const effects: Effect[] = [];
  const norm = (x: Node): Node => b.sqrt(b.sum(b.multiply(x, x), [1]));
  const report = (what: string, name: string, each: Node): void => {
    const value = b.divide(b.sum(each), ensemble);
    effects.push({ kind: "result", name: `monitor.${what}.${name}`, value });
  };
  for (const { storage, before, next } of updated) {
    for (const name of layout.members.get(storage) ?? []) {
      const range = layout.ranges.get(name);
      if (range === undefined) continue;
      const count = elementCount(range.declaration.shape);
      const part = (of: Node): Node => ofMembers(b, b.slice(of, [range.offset], [count]), ensemble);
      const gradient = gradients.get(storage);
      if (monitor.includes("gradient_norm") && gradient !== undefined) {
        report("gradient_norm", name, norm(part(gradient)));
      }
      if (monitor.includes("small_gradients") && gradient !== undefined) {
        const g = part(gradient);
        const entries = count / ensemble;
        const limit = b.multiply(b.divide(norm(g), Math.sqrt(entries)), negligible);
        const still = b.cast(b.lessEqual(b.abs(g), b.reshape(limit, [ensemble, 1])), "f32");
        report("small_gradients", name, b.divide(b.sum(still, [1]), entries));
      }
      if (monitor.includes("update_ratio")) {
        const change = norm(b.subtract(part(next), part(before)));
        report("update_ratio", name, b.divide(change, b.maximum(norm(part(before)), 1e-12)));
      }
    }
  }
  return effects;
}

/** `monitor.saturation.NAME` and `monitor.dead_units.NAME` of the activations that lead to what is minimised. */
export function activationEffects(
  { monitor }: StageDeclaration,
  activations: readonly WatchedActivation[],
  goal: Node,
): Extract<Effect, { kind: "result" }>[] {
  if (activations.length === 0) return [];
  const reached = new Set(topologicalOrder([goal]));
  return activations
    .filter(({ value }) => reached.has(value))
    .flatMap(({ name, saturation, deadUnits }) =>
      [["saturation", saturation] as const, ["dead_units", deadUnits] as const].flatMap(
        ([what, value]) =>
          monitor.includes(what)
            ? [{ kind: "result" as const, name: `monitor.${what}.${name}`, value }]
            : [],
      ),
    );
}
