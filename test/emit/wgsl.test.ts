// A model with a matrix product in; how the text of its kernel for adapters in software adds up, and how long its arrays are, out.

import { expect, it } from "vitest";
import { createKernelTable } from "../../compiler/emit/kernelTable.js";
import { printWgsl } from "../../compiler/emit/wgsl.js";
import { mapSchedule } from "../../compiler/kernel/index.js";
import { matmul } from "../kernel/nestSamples.js";
import { scheduleOf } from "../kernel/nests.js";
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
  expect(software).toMatch(/(\w+) = fma\(vec4<f32>\(q1.x\), x1, \1\);/);
  expect(software).not.toMatch(/(acc\d+) = \1 \+/);
  const { builder, nests } = matmul(8, 8, 8);
  const [alone] = mapSchedule(scheduleOf(builder, nests));
  if (!alone) throw new Error("no kernels");
  expect(alone.gpu.shared).toEqual([]);
  expect(printWgsl(alone.gpu, [])).not.toContain("fma(");
});

it("gives arrays the length that all uses of a kernel bind, for adapters in software", () => {
  const { builder, nests } = matmul(8, 8, 8);
  const [kernels] = mapSchedule(scheduleOf(builder, nests));
  if (!kernels) throw new Error("no kernels");
  const textsOf = (...uses: readonly (readonly (number | undefined)[])[]): string[] => {
    const table = createKernelTable();
    for (const elements of uses)
      table.alone(
        table.add(
          kernels,
          [],
          elements,
          () => 0,
          () => "",
        ),
      );
    const [{ plan } = { plan: undefined }, more] = table.finish().kernels;
    expect(more).toBeUndefined();
    expect(plan?.wgsl).not.toContain("array<f32, ");
    const { wgsl = "", quads = wgsl } = plan?.variants?.software ?? {};
    return [wgsl, quads].map((text) => text.match(/array<f32.*?>/g)?.join(" ") ?? "");
  };
  const some = "array<f32, 64> array<f32> array<f32, 64> array<f32>";
  expect(textsOf([64, 64, 64], [64, 72, 64])).toEqual([some, some]);
  expect(textsOf([64, undefined, 64])).toEqual([some, some]);
});
