// Bodies of loops and what is read of them in; that the least is kept from which the rest is computed again, and never a sum twice, out.

import { describe, expect, it } from "vitest";
import { isExpanded, nodesToKeep } from "../../compiler/autodiff/keep.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import type { Node } from "../../compiler/types/graph.js";
import { matrixProduct } from "../support/matrixProduct.js";

function kept(
  reads: readonly Node[],
  atHand: readonly Node[] = [],
  fixed: readonly Node[] = atHand,
): Node[] {
  const changing = topologicalOrder(reads).filter(
    (node) => node.op !== "constant" && !atHand.includes(node),
  );
  const varies = (node: Node): boolean => node.op !== "constant" && !fixed.includes(node);
  return nodesToKeep({ changing, reads: new Set(reads), varies });
}

const b = createBuilder();
const h = b.input("h", { type: "f32", shape: [4, 8] });
const w = b.input("w", { type: "f32", shape: [8, 32] });
const linear = matrixProduct(b, h, w);
const gates = [0, 1, 2, 3].map((part) => b.slice(linear, [0, 8 * part], [4, 8]));
const sigmoids = gates.map((gate) => b.divide(1, b.add(b.exp(b.negate(gate)), 1)));

describe("what is kept of a turn", () => {
  it("is one array, where all that is read is made of it", () => {
    const reads = [...gates, ...sigmoids, ...gates.map((gate) => b.exp(gate))];
    expect(kept(reads, [w])).toEqual([linear]);
  });

  it("is the smaller one of what is made of the other", () => {
    const narrow = b.tanh(b.slice(linear, [0, 0], [4, 1]));
    expect(kept([narrow, b.exp(narrow)], [w])).toEqual([narrow]);
  });

  it("is what is read itself, rather than more from which it is made", () => {
    const own = b.add(linear, 1);
    expect(kept([own], [w])).toEqual([own]);
  });

  it("is no product many times larger than what changes of its factors", () => {
    const query = b.input("query", { type: "f32", shape: [4, 2] });
    const keys = b.input("keys", { type: "f32", shape: [2, 64] });
    const score = matrixProduct(b, query, keys);
    const weights = b.exp(b.subtract(score, b.max(score, [1], true)));
    const sum = b.sum(weights, [1]);
    const reads = [weights, sum];
    const scores = kept(reads, [query, keys], [keys]);
    expect(scores.map(({ op }) => op)).toEqual(["reshape", "sum"]);
    // Where keys change too, what it is made of is no less than half of it.
    expect(kept(reads, [query, keys], []).map(({ op }) => op)).toEqual(["exp", "sum"]);
    // As are the gates of a cell: four times their input.
    expect(kept([b.tanh(linear)], [h, w], [w]).map(({ op }) => op)).not.toEqual([]);
  });

  it("is every sum and every draw that is read, whatever it is made of", () => {
    const noise = b.random("noise", "uniform", [4, 8]);
    const total = b.sum(h, [1]);
    const reads = [
      b.multiply(h, noise),
      noise,
      h,
      total,
      b.broadcast(b.reshape(total, [4, 1]), [4, 8]),
    ];
    expect(new Set(kept(reads))).toEqual(new Set([h, noise, total]));
  });

  it("is nothing, of what is at hand", () => {
    expect(kept([b.exp(h), b.tanh(b.exp(h))], [h])).toEqual([]);
  });
});

describe("what is never kept of every turn", () => {
  const varies = (node: Node): boolean => ![w, keys, fromInput].includes(node);
  const query = b.input("query", { type: "f32", shape: [4, 2] });
  const keys = b.input("keys", { type: "f32", shape: [2, 64] });
  const slope = b.input("slope", { type: "f32", shape: [4, 1] });
  const fromInput = b.input("fromInput", { type: "f32", shape: [1, 32] });

  it("is what is many times larger than all that it is made of", () => {
    const score = matrixProduct(b, query, keys);
    expect(isExpanded(b.multiply(b.exp(score), slope), varies)).toBe(true);
    expect(isExpanded(b.exp(b.broadcast(slope, [4, 64])), varies)).toBe(false);
  });

  it("is no gate of a cell, though it reads one feature alone", () => {
    const feature = b.input("feature", { type: "f32", shape: [4, 1] });
    const gate = b.tanh(b.add(matrixProduct(b, feature, fromInput), linear));
    expect(isExpanded(gate, varies)).toBe(false);
    expect(isExpanded(b.tanh(matrixProduct(b, feature, fromInput)), varies)).toBe(true);
  });
});
