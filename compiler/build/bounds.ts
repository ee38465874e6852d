// Takes the effects of a program, gives what its live dimensions must be, so that no extent is negative and nothing is read beside its tensor.
import { nodesOf } from "../graph/walk.js";
import { anyNode } from "../ops/broadcast.js";
import { knownRanges } from "../ops/known.js";
import { ruleOf } from "../ops/table.js";
import { boundOf, isNeverNegative } from "../types/bounds.js";
import type { Bound } from "../types/bounds.js";
import { dimKey } from "../types/dimension.js";
import type { Effect, NodeOf, OpName, Origin } from "../types/graph.js";

/** What a program asks of its dimensions, and where in the source it does. */
export interface BuiltBound extends Bound {
  readonly origin: Origin | undefined;
  /** The results that need it; undefined where every run does. */
  readonly results: ReadonlySet<string> | undefined;
}

export function boundsOf(effects: readonly Effect[]): BuiltBound[] {
  const found = new Map<string, BuiltBound>();
  // What updates a storage runs always.
  const stored = effects.filter(({ kind }) => kind === "store");
  collect(stored, undefined, found);
  for (const effect of effects) {
    if (effect.kind === "result") collect([effect], effect.name, found);
  }
  const bounds = [...found.values()];
  return bounds.filter((bound) => !bounds.some((other) => covers(other, bound)));
}

function collect(
  effects: readonly Effect[],
  result: string | undefined,
  into: Map<string, BuiltBound>,
): void {
  for (const node of nodesOf(effects.map(({ value }) => value))) {
    for (const bound of boundsOfNode(node)) {
      const key = dimKey(bound.value);
      const known = into.get(key);
      if (known === undefined) {
        const results = result === undefined ? undefined : new Set([result]);
        into.set(key, { ...bound, origin: node.origin, results });
      } else if (known.results !== undefined && result !== undefined) {
        into.set(key, { ...known, results: new Set([...known.results, result]) });
      }
    }
  }
}

function boundsOfNode<K extends OpName>(node: NodeOf<K>): Bound[] {
  const own = ruleOf(node.op).bounds?.(node, knownRanges) ?? [];
  return [...anyNode(node).shape, ...own].flatMap((dim) =>
    typeof dim === "number" || isNeverNegative(dim) ? [] : [boundOf(dim)],
  );
}

/** Whether what one asks of a dimension is less than what another asks of it, for all that need it. */
function covers(other: BuiltBound, { limit, results }: BuiltBound): boolean {
  if (limit === undefined || other.limit?.name !== limit.name) return false;
  const isMore =
    (limit.least !== undefined && (other.limit.least ?? 0) > limit.least) ||
    (limit.most !== undefined && (other.limit.most ?? Infinity) < limit.most);
  return isMore && serves(other.results, results);
}

function serves(
  own: ReadonlySet<string> | undefined,
  other: ReadonlySet<string> | undefined,
): boolean {
  return own === undefined || (other !== undefined && [...other].every((name) => own.has(name)));
}
