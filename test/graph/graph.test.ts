// Small graphs in; order, printed text, verifier's complaints and the builder's mistakes, checked, out.

import { describe, expect, it } from "vitest";
import { createBuilder } from "../../compiler/graph/builder.js";
import { printGraph } from "../../compiler/graph/print.js";
import { substitute } from "../../compiler/graph/substitute.js";
import { verifyGraph } from "../../compiler/graph/verify.js";
import { dependents, topologicalOrder, usersOf } from "../../compiler/graph/walk.js";
import { axisEntry } from "../../compiler/ops/contraction.js";
import { GraphError, isProblem } from "../../compiler/ops/problem.js";
import { freeDim, shapeText } from "../../compiler/types/dimension.js";
import type { Node } from "../../compiler/types/graph.js";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { interpretOne } from "../support/interpret.js";

const batch = freeDim("batch");

function dense() {
  const b = createBuilder();
  const x = b.input("x", { type: "f32", shape: [batch, 4] });
  const w = b.stored("dense_1.W", { type: "f32", shape: [4, 3] });
  const product = b.contract(x, w, {
    extents: [batch, 3, 4],
    outputRank: 2,
    left: [axisEntry(0), axisEntry(2)],
    right: [axisEntry(2), axisEntry(1)],
  });
  const out = b.maximum(product, 0);
  return { b, x, w, product, out };
}

describe("the builder", () => {
  it("gives a mistake as a value to those who ask, and throws it at the others", () => {
    const { b, x, w } = dense();
    const found = b.tryNode("add", [x, w], {});
    if (!isProblem(found)) throw new Error("these shapes do not agree");
    expect(found.about).toBe("shape");
    expect(found.operands).toEqual([0, 1]);
    expect(found.found).toBe("[4, 3]");
    expect(() => b.add(x, w)).toThrow(GraphError);
  });

  it("refuses mixed types, empty axes and tensors beyond 2³¹ − 1 elements", () => {
    const b = createBuilder();
    const i = b.iota([3], 0);
    expect(isProblem(b.tryNode("add", [i, b.constant(1)], {}))).toBe(true);
    expect(isProblem(b.tryLeaf("constant", { type: "f32", shape: [3, 0] }, { values: [1] }))).toBe(
      true,
    );
    const large = b.tryLeaf(
      "constant",
      { type: "f32", shape: [2 ** 16, 2 ** 15] },
      { values: [1] },
    );
    expect(isProblem(large) && large.about).toBe("limit");
  });

  it("numbers nodes once, whatever origin they bear", () => {
    const b = createBuilder(10);
    const origin = {
      file: { name: "m.nn", text: "" },
      span: { start: 0, end: 4 },
      path: "dense_1",
    };
    const [first, second] = [b.constant(1), b.at(origin).constant(2)];
    expect([first.id, second.id]).toEqual([10, 11]);
    expect([first.origin, second.origin]).toEqual([undefined, origin]);
  });

  it("makes no node for a view that changes nothing", () => {
    const { b, x } = dense();
    expect(b.reshape(x, [batch, 4])).toBe(x);
    expect(b.transpose(x, [0, 1])).toBe(x);
    expect(b.slice(x, [0, 0], [batch, 4])).toBe(x);
    expect(b.sum(x, [])).toBe(x);
  });
});

describe("walks", () => {
  it("list operands before users, each once", () => {
    const { out, x, w, product } = dense();
    const order = topologicalOrder([out, product]);
    expect(order.slice(0, 3)).toEqual([x, w, product]);
    expect(order.at(-1)).toBe(out);
    expect(usersOf([out]).get(product)).toEqual([out]);
    expect([...dependents([out], [w])]).toEqual([w, product, out]);
  });

  it("manage graphs that are 100,000 nodes deep, derivatives included", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [] });
    let deep: Node = x;
    for (let depth = 0; depth < 100_000; depth++) deep = b.negate(deep);
    expect(topologicalOrder([deep]).length).toBe(100_001);
    const [gradient] = differentiate(b, deep, [x]);
    if (gradient === undefined) throw new Error("one derivative");
    expect(verifyGraph([gradient])).toEqual([]);
    expect(interpretOne(gradient, { leaves: {} }).data[0]).toBe(1);
    expect(printGraph([{ name: "deep", value: deep }]).split("\n").length).toBe(100_001);
  });

  it("replace leaves and keep what does not depend on them", () => {
    const { b, out, x, w, product } = dense();
    const other = b.input("y", { type: "f32", shape: [5, 4] });
    const [same] = substitute(b, [out], new Map([[other, x]]));
    expect(same).toBe(out);
    const doubled = b.multiply(w, 2);
    const [changed] = substitute(b, [out], new Map([[w, doubled]]));
    expect(changed?.inputs[0]?.inputs).toEqual([x, doubled]);
    expect(product.inputs[1]).toBe(w);
  });
});

