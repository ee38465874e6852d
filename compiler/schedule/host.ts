// Takes the nodes of a program, gives those that the host computes once a run, and their values as host expressions.
import { freeNames } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import type { HostValue } from "../types/nest.js";
import { isSameNumber, isPointwise, keepsPositions, scalarOpOf } from "./families.js";

/**
 * Reals, and conditions on them, that depend on constants, live dimensions and host scalars alone (schedules, bias
 * corrections). They are computed in double precision and rounded once. Integers are computed where they are read: they
 * wrap, and a single would lose their digits on the way.
 */
export function hostNodes(nodes: readonly Node[]): ReadonlySet<Node> {
  const host = new Set<Node>();
  for (const node of nodes) {
    const whole = node.type === "i32" || node.type === "u32";
    const exact = (input: Node): boolean => node.op === "cast" && isExactLeaf(input);
    if (
      node.shape.length === 0 &&
      !whole &&
      isHostOp(node) &&
      node.inputs.every((input) => host.has(input) || exact(input))
    ) {
      host.add(node);
    }
  }
  return host;
}

/** An integer that a double holds, and that nothing was computed with. */
function isExactLeaf(node: Node): boolean {
  if (node.shape.length > 0) return false;
  return node.op === "dimension" || (node.op === "constant" && node.attributes.values.length === 1);
}

function isHostOp(node: Node): boolean {
  switch (node.op) {
    case "constant":
      return node.attributes.values.length === 1;
    case "dimension":
    case "hostScalar":
      return true;
    default:
      return isPointwise(node) || keepsPositions(node);
  }
}

export function hostValue(node: Node): HostValue {
  const operand = (index: number): HostValue => {
    const input = node.inputs[index];
    if (input === undefined) throw new Error(`${node.op} lacks operand ${index}`);
    return hostValue(input);
  };
  switch (node.op) {
    case "constant":
      return { kind: "number", value: node.attributes.values[0] ?? 0 };
    case "dimension": {
      const { dim } = node.attributes;
      return typeof dim === "number" ? { kind: "number", value: dim } : { kind: "dim", dim };
    }
    case "hostScalar":
      return { kind: "scalar", name: node.attributes.name };
    case "cast":
      return castValue(node.attributes.to, operand(0));
    default: {
      if (isSameNumber(node)) return operand(0);
      return {
        kind: "op",
        op: scalarOpOf(node),
        arguments: node.inputs.map((_, index) => operand(index)),
      };
    }
  }
}

/** Reals and truth values alone are computed on the host: casts to bool compare with zero, others keep the number. */
function castValue(to: Node["type"], value: HostValue): HostValue {
  if (to !== "bool") return value;
  return { kind: "op", op: "notEqual", arguments: [value, { kind: "number", value: 0 }] };
}

/** True where the value is the same in every run, so that it can stand in the kernel as a literal. */
export function isConstant(value: HostValue): boolean {
  switch (value.kind) {
    case "number":
      return true;
    case "dim":
      return freeNames(value.dim).size === 0;
    case "scalar":
      return false;
    case "op":
      return value.arguments.every(isConstant);
  }
}
