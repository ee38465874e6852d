// Calls of the language's primitives in; values against the independent reference, derivatives, and mistakes as values, out.

import { describe, expect, it } from "vitest";
import { createBuilder } from "../../compiler/graph/builder.js";
import { distributions, operators, primitives } from "../../compiler/ops/primitives.js";
import type { Argument } from "../../compiler/ops/primitives.js";
import { isProblem } from "../../compiler/ops/problem.js";
import { freeDim, shapeText } from "../../compiler/types/dimension.js";
import type { ElementType } from "../../compiler/types/graph.js";
import { reference } from "../oracle/reference.js";
import {
  batch,
  call,
  dimensions,
  expectClose,
  expectDerivative,
  leaf,
  one,
  problemOf,
  tensor,
} from "../support/calls.js";
import { interpretOne } from "../support/interpret.js";
import type { Tensor } from "../support/interpret.js";

describe("the primitives of the language", () => {
  it("are all there, by name", () => {
    const wanted =
      "exp log sqrt sin cos tanh abs sign floor round erf erfc erfinv min max f32 i32 u32 bool sum mean prod argmax argmin any " +
      "all cumsum cummax cummin cumprod cumlogsumexp reshape flatten transpose concat stack split pad flip slice broadcast take take_along scatter_add scatter_set scatter_min scatter_max one_hot matmul conv " +
      "conv_transpose window_max window_mean zeros ones full range sort argsort top_k stop_gradient";
    expect(wanted.split(" ").filter((name) => primitives[name] === undefined)).toEqual([]);
    expect(Object.keys(distributions)).toEqual([
      "uniform",
      "normal",
      "bernoulli",
      "randint",
      "categorical",
    ]);
    const symbols = "+ - * / % ^ @ == != < <= > >= and or not negate if".split(" ");
    expect(symbols.filter((symbol) => operators[symbol] === undefined)).toEqual([]);
  });

  it("are documented, and their parameters with defaults come last", () => {
    for (const primitive of [...Object.values(primitives), ...Object.values(operators)]) {
      expect(primitive.doc.length).toBeGreaterThan(3);
      const open = primitive.parameters.map((p) => p.default !== undefined || p.optional === true);
      expect(open).toEqual([...open].sort((a, b) => Number(a) - Number(b)));
    }
  });
});

describe("matmul", () => {
  const cases: readonly (readonly [readonly number[], readonly number[]])[] = [
    [[5], [5]],
    [[2, 5], [5]],
    [[5], [5, 3]],
    [
      [2, 5],
      [5, 3],
    ],
    [
      [7, 2, 5],
      [5, 3],
    ],
    [
      [7, 1, 2, 5],
      [3, 5, 2],
    ],
    [
      [1, 1],
      [1, 1],
    ],
  ];
  it.each(cases)("%j @ %j", (left, right) => {
    const b = createBuilder();
    const nodes = { p: leaf(b, "p", left), q: leaf(b, "q", right) };
    const out = one(b, "matmul", nodes.p, nodes.q);
    const leaves = { p: tensor(left, 3), q: tensor(right, 4) };
    expectClose(interpretOne(out, { leaves }), reference.matmul([leaves.p, leaves.q], {}));
    expectDerivative(b, out, nodes, { leaves });
  });

  it("says which axes do not agree", () => {
    const message = problemOf("@", (b) => [leaf(b, "p", [batch, 64]), leaf(b, "q", [128, 10])]);
    expect(message).toBe(
      "these shapes do not agree: the last axis of the left side is 64, the last but one of the right is 128",
    );
  });
});

