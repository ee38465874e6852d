// Takes the gradients of a step by storage, gives them as its `clip_value` and `clip_norm` lines bound them.
import type { GraphBuilder } from "../ops/builder.js";
import type { Node } from "../types/graph.js";
import { eachParameter, ofMembers } from "./memberRanges.js";
import type { StageContext } from "./update.js";

/**
 * `clip_value` bounds each entry; `clip_norm` scales the whole gradient by limit / norm where the norm is larger. Of an ensemble
 * each member's gradient has a norm of its own.
 */
export function clip(
  { b, layout, stage }: StageContext,
  gradients: ReadonlyMap<string, Node>,
): Map<string, Node> {
  let current = new Map(gradients);
  const { clipValue, clipNorm, ensemble } = stage;
  if (clipValue !== undefined) {
    current = new Map(
      [...current].map(([name, g]) => [name, b.maximum(b.minimum(g, clipValue), -clipValue)]),
    );
  }
  if (clipNorm === undefined) return current;
  // Over a whole storage at once, where its entries are of one member.
  if (ensemble <= 1) {
    const scale = scaleOf(
      b,
      clipNorm,
      [...current.values()].map((g) => b.sum(b.multiply(g, g))),
    );
    return new Map([...current].map(([name, g]) => [name, b.multiply(g, scale)]));
  }
  const parts = [...current].map(([name, g]) => ({ name, own: eachParameter(b, layout, name, g) }));
  const squares = parts.flatMap(({ own }) =>
    own.map((part) => {
      const g = ofMembers(b, part, ensemble);
      return b.sum(b.multiply(g, g), [1]);
    }),
  );
  const scale = b.reshape(scaleOf(b, clipNorm, squares), [ensemble, 1]);
  const scaled = (part: Node): Node =>
    b.reshape(b.multiply(ofMembers(b, part, ensemble), scale), part.shape);
  return new Map(parts.map(({ name, own }) => [name, b.concat(own.map(scaled), 0)]));
}

function scaleOf(b: GraphBuilder, limit: number, squares: readonly Node[]): Node {
  const norm = b.sqrt(squares.reduce((sum, one) => b.add(sum, one), b.constant(0)));
  return b.select(b.greater(norm, limit), b.divide(limit, norm), 1);
}
