// Products of several sizes in; which tiles their kernels for adapters in software have, and what quads load together there, out.

import { describe, expect, it } from "vitest";
import { mapSchedule } from "../../compiler/kernel/index.js";
import type { Kernel } from "../../compiler/kernel/ir.js";
import { createMerger } from "../../compiler/kernel/merge.js";
import { printKernel } from "../../compiler/kernel/print.js";
import type { Axis } from "../../compiler/types/nest.js";
import { byTranspose } from "./laneSamples.js";
import { batch, convolution, inputGradient, matmul } from "./nestSamples.js";
import type { Sample } from "./nestSamples.js";
import { scheduleOf } from "./nests.js";

function kernelOf({ builder, nests }: Sample): Kernel {
  const [kernels] = mapSchedule(scheduleOf(builder, nests));
  if (!kernels) throw new Error("no kernels");
  return kernels.software;
}

function textOf(sample: Sample): string {
  return printKernel(kernelOf(sample));
}

/** Accumulators of the first of its loops, four points each. */
const accumulators = (sample: Sample): number =>
  (textOf(sample).split("for ")[0] ?? "").match(/var acc\d+: f32×4/g)?.length ?? 0;

describe("on an adapter in software", () => {
  it("tiles are larger where much is summed and little computed of the sums", () => {
    expect(accumulators(matmul(256, 256, 256))).toBe(32);
    expect(accumulators(matmul(64, 64, 64))).toBe(16);
    expect(accumulators(byTranspose(256, 256, 256))).toBe(16);
  });

  it("quads run along axes of which whole blocks come in fours, and load what does not depend on these", () => {
    const shared = (sample: Sample): number =>
      textOf(sample).match(/: f32×4 = quad b/g)?.length ?? 0;
    expect(shared(matmul(64, 64, 64))).toBeGreaterThan(0);
    expect(shared(matmul(9, 64, 33))).toBeGreaterThan(0);
    expect(shared(matmul(9, 40, 33))).toBe(0);
    expect(shared(matmul(63, 7, 33))).toBe(0);
    // Of a free length the last quads may be cut: their points are computed without the others.
    expect(shared(matmul(batch, 7, 33))).toBeGreaterThan(0);
    // Its guards differ along the image, and 8 channels make no four blocks.
    expect(shared(inputGradient(5, 8, 3, 4, 1))).toBeGreaterThan(0);
  });

  it("short loops are written out, from the innermost on, as far as no guard bounds them and the text stays short", () => {
    const loops = (sample: Sample): number => new Set(textOf(sample).match(/for k\d+ in/g)).size;
    expect(loops(matmul(9, 33, 8))).toBe(0);
    expect(loops(matmul(9, 33, 9))).toBe(1);
    expect(loops(matmul(9, 33, 0))).toBe(1);
    // Rows and columns of the kernel stay, its two channels go.
    expect(loops(convolution(8, 2, 5, 3, 1, 0))).toBe(2);
    // What reads beside the image is guarded: the bounds of these loops differ among points.
    expect(loops(convolution(8, 1, 3, 3, 1, 0))).toBe(1);
    expect(loops(convolution(8, 1, 3, 3, 1, 1))).toBe(2);
  });

  it("loops that guards bound stand around those that they do not", () => {
    const sample = inputGradient(5, 8, 3, 12, 1);
    const inTurn = (axes: readonly Axis[]): readonly Axis[] => [
      ...axes.slice(2),
      ...axes.slice(0, 2),
    ];
    const nests = sample.nests.map((nest) => ({
      ...nest,
      stores: nest.stores.map((store) => ({
        ...store,
        value:
          store.value.kind === "reduce"
            ? { ...store.value, axes: inTurn(store.value.axes) }
            : store.value,
      })),
    }));
    const bounds = (of: Sample): readonly string[] =>
      [...textOf(of).matchAll(/for k\d+ in (.*) \{/g)].map(([, range = ""]) => range).slice(0, 3);
    expect(bounds({ ...sample, nests })).toEqual(bounds(sample));
    expect(bounds(sample)[2]).toBe("0 .. 12");
  });

  it("few invocations share a sum, and what runs beside it takes workgroups as small", () => {
    const shared = kernelOf(matmul(4, 4, 2000));
    expect(shared.workgroupSize).toBe(16);
    const alone = kernelOf(matmul(9, 7, 33));
    expect(alone.workgroupSize).toBe(64);
    const members = [alone, shared].map((kernel) => ({ kernel, given: 0 }));
    const { buffers } = scheduleOf(matmul(9, 7, 33).builder, []);
    const merged = createMerger()(members, buffers);
    expect(merged.workgroupSize).toBe(16);
    expect(merged.workgroups).toBe(4 * Number(alone.workgroups) + Number(shared.workgroups));
  });
});
