// A model with a matrix product in; how the text of its kernel for adapters in software adds up, out.

import { expect, it } from "vitest";
import { compileOne } from "../support/compiled.js";

const source = `
model Net {
  input x: [batch, 64]
  output o = x |> dense(64, use_bias: false)
}
`;

it("adds products of wide values in one operation, of single ones in two", () => {
  const { kernels, programs } = compileOne(source).inference.plan;
  const at = programs.find(({ kind }) => kind === "predict")?.dispatches[0]?.kernel ?? -1;
  const software = kernels[at]?.variants?.software?.wgsl ?? "";
  expect(software).toMatch(/(\w+) = fma\(vec4<f32>\(x1\), x2, \1\);/);
  expect(software).not.toMatch(/(acc\d+) = \1 \+/);
  expect(kernels[at]?.wgsl).not.toContain("fma(");
});
