// The example programs in; every level of them verified, their shaders compiled by the driver, and training and prediction the
// same with and without optimization, fusion, merged dispatches and shared memory, out.

import { countOf } from "../../runtime/dimensions.js";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cpuModuleText } from "../../compiler/emit/plan.js";
import { verifyGraph } from "../../compiler/graph/verify.js";
import { targetNames } from "../../compiler/kernel/targets.js";
import { printSchedule } from "../../compiler/schedule/print.js";
import { verifySchedule } from "../../compiler/schedule/verify.js";
import { verifyKernel } from "../../compiler/kernel/verify.js";
import type { TypedModel } from "../../compiler/types/model.js";
import { renderAll } from "../../grammar/render.js";
import { load } from "../../runtime/index.js";
import type { TrainingNet } from "../../runtime/index.js";
import { GIVEN_WORDS } from "../../runtime/plan.js";
import type { Plan } from "../../runtime/plan.js";
import { compatibilityDevice, describeGpu, softwareDevice } from "../support/adapter.js";
import { check, importText } from "../support/compiled.js";
import { drawnData } from "../support/drawnData.js";
import { kernelFor } from "../../runtime/variants.js";
import { variantOf } from "../support/variants.js";
import type { Variant, VariantOptions } from "../support/variants.js";

const folder = join(import.meta.dirname, "../../examples/programs");

/** Too large to run here: sixty million numbers. */
const verifiedAlone = new Set(["AlexNet"]);

interface Program {
  readonly name: string;
  readonly typed: TypedModel;
}

const files = readdirSync(folder).filter((file) => file.endsWith(".nn"));
const programs = files.flatMap((file): Program[] => {
  const { models, diagnostics } = check(readFileSync(join(folder, file), "utf8"), { file });
  if (diagnostics.length > 0) throw new Error(renderAll(diagnostics));
  return models.map((typed) => ({ name: typed.name, typed }));
});
const listed = programs.map((program) => [program.name, program] as const);

const variants: Readonly<Record<string, VariantOptions>> = {
  "as users get it": {},
  "not fused": { fuse: false },
  "a dispatch a nest": { merge: false },
  "in fresh buffers": { share: false },
  "not optimized": { optimize: false },
};

const made = new Map<string, Variant>();

function variant(program: Program, name: string): Variant {
  const key = `${program.name} ${name}`;
  const known = made.get(key) ?? variantOf(program.typed, variants[name]);
  made.set(key, known);
  return known;
}

it("all compile", () => {
  const compiled = new Set(programs.map(({ typed }) => typed.place.file.name));
  expect(files.filter((file) => !compiled.has(file))).toEqual([]);
});

it("AlexNet has the published count of trained numbers", () => {
  const alexnet = programs.find(({ name }) => name === "AlexNet");
  if (alexnet === undefined) throw new Error("no AlexNet");
  const { plan } = variant(alexnet, "as users get it");
  const counts = plan.parameters
    .filter(({ role }) => role !== "state" && role !== "fitted")
    .map(({ shape }) => countOf(shape));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(60_965_224);
});

describe.each(Object.keys(variants))("verified %s", (name) => {
  it.each(listed)("%s", (_, program) => {
    const { built, schedules, planned } = variant(program, name);
    for (const { name: own, effects } of built.programs) {
      expect(verifyGraph(effects.map(({ value }) => value)), own).toEqual([]);
    }
    for (const schedule of schedules) {
      expect(verifySchedule(schedule), printSchedule(schedule)).toEqual([]);
    }
    for (const kernel of planned.kernels) {
      const faults = targetNames.flatMap((target) => verifyKernel(kernel[target]));
      expect(faults, kernel.plan.name).toEqual([]);
    }
    for (const { plan, gpu, software } of planned.merged)
      expect([...verifyKernel(gpu), ...verifyKernel(software)], plan.name).toEqual([]);
  });
});

/** Everything that a step and a prediction leave behind, by name. */
type Outcome = ReadonlyMap<string, readonly number[]>;

const batch = 3;

function sizesOf(plan: Plan): Record<string, number> {
  return Object.fromEntries(
    plan.dimensions.map(({ name }) => [name, name === "batch" ? batch : 5]),
  );
}

async function openDouble({ plan, planned }: Variant): Promise<TrainingNet> {
  const text = cpuModuleText(planned.kernels, "f64");
  return load(plan, { backend: "cpu", precision: 64, seed: 5, cpu: () => importText(text) });
}

