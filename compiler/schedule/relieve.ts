// Takes a part whose kernel is over a limit, gives the nodes in it that get buffers, so that what is left fits.
import { topologicalOrder } from "../graph/walk.js";
import type { Node } from "../types/graph.js";
import type { KernelLimits } from "./limits.js";
import type { Part } from "./parts.js";
import { hasBuffer, isFree } from "./tables.js";
import type { Roles } from "./tables.js";

/** What a kernel holds that computes a node and everything below it that has no buffer. */
interface Need {
  readonly buffers: ReadonlySet<unknown>;
  readonly nodes: ReadonlySet<Node>;
}

/**
 * Walks up from what has buffers, and cuts where a node would need more than a kernel may: the operand that needs most
 * gets a buffer, until the rest fits. `measured` is the size of the kernel as it is.
 */
export function nodesToStore(
  part: Part,
  roles: Roles,
  measured: KernelLimits,
  limits: KernelLimits,
): readonly Node[] {
  const isBorder = (node: Node): boolean =>
    node !== part.value && (isFree(roles, node) || roles.materialized.has(node));
  const inner = topologicalOrder([part.value], (node) => (isBorder(node) ? [] : node.inputs));
  const needs = new Map<Node, Need>();
  const stored = new Set<Node>();
  const storages = new Set(part.storages.map(({ storage }) => storage)).size;
  const destinations = storages + (part.owner === undefined ? 0 : 1);
  const fits = ({ buffers, nodes }: Need): boolean =>
    buffers.size + destinations <= limits.buffers &&
    // The share of the kernel's operations that these nodes have, and some to spare.
    nodes.size * measured.operations <= inner.length * limits.operations * spare;
  const store = (node: Node): void => {
    stored.add(node);
    needs.set(node, { buffers: new Set([node]), nodes: new Set([node]) });
  };
  for (const node of inner) {
    if (isBorder(node)) {
      needs.set(node, borderNeed(roles, node));
      continue;
    }
    for (;;) {
      const need = together(node, needs);
      const heaviest = heaviestOf(node.inputs, needs);
      if (fits(need) || heaviest === undefined) {
        needs.set(node, need);
        break;
      }
      store(heaviest);
    }
  }
  return [...stored];
}

const spare = 0.5;

function borderNeed(roles: Roles, node: Node): Need {
  const nodes = new Set([node]);
  if (roles.materialized.has(node) || hasBuffer(roles, node)) return { buffers: nodes, nodes };
  const named = node.op === "input" || node.op === "stored";
  return { buffers: new Set(named ? [`${node.op} ${node.attributes.name}`] : []), nodes };
}

function together(node: Node, needs: ReadonlyMap<Node, Need>): Need {
  const buffers = new Set<unknown>();
  const nodes = new Set([node]);
  for (const input of node.inputs) {
    for (const buffer of needs.get(input)?.buffers ?? []) buffers.add(buffer);
    for (const inner of needs.get(input)?.nodes ?? []) nodes.add(inner);
  }
  return { buffers, nodes };
}

/** The operand with most below it; none where every operand is a value at hand. */
function heaviestOf(operands: readonly Node[], needs: ReadonlyMap<Node, Need>): Node | undefined {
  const weight = (node: Node): number => needs.get(node)?.nodes.size ?? 0;
  const [first, ...others] = operands.filter((operand) => weight(operand) > 1);
  return first === undefined
    ? undefined
    : others.reduce((best, other) => (weight(other) > weight(best) ? other : best), first);
}
