// The new values of states, bound to storages, and a line of a step come in; what this line's program stores of them goes out.
import { topologicalOrder } from "../graph/walk.js";
import { elementCount } from "../types/dimension.js";
import type { Effect, Node } from "../types/graph.js";
import type { ObjectiveDeclaration, StateUpdate, TypedModel } from "../types/model.js";
import { storageName } from "./carried.js";
import { storageLeaf } from "./parameters.js";
import type { UpdateRequest } from "./update.js";

export interface StatesRequest extends UpdateRequest {
  readonly model: TypedModel;
  readonly last: boolean;
}

export interface StateEffects {
  /** With every run of the line, whether an update follows or gradients are only gathered. */
  readonly runs: readonly Effect[];
  /** With its updates alone. */
  readonly updates: readonly Effect[];
}

/**
 * A layer's states move on with each line whose losses share what their new values are computed from. The model's own, and
 * those of layers that no line's losses reach, move on once a step: with the first update of the last line. Frozen ones stay.
 * `bound`: the updates of the training trace over storages.
 */
export function stateEffects(request: StatesRequest, bound: readonly StateUpdate[]): StateEffects {
  const { b, layout, stage, model, objective, last } = request;
  const carried = new Set(model.carried.map(({ name }) => name));
  const latest = new Map<string, StateUpdate>();
  const declared = new Map<string, Node>();
  bound.forEach((update, index) => {
    latest.set(update.name, update);
    declared.set(update.name, model.training.stateUpdates[index]?.value ?? update.value);
  });
  const runs: Effect[] = [];
  const updates: Effect[] = [];
  for (const [name, { value, pace }] of latest) {
    if (carried.has(name)) {
      // Of the one line that there is: with each batch, whatever freezes parameters.
      const flat = b.reshape(value, [elementCount(value.shape)]);
      runs.push({ kind: "store", storage: storageName(stage, name), value: flat });
      continue;
    }
    const range = layout.ranges.get(name);
    if (range === undefined || stage.frozen.includes(name)) continue;
    const written = declared.get(name) ?? value;
    const lines =
      pace === "call" ? stage.objectives.filter((line) => reaches(model, line, written)) : [];
    const isOnce = lines.length === 0;
    if (isOnce ? !last : !lines.includes(objective)) continue;
    const next = isOnce && (objective.repeat ?? 1) > 1 ? onFirstTurn(request, name, value) : value;
    const flat = request.b.reshape(next, [elementCount(range.declaration.shape)]);
    (pace === "update" ? updates : runs).push({
      kind: "store",
      storage: range.storage,
      offset: range.offset,
      value: flat,
    });
  }
  return { runs, updates };
}

function reaches(
  { training }: TypedModel,
  { losses }: ObjectiveDeclaration,
  update: Node,
): boolean {
  const own = training.losses.filter(({ name }) => losses.includes(name));
  const reached = new Set(topologicalOrder(own.map(({ value }) => value)));
  return topologicalOrder([update]).some((node) => node.inputs.length > 0 && reached.has(node));
}

function onFirstTurn({ b, layout }: StatesRequest, name: string, value: Node): Node {
  const range = layout.ranges.get(name);
  if (range === undefined) return value;
  const { shape } = range.declaration;
  const count = elementCount(shape);
  const before = b.reshape(
    b.slice(storageLeaf(b, layout, range.storage), [range.offset], [count]),
    shape,
  );
  const next = b.broadcast(value, shape);
  return b.select(b.equal(b.hostScalar("turn"), b.constant(0)), next, before);
}
