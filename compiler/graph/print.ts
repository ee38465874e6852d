// Roots of a graph in; text for people out, one line a node.

import { dimText, shapeText } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { ContractAttributes, Node, QuasiAffine, Shape, TensorType } from "../types/graph.js";
import { topologicalOrder } from "./walk.js";

/** A root with the name under which its value is known. */
export interface NamedRoot {
  readonly name: string;
  readonly value: Node;
}

/**
 * One line a node, `%3: f32[batch, 10] = add(%1, stored "dense_1.b")`, then one for each named root. Named leaves and
 * single numbers stand where they are used.
 */
export function printGraph(roots: readonly NamedRoot[]): string {
  const nodes = topologicalOrder(roots.map(({ value }) => value));
  const numbers = new Map<Node, number>();
  for (const node of nodes) if (!isInline(node)) numbers.set(node, numbers.size);
  const name = (node: Node): string => {
    const number = numbers.get(node);
    return number === undefined ? inlineText(node) : `%${number}`;
  };
  const lines = nodes.filter((node) => numbers.has(node)).flatMap((node) => nodeLines(node, name));
  const named = roots.map((root) => `${root.name} = ${name(root.value)}`);
  return [...lines, ...named].join("\n");
}

export function typeText({ type, shape }: TensorType): string {
  return type + shapeText(shape);
}

function nodeLines(node: Node, name: (node: Node) => string): string[] {
  const parts = [...node.inputs.map(name), ...attributeTexts(node)];
  const path =
    node.origin === undefined || node.origin.path === "" ? "" : `  // ${node.origin.path}`;
  const line = `${name(node)}: ${typeText(node)} = ${node.op}(${parts.join(", ")})${path}`;
  return node.op === "scan" ? [line, ...bodyLines(node)] : [line];
}

/** The body of a scan, indented below it. */
function bodyLines(node: Extract<Node, { op: "scan" }>): string[] {
  const { nextCarries, yields } = node.attributes;
  const roots = [
    ...nextCarries.map((value, index) => ({ name: `carry ${index}`, value })),
    ...yields.map((value, index) => ({ name: `yield ${index}`, value })),
  ];
  return printGraph(roots)
    .split("\n")
    .map((line) => `    ${line}`);
}

function isInline(node: Node): boolean {
  switch (node.op) {
    case "constant":
      return node.attributes.values.length === 1;
    case "input":
    case "stored":
    case "placeholder":
    case "bound":
    case "hostScalar":
    case "dimension":
      return true;
    default:
      return false;
  }
}

function inlineText(node: Node): string {
  switch (node.op) {
    case "constant": {
      const value = String(node.attributes.values[0]);
      const type = node.type === "f32" ? "" : `${node.type} `;
      return node.shape.length === 0 ? type + value : `${type}${value} ${shapeText(node.shape)}`;
    }
    case "input":
    case "stored":
    case "placeholder":
    case "hostScalar":
      return `${node.op} "${node.attributes.name}"`;
    case "bound":
      return `bound ${node.attributes.index}`;
    case "dimension":
      return `dimension ${dimText(node.attributes.dim)}`;
    default:
      return node.op;
  }
}

function attributeTexts(node: Node): string[] {
  switch (node.op) {
    case "contract":
      return contractText(node.attributes);
    case "scan":
      return [`length: ${dimText(node.attributes.length)}`, `reverse: ${node.attributes.reverse}`];
    case "random":
      return [`"${node.attributes.path}"`, node.attributes.source];
    case "constant":
      return [valuesText(node.attributes.values)];
    default:
      return Object.entries(node.attributes).map(([key, value]) => `${key}: ${plainText(value)}`);
  }
}

function valuesText(values: readonly number[]): string {
  const shown = values.slice(0, 16).join(", ");
  return values.length > 16 ? `[${shown}, … ${values.length} in all]` : `[${shown}]`;
}

function plainText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plainText).join(", ")}]`;
  if (isSymbolic(value)) return dimText(value);
  return String(value);
}

function isSymbolic(value: unknown): value is Exclude<Dim, number> {
  return typeof value === "object" && value !== null && "terms" in value;
}

/** `[i0, (i1 * 2 + i4 - 1) / 2] · […] over i3 < 5`: o… the output's axes, r… the summed ones. */
function contractText({ extents, outputRank, left, right }: ContractAttributes): string[] {
  const axis = (index: number): string =>
    index < outputRank ? `o${index}` : `r${index - outputRank}`;
  const map = (entries: readonly QuasiAffine[]): string =>
    `[${entries.map((entry) => entryText(entry, axis)).join(", ")}]`;
  const summed: Shape = extents.slice(outputRank);
  const sums = summed.map((extent, index) => `r${index} < ${dimText(extent)}`).join(", ");
  return [`${map(left)} · ${map(right)}`, ...(sums === "" ? [] : [`sum over ${sums}`])];
}

function entryText(
  { terms, offset, divisor }: QuasiAffine,
  axis: (index: number) => string,
): string {
  const parts = terms.map(({ axis: index, coefficient }) =>
    coefficient === 1 ? axis(index) : `${coefficient} * ${axis(index)}`,
  );
  if (offset !== 0 || parts.length === 0) parts.push(dimText(offset));
  const sum = parts.join(" + ").replaceAll("+ -", "- ");
  return divisor === 1 ? sum : `(${sum}) / ${divisor}`;
}
