// Kernels with workgroup arrays in; the arrays of the kernel that runs them side by side, large enough for each of them, out.
import { expect, it } from "vitest";
import type { Kernel, SharedArray } from "../../compiler/kernel/ir.js";
import { createUnion } from "../../compiler/kernel/merge.js";

function kernelOf(shared: readonly SharedArray[]): Kernel {
  return {
    ...{ name: "made", target: "gpu", workgroupSize: 64, workgroups: 1, flops: 0 },
    ...{ bindings: [], uniforms: [], body: [], origins: [], shared },
  };
}

const array = (name: string, length: number, more: Partial<SharedArray> = {}): SharedArray => ({
  ...{ name, type: "f32", length },
  ...more,
});

it("has one array for those of a type and width that different kernels use, as long as the longest", () => {
  const { arraysOf, shared } = createUnion(() => "");
  const places = [
    [array("left", 64), array("right", 96)],
    [array("tile", 256)],
    [array("tile", 32), array("sums", 128), array("whole", 8, { type: "i32" })],
    [array("tile", 16, { width: 4 })],
  ].map((own) => [...arraysOf(kernelOf(own))]);
  expect(shared).toEqual([
    array("shared0", 256),
    array("shared1", 128),
    array("shared2", 8, { type: "i32" }),
    array("shared3", 16, { width: 4 }),
  ]);
  expect(places).toEqual([
    [
      ["left", "shared0"],
      ["right", "shared1"],
    ],
    [["tile", "shared0"]],
    [
      ["tile", "shared0"],
      ["sums", "shared1"],
      ["whole", "shared2"],
    ],
    [["tile", "shared3"]],
  ]);
});
