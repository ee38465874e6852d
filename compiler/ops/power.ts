// A tensor and a positive whole exponent in; the power as products out.

import type { Node } from "../types/graph.js";
import type { GraphBuilder } from "./builder.js";

/** x·x·…·x by squaring. */
export function repeatedProduct(b: GraphBuilder, base: Node, exponent: number): Node {
  let result: Node | undefined;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result === undefined ? square : b.multiply(result, square);
    if (rest > 1) square = b.multiply(square, square);
  }
  return result ?? base;
}
