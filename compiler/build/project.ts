// Takes the new values of storages, gives them with the stage's projections applied to the parameters that they select.
import { elementCount } from "../types/dimension.js";
import type { GraphBuilder } from "../ops/builder.js";
import type { Node } from "../types/graph.js";
import type { ProjectionInstance, StageDeclaration } from "../types/model.js";
import { fillTemplate } from "./fillTemplate.js";
import type { StorageLayout } from "./layout.js";
import { asKept } from "./update.js";
import type { UpdatedStorage } from "./update.js";

export function projectUpdates(
  b: GraphBuilder,
  layout: StorageLayout,
  stage: StageDeclaration,
  updated: readonly UpdatedStorage[],
): readonly UpdatedStorage[] {
  if (stage.projections.length === 0) return updated;
  return updated.map((update) => {
    const members = layout.members.get(update.storage) ?? [];
    const selected = stage.projections.filter((projection) =>
      projection.parameters.some((name) => members.includes(name)),
    );
    if (selected.length === 0) return update;
    const pieces = members.map((name) => projectOne(b, layout, name, update.next, selected));
    const next = asKept(b, layout, update.storage, b.concat(pieces, 0));
    return { ...update, next };
  });
}

function projectOne(
  b: GraphBuilder,
  layout: StorageLayout,
  name: string,
  storage: Node,
  projections: readonly ProjectionInstance[],
): Node {
  const range = layout.ranges.get(name);
  if (range === undefined) throw new Error(`parameter ${name} has no range`);
  const { shape } = range.declaration;
  const count = elementCount(range.declaration.shape);
  let value = b.reshape(b.slice(storage, [range.offset], [count]), shape);
  for (const projection of projections) {
    if (!projection.parameters.includes(name)) continue;
    const leaves = new Map([["w", value]]);
    value = fillTemplate(b, [projection.apply(shape)], name, leaves)[0] ?? value;
  }
  return b.reshape(value, [count]);
}