async function outcomeOf(own: Variant): Promise<Outcome> {
  const { plan } = own;
  const net = await openDouble(own);
  const sizes = sizesOf(plan);
  const data = drawnData(plan, sizes);
  const outcome = new Map<string, readonly number[]>();
  if (plan.programs.some(({ series }) => series === "fitted")) await net.prepare(data);
  for (const { name } of plan.stages) {
    for (let turn = 0; turn < 2; turn++)
      await net.step(data, { stage: name, epoch: 0, progress: turn / 2 });
    const { loss, penalty, metrics } = await net.report();
    outcome.set(`report of ${name}`, [loss, penalty, ...Object.values(metrics)]);
  }
  for (const { name } of plan.parameters) outcome.set(name, [...(await net.read(name))]);
  const inputs = drawnData(plan, sizes, ["input"]);
  const outputs: Readonly<Record<string, ArrayLike<number>>> = await net.predict(inputs, {
    batch,
    dimensions: sizes,
  });
  for (const [name, value] of Object.entries(outputs)) outcome.set(name, Array.from(value));
  net.destroy();
  return outcome;
}

function expectSame(found: Outcome, expected: Outcome, tolerance: number): void {
  expect([...found.keys()]).toEqual([...expected.keys()]);
  for (const [name, values] of expected) {
    const own = found.get(name) ?? [];
    expect(own.length, name).toBe(values.length);
    values.forEach((value, at) => {
      const have = own[at] ?? NaN;
      const near = Math.abs(have - value) <= tolerance * (1 + Math.abs(value));
      if (!near) expect({ name, at, value: have }).toEqual({ name, at, value });
    });
  }
}

describe("two steps of every stage, then a prediction, in double precision", () => {
  const run = listed.filter(([name]) => !verifiedAlone.has(name));
  it.each(run)("%s", async (_, program) => {
    const usual = await outcomeOf(variant(program, "as users get it"));
    for (const [name, values] of usual) {
      expect(values.every(Number.isFinite), name).toBe(true);
    }
    expectSame(await outcomeOf(variant(program, "a dispatch a nest")), usual, 0);
    expectSame(await outcomeOf(variant(program, "in fresh buffers")), usual, 0);
    expectSame(await outcomeOf(variant(program, "not fused")), usual, 1e-9);
    expectSame(await outcomeOf(variant(program, "not optimized")), usual, 1e-9);
  });
});

describeGpu("the driver's compiler", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    device = await softwareDevice();
  });
  afterAll(() => {
    device.destroy();
  });
  it.each(listed)("takes every kernel of %s", async (_, program) => {
    const { plan } = variant(program, "as users get it");
    const messages = await Promise.all(
      plan.kernels
        .flatMap((kernel) => [
          kernel,
          kernelFor(kernel, "software", false),
          kernelFor(kernel, "software", true),
        ])
        .filter(({ wgsl }) => wgsl !== "")
        .map(async ({ name, wgsl }) => {
          const module = device.createShaderModule({ code: wgsl });
          const { messages: own } = await module.getCompilationInfo();
          return own.map(({ type, message }) => `${name}: ${type}: ${message}`);
        }),
    );
    expect(messages.flat()).toEqual([]);
  });

  it("and its compatibility mode: none asks for more than that has", async () => {
    const compatibility = await compatibilityDevice();
    const { limits } = compatibility;
    compatibility.destroy();
    // Or all of this would be of a device that has all of WebGPU.
    expect(limits.maxComputeInvocationsPerWorkgroup).toBe(128);
    const most = {
      invocations: Math.min(
        limits.maxComputeInvocationsPerWorkgroup,
        limits.maxComputeWorkgroupSizeX,
      ),
      storageBuffers: limits.maxStorageBuffersPerShaderStage,
      uniformBytes: limits.maxUniformBufferBindingSize,
    };
    for (const [, program] of listed) {
      const { plan } = variant(program, "as users get it");
      const asked = {
        invocations: plan.kernels.flatMap(({ wgsl, variants: own }) =>
          [wgsl, own?.software?.wgsl, own?.software?.quads].flatMap(sizesOfWorkgroups),
        ),
        storageBuffers: plan.kernels.map(({ bindings }) => bindings.length),
        uniformBytes: [
          4 * GIVEN_WORDS,
          ...plan.programs.map(({ uniforms }) => 4 * Math.ceil(uniforms.length / 4) * 4),
        ],
      };
      for (const [name, limit] of Object.entries(most))
        expect(
          Math.max(...asked[name as keyof typeof asked]),
          `${program.name}: ${name}`,
        ).toBeLessThanOrEqual(limit);
    }
  });
});

function sizesOfWorkgroups(wgsl = ""): number[] {
  return [...wgsl.matchAll(/@workgroup_size\((\d+)\)/g)].map(([, size]) => Number(size));
}
