// Takes a group whose kernel is over a limit, gives what to compute apart in the next attempt.
import { topologicalOrder } from "../graph/walk.js";
import type { Node } from "../types/graph.js";
import type { FusionGroup } from "./groups.js";
import { isFree } from "./tables.js";
import type { Roles } from "./tables.js";

export type Relief =
  /** The node gets a buffer. */
  | { readonly kind: "force"; readonly node: Node }
  /** The part gets a kernel of its own. */
  | { readonly kind: "alone"; readonly part: number };

/** Takes a kernel apart that is over a limit: first its parts, then its widest inlined node. */
export function relieve(
  group: FusionGroup,
  roles: Roles,
  forced: ReadonlySet<Node>,
): Relief | undefined {
  const last = group.parts.at(-1);
  if (group.parts.length > 1 && last !== undefined) return { kind: "alone", part: last.id };
  const [part] = group.parts;
  if (part === undefined) return undefined;
  const node = widestInlined(part.value, roles, forced);
  return node === undefined ? undefined : { kind: "force", node };
}

/** The inlined node with about half of the leaves below it: a good node to cut at. */
function widestInlined(root: Node, roles: Roles, forced: ReadonlySet<Node>): Node | undefined {
  const border = (node: Node): boolean =>
    node !== root && (isFree(roles, node) || roles.materialized.has(node));
  const weights = new Map<Node, number>();
  const inner = topologicalOrder([root], (node) => (border(node) ? [] : node.inputs));
  for (const node of inner) {
    const below = node.inputs.reduce((sum, input) => sum + (weights.get(input) ?? 0), 0);
    weights.set(node, border(node) || node.inputs.length === 0 ? 1 : below + 1);
  }
  const half = (weights.get(root) ?? 0) / 2;
  let best: Node | undefined;
  let distance = Infinity;
  for (const node of inner) {
    if (node === root || border(node) || forced.has(node) || node.inputs.length === 0) continue;
    const away = Math.abs((weights.get(node) ?? 0) - half);
    if (away < distance) {
      best = node;
      distance = away;
    }
  }
  return best;
}
