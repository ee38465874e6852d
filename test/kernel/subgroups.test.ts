// Reductions that a workgroup shares in; what devices with subgroups and others compute of them, compared with plain loops, out.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mapSchedule } from "../../compiler/kernel/index.js";
import { gpu, software } from "../../compiler/kernel/target.js";
import type { ParallelTarget } from "../../compiler/kernel/target.js";
import { verifyKernel } from "../../compiler/kernel/verify.js";
import { inSubgroups } from "../../runtime/ways.js";
import { compatibilityDevice, describeGpu, softwareDevice } from "../support/adapter.js";
import type { Planned } from "../../compiler/emit/plan.js";
import { expectClose, prepare } from "./prepare.js";
import { runOnGpu } from "./run.js";
import { subgroupSamples } from "./subgroupSamples.js";
import { matmul } from "./nestSamples.js";
import type { Sample } from "./nestSamples.js";

/** Workgroups of so many invocations share whatever is reduced. */
function sharing(target: ParallelTarget, invocations: number): ParallelTarget {
  const always = { fewerThan: Infinity, length: 0 };
  const { large } = target.sharing;
  return {
    ...target,
    sharing: {
      ...{ plain: always, tiled: always, shortRow: 0, invocations },
      ...{ large: { ...large, invocations }, subgroups: 20 },
    },
  };
}

function textOf({ kernels }: Planned): string {
  return kernels.map(({ plan }) => plan.wgsl).join("\n");
}

const twoRows = matmul(1, 2, 1100);

const targets: readonly (readonly [string, ParallelTarget])[] = [
  ["in workgroups of 64", sharing(gpu, 64)],
  // Fewer than a subgroup of the adapter has.
  ["in workgroups of 2", sharing(gpu, 2)],
  ["in vectors", sharing(software, 16)],
];

function planOf(sample: Sample, target: ParallelTarget) {
  return prepare(sample, (schedule) => mapSchedule(schedule, {}, { gpu: target }));
}

function bySubgroups(planned: Planned): Planned {
  const kernels = planned.kernels.map(({ plan, ...rest }) => ({
    ...rest,
    plan: { ...plan, wgsl: inSubgroups(plan.wgsl) },
  }));
  return { ...planned, kernels };
}

describeGpu("reductions of a workgroup", () => {
  let device: GPUDevice;
  let without: GPUDevice;
  beforeAll(async () => {
    device = await softwareDevice();
    without = await compatibilityDevice();
  });
  afterAll(() => {
    device.destroy();
    without.destroy();
  });

  describe.each(targets)("%s", (_, target) => {
    it.each(subgroupSamples.map((sample) => [sample.name, sample] as const))(
      "%s",
      async (_name, sample) => {
        const { planned, expected, given } = planOf(sample, target);
        expect(planned.kernels.flatMap((kernel) => verifyKernel(kernel.gpu))).toEqual([]);
        // What every device takes is a shader as it stands.
        const twin = await runOnGpu(without, planned, given);
        expectClose(twin.results, expected, 1e-5);
        const own = bySubgroups(planned);
        expect(textOf(own)).toMatch(/subgroup/);
        const { results } = await runOnGpu(device, own, given);
        expectClose(results, expected, 1e-5);
        expect(await runOnGpu(device, own, given)).toEqual({ results, storages: [] });
      },
    );
  });

  it("meet by subgroups in whatever kernels of theirs are short", () => {
    const [few, many] = [gpu, { ...gpu, sharing: { ...gpu.sharing, subgroups: 1 } }].map((target) =>
      textOf(bySubgroups(planOf(twoRows, target).planned)),
    );
    expect(few).toContain("subgroupAdd");
    expect(few).not.toContain("/ 2");
    expect(many).not.toContain("subgroupAdd");
    expect(many).toContain("/ 2");
  });
});
