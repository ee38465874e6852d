// Takes a group of parts, gives what its nest rests on as a key, and what it takes from outside: equal keys, equal nests.
import { numberText } from "../ops/exactText.js";
import { attributeKey } from "../graph/attributeKey.js";
import { numbering } from "../numbering.js";
import type { Numbering } from "../numbering.js";
import { dimEqual, dimKey, elementCount } from "../types/dimension.js";
import type { Node, Shape } from "../types/graph.js";
import type { Recurrence } from "../types/nest.js";
import type { FusionGroup } from "./order.js";
import { startInOwner } from "./nests.js";
import { createPositions, elementsOf } from "./outside.js";
import type { LevelOutside, OutsideBuffer, OutsideValue } from "./outside.js";
import type { Part } from "./parts.js";
import { parameterRange } from "./parts.js";
import { streamOf } from "./stream.js";

/** Groups with equal keys differ in these lists alone; each in the order in which the group comes to what it has. */
export interface GroupShape extends OutsideLists {
  readonly key: string;
}

export interface OutsideLists {
  readonly buffers: readonly OutsideBuffer[];
  readonly host: readonly OutsideValue[];
  /** Where ranges of buffers begin, and the streams of draws. */
  readonly numbers: readonly number[];
  /** Positions in these lists, the next one for what is new. */
  readonly bufferOf: (buffer: OutsideBuffer) => number;
  readonly hostOf: (value: OutsideValue) => number;
  /** Of an offset, in the buffer at a position. */
  readonly offsetOf: (buffer: number, elements: number) => number;
  readonly streamOf: (hash: number) => number;
}

/** What all groups have in common: texts are made once, and recurrences have numbers. */
export interface GroupTexts {
  readonly nodes: Map<Node, string>;
  readonly attributes: Map<object, string>;
  readonly recurrences: Numbering<Recurrence>;
}

export function createGroupTexts(): GroupTexts {
  return {
    ...{ nodes: new Map<Node, string>(), attributes: new Map<object, string>() },
    recurrences: numbering(),
  };
}

export function shapeOfGroup(
  group: FusionGroup,
  outside: LevelOutside,
  texts: GroupTexts,
): GroupShape {
  const { parts, unwritten } = group;
  const lists = createLists();
  const text: ShapeText = { outside, texts, lists, nodes: numbering(), lines: [] };
  const turns = outside.turns.map((turn) => turnText(text, turn));
  text.lines.push(shapeKey(group.shape) + turns.join(""));
  // Of these the nest looks at operands, whether or not they have buffers.
  const within = new Set(
    parts.flatMap(({ owner, computes, value }) => owner ?? (computes ? value : [])),
  );
  const write = createNodeWriter(text, within);
  for (const part of parts) {
    const value = write(part.value);
    const kept = part.owner
      ? `${ownerText(text, part, part.owner)} ${unwritten.has(part.owner)}`
      : "";
    const how = part.copies ? `copy of ${temporaryText(text, part.value)}` : part.computes;
    text.lines.push(`${value} ${how} ${shapeKey(part.shape)}; ${kept}; ${endsText(text, part)}`);
  }
  return { key: text.lines.join("\n"), ...lists };
}

interface ShapeText {
  readonly outside: LevelOutside;
  readonly texts: GroupTexts;
  readonly lists: OutsideLists;
  readonly nodes: Numbering<Node>;
  readonly lines: string[];
}

/** Writes a line for a node and for all below it, down to what has a buffer or is the host's; gives the node's number. */
function createNodeWriter(text: ShapeText, within: ReadonlySet<Node>): (node: Node) => number {
  const written = new Set<Node>();
  const write = (node: Node): number => {
    const number = text.nodes.of(node);
    if (written.has(node)) return number;
    written.add(node);
    const place = placeText(text, node);
    const ends = place !== "" && !within.has(node);
    const operands = ends ? "" : node.inputs.map(write).join();
    const turn = turnText(text, text.outside.turnOf(node));
    text.lines.push(`${number}=${nodeText(text, node)}(${operands})${place}${turn}`);
    return number;
  };
  return write;
}

