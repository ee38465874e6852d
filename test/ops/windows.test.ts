// Convolutions and pooling in; values against the independent reference, derivatives, and mistakes as values, out.

import { describe, expect, it } from "vitest";
import { createBuilder } from "../../compiler/graph/builder.js";
import { freeDim, shapeText } from "../../compiler/types/dimension.js";
import type { Shape } from "../../compiler/types/graph.js";
import { reference } from "../oracle/reference.js";
import {
  batch,
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

interface ConvolutionCase {
  readonly x: readonly number[];
  readonly kernel: readonly number[];
  readonly stride?: number | readonly number[];
  readonly padding?: "same" | "valid" | number;
  readonly dilation?: number;
  readonly groups?: number;
}

const convolutionCases: readonly ConvolutionCase[] = [
  { x: [2, 7, 3], kernel: [3, 3, 5] },
  { x: [2, 7, 3], kernel: [3, 3, 2], stride: 2, padding: "same" },
  { x: [1, 7, 4], kernel: [2, 2, 6], groups: 2, padding: 1 },
  { x: [2, 7, 5, 2], kernel: [3, 2, 2, 3], stride: [2, 1], padding: "same" },
  { x: [1, 7, 7, 1], kernel: [3, 3, 1, 1], dilation: 2, padding: 2, stride: 3 },
  { x: [2, 5, 4, 4], kernel: [3, 3, 1, 4], groups: 4, padding: "same" },
  { x: [1, 4, 3, 5, 2], kernel: [2, 3, 2, 2, 1], padding: "same", stride: 2 },
  { x: [1, 5, 1], kernel: [1, 1, 1], stride: 2, padding: "same" },
];

describe("conv", () => {
  it.each(convolutionCases.map((own) => [JSON.stringify(own), own] as const))("%s", (_, own) => {
    const b = createBuilder();
    const nodes = { x: leaf(b, "x", own.x), w: leaf(b, "w", own.kernel) };
    const { stride = 1, padding = "valid", dilation = 1, groups = 1 } = own;
    const out = one(b, "conv", nodes.x, nodes.w, stride, padding, dilation, groups);
    const leaves = { x: tensor(own.x, 3), w: tensor(own.kernel, 4) };
    const spatial = own.kernel.length - 2;
    const all = (value: number | readonly number[]) =>
      typeof value === "number" ? Array.from({ length: spatial }, () => value) : value;
    const how = { stride: all(stride), dilation: all(dilation), groups, padding };
    expectClose(interpretOne(out, { leaves }), reference.conv([leaves.x, leaves.w], how));
    expectDerivative(b, out, nodes, { leaves });
  });

  it("takes a free batch and a free spatial axis", () => {
    const b = createBuilder();
    const time = freeDim("time");
    const out = one(b, "conv", leaf(b, "x", [batch, time, 2]), leaf(b, "w", [3, 2, 4]), 2, "same");
    const leaves = { x: tensor([3, 5, 2], 3), w: tensor([3, 2, 4], 4) };
    const how = { stride: [2], dilation: [1], groups: 1, padding: "same" } as const;
    const value = interpretOne(out, { leaves, dimensions });
    expectClose(value, reference.conv([leaves.x, leaves.w], how));
  });

  it("is the adjoint of conv_transpose: ⟨conv(x), y⟩ = ⟨x, conv_transpose(y)⟩", () => {
    for (const [padding, stride, dilation] of [
      ["valid", 1, 1],
      [1, 2, 2],
      ["same", 2, 1],
    ] as const) {
      const b = createBuilder();
      const forward = one(
        b,
        "conv",
        leaf(b, "x", [2, 8, 3]),
        leaf(b, "w", [3, 3, 5]),
        stride,
        padding,
        dilation,
      );
      const [, positions = 0] = forward.shape;
      const turned = leaf(b, "v", [3, 5, 3]);
      const back = one(
        b,
        "conv_transpose",
        leaf(b, "y", [2, positions, 5]),
        turned,
        stride,
        padding,
        dilation,
      );
      const w = tensor([3, 3, 5], 4);
      const y = tensor([2, Number(positions), 5], 6);
      const leaves = {
        x: tensor([2, 8, 3], 3),
        w,
        y,
        v: reference.transpose([w], { permutation: [0, 2, 1] }),
      };
      const [left, right] = [interpretOne(forward, { leaves }), interpretOne(back, { leaves })];
      // The transposed one is as long as the shortest input that gives so many positions.
      const x = reference.slice([leaves.x], {
        starts: [0, 0, 0],
        counts: [2, right.shape[1] ?? 0, 3],
        steps: [1, 1, 1],
      });
      const rest = reference.pad([x], {
        before: [0, 0, 0],
        after: [0, 8 - (right.shape[1] ?? 0), 0],
        interior: [0, 0, 0],
        value: 0,
      });
      const cut = interpretOne(forward, { leaves: { ...leaves, x: rest } });
      const dot = (p: Tensor, q: Tensor) =>
        [...p.data].reduce((sum, v, n) => sum + v * (q.data[n] ?? 0), 0);
      expect(left.shape).toEqual(y.shape);
      expect(dot(x, right)).toBeCloseTo(dot(cut, y), 9);
    }
  });

  it("differentiates conv_transpose", () => {
    const b = createBuilder();
    const nodes = { x: leaf(b, "x", [2, 3, 2, 4]), w: leaf(b, "w", [3, 3, 2, 6]) };
    const out = one(b, "conv_transpose", nodes.x, nodes.w, 2, "same", 1, 2);
    expect(shapeText(out.shape)).toBe("[2, 6, 4, 6]");
    expectDerivative(b, out, nodes, {
      leaves: { x: tensor([2, 3, 2, 4], 3), w: tensor([3, 3, 2, 6], 4) },
    });
  });

  it("reports a kernel larger than its input, and channels that do not fit", () => {
    expect(
      problemOf("conv", (b) => [leaf(b, "x", [batch, 3, 3, 1]), leaf(b, "w", [5, 5, 1, 8])]),
    ).toContain("larger than its input");
    expect(
      problemOf("conv", (b) => [leaf(b, "x", [batch, 9, 9, 2]), leaf(b, "w", [5, 5, 3, 8])]),
    ).toContain("channels");
    expect(
      problemOf("conv", (b) => [
        leaf(b, "x", [batch, 9, 9, 3]),
        leaf(b, "w", [5, 5, 3, 8]),
        1,
        "full",
      ]),
    ).toContain("padding");
  });
});

describe("windows", () => {
  const cases = [
    { x: [2, 6, 3], window: 2, stride: undefined, padding: "valid" },
    { x: [2, 7, 5, 2], window: 3, stride: 2, padding: "same" },
    { x: [1, 7, 5, 2], window: [3, 2], stride: 1, padding: 1 },
    { x: [1, 4, 3, 5, 2], window: 2, stride: 2, padding: "same" },
  ] as const;
  it.each(cases.map((own) => [JSON.stringify(own), own] as const))("%s", (_, own) => {
    const spatial = own.x.length - 2;
    const all = (value: number | readonly number[]): number[] =>
      typeof value === "number" ? Array.from({ length: spatial }, () => value) : [...value];
    const x = tensor(own.x, 8);
    const window = all(own.window);
    const how = {
      window,
      stride: own.stride === undefined ? window : all(own.stride),
      padding: own.padding,
    };
    for (const [name, expected] of [
      ["window_max", reference.windowMax([x], how)],
      ["window_mean", reference.windowMean([x], how)],
    ] as const) {
      const b = createBuilder();
      const nodes = { x: leaf(b, "x", own.x) };
      const out = one(b, name, nodes.x, own.window, own.stride, own.padding);
      expectClose(interpretOne(out, { leaves: { x } }), expected);
      expectDerivative(b, out, nodes, { leaves: { x } });
    }
  });

  it.each([
    [3, 2, 1, 1],
    [2, 3, 1, 1],
    [2, 4, 0, 1],
    [3, 2, 1, 2],
    [2, 2, "same", 2],
  ] as const)(
    "of %i by %i, padding %s, dilation %i: as many of a free axis, rounding up",
    (...how) => {
      const [window, stride, padding, dilation] = how;
      for (const extent of [5, 6, 7, 8]) {
        const b = createBuilder();
        const length = freeDim("length");
        for (const name of ["window_max", "window_mean"]) {
          const of = (shape: Shape) => {
            const out = one(b, name, leaf(b, "x", shape), window, stride, padding, dilation, true);
            const leaves = { x: tensor([2, extent, 1], 3) };
            return interpretOne(out, { leaves, dimensions: { length: extent } });
          };
          const known = of([2, extent, 1]);
          expectClose(of([2, length, 1]), known);
          // PyTorch's formula: one more, unless it would begin in the padding behind.
          const margin = padding === "same" ? 0 : padding;
          const reach = dilation * (window - 1) + 1;
          let count = Math.ceil((extent + 2 * margin - reach) / stride) + 1;
          if ((count - 1) * stride >= extent + margin) count -= 1;
          expect(known.shape[1]).toBe(padding === "same" ? Math.ceil(extent / stride) : count);
        }
      }
    },
  );

  it("of which one would hold padding alone are refused", () => {
    const wide = problemOf("window_max", (b) => [leaf(b, "x", [1, 1, 1]), 2, 1, 1, 2]);
    expect(wide).toBe("with this padding and dilation a window lies beside the tensor alone");
    const far = problemOf("window_mean", (b) => [leaf(b, "x", [1, 9, 1]), 2, 1, 3, 2]);
    expect(far).toBe("with this padding windows lie in the padding alone");
  });
});
