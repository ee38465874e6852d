// Scalars of schedules in; that the host computes those that it may, and their values as the graph means them, out.
import { describe, expect, it } from "vitest";
import { hostExpression } from "../../compiler/emit/dimensions.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import { hostNodes, hostValue, isConstant } from "../../compiler/schedule/host.js";
import { freeDim } from "../../compiler/types/dimension.js";
import { evaluateHost } from "../../runtime/host.js";
import { interpretOne } from "../support/interpret.js";

const b = createBuilder();
const step = b.hostScalar("step");
const batch = freeDim("batch");
const from = (value: number) => b.subtract(step, value);

describe("on the host", () => {
  it.each([
    ["a polynomial", b.add(b.multiply(step, step), b.multiply(-3, step))],
    ["a condition on what is positive, zero or negative", b.cast(from(2), "bool")],
    ["on a part of one", b.cast(b.multiply(from(2), 0.25), "bool")],
    ["on an integer", b.cast(b.cast(b.constant(-2, [], "i32"), "bool"), "f32")],
    ["a number of a condition", b.multiply(b.cast(b.less(step, 2), "f32"), 3)],
    ["a condition's cast", b.cast(b.cast(from(2), "bool"), "f32")],
    ["a choice", b.select(b.cast(from(2), "bool"), b.exp(step), b.constant(7))],
    ["a live dimension", b.divide(b.cast(b.dimension(batch), "f32"), step)],
    ["a known dimension", b.multiply(b.cast(b.dimension(6), "f32"), step)],
    ["what a derivative stops at", b.stopGradient(b.sqrt(step))],
  ] as const)("%s has the graph's value", (_, node) => {
    const dimensions = { batch: 5 };
    expect(hostNodes(topologicalOrder([node])).has(node)).toBe(true);
    const expression = hostExpression(hostValue(node));
    for (const value of [1, 2, 3, 8]) {
      const leaves = { step: { shape: [], data: [value] } };
      const wanted = interpretOne(node, { leaves, dimensions }).data[0];
      expect(evaluateHost(expression, dimensions, { step: value })).toBeCloseTo(Number(wanted), 12);
    }
  });

  const x = b.input("x", { type: "f32", shape: [] });
  it.each([
    ["an integer, which wraps", b.cast(step, "i32")],
    ["a real of an integer that was computed", b.cast(b.cast(step, "i32"), "f32")],
    ["a count", b.multiply(b.dimension(batch), 2)],
    ["what data tells", b.add(x, step)],
    ["several numbers", b.broadcast(step, [3])],
    ["a draw", b.random("r", "uniform", [])],
  ] as const)("but not %s", (_, node) => {
    expect(hostNodes(topologicalOrder([node])).has(node)).toBe(false);
  });

  it("what neither a counter nor a dimension tells is the same in every run", () => {
    const constant = [b.constant(2), b.cast(b.dimension(6), "f32"), b.exp(b.constant(1.5))];
    expect(constant.map((node) => isConstant(hostValue(node)))).toEqual([true, true, true]);
    const live = [step, b.cast(b.dimension(batch), "f32"), b.add(2, step)];
    expect(live.map((node) => isConstant(hostValue(node)))).toEqual([false, false, false]);
  });
});
