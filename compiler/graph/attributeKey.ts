// A node in; a text of its attributes out, equal for equal attributes alone.

import { exactText, numberText } from "../ops/exactText.js";
import type { Node, NodeOf } from "../types/graph.js";

/** Constants of more values are compared by identity: writing them down would cost more than sharing saves. */
const longestConstant = 64;

/** `known`: texts by the objects that attributes are. Of scans and leaves of bodies, which are compared by identity, it is none. */
export function attributeKey(node: Node, known: Map<object, string>): string {
  switch (node.op) {
    case "constant":
      return constantKey(node);
    case "sum":
      return `/${node.attributes.axes.join()}`;
    case "input":
    case "stored":
    case "placeholder":
      return `/${node.attributes.name}`;
    default:
      return generalKey(node.attributes, known);
  }
}

function constantKey(node: NodeOf<"constant">): string {
  const { values } = node.attributes;
  return values.length > longestConstant ? `#${node.id}` : `/${values.map(numberText).join()}`;
}

function generalKey(attributes: object, known: Map<object, string>): string {
  if (Object.keys(attributes).length === 0) return "";
  let key = known.get(attributes);
  if (key === undefined) known.set(attributes, (key = exactText(attributes)));
  return key;
}
