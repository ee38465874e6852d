// Loop nests built by hand in; what the CPU kernels and the shaders compute compared with plain loops, out.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Planned } from "../../compiler/emit/plan.js";
import { plainLoops } from "../../compiler/kernel/cpu.js";
import { mapSchedule } from "../../compiler/kernel/index.js";
import { targetNames } from "../../compiler/kernel/targets.js";
import type { NestKernels } from "../../compiler/kernel/targets.js";
import { printKernel } from "../../compiler/kernel/print.js";
import { gpu, software, wasm } from "../../compiler/kernel/target.js";
import type { ParallelTarget, SerialTarget } from "../../compiler/kernel/target.js";
import { verifyKernel } from "../../compiler/kernel/verify.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import type { Schedule } from "../../compiler/types/nest.js";
import { kernelFor } from "../../runtime/variants.js";
import { alone } from "../../runtime/ways.js";
import { byTranspose, laneSamples } from "./laneSamples.js";
import { batch, matmul, samples as families } from "./nestSamples.js";
import type { Sample } from "./nestSamples.js";
import { scheduleOf } from "./nests.js";
import { expectClose, prepare } from "./prepare.js";
import { quadSamples } from "./quadSamples.js";
import { stagedSamples } from "./stagedSamples.js";
import { runOnCpu, runOnGpu, runOnWasm } from "./run.js";

const samples = [...families, ...laneSamples, ...quadSamples];

/** A GPU that computes in vectors, with lanes along reductions too. */
const wide: ParallelTarget = {
  ...gpu,
  tile: {
    ...gpu.tile,
    wide: {
      ...{ largest: 8, alongReductions: true, speedsAll: true, guards: "machine" },
      four: { together: 1, apart: 6 },
    },
  },
};

/** Where every load that a quad shares counts, and tiles are as large as can be. */
const sharing: ParallelTarget = {
  ...software,
  tile: { ...software.tile, load: 20, bare: { accumulators: 32, operations: 100, work: 0 } },
};

/** Whatever contracts is read through the workgroup's memory, in tiles of other forms than those of devices too. */
const staging: ParallelTarget = {
  ...gpu,
  sharing: {
    ...gpu.sharing,
    tiled: { fewerThan: 0, length: 0 },
    plain: { fewerThan: 0, length: 0 },
  },
  staging: { fours: 8, terms: 8, length: 0, full: 0 },
};
const stagingSmall: ParallelTarget = {
  ...staging,
  staging: { fours: 4, terms: 8, length: 0, full: 0 },
};

/** Lanes that differ in what they may load: those that may not read the first element of a buffer. */
const masking: SerialTarget = {
  ...wasm,
  tile: {
    ...wasm.tile,
    guardCost: 0,
    wide: {
      ...{ largest: 16, alongReductions: true, speedsAll: true, guards: "machine" },
      four: { together: 1, apart: 6 },
    },
  },
};

/** All that a panel can hold is read from one. */
const panelled: SerialTarget = {
  ...wasm,
  panels: { operandBytes: 0, bytes: 2 ** 24, passes: 0 },
};
const direct: SerialTarget = { ...wasm, panels: { operandBytes: Infinity, bytes: 0, passes: 0 } };

/** What a device gets that loads in quads. */
function inQuads(planned: Planned): Planned {
  return {
    ...planned,
    kernels: planned.kernels.map((kernel) => ({
      ...kernel,
      plan: kernelFor(kernel.plan, "software", true),
    })),
    programs: planned.programs.map((program) => ({
      ...program,
      dispatches: program.dispatches.map((dispatch) => ({
        ...dispatch,
        workgroups: dispatch.variants?.software ?? dispatch.workgroups,
      })),
    })),
  };
}

function withShaders(planned: Planned, change: (wgsl: string) => string): Planned {
  const kernels = planned.kernels.map((kernel) => ({
    ...kernel,
    plan: { ...kernel.plan, wgsl: change(kernel.plan.wgsl) },
  }));
  return { ...planned, kernels };
}

/** On the CPU without splitting axes, choosing or tiling anything. */
function inPlainLoops(schedule: Schedule): NestKernels[] {
  return mapSchedule(schedule).map((mapped, at) => {
    const nest = schedule.nests[at];
    if (nest === undefined) throw new Error("a nest for each set of kernels");
    return { ...mapped, cpu: plainLoops(nest, schedule.buffers) };
  });
}

