// A tensor and a place for each of its elements along an axis in; elements taken from there, and updates added there, out.

import { dimEqual, shapeText } from "../../types/dimension.js";
import type { Dim } from "../../types/dimension.js";
import type { Node, Shape } from "../../types/graph.js";
import { broadcastShapes, extentAt } from "../broadcast.js";
import type { GraphBuilder } from "../builder.js";
import { isProblem } from "../problem.js";
import { lastly } from "./lastly.js";
import { fail } from "./primitive.js";

/** A tensor and its places, which share the axes before `axis`; the places stand along their last axis alone. */
interface Aligned {
  readonly x: Node;
  readonly places: Node;
  readonly axis: number;
  /** Takes a tensor of the axes of `x`, however long along `axis`, to the axes as they were given. */
  readonly back: (y: Node) => Node;
}

/** Elements of `x` along `axis` by a place for each; other axes broadcast, as in NumPy's take_along_axis. */
export function takeAlong(b: GraphBuilder, x: Node, places: Node, axis: number): Node {
  wantEqualRanks(x.shape, places.shape);
  const others = otherAxes(x.shape, places.shape, axis);
  const own = aligned(b, widened(b, x, others, axis), places, axis);
  return own.back(b.take(own.x, own.places, own.axis, own.places.shape.length - 1));
}

/** The adjoint: zeros with `count` entries along `axis`, to which each update is added at its place. */
export function scatterAddAlong(
  b: GraphBuilder,
  request: {
    readonly updates: Node;
    readonly places: Node;
    readonly axis: number;
    readonly count: Dim;
  },
): Node {
  const { places, axis, count } = request;
  const updates = updatesAlong(b, request.updates, places, axis);
  const own = aligned(b, updates, places, axis);
  return own.back(b.scatterAdd(own.x, own.places, own.axis, count, own.places.shape.length - 1));
}

/** Updates as wide as their places along every axis. */
export function updatesAlong(b: GraphBuilder, updates: Node, places: Node, axis: number): Node {
  wantEqualRanks(updates.shape, places.shape);
  const others = otherAxes(updates.shape, places.shape, axis);
  const [own, other] = [extentAt(updates.shape, axis), extentAt(places.shape, axis)];
  if (!dimEqual(own, other) && own !== 1) {
    fail("shape", `there is an update for each place along axis ${axis}`, {
      expected: shapeText(withExtent(others, axis, other)),
      found: shapeText(updates.shape),
      operands: [0, 1],
    });
  }
  return b.broadcast(updates, withExtent(others, axis, other));
}

function wantEqualRanks(x: Shape, places: Shape): void {
  if (x.length === places.length) return;
  fail("shape", "there is a place for each element: tensor and places have equally many axes", {
    expected: `places of ${x.length} ${x.length === 1 ? "axis" : "axes"}`,
    found: shapeText(places),
    operands: [0, 1],
  });
}

/** What both broadcast to along all axes but one, which is 1. */
function otherAxes(x: Shape, places: Shape, axis: number): Shape {
  const shapes = [x, places].map((shape) => withExtent(shape, axis, 1));
  const shape = broadcastShapes(shapes);
  return isProblem(shape) ? fail(shape.about, shape.message, shape) : shape;
}

function withExtent(shape: Shape, axis: number, extent: Dim): Shape {
  return shape.map((other, n) => (n === axis ? extent : other));
}

function widened(b: GraphBuilder, x: Node, others: Shape, axis: number): Node {
  return b.broadcast(x, withExtent(others, axis, extentAt(x.shape, axis)));
}

/**
 * Places that are the same along all axes but theirs, or along all behind it, are taken by as they are, so that those axes
 * share them; else `axis` becomes the last one, and there are places along all others.
 */
function aligned(b: GraphBuilder, x: Node, places: Node, axis: number): Aligned {
  const isOne = (extent: Dim): boolean => extent === 1;
  const before = places.shape.slice(0, axis);
  const behind = places.shape.slice(axis + 1);
  const along = extentAt(places.shape, axis);
  if (behind.every(isOne)) {
    const shared = before.every(isOne);
    const lead = shared ? [] : x.shape.slice(0, axis);
    const own = b.reshape(places, shared ? [along] : [...before, along]);
    return { x, places: b.broadcast(own, [...lead, along]), axis, back: (y) => y };
  }
  const { moved, back } = lastly(b, x, axis);
  const last = x.shape.length - 1;
  const wide = b.broadcast(places, withExtent(x.shape, axis, along));
  return { x: moved, places: lastly(b, wide, axis).moved, axis: last, back };
}
