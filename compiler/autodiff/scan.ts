// A scan and the cotangents of its results in; one more scan, backwards, and from it the cotangents of its operands, out.

import type { Node } from "../types/graph.js";
import type { GraphBuilder } from "../ops/builder.js";
import { runBackward } from "./scanBackward.js";
import { differentiateBody, extendForward, keptOf } from "./scanBody.js";
import type { ScanRequest } from "./scanBody.js";

/**
 * The body's derivative is built once, as a graph over the body's own nodes. What it reads of them becomes further yields
 * of the forward scan (the same carries, so that optimization merges both), or is computed again from what does, where that keeps
 * less (keep.ts); the derivative becomes the body of a reversed scan,
 * whose carries are the cotangents of the carries. Cotangents of slices are its yields. A constant's cotangent is a sum over
 * all steps: where a step's part is a contraction (a weight's always is), its factors are yielded and contracted once
 * outside, over time too; other parts are carried. The result is an ordinary scan, to be differentiated again.
 */
export function differentiateScan(b: GraphBuilder, request: ScanRequest): (Node | undefined)[] {
  const { length, carries } = request.scan.attributes;
  // Without a turn the last carries are the first, and nothing else reaches a result.
  if (length === 0) {
    return request.scan.inputs.map((_, at) => (at < carries ? request.cotangents[at] : undefined));
  }
  const body = differentiateBody(b, request);
  const kept = keptOf(request.scan, body);
  const forward = extendForward(b, request.scan, kept);
  return runBackward(b, request, body, forward);
}