/** Where a node is read, if it is not computed. */
function placeText(text: ShapeText, node: Node): string {
  const { outside, lists } = text;
  const value = outside.host(node);
  if (typeof value === "number") return ` is ${numberText(value)}`;
  if (value) return ` host ${lists.hostOf(value)}`;
  if (node.op === "stored") return ` at ${lists.bufferOf(outside.storage(node.attributes.name))}`;
  if (node.op === "input") return ` at ${lists.bufferOf(outside.input(node))}`;
  return outside.isMaterialized(node) ? ` at ${temporaryText(text, node)}` : "";
}

/** Without operands; what is an argument of the nest is a position in the lists. */
function nodeText({ outside, texts, lists }: ShapeText, node: Node): string {
  const known = texts.nodes.get(node) ?? ownText(node, texts.attributes);
  texts.nodes.set(node, known);
  if (node.op === "random") {
    const turns = outside.drawnIn(node).length;
    return `${known} ${lists.streamOf(streamOf(node.attributes.path))} anew in ${turns}`;
  }
  const range = parameterRange(node);
  if (!range) return known;
  const storage = lists.bufferOf(outside.storage(range.stored.attributes.name));
  return `${known} ${lists.offsetOf(storage, range.start)}`;
}

/** What a node is, whatever is an argument left out. */
function ownText(node: Node, attributes: Map<object, string>): string {
  const type = `${node.op} ${node.type}${shapeKey(node.shape)}`;
  if (node.op === "random") return `${type} ${node.attributes.source}`;
  const isArgument = node.op === "stored" || node.op === "input" || parameterRange(node);
  return isArgument ? type : type + attributeKey(node, attributes);
}

/** The buffer that a part is written to, and where in it: see `indexInOwner`. */
function ownerText(text: ShapeText, { offset }: Part, owner: Node): string {
  const { lists, nodes, outside } = text;
  const whole = `${nodes.of(owner)} at ${temporaryText(text, owner)} ${shapeKey(owner.shape)}`;
  if (!offset) return whole;
  const start = startInOwner(offset, owner);
  if (start === undefined) return `${whole} ${offset.axis} from ${dimKey(offset.start)}`;
  const buffer = lists.bufferOf(outside.temporary(owner));
  return `${whole} ${offset.axis} ${lists.offsetOf(buffer, start)}`;
}

/** The storages that a part is written to. */
function endsText(text: ShapeText, part: Part): string {
  const { lists, outside } = text;
  const ends = part.storages.map(({ storage, offset, recurrence }) => {
    const end = outside.storage(storage);
    const buffer = lists.bufferOf(end);
    if (recurrence) return `${buffer}${turnText(text, recurrence)}`;
    const isWhole = dimEqual(elementCount(part.shape), elementsOf(end));
    return isWhole ? buffer : `${buffer} ${lists.offsetOf(buffer, offset)}`;
  });
  return ends.join();
}

function temporaryText(text: ShapeText, node: Node): string {
  const { lists, outside } = text;
  return `${lists.bufferOf(outside.temporary(node))}${turnText(text, outside.stackOf(node))}`;
}

function turnText({ texts }: ShapeText, recurrence: Recurrence | undefined): string {
  return recurrence ? ` turn ${texts.recurrences.of(recurrence)}` : "";
}

function shapeKey(shape: Shape): string {
  return `[${shape.map(dimKey).join()}]`;
}

function createLists(): OutsideLists {
  const buffers = createPositions<unknown, OutsideBuffer>();
  const host = createPositions<string, OutsideValue>();
  const numbers = createPositions<string, number>();
  return {
    ...{ buffers: buffers.list, host: host.list, numbers: numbers.list },
    bufferOf: (buffer) => buffers.of(buffer.key, buffer),
    hostOf: (value) => host.of(value.key, value),
    offsetOf: (buffer, elements) => numbers.of(`${buffer} from ${elements}`, elements),
    streamOf: (hash) => numbers.of(`stream ${hash}`, hash),
  };
}
