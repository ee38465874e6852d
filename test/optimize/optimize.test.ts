// Graphs with something to spare in; what each pass makes of them, values unchanged, out.

import { describe, expect, it } from "vitest";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { printGraph } from "../../compiler/graph/print.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import { rewrite } from "../../compiler/optimize/rewrite.js";
import { optimize, passes } from "../../compiler/optimize/index.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import { freeDim } from "../../compiler/types/dimension.js";
import type { Node } from "../../compiler/types/graph.js";
import { interpretOne } from "../support/interpret.js";

const batch = freeDim("batch");

/** The optimized graph of one expression over `x: [batch, 4]`, as text. */
function textOf(build: (b: GraphBuilder, x: Node) => Node): string {
  const b = createBuilder();
  const x = b.input("x", { type: "f32", shape: [batch, 4] });
  const before = build(b, x);
  const [after] = optimize(b, [before]);
  if (after === undefined) throw new Error("one root");
  const leaves = { x: { shape: [3, 4], data: Array.from({ length: 12 }, (_, n) => n / 3 + 0.5) } };
  const bindings = { leaves, dimensions: { batch: 3 } };
  const [expected, found] = [interpretOne(before, bindings), interpretOne(after, bindings)];
  expect(found.shape).toEqual(expected.shape);
  for (const [n, value] of [...expected.data].entries())
    expect(found.data[n]).toBeCloseTo(value, 10);
  return printGraph([{ name: "out", value: after }]);
}

describe("passes", () => {
  it("end once each has seen the graph as it is", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [4] });
    const runs: string[] = [];
    const pass = (name: string, replacements: readonly Node[]) => ({
      ...{ name, doc: "" },
      start: () => (_: GraphBuilder, roots: readonly Node[]) => {
        runs.push(name);
        const next = replacements[runs.filter((one) => one === name).length - 1];
        return next === undefined ? [...roots] : [next];
      },
    });
    optimize(b, [x], { passes: [pass("a", []), pass("b", [b.negate(x)]), pass("c", [])] });
    expect(runs.join("")).toBe("abcab");
  });

  it("look no more at what they left as it was", () => {
    const b = createBuilder();
    const looked: string[] = [];
    const settled = new Set<Node>();
    const run = (roots: readonly Node[]): Node[] =>
      rewrite(
        b,
        roots,
        (own, node) => {
          looked.push(node.op);
          return node.op === "negate" ? own.abs(node.inputs[0] ?? node) : undefined;
        },
        settled,
      );
    const sine = b.sin(b.input("x", { type: "f32", shape: [4] }));
    const once = run([b.exp(b.negate(sine))]);
    expect(looked.splice(0)).toEqual(["input", "sin", "negate", "exp"]);
    expect(run(once)).toEqual(once);
    expect(looked.splice(0)).toEqual(["abs", "exp"]);
    run([b.negate(sine)]);
    expect(looked).toEqual(["negate"]);
  });
});

describe("simplify", () => {
  it.each([
    ["x + 0", (b: GraphBuilder, x: Node) => b.add(x, 0), 'out = input "x"'],
    ["0 + x", (b: GraphBuilder, x: Node) => b.add(0, x), 'out = input "x"'],
    ["x · 1", (b: GraphBuilder, x: Node) => b.multiply(x, b.constant(1, [4])), 'out = input "x"'],
    ["x / 1", (b: GraphBuilder, x: Node) => b.divide(x, 1), 'out = input "x"'],
    ["−(−x)", (b: GraphBuilder, x: Node) => b.negate(b.negate(x)), 'out = input "x"'],
    ["max(x, x)", (b: GraphBuilder, x: Node) => b.maximum(x, x), 'out = input "x"'],
    ["x ^ 1", (b: GraphBuilder, x: Node) => b.power(x, 1), 'out = input "x"'],
    ["stop_gradient", (b: GraphBuilder, x: Node) => b.stopGradient(x), 'out = input "x"'],
    [
      "a decided choice",
      (b: GraphBuilder, x: Node) => b.select(b.less(1, 2), x, b.exp(x)),
      'out = input "x"',
    ],
  ])("%s is x", (_, build, expected) => {
    expect(textOf(build)).toBe(expected);
  });

  it("makes products of integer powers, and roots of halves", () => {
    expect(textOf((b, x) => b.power(x, 2))).toContain('multiply(input "x", input "x")');
    expect(textOf((b, x) => b.power(x, 5))).not.toContain("power");
    expect(textOf((b, x) => b.power(x, -1))).toContain('divide(1, input "x")');
    expect(textOf((b, x) => b.power(x, 0.5))).toContain("sqrt");
    expect(textOf((b, x) => b.power(x, 2.5))).toContain("power");
  });

  it("keeps 0 · x, unless x is finite for sure", () => {
    expect(textOf((b, x) => b.multiply(x, 0))).toContain("multiply");
    expect(textOf((b, x) => b.multiply(b.tanh(x), 0))).toBe("out = 0 [batch, 4]");
  });

  it("divides by powers of two as a product, by others as it is", () => {
    expect(textOf((b, x) => b.divide(x, 8))).toContain("multiply");
    expect(textOf((b, x) => b.divide(x, 255))).toContain("divide");
  });

  it("joins sums", () => {
    const text = textOf((b, x) => b.sum(b.sum(x, [1]), [0]));
    expect(text).toContain("axes: [0, 1]");
  });
});

