// Takes the loops in time of a program, gives what a turn of each does: a program whose carries and stacks are storages.
import { createBuilder } from "../graph/builder.js";
import { substitute } from "../graph/substitute.js";
import { topologicalOrder } from "../graph/walk.js";
import type { Effect, Node, ScanAttributes } from "../types/graph.js";
import type { Recurrence } from "../types/nest.js";
import { loopOf, outcomeOf } from "./families.js";
import type { LevelEffect } from "./parts.js";

/** What a loop leaves behind, in a buffer that its turns see as a storage. */
export interface Outcome {
  /** The name of that storage. */
  readonly key: string;
  /** Has the outcome's type. */
  readonly node: Node;
  readonly recurrence: Recurrence;
}

/** A loop and what a turn of it does. */
export interface Loop {
  readonly recurrence: Recurrence;
  /** Puts the first values into the carries. */
  readonly starts: readonly Effect[];
  /** As if at once, after all carries were read. */
  readonly turn: readonly LevelEffect[];
}

/** The loops of a program, each made once. */
export interface Loops {
  readonly of: (node: Node) => Loop;
  readonly outcomeOf: (node: Node) => Outcome | undefined;
  readonly outcomeAt: (storage: string) => Outcome | undefined;
  /** The recurrence whose turns a leaf counts. */
  readonly turnOf: (node: Node) => Recurrence | undefined;
  /** Of the recurrences around a draw, those in whose turns it draws anew: none of one that stands outside and is read in turns. */
  readonly drawnIn: (node: Node, around: readonly Recurrence[]) => readonly Recurrence[];
}

/** Numbers that no node of a program has. */
const firstId = 2 ** 40;

export function createLoops(): Loops {
  const b = createBuilder(firstId);
  const made = new Map<Node, Loop>();
  const outcomes = new Map<string, Outcome>();
  const places = new Map<Node, readonly string[]>();
  const turns = new Map<Node, Recurrence>();
  // A body and its derivative have the same draws.
  const draws = new Map<Node, Set<Recurrence>>();

  const make = (node: Node, attributes: ScanAttributes): Loop => {
    const { length, reverse, carries, slices, bound, nextCarries, yields } = attributes;
    const recurrence: Recurrence = { id: made.size, length, reverse };
    const step = b.leaf("bound", { type: "i32", shape: [] }, { index: bound.length - 1 });
    turns.set(step, recurrence);
    const values = [...nextCarries, ...yields];
    for (const own of topologicalOrder(values)) {
      if (own.op === "random") draws.set(own, (draws.get(own) ?? new Set()).add(recurrence));
    }
    const keys = values.map((_, place) => `loop ${recurrence.id}.${place}`);
    keys.forEach((key, place) => {
      outcomes.set(key, { key, node: b.result(node, place), recurrence });
    });
    places.set(node, keys);
    const seen = bound.map((leaf, at): readonly [Node, Node] => {
      const operand = node.inputs[at];
      if (operand === undefined) return [leaf, step];
      const key = keys[at];
      if (at < carries && key !== undefined) return [leaf, b.stored(key, leaf)];
      return [leaf, at < carries + slices ? b.take(operand, step, 0) : operand];
    });
    const next = substitute(b, values, new Map(seen));
    return {
      recurrence,
      starts: node.inputs.slice(0, carries).map((value, at) => ({
        ...{ kind: "store", storage: keys[at] ?? "", value },
      })),
      turn: next.flatMap((value, at): LevelEffect[] => {
        const storage = keys[at] ?? "";
        if (at >= carries) return [{ kind: "stack", storage, value, recurrence }];
        // A carry that stays what it is.
        return seen[at]?.[1] === value ? [] : [{ kind: "store", storage, value }];
      }),
    };
  };
  const of = (node: Node): Loop => {
    const attributes = loopOf(node);
    if (attributes === undefined) throw new Error(`${node.op} is no loop`);
    const loop = made.get(node) ?? make(node, attributes);
    made.set(node, loop);
    return loop;
  };
  return {
    of,
    outcomeOf: (node) => {
      const outcome = outcomeOf(node);
      if (outcome === undefined) return undefined;
      of(outcome.loop);
      return outcomes.get(places.get(outcome.loop)?.[outcome.place] ?? "");
    },
    outcomeAt: (storage) => outcomes.get(storage),
    turnOf: (node) => turns.get(node),
    drawnIn: (node, around) => {
      const own = draws.get(node);
      return around.slice(0, around.findLastIndex((recurrence) => own?.has(recurrence)) + 1);
    },
  };
}