describe("the printer", () => {
  it("writes one line a node, names and single numbers where they are used", () => {
    const { b, out } = dense();
    const total = b
      .at({ file: { name: "m.nn", text: "" }, span: { start: 0, end: 1 }, path: "loss" })
      .sum(out, [1]);
    const text = printGraph([{ name: "total", value: total }]);
    expect(text).toBe(
      [
        '%0: f32[batch, 3] = contract(input "x", stored "dense_1.W", [o0, r0] · [r0, o1], sum over r0 < 4)',
        "%1: f32[batch, 3] = maximum(%0, 0)",
        "%2: f32[batch] = sum(%1, axes: [1])  // loss",
        "total = %2",
      ].join("\n"),
    );
  });

  it("writes quasi-affine maps as sums", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [7] });
    const k = b.input("k", { type: "f32", shape: [3] });
    const entry = {
      terms: [
        { axis: 0, coefficient: 1 },
        { axis: 1, coefficient: -2 },
      ],
      offset: 1,
      divisor: 2,
    };
    const out = b.contract(x, k, {
      extents: [4, 3],
      outputRank: 1,
      left: [entry],
      right: [axisEntry(1)],
    });
    expect(printGraph([{ name: "out", value: out }])).toContain("[(o0 - 2 * r0 + 1) / 2] · [r0]");
  });
});

describe("the verifier", () => {
  it("is content with sound graphs", () => {
    expect(verifyGraph([dense().out])).toEqual([]);
  });

  it("finds a wrong type, a wrong shape, a cycle, and a body's leaf astray", () => {
    const { out, product, b } = dense();
    const wrong: Node = { ...out, shape: [batch, 5] };
    expect(verifyGraph([wrong])[0]).toContain("its rule gives f32[batch, 3]");
    const inputs: Node[] = [product];
    const circular = { ...b.negate(product), inputs } as Node;
    inputs[0] = circular;
    expect(verifyGraph([circular])[0]).toContain("depends on itself");
    const stray = b.leaf("bound", { type: "f32", shape: [] }, { index: 0 });
    expect(verifyGraph([b.negate(stray)])[0]).toContain("outside the scan");
  });
});

describe("a scan", () => {
  it("runs its body for each slice, and gives last carries and stacked yields", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [4, 2] });
    const start = b.constant(0, [2]);
    const carry = b.leaf("bound", { type: "f32", shape: [2] }, { index: 0 });
    const slice = b.leaf("bound", { type: "f32", shape: [2] }, { index: 1 });
    const step = b.leaf("bound", { type: "i32", shape: [] }, { index: 2 });
    const next = b.add(carry, slice);
    const attributes = {
      ...{ length: 4, reverse: false, carries: 1, slices: 1, constants: 0 },
      ...{ bound: [carry, slice, step], nextCarries: [next], yields: [b.multiply(next, 2)] },
    } as const;
    const scan = b.scan([start, x], attributes as never);
    const [last, all] = [b.result(scan, 0), b.result(scan, 1)];
    expect(shapeText(all.shape)).toBe("[4, 2]");
    expect(verifyGraph([last, all])).toEqual([]);
    const leaves = { x: { shape: [4, 2], data: [1, 2, 3, 4, 5, 6, 7, 8] } };
    expect([...interpretOne(last, { leaves }).data]).toEqual([16, 20]);
    expect([...interpretOne(all, { leaves }).data]).toEqual([2, 4, 8, 12, 18, 24, 32, 40]);
    const mismatch = b.tryNode("scan", [start, b.constant(0, [5, 2])], attributes as never);
    expect(isProblem(mismatch) && mismatch.message).toContain("equally long");
  });
});
