// In: the boxes of a network and what flows between them; out: their picture as SVG, laid out by dagre from top to bottom.
import * as library from "@dagrejs/dagre";
import type { Network, NetworkBox } from "./network.js";
import { countText } from "./numbers.js";
import { escape } from "./page.js";

/** What is used of dagre. Its own types import each other without the endings that Node.js and this project's compiler ask for. */
interface Dagre {
  readonly Graph: new (options: { compound: boolean }) => Graph;
  readonly layout: (graph: Graph) => void;
}

interface Edge {
  readonly v: string;
  readonly w: string;
}

interface Graph {
  setGraph(label: Readonly<Record<string, number | string>>): void;
  setDefaultEdgeLabel(label: () => object): void;
  setNode(name: string, label: object): void;
  hasNode(name: string): boolean;
  setParent(name: string, parent: string): void;
  setEdge(from: string, to: string): void;
  graph(): { readonly width?: number; readonly height?: number };
  node(name: string): Placed;
  edges(): Edge[];
  edge(edge: Edge): Line;
}

const dagre = library as unknown as Dagre;

const lineHeight = 16;
const padding = 10;
/** Widths of letters are not known here: these are of the widest that system fonts have on average. */
const letterWidth = 7.2;

interface Placed {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Line {
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

function linesOf({ title, detail, shape, parameters }: NetworkBox): string[] {
  const count = parameters === 0 ? "" : `${countText(parameters)} parameters`;
  return [title, detail, shape, count].filter((line) => line !== "");
}

/** A rectangle around the boxes of a layer that the program declares, by its path. */
const groupName = (path: string): string => `group ${path}`;

function laidOut({ boxes, flows }: Network): Graph {
  const graph = new dagre.Graph({ compound: true });
  graph.setGraph({ rankdir: "TB", ranksep: 34, nodesep: 24, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  boxes.forEach((box, at) => {
    const lines = linesOf(box);
    const widest = Math.max(...lines.map((line) => line.length));
    const width = Math.max(90, widest * letterWidth + 2 * padding);
    graph.setNode(String(at), { width, height: lines.length * lineHeight + padding });
    let outer: string | undefined;
    for (const path of box.within) {
      const name = groupName(path);
      if (!graph.hasNode(name)) graph.setNode(name, { label: path });
      if (outer !== undefined) graph.setParent(name, outer);
      outer = name;
    }
    if (outer !== undefined) graph.setParent(String(at), outer);
  });
  for (const [from, to] of flows) graph.setEdge(String(from), String(to));
  dagre.layout(graph);
  return graph;
}

const rounded = (value: number): string => value.toFixed(1);

function rectangle({ x, y, width, height }: Placed, kind: string): string {
  const [left, top] = [x - width / 2, y - height / 2];
  return `<rect class="${kind}" x="${rounded(left)}" y="${rounded(top)}" width="${rounded(width)}" height="${rounded(height)}" rx="6"/>`;
}

function boxText(box: NetworkBox, place: Placed): string {
  const lines = linesOf(box);
  const first = place.y - ((lines.length - 1) * lineHeight) / 2;
  const texts = lines.map((line, at) => {
    const y = rounded(first + at * lineHeight);
    return `<text${at === 0 ? ' class="name"' : ""} x="${rounded(place.x)}" y="${y}">${escape(line)}</text>`;
  });
  return `<g>${rectangle(place, box.kind)}${texts.join("")}</g>`;
}

/** Through the middles between the points that the layout gives, so that corners are round. */
function pathText({ points }: Line): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return "";
  const curves = rest.slice(0, -1).map((point, at) => {
    const next = rest[at + 1] ?? last;
    const isEnd = at === rest.length - 2;
    const [x, y] = isEnd ? [next.x, next.y] : [(point.x + next.x) / 2, (point.y + next.y) / 2];
    return `Q${rounded(point.x)} ${rounded(point.y)} ${rounded(x)} ${rounded(y)}`;
  });
  const line = curves.length === 0 ? `L${rounded(last.x)} ${rounded(last.y)}` : curves.join("");
  return `<path d="M${rounded(first.x)} ${rounded(first.y)}${line}" marker-end="url(#arrow)"/>`;
}

function groupsOf(graph: Graph, boxes: readonly NetworkBox[]): string {
  const paths = [...new Set(boxes.flatMap(({ within }) => within))];
  // Those further out first, so that others are drawn upon them.
  const ordered = paths.toSorted((a, b) => a.split(".").length - b.split(".").length);
  return ordered
    .map((path) => {
      const place = graph.node(groupName(path));
      // Room for its name, which the layout knows nothing of.
      const tall = { ...place, y: place.y - 6, height: place.height + 12 };
      const left = rounded(place.x - place.width / 2 + 6);
      const top = rounded(place.y - place.height / 2 - 2);
      return `${rectangle(tall, "group")}<text class="path" x="${left}" y="${top}">${escape(path)}</text>`;
    })
    .join("\n");
}

export function networkPicture(title: string, network: Network): string {
  const graph = laidOut(network);
  const { width = 0, height = 0 } = graph.graph();
  const edges = graph.edges().map((edge) => pathText(graph.edge(edge)));
  const boxes = network.boxes.map((box, at) => boxText(box, graph.node(String(at))));
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  return `<svg class="network" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img" aria-label="${escape(title)}">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>
${groupsOf(graph, network.boxes)}
<g class="flows">${edges.join("\n")}</g>
<g>${boxes.join("\n")}</g>
</svg>`;
}