describe("fold", () => {
  it("computes constants, integers by their own rules", () => {
    const b = createBuilder();
    const value = (node: Node) => {
      const [after] = optimize(b, [node]);
      return after?.op === "constant" ? after.attributes.values[0] : undefined;
    };
    expect(value(b.add(b.exp(b.constant(0)), 2))).toBe(3);
    const big = b.constant(65_536, [], "i32");
    expect(value(b.multiply(big, big))).toBe(0);
    const word = b.constant(0, [], "u32");
    expect(value(b.subtract(word, 1))).toBe(2 ** 32 - 1);
    expect(value(b.cast(b.constant(-1.5), "i32"))).toBe(-1);
    // What no f32 holds stays for the device.
    expect(value(b.exp(b.constant(1000)))).toBeUndefined();
    expect(value(b.log(b.constant(0)))).toBeUndefined();
  });
});

describe("views", () => {
  it("of views become one", () => {
    expect(textOf((b, x) => b.transpose(b.transpose(x, [1, 0]), [1, 0]))).toBe('out = input "x"');
    expect(textOf((b, x) => b.reshape(b.reshape(x, [batch, 2, 2]), [batch, 4]))).toBe(
      'out = input "x"',
    );
    const slices = textOf((b, x) => b.slice(b.slice(x, [0, 1], [batch, 3]), [0, 1], [batch, 1]));
    expect(slices).toContain("starts: [0, 2], counts: [batch, 1]");
    expect(slices.split("\n").length).toBe(2);
    expect(textOf((b, x) => b.flip(b.flip(x, [0, 1]), [1]))).toContain("axes: [0]");
  });

  it("that an elementwise op does by itself go", () => {
    const text = textOf((b, x) => b.add(x, b.broadcast(b.input("x", x), [batch, 4])));
    expect(text).toBe('%0: f32[batch, 4] = add(input "x", input "x")\nout = %0');
    expect(textOf((b, x) => b.multiply(x, b.constant(2, [batch, 4])))).toContain(
      'multiply(input "x", 2)',
    );
    const late = textOf((b, x) =>
      b.add(x, b.negate(b.broadcast(b.reshape(b.sum(x), [1, 1]), [batch, 4]))),
    );
    expect(late).not.toContain("broadcast");
    // Here the broadcast makes the shape.
    const kept = textOf((b, x) =>
      b.add(b.broadcast(b.constant([1, 2], [2, 1, 1]), [2, batch, 4]), b.sum(x)),
    );
    expect(kept).toContain("broadcast");
  });
});

describe("pieces", () => {
  const at = (b: GraphBuilder, x: Node, before: number, after: number): Node =>
    b.pad(x, [0, before], [0, after]);

  it("that fill a tensor are its concatenation, in whatever order they are added", () => {
    const text = textOf((b, x) => {
      const parts = [0, 1, 2, 3].map((part) => b.exp(b.slice(x, [0, part], [batch, 1])));
      const [p0 = x, p1 = x, p2 = x, p3 = x] = parts;
      const two = b.add(at(b, p2, 2, 1), at(b, p0, 0, 3));
      return b.add(b.add(two, at(b, p3, 3, 0)), at(b, p1, 1, 2));
    });
    expect(text).not.toContain("pad");
    expect(text.match(/concat/g)?.length).toBe(1);
  });

  it("with a gap between them, or within, are added", () => {
    const apart = textOf((b, x) => b.add(at(b, x, 0, 5), at(b, b.exp(x), 5, 0)));
    expect(apart).not.toContain("concat");
    const loose = textOf((b, x) => {
      const spread = b.pad(x, [0, 0], [0, 4], { interior: [0, 1] });
      return b.add(spread, b.pad(b.exp(x), [0, 7], [0, 0]));
    });
    expect(loose).not.toContain("concat");
    const filled = textOf((b, x) =>
      b.add(b.pad(x, [0, 0], [0, 4], { value: 1 }), at(b, b.exp(x), 4, 0)),
    );
    expect(filled).not.toContain("concat");
  });

  it("leave other terms of the sum as they are", () => {
    const text = textOf((b, x) => {
      const [left, right] = [b.slice(x, [0, 0], [batch, 2]), b.slice(x, [0, 2], [batch, 2])];
      return b.add(b.add(at(b, b.exp(left), 0, 2), x), at(b, b.tanh(right), 2, 0));
    });
    expect(text).not.toContain("pad");
    expect(text).toContain("concat");
  });

  it("stay where a program concatenates what is a concatenation: both may be read", () => {
    const text = textOf((b, x) => b.concat([b.concat([x, b.exp(x)], 1), b.tanh(x)], 1));
    expect(text.match(/concat/g)?.length).toBe(2);
  });
});