describe.each(samples.map((sample) => [sample.name, sample] as const))("%s", (_, sample) => {
  it("is well formed", () => {
    const { planned } = prepare(sample);
    for (const kernel of planned.kernels) {
      expect(targetNames.flatMap((target) => verifyKernel(kernel[target]))).toEqual([]);
    }
  });
  it("in double precision", () => {
    const { planned, expected, given } = prepare(sample);
    expectClose(runOnCpu(planned, given, "f64").results, expected, 1e-12);
  });
  it("in plain loops", () => {
    const { planned, expected, given } = prepare(sample, inPlainLoops);
    expectClose(runOnCpu(planned, given, "f64").results, expected, 1e-12);
  });
  it("in single precision", () => {
    const { planned, expected, given } = prepare(sample);
    expectClose(runOnCpu(planned, given, "f32").results, expected, 1e-6);
  });
  it("in WebAssembly", async () => {
    const { planned, expected, given } = prepare(sample);
    expectClose((await runOnWasm(planned, given)).results, expected, 1e-5);
  });

  it("in WebAssembly, lanes along guarded axes too", async () => {
    const { planned, expected, given } = prepare(sample, (schedule) =>
      mapSchedule(schedule, {}, { wasm: masking }),
    );
    expect(planned.kernels.flatMap((kernel) => verifyKernel(kernel.wasm))).toEqual([]);
    expectClose((await runOnWasm(planned, given)).results, expected, 1e-5);
  });
});

