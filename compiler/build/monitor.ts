// Takes gradients and updates of a step, gives what its `monitor` line asks for: one scalar a parameter.
import { elementCount } from "../types/dimension.js";
import type { GraphBuilder } from "../ops/builder.js";
import type { Effect, Node } from "../types/graph.js";
import type { StageDeclaration } from "../types/model.js";
import type { StorageLayout } from "./layout.js";
import type { UpdatedStorage } from "./update.js";

/** Entries of a gradient below this share of its root mean square count as nothing. */
const negligible = 1e-3;

/**
 * Results `monitor.gradient_norm.NAME` (‖g‖ after clipping), `monitor.update_ratio.NAME` (‖Δw‖ / ‖w‖) and
 * `monitor.saturation.NAME` (the share of gradient entries that are next to nothing: units that saturated or died pass
 * no gradient to their weights).
 */
export function monitorEffects(
  b: GraphBuilder,
  layout: StorageLayout,
  stage: StageDeclaration,
  gradients: ReadonlyMap<string, Node>,
  updated: readonly UpdatedStorage[],
): Effect[] {
  const effects: Effect[] = [];
  const norm = (x: Node): Node => b.sqrt(b.sum(b.multiply(x, x)));
  for (const { storage, before, next } of updated) {
    for (const name of layout.members.get(storage) ?? []) {
      const range = layout.ranges.get(name);
      if (range === undefined) continue;
      const count = elementCount(range.declaration.shape);
      const part = (of: Node): Node => b.slice(of, [range.offset], [count]);
      const gradient = gradients.get(storage);
      if (stage.monitor.includes("gradient_norm") && gradient !== undefined) {
        const value = norm(part(gradient));
        effects.push({ kind: "result", name: `monitor.gradient_norm.${name}`, value });
      }
      if (stage.monitor.includes("saturation") && gradient !== undefined) {
        const g = part(gradient);
        const limit = b.multiply(b.divide(norm(g), Math.sqrt(count)), negligible);
        const still = b.cast(b.lessEqual(b.abs(g), limit), "f32");
        const value = b.divide(b.sum(still), count);
        effects.push({ kind: "result", name: `monitor.saturation.${name}`, value });
      }
      if (stage.monitor.includes("update_ratio")) {
        const change = norm(b.subtract(part(next), part(before)));
        const value = b.divide(change, b.maximum(norm(part(before)), 1e-12));
        effects.push({ kind: "result", name: `monitor.update_ratio.${name}`, value });
      }
    }
  }
  return effects;
}
