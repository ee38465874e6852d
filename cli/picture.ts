// In: named values of a graph; out: the graph as an SVG picture, inputs on top, results at the bottom.
import { topologicalOrder } from "../compiler/graph/walk.js";
import { shapeText } from "../compiler/types/dimension.js";
import type { Node } from "../compiler/types/graph.js";

export interface PictureRoot {
  readonly name: string;
  readonly value: Node;
}

interface Box {
  readonly layer: number;
  readonly title: string;
  readonly detail: string;
  readonly path: string;
  readonly colour: string;
  /** Boxes that this one reads, by position in the list. */
  readonly reads: readonly number[];
}

const boxWidth = 150;
const boxHeight = 38;
const gap = { x: 20, y: 34 };
const colours = { leaf: "#dbe7f8", parameter: "#f8e6d0", op: "#f2f2f2", root: "#d8f0dd" };

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Plain numbers and sizes are left out: they stand in every other operation. */
function isDrawn(node: Node): boolean {
  return node.op !== "constant" && node.op !== "dimension" && node.op !== "hostScalar";
}

function titleOf(node: Node): string {
  switch (node.op) {
    case "input":
    case "stored":
      return node.attributes.name;
    case "random":
      return "draw";
    default:
      return node.op;
  }
}

function colourOf(node: Node): string {
  if (node.op === "stored") return colours.parameter;
  return node.inputs.length === 0 ? colours.leaf : colours.op;
}

function boxesOf(roots: readonly PictureRoot[]): Box[] {
  const boxes: Box[] = [];
  const positions = new Map<Node, number>();
  const layerAfter = (reads: readonly number[]): number =>
    reads.reduce((layer, position) => Math.max(layer, (boxes[position]?.layer ?? 0) + 1), 0);
  for (const node of topologicalOrder(roots.map(({ value }) => value))) {
    if (!isDrawn(node)) continue;
    const reads = [...new Set(node.inputs.flatMap((input) => positions.get(input) ?? []))];
    positions.set(node, boxes.length);
    boxes.push({
      layer: layerAfter(reads),
      title: titleOf(node),
      detail: `${node.type}${shapeText(node.shape)}`,
      path: node.origin?.path ?? "",
      colour: colourOf(node),
      reads,
    });
  }
  for (const { name, value } of roots) {
    const position = positions.get(value);
    const reads = position === undefined ? [] : [position];
    const layer = layerAfter(reads);
    boxes.push({ layer, title: name, detail: "", path: "", colour: colours.root, reads });
  }
  return boxes;
}

/** Leaves move down to just above their first reader, so that edges are short. */
function sunkLayers(boxes: readonly Box[]): number[] {
  const layers = boxes.map(({ layer }) => layer);
  for (let position = boxes.length - 1; position >= 0; position--) {
    if ((boxes[position]?.reads.length ?? 0) > 0) continue;
    const readers = boxes.flatMap((box, at) =>
      box.reads.includes(position) ? [layers[at] ?? 0] : [],
    );
    if (readers.length > 0) layers[position] = Math.max(0, Math.min(...readers) - 1);
  }
  return layers;
}

/** Columns within each layer, ordered by where the boxes read from. */
function columnsOf(boxes: readonly Box[], layers: readonly number[]): number[] {
  const columns = boxes.map(() => 0);
  const deepest = Math.max(0, ...layers);
  for (let layer = 0; layer <= deepest; layer++) {
    const members = boxes.flatMap((box, position) => {
      if (layers[position] !== layer) return [];
      const above = box.reads.map((read) => columns[read] ?? 0);
      const centre = above.reduce((a, b) => a + b, 0) / Math.max(1, above.length);
      return [{ position, centre }];
    });
    members.sort((a, b) => a.centre - b.centre || a.position - b.position);
    members.forEach(({ position }, at) => {
      columns[position] = at - (members.length - 1) / 2;
    });
  }
  return columns;
}

export function pictureText(title: string, roots: readonly PictureRoot[]): string {
  const boxes = boxesOf(roots);
  const layers = sunkLayers(boxes);
  const columns = columnsOf(boxes, layers);
  const widest = columns.reduce((most, column) => Math.max(most, Math.abs(column)), 0);
  const width = (2 * widest + 1) * (boxWidth + gap.x) + gap.x;
  const height = (layers.reduce((a, b) => Math.max(a, b), 0) + 1) * (boxHeight + gap.y) + gap.y;
  const left = (position: number): number =>
    width / 2 + (columns[position] ?? 0) * (boxWidth + gap.x) - boxWidth / 2;
  const top = (position: number): number => gap.y + (layers[position] ?? 0) * (boxHeight + gap.y);
  const edges = boxes.flatMap(({ reads }, position) =>
    reads.map((read) => {
      const x1 = left(read) + boxWidth / 2;
      const y1 = top(read) + boxHeight;
      const x2 = left(position) + boxWidth / 2;
      const y2 = top(position);
      const middle = (y1 + y2) / 2;
      return `<path d="M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}"/>`;
    }),
  );
  const drawn = boxes.map(
    (box, position) =>
      `<g transform="translate(${left(position)} ${top(position)})"><title>${escape(box.path)}</title><rect width="${boxWidth}" height="${boxHeight}" rx="6" fill="${box.colour}"/><text x="${boxWidth / 2}" y="${box.detail === "" ? 23 : 16}">${escape(box.title)}</text><text class="detail" x="${boxWidth / 2}" y="30">${escape(box.detail)}</text></g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title>${escape(title)}</title>
<style>.nodes text{font:12px system-ui,sans-serif;text-anchor:middle;fill:#222}.nodes .detail{font-size:10px;fill:#666}.nodes rect{stroke:#999}.edges path{fill:none;stroke:#888}</style>
<rect width="100%" height="100%" fill="white" stroke="none"/>
<g class="edges">${edges.join("\n")}</g>
<g class="nodes">${drawn.join("\n")}</g>
</svg>
`;
}
