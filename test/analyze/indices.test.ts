// Models whose integers name classes or entries in; the ranges of their inputs, what is clamped, and the numbers of indices from the end, out.
import { describe, expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";
import { modelOf } from "./support.js";

/** A model over t: integers of the given type, x: [batch, 4] and W: [5, 3]. */
function model(lines: string, type = "u32"): string {
  return `
fn grade(score: [...s, n], label: category(n)[...s]) = sum(score * one_hot(label, n), axis: -1)
fn passed(score: [...s, n], label: u32[...s]) = grade(score, label)
model M {
  input t: ${type}[batch]
  input s: u32[batch, 2]
  input x: [batch, 4]
  weight W: [5, 3] = 0.5
  ${lines}
}`;
}

/** The range of an input, and how many tensors are clamped. */
function rangeOf(lines: string, name = "t", type = "u32"): unknown {
  const typed = modelOf(model(lines, type));
  const range = typed.inputs.find((input) => input.name === name)?.range;
  return { range, clamped: typed.training.rangeChecks.length };
}

describe("the range of an input that reaches a class or an index", () => {
  it.each([
    ["output y = take(W, t)", 5],
    ["output y = W[t]", 5],
    ["output y = W[:, t]", 3],
    ["output y = embedding(t, 7, 2)", 7],
    ["output y = one_hot(t, 6)", 6],
    ["output y = scatter_add(x, t, 9)", 9],
    ["output y = scatter_max(x, t, 9)", 9],
    ["output y = scatter_set_along(x[:, :1], t[:, new], 9)", 9],
    ["output y = take_along(W, t[:, new], axis: 0)", 5],
    ["output y = cross_entropy(x, t)", 4],
    ["output y = nll(log_softmax(x), t)", 4],
    ["metric top_k_accuracy(x, t, 2)", 4],
    ["output y = accuracy(x, t)", 4],
    ["output y = perplexity(x, t)", 4],
    ["output y = grade(x, t)", 4],
    ["output y = passed(x, t)", 4],
    ["output y = grade(x[:-1], t[1:])", 4],
    ["k: category(8)[batch] = t  output y = k", 8],
    // The least of several.
    ["output y = W[t]  output z = one_hot(t, 4)", 4],
    // Unchanged through views, gathers and casts between integers.
    ["output y = W[reshape(t, [batch, 1])]", 5],
    ["output y = W[i32(t)]", 5],
    ["output y = W[flip(t)]", 5],
    ["output y = W[concat([t, t], axis: 0)]", 5],
    ["output y = W[t[[0]]]", 5],
    ["output y = W[stop_gradient(t)]", 5],
  ])("%s", (lines, end) => {
    expect(rangeOf(lines)).toEqual({ range: [0, end], clamped: 0 });
  });

  it("counts for a part of it and for signed integers", () => {
    expect(rangeOf("output y = cross_entropy(x, s[:, 1])", "s")).toEqual({
      range: [0, 4],
      clamped: 0,
    });
    expect(rangeOf("output y = W[t]", "t", "i32")).toEqual({ range: [0, 5], clamped: 0 });
  });

  it.each(["output y = t == 3", "output y = f32(t) * 2", "output y = range(5) == t[:, new]"])(
    "is not bound by %s",
    (lines) => {
      expect(rangeOf(lines)).toEqual({ range: undefined, clamped: 0 });
    },
  );

  it("leaves what a guard has changed to the guard", () => {
    const guarded = "output y = W[if t < 5 then t else 0]";
    expect(rangeOf(guarded)).toEqual({ range: undefined, clamped: 0 });
    // One that lets some through, and one on other entries than those that are taken.
    for (const leaky of [
      "t < 6",
      "t > 4",
      "t != 5",
      "t < 5 or t == 7",
      "t + 1 < 5",
      "s[:, 0] < 5",
    ]) {
      const lines = `output y = W[if ${leaky} then t else 0]`;
      expect(rangeOf(lines)).toEqual({ range: undefined, clamped: 1 });
    }
    const turned = "output y = W[if t[:, new] < 5 then t[new, :] else 0]";
    expect(rangeOf(turned)).toEqual({ range: undefined, clamped: 1 });
    expect(rangeOf("output y = W[max(t, 1)]")).toEqual({ range: undefined, clamped: 1 });
    // A guard that leaves nothing outside needs no clamping.
    expect(rangeOf("output y = W[min(t, 4)]")).toEqual({ range: undefined, clamped: 0 });
    expect(rangeOf("output y = W[t % 5]")).toEqual({ range: undefined, clamped: 0 });
  });
});

describe("computed classes and indices", () => {
  it.each([
    ["output y = W[t + 1]", 1],
    ["output y = W[argmax(x)]", 0],
    ["output y = one_hot(argmax(x), 3)", 1],
    // Arithmetic of what is known.
    ["output y = W[argmax(x) + 1]", 0],
    ["output y = W[argmax(x) + 2]", 1],
    ["output y = W[4 - argmax(x)]", 0],
    ["output y = W[argmax(x) - 1]", 1],
    ["output y = W[2 * argmax(x) - argmax(-x)]", 1],
    ["output y = W[min(argmax(x) * argmax(-x), 4)]", 0],
    ["output y = W[range(3)]", 0],
    ["output y = cross_entropy(x, u32(x[:, 0]))", 1],
    ["k: category(3)[batch] ~ randint(0, 9)  output y = k", 1],
    ["target c: category(2)[batch] = t % 3  loss cross_entropy(x, c)", 1],
    ["target c: category(3)[batch] = t % 3  loss cross_entropy(x, c)", 0],
  ])("%s", (lines, clamped) => {
    expect(rangeOf(lines)).toEqual({ range: undefined, clamped });
  });
});

describe("a computed target of classes", () => {
  it("may be computed as integers with a sign", async () => {
    const compiled = compileOne(
      model(
        "target c: category(4)[batch] = argmax(x)\n  output y = x\n  metric accuracy(-x, c)  loss cross_entropy(x, c)",
      ),
    );
    const net = await open(compiled, "f32", { seed: 1 });
    const x = [
      [9, 1, 2, 3],
      [5, 1, 2, -3],
    ];
    const { metrics } = await net.evaluate({ x, t: [0, 0], s: [0, 0, 0, 0] });
    expect(metrics["accuracy"]).toBe(0);
    net.destroy();
  });
});

describe("what is out of range", () => {
  it("is the nearest class where it was computed", async () => {
    const net = await open(compileOne(model("output y = grade(x, i32(x[:, 0]))")), "f32", {
      seed: 1,
    });
    const x = [
      [9, 1, 2, 3],
      [-5, 1, 2, 3],
      [2, 1, 8, 3],
    ].map((row) => Float32Array.from(row));
    const { y } = await net.predict({ x: x.map((row) => [...row]) });
    expect([...(y as Float32Array)]).toEqual([3, -5, 8]);
    net.destroy();
  });

  it("is an error with its place where it was given", async () => {
    const net = await open(compileOne(model("output y = W[t]")), "f32", { seed: 1 });
    const message = await net.predict({ t: [0, 4, 100] }).then(
      () => "no error",
      (error: unknown) => String(error),
    );
    expect(message).toContain("t[2] is 100, not a whole number from 0 to 4");
    net.destroy();
  });
});

describe("constant indices", () => {
  it("count from the end in lists as alone", async () => {
    const source = model(
      "output a = x[:, [-1, 0]]  output b = x[:, [[-4], [1]]]  output c = x[[-1, 0], 1]",
    );
    const net = await open(compileOne(source), "f32", { seed: 1 });
    const { a, b, c } = await net.predict({
      x: [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
        [9, 10, 11, 12],
      ],
    });
    expect([...(a as Float32Array)]).toEqual([4, 1, 8, 5, 12, 9]);
    expect([...(b as Float32Array)]).toEqual([1, 2, 5, 6, 9, 10]);
    // Along a free dimension too.
    expect([...(c as Float32Array)]).toEqual([10, 2]);
    net.destroy();
  });

  it("count from the end in what takes and scatters, in no one_hot", async () => {
    const source = model(`
      output a = take(x, -1, axis: 1)  output b = take(x, [-1, 0])
      output c = take_along(x, [[-1, 1]])  output d = scatter_add(x, [-1, 0, 1, -1], 3, axis: 1)`);
    const net = await open(compileOne(source), "f32", { seed: 1 });
    const { a, b, c, d } = await net.predict({
      x: [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    });
    expect([...(a as Float32Array)]).toEqual([4, 8]);
    expect([...(b as Float32Array)]).toEqual([5, 6, 7, 8, 1, 2, 3, 4]);
    expect([...(c as Float32Array)]).toEqual([4, 2, 8, 6]);
    expect([...(d as Float32Array)]).toEqual([2, 3, 5, 6, 7, 13]);
    net.destroy();
    expect(() => compileOne(model("output y = one_hot([-1], 3)"))).toThrow();
  });
});