describe("panels", () => {
  const kernelsOf = ({ builder, nests }: Sample, target: SerialTarget) =>
    mapSchedule(scheduleOf(builder, nests), { batch: 64 }, { wasm: target });
  const odd = [
    [7, 37, 1100],
    [32, 100, 1100],
    [19, 104, 1037],
    [33, 64, 300],
    [1, 16, 40],
    [2, 24, 9],
    [batch, 100, 30],
  ] as const;
  const holding = [...samples, ...odd.map(([m, n, k]) => matmul(m, n, k, { batch: 21 }))].filter(
    (sample) => kernelsOf(sample, panelled).some(({ wasm: kernel }) => kernel.shared.length > 0),
  );
  it("hold what products and convolutions read in vectors", () => {
    expect(holding.length).toBeGreaterThan(4);
  });
  it.each(holding.map((sample) => [sample.name, sample] as const))(
    "change no bit of %s",
    async (_, sample) => {
      const inPanels = prepare(sample, () => kernelsOf(sample, panelled));
      const { planned, given } = prepare(sample, () => kernelsOf(sample, direct));
      expect(inPanels.planned.kernels.flatMap((one) => verifyKernel(one.wasm))).toEqual([]);
      expect(await runOnWasm(inPanels.planned, given)).toEqual(await runOnWasm(planned, given));
    },
  );
  it("are for large operands alone, and stand outside the loop that repeats them", () => {
    const textOf = (size: number): string =>
      kernelsOf(matmul(size, size, size), wasm)
        .map((kernels) => printKernel(kernels.wasm))
        .join("");
    expect(textOf(500)).not.toMatch(/panel/);
    expect(textOf(528)).toMatch(/panel1\[.*= b2[^]*for a\d+ in 0 .. 528 step 2 \{[^]*= panel1\[/);
  });
});

describe("lanes of sums", () => {
  const textOf = (sample: Sample): string =>
    prepare(sample)
      .planned.kernels.map((kernel) => printKernel(kernel.wasm))
      .join("");
  /** Stores of WebAssembly's kernel. */
  const stores = (sample: Sample): string[] =>
    textOf(sample)
      .split("\n")
      .filter((line) => /^ *b\d+\[/.test(line));
  it("reach through a whole line of a cache, of tiles that cost the same", () => {
    expect(textOf(matmul(16, 64, 512))).toMatch(/for a\d+ in 0 .. 64 step 16 /);
  });
  it("lie side by side where what follows is computed of four points at once", () => {
    const found = stores(byTranspose(8, 8, 512));
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((line) => line.includes("…]"))).toBe(true);
  });
});

describeGpu("over WGSL", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    device = await softwareDevice();
  });
  afterAll(() => {
    device.destroy();
  });
  it.each(samples.map((sample) => [sample.name, sample] as const))("%s", async (_, sample) => {
    const { planned, expected, given } = prepare(sample);
    const { results } = await runOnGpu(device, planned, given);
    expectClose(results, expected, 1e-5);
  });

  describe.each([
    ["wide", wide],
    ["for an adapter in software", software],
  ])("%s", (_target, target) => {
    it.each(samples.map((sample) => [sample.name, sample] as const))("%s", async (_, sample) => {
      const { planned, expected, given } = prepare(sample, (schedule) =>
        mapSchedule(schedule, {}, { gpu: target }),
      );
      expect(planned.kernels.flatMap((kernel) => verifyKernel(kernel.gpu))).toEqual([]);
      const { results } = await runOnGpu(device, planned, given);
      expectClose(results, expected, 1e-5);
    });
  });

  describe.each([
    ["in tiles of 32", staging],
    ["in tiles of 16", stagingSmall],
  ])("staged %s", (_target, target) => {
    const kernelsOf = (schedule: Schedule) => mapSchedule(schedule, {}, { gpu: target });
    const isStaged = ({ builder, nests }: Sample): boolean =>
      kernelsOf(scheduleOf(builder, nests)).some(({ gpu: { shared } }) => shared.length > 1);
    const contracting = [...samples.filter(isStaged), ...stagedSamples];
    it("are products and convolutions", () => {
      expect(samples.filter(isStaged).length).toBeGreaterThan(10);
      expect(stagedSamples.filter((sample) => !isStaged(sample)).map(({ name }) => name)).toEqual(
        [],
      );
    });
    it("have a way without barriers, for adapters on which these cost more", () => {
      const waiting = stagedSamples.filter((sample) => {
        const { kernels } = withShaders(prepare(sample, kernelsOf).planned, alone);
        return kernels.some(({ plan }) => plan.wgsl.includes("workgroupBarrier"));
      });
      // Of one term there is no loop that could have two ways.
      expect(waiting.map(({ name }) => name)).toEqual(["matmul 1 × 1 × 1"]);
    });
    it.each(contracting.map((sample) => [sample.name, sample] as const))(
      "%s",
      async (_, sample) => {
        const { planned, expected, given } = prepare(sample, kernelsOf);
        expect(planned.kernels.flatMap((kernel) => verifyKernel(kernel.gpu))).toEqual([]);
        const { results } = await runOnGpu(device, planned, given);
        // Sums of 1,100 terms of either sign lose as much.
        expectClose(results, expected, 1e-4);
        const byThemselves = await runOnGpu(device, withShaders(planned, alone), given);
        expectClose(byThemselves.results, expected, 1e-4);
      },
    );
  });

  describe.each([
    ["in software", software],
    ["where loads are dear", sharing],
  ])("in quads %s", (_target, target) => {
    it.each(samples.map((sample) => [sample.name, sample] as const))("%s", async (_, sample) => {
      const { planned, expected, given } = prepare(sample, (schedule) =>
        mapSchedule(schedule, {}, { software: target }),
      );
      expect(planned.kernels.flatMap((kernel) => verifyKernel(kernel.software))).toEqual([]);
      const { results } = await runOnGpu(device, inQuads(planned), given);
      expectClose(results, expected, 1e-5);
    });
  });

  it("loads in quads, elements side by side and apart", () => {
    const shaders = samples.flatMap((sample) => {
      const { planned } = prepare(sample, (schedule) =>
        mapSchedule(schedule, {}, { software: sharing }),
      );
      return inQuads(planned).kernels.map(({ plan }) => plan.wgsl);
    });
    const shared = shaders.filter((text) => text.includes("enable subgroups;"));
    expect(shared.length).toBeGreaterThan(8);
    expect(shared.some((text) => text.includes(", lane)"))).toBe(true);
    expect(shared.some((text) => /, lane_\d+\)/.test(text))).toBe(true);
  });

  it("computes in vectors where neighbours lie side by side", () => {
    const shaders = samples.map((sample) => {
      const { planned } = prepare(sample, (schedule) => mapSchedule(schedule, {}, { gpu: wide }));
      return planned.kernels.map(({ plan }) => plan.wgsl).join();
    });
    const inVectors = shaders.filter((text) => text.includes("vec4<f32>"));
    expect(inVectors.length).toBeGreaterThan(samples.length / 2);
  });
});
