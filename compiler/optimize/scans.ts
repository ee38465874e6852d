// Roots over scans in; scans of the same carries merged, yields and operands that nobody reads dropped, bodies optimized, out.

import type { Node, NodeOf, ScanAttributes } from "../types/graph.js";
import { topologicalOrder } from "../graph/walk.js";
import { at } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { overImages } from "./rewrite.js";

type Scan = NodeOf<"scan">;

/**
 * A derivative extends the forward scan by yields that the backward one reads: here both become one loop again. Scans are
 * the same where operands, leaves of the body and next carries are the very same nodes.
 */
export function mergeScans(b: GraphBuilder, roots: readonly Node[]): Node[] {
  const order = topologicalOrder(roots);
  if (!order.some(({ op }) => op === "scan")) return [...roots];
  const wanted = wantedYields(order);
  const images = new Map<Node, Node>();
  const made = new Map<string, Node>();
  for (const node of order) {
    const rebuilt = overImages(b, node, images);
    if (node.op === "scan" && rebuilt.op === "scan") {
      images.set(node, mergedScan(b, rebuilt, wanted.get(groupKey(node)) ?? [], made));
    } else if (node.op === "result") {
      images.set(node, mergedResult(b, node, images));
    } else if (rebuilt !== node) {
      images.set(node, rebuilt);
    }
  }
  const merged = roots.map((root) => images.get(root) ?? root);
  return settled(order, images) ? [...roots] : merged;
}

/** Whether nothing happened but copying. */
function settled(order: readonly Node[], images: ReadonlyMap<Node, Node>): boolean {
  const scans = order.filter((node): node is Scan => node.op === "scan");
  const after = new Set(scans.map((scan) => images.get(scan)));
  if (after.size !== scans.length) return false;
  return scans.every((scan) => {
    const image = images.get(scan);
    return image?.op === "scan" && image.attributes.yields.length === scan.attributes.yields.length;
  });
}

function groupKey({ inputs, attributes }: Scan): string {
  const ids = (nodes: readonly Node[]): string => nodes.map(({ id }) => id).join();
  const { bound, nextCarries, reverse } = attributes;
  return [ids(inputs), ids(bound), ids(nextCarries), String(reverse)].join(";");
}

/** For each group of same scans the yields that a result reads, in order of first reading. */
function wantedYields(order: readonly Node[]): Map<string, Node[]> {
  const wanted = new Map<string, Node[]>();
  for (const node of order) {
    if (node.op !== "result") continue;
    const [scan] = node.inputs;
    if (scan?.op !== "scan") continue;
    const list = wanted.get(groupKey(scan)) ?? [];
    wanted.set(groupKey(scan), list);
    const value = yieldOf(scan.attributes, node.attributes.index);
    if (value === undefined || slicedBy(scan, value) !== undefined) continue;
    if (!list.includes(value)) list.push(value);
  }
  return wanted;
}

function yieldOf({ nextCarries, yields }: ScanAttributes, index: number): Node | undefined {
  return index < nextCarries.length ? undefined : yields[index - nextCarries.length];
}

/** The operand of which a yield is the slice of its turn: all of them, stacked, are that operand again. */
function slicedBy({ inputs, attributes }: Scan, value: Node): Node | undefined {
  const { bound, carries, slices } = attributes;
  const position = bound.findIndex((leaf) => leaf === value);
  return position >= carries && position < carries + slices ? inputs[position] : undefined;
}

function mergedScan(
  b: GraphBuilder,
  scan: Scan,
  yields: readonly Node[],
  made: Map<string, Node>,
): Node {
  const key = groupKey(scan);
  const earlier = made.get(key);
  if (earlier !== undefined) return earlier;
  const merged = b.at(scan.origin).scan(scan.inputs, { ...scan.attributes, yields });
  made.set(key, merged);
  return merged;
}

function mergedResult(
  b: GraphBuilder,
  node: NodeOf<"result">,
  images: ReadonlyMap<Node, Node>,
): Node {
  const scan = at(node.inputs, 0);
  const merged = images.get(scan);
  if (scan.op !== "scan" || merged?.op !== "scan") throw new Error("a result reads a scan");
  const { index } = node.attributes;
  const value = yieldOf(scan.attributes, index);
  const sliced = value && slicedBy(scan, value);
  if (sliced !== undefined) return images.get(sliced) ?? sliced;
  const position = value === undefined ? -1 : merged.attributes.yields.indexOf(value);
  const own = position < 0 ? index : merged.attributes.nextCarries.length + position;
  return b.at(node.origin).result(merged, own);
}

/** Every scan with its body optimized by `optimizeBody`. */
export function optimizeBodies(
  b: GraphBuilder,
  roots: readonly Node[],
  optimizeBody: (roots: readonly Node[]) => Node[],
): Node[] {
  const order = topologicalOrder(roots);
  if (!order.some(({ op }) => op === "scan")) return [...roots];
  const images = new Map<Node, Node>();
  for (const node of order) {
    const rebuilt = overImages(b, node, images);
    const better = rebuilt.op === "scan" ? withBetterBody(b, rebuilt, optimizeBody) : rebuilt;
    if (better !== node) images.set(node, better);
  }
  return roots.map((root) => images.get(root) ?? root);
}

function withBetterBody(
  b: GraphBuilder,
  scan: Scan,
  optimizeBody: (roots: readonly Node[]) => Node[],
): Node {
  const { nextCarries, yields } = scan.attributes;
  const before = [...nextCarries, ...yields];
  const after = optimizeBody(before);
  if (after.every((node, position) => node === before[position])) return scan;
  return b.at(scan.origin).scan(scan.inputs, {
    ...scan.attributes,
    nextCarries: after.slice(0, nextCarries.length),
    yields: after.slice(nextCarries.length),
  });
}