describe("indices", () => {
  it("sorts stably, along any axis, both ways", () => {
    const b = createBuilder();
    const x = leaf(b, "x", [4, batch]);
    const value: Tensor = { shape: [4, 3], data: [3, 1, 2, 1, 1, 5, 3, 0, 2, 2, 1, 4] };
    const bindings = { leaves: { x: value }, dimensions };
    const by = (name: string, descending: boolean) =>
      interpretOne(one(b, name, x, 0, descending), bindings).data;
    expect([...by("sort", false)]).toEqual([1, 0, 2, 2, 1, 2, 3, 1, 4, 3, 1, 5]);
    expect([...by("argsort", false)]).toEqual([1, 2, 0, 3, 0, 2, 0, 1, 3, 2, 3, 1]);
    expect([...by("argsort", true)]).toEqual([0, 0, 1, 2, 1, 3, 3, 3, 0, 1, 2, 2]);
  });

  it("gives the k largest with their indices; the first wins a tie", () => {
    const b = createBuilder();
    const x = leaf(b, "x", [2, 5]);
    const [values, indices] = call(b, "top_k", x, 3);
    const value: Tensor = { shape: [2, 5], data: [1, 7, 7, 0, 2, 5, 4, 3, 2, 1] };
    if (values === undefined || indices === undefined) throw new Error("two results");
    expect([...interpretOne(values, { leaves: { x: value } }).data]).toEqual([7, 7, 2, 5, 4, 3]);
    expect([...interpretOne(indices, { leaves: { x: value } }).data]).toEqual([1, 2, 4, 0, 1, 2]);
    expectDerivative(b, values, { x }, { leaves: { x: tensor([2, 5], 5) } });
  });

  it("sorts are differentiated through their indices", () => {
    const b = createBuilder();
    const x = leaf(b, "x", [3, 5]);
    expectDerivative(b, one(b, "sort", x), { x }, { leaves: { x: tensor([3, 5], 5) } });
  });

  it("one_hot", () => {
    const b = createBuilder();
    const out = one(b, "one_hot", leaf(b, "i", [batch], "u32"), 4);
    expect(shapeText(out.shape)).toBe("[batch, 4]");
    const value = interpretOne(out, { leaves: { i: { shape: [3], data: [2, 0, 3] } }, dimensions });
    expect([...value.data]).toEqual([0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
    expect(problemOf("one_hot", (own) => [leaf(own, "x", [3]), 4])).toBe("places are integers");
  });
});

describe("element types", () => {
  const typeOf = (symbol: string, left: Argument, right: Argument, b = createBuilder()): string =>
    one(b, symbol, left, right).type;
  it("join as the language says", () => {
    const b = createBuilder();
    const [f, i, u, t] = (["f32", "i32", "u32", "bool"] as const).map((type) =>
      leaf(b, type, [3], type),
    );
    if (f === undefined || i === undefined || u === undefined || t === undefined)
      throw new Error("four leaves");
    expect(typeOf("+", u, i, b)).toBe("i32");
    expect(typeOf("+", u, 1, b)).toBe("i32");
    expect(typeOf("*", i, 0.5, b)).toBe("f32");
    expect(typeOf("*", t, f, b)).toBe("f32");
    expect(typeOf("/", i, i, b)).toBe("f32");
    expect(typeOf("+", t, t, b)).toBe("i32");
    expect(typeOf("==", t, t, b)).toBe("bool");
    expect(typeOf("^", i, 2, b)).toBe("i32");
    expect(one(b, "mean", t).type).toBe("f32");
    expect(one(b, "if", t, 1, 0).type).toBe("i32");
    expect(one(b, "argmax", f).type).toBe("i32");
    expect(one(b, "exp", i).type).toBe("f32");
  });

  it("refuse logic on numbers", () => {
    expect(problemOf("and", (b) => [leaf(b, "x", [3]), leaf(b, "y", [3])])).toContain(
      "truth values",
    );
  });
});

describe("shapes", () => {
  it("reductions take axis, except and keep", () => {
    const b = createBuilder();
    const x = leaf(b, "x", [batch, 3, 5]);
    const shape = (...values: (Argument | undefined)[]) =>
      shapeText(one(b, "sum", x, ...values).shape);
    expect(shape()).toBe("[]");
    expect(shape(-1)).toBe("[batch, 3]");
    expect(shape([0, 1])).toBe("[5]");
    expect(shape(undefined, -1, true)).toBe("[1, 1, 5]");
    expect(shapeText(one(b, "max", x, undefined, 1, undefined, true).shape)).toBe("[batch, 1, 5]");
    expect(shapeText(one(b, "max", x, 0).shape)).toBe("[batch, 3, 5]");
    expect(problemOf("sum", (own) => [leaf(own, "x", [3]), 1])).toContain("no axis 1");
  });

  it("split, stack, concat, flatten, reshape, slice, range", () => {
    const b = createBuilder();
    const x = leaf(b, "x", [batch, 6, 5]);
    expect(call(b, "split", x, 3, 1).map((part) => shapeText(part.shape))).toEqual([
      "[batch, 2, 5]",
      "[batch, 2, 5]",
      "[batch, 2, 5]",
    ]);
    expect(call(b, "split", x, [1, 5], 1).map((part) => shapeText(part.shape))).toEqual([
      "[batch, 1, 5]",
      "[batch, 5, 5]",
    ]);
    expect(problemOf("split", (own) => [leaf(own, "x", [7]), 2])).toContain("does not part evenly");
    expect(shapeText(one(b, "stack", [x, x], -1).shape)).toBe("[batch, 6, 5, 2]");
    expect(shapeText(one(b, "concat", [x, x], 1).shape)).toBe("[batch, 12, 5]");
    expect(shapeText(one(b, "flatten", x).shape)).toBe("[batch, 30]");
    expect(shapeText(one(b, "reshape", x, [batch, -1]).shape)).toBe("[batch, 30]");
    expect(shapeText(one(b, "slice", x, 1, -1, 1).shape)).toBe("[batch, 4, 5]");
    expect(shapeText(one(b, "range", freeDim("time")).shape)).toBe("[time]");
    expect([...interpretOne(one(b, "range", 1, 8, 3), { leaves: {} }).data]).toEqual([1, 4, 7]);
    expect(problemOf("reshape", (own) => [leaf(own, "x", [batch, 4]), [batch, 5]])).toContain(
      "elements",
    );
    expect(problemOf("full", () => [[2], 1e39])).toContain("32 bits");
    expect(problemOf("zeros", () => [[65_536, 65_536]])).toContain("too large");
  });

  it("lists of numbers and of tensors are tensors", () => {
    const b = createBuilder();
    const x = leaf(b, "x", [2]);
    expect(shapeText(one(b, "+", x, [1, 2]).shape)).toBe("[2]");
    expect(shapeText(one(b, "+", [x, x, x], 1).shape)).toBe("[3, 2]");
    expect(problemOf("+", (own) => [leaf(own, "x", [3]), [1, 2]])).toContain("do not agree");
  });
});

describe("draws", () => {
  it("fill a shape and type, and are differentiated by their parameters", () => {
    const b = createBuilder();
    const nodes = { mu: leaf(b, "mu", [4]), s: leaf(b, "s", []) };
    const request = { path: "code", type: "f32", shape: [3, 4] } as const;
    for (const name of ["normal", "uniform"] as const) {
      const out = distributions[name].draw(b, request, [nodes.mu, nodes.s]);
      if (isProblem(out)) throw new Error(out.message);
      expect(shapeText(out.shape)).toBe("[3, 4]");
      expectDerivative(b, out, nodes, { leaves: { mu: tensor([4], 1), s: tensor([], 2) } });
    }
  });

  it("are integers within bounds, classes, and truth values of the type asked for", () => {
    const b = createBuilder();
    const draw = (name: keyof typeof distributions, type: ElementType, ...values: Argument[]) => {
      const out = distributions[name].draw(b, { path: name, type, shape: [50] }, values);
      if (isProblem(out)) throw new Error(out.message);
      expect(out.type).toBe(type);
      return new Set(interpretOne(out, { leaves: {} }).data);
    };
    expect([...draw("randint", "i32", -2, 2)].sort()).toEqual([-1, -2, 0, 1]);
    expect([...draw("bernoulli", "f32", 0.5)].sort()).toEqual([0, 1]);
    const classes = [...draw("categorical", "u32", [0, 0, -1000])].sort();
    expect(classes).toEqual([0, 1]);
  });

  it("refuse parameters that do not broadcast to what they fill", () => {
    const b = createBuilder();
    const out = distributions.normal.draw(b, { path: "z", type: "f32", shape: [3] }, [
      leaf(b, "mu", [4]),
      1,
    ]);
    expect(isProblem(out) && out.message).toContain("broadcast to the shape");
    expect(
      isProblem(distributions.randint.draw(b, { path: "z", type: "i32", shape: [3] }, [5, 5])),
    ).toBe(true);
  });
});