describe("share", () => {
  it("keeps one of equal nodes, and of draws with equal paths and shapes", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [4] });
    const [left, right] = [b.random("mask", "uniform", [4]), b.random("mask", "uniform", [4])];
    const other = b.random("noise", "uniform", [4]);
    const out = b.add(b.multiply(b.exp(x), left), b.multiply(b.exp(b.input("x", x)), right));
    const [first, second] = optimize(b, [out, b.add(left, other)]);
    const nodes = topologicalOrder([first ?? out, second ?? out]);
    expect(nodes.filter(({ op }) => op === "random").length).toBe(2);
    expect(nodes.filter(({ op }) => op === "exp").length).toBe(1);
  });

  it("tells apart what differs in shape, type or attributes alone", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [2, 2] });
    const roots = [
      b.sum(x, [0]),
      b.sum(x, [1]),
      b.random("r", "uniform", [2]),
      b.random("r", "uniform", [3]),
    ];
    expect(new Set(optimize(b, roots)).size).toBe(4);
    const zeros = [b.constant(0), b.constant(-0), b.constant(0, [], "i32")];
    expect(new Set(optimize(b, zeros)).size).toBe(3);
    const fills = [0, -0, Infinity, -Infinity, NaN];
    const pads = fills.map((value) => b.pad(x, [1, 0], [0, 1], { value }));
    expect(new Set(optimize(b, pads)).size).toBe(5);
  });
});

describe("extrema", () => {
  /** `x` less what makes a fourth of it negative and one element 0. */
  const centred = (b: GraphBuilder, x: Node): Node => b.subtract(x, 2.5);
  const told = ["greaterEqual", "less"] as const;
  const other = ["lessEqual", "greater"] as const;

  it.each([
    ...told.map((op) => ["maximum", op, "c first"] as const),
    ...other.map((op) => ["maximum", op, "x first"] as const),
    ...other.map((op) => ["minimum", op, "c first"] as const),
    ...told.map((op) => ["minimum", op, "x first"] as const),
  ])("%s tells %s, %s", (extremum, comparison, order) => {
    const text = textOf((b, x) => {
      const y = centred(b, x);
      const condition = order === "c first" ? b[comparison](0, y) : b[comparison](y, 0);
      return b.select(condition, b.exp(x), b[extremum](0, y));
    });
    const [, computed] = new RegExp(`(%\\d+): .* = ${extremum}`).exec(text) ?? [];
    expect(text).toContain(
      order === "c first" ? `${comparison}(0, ${computed})` : `${comparison}(${computed}, 0)`,
    );
  });

  it.each([
    ["of another bound", (b: GraphBuilder, x: Node) => b.less(1, x)],
    ["that ties decide otherwise", (b: GraphBuilder, x: Node) => b.lessEqual(0, x)],
  ])("tell nothing of a comparison %s", (_, condition) => {
    const text = textOf((b, x) => {
      const y = centred(b, x);
      return b.select(condition(b, y), b.exp(x), b.maximum(0, y));
    });
    expect(text).toMatch(/less(Equal)?\([01], %0\)/);
  });
});

describe("the list of passes", () => {
  it("is named, and traced where a pass changed something", () => {
    expect(passes.map(({ name }) => name)).toEqual([
      ...[
        "logarithms",
        "weights",
        "scans",
        "share",
        "fold",
        "simplify",
        "extrema",
        "segments",
        "views",
      ],
      "pieces",
    ]);
    const b = createBuilder();
    const seen: string[] = [];
    optimize(b, [b.add(b.input("x", { type: "f32", shape: [] }), 0)], {
      onPass: ({ pass }) => seen.push(pass),
    });
    expect(seen).toEqual(["simplify"]);
  });

  it("keeps a deep network's values and derivatives", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [3] });
    let h: Node = x;
    for (let layer = 0; layer < 20; layer++) {
      h = b.add(b.tanh(b.multiply(b.broadcast(h, [3]), 0.9)), b.power(b.multiply(h, 0.1), 2));
    }
    const [gradient] = differentiate(b, h, [x]);
    if (gradient === undefined) throw new Error("one derivative");
    const [after] = optimize(b, [gradient]);
    const leaves = { x: { shape: [3], data: [0.5, -1, 2] } };
    const expected = interpretOne(gradient, { leaves }).data;
    const found = after === undefined ? [] : interpretOne(after, { leaves }).data;
    for (const [n, value] of [...expected].entries()) expect(found[n]).toBeCloseTo(value, 12);
  });
});
