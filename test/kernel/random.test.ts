// Draws and what is decided from them in; the same bits on the CPU and in WGSL, and the published numbers of Philox, out.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mapSchedule } from "../../compiler/kernel/index.js";
import { planPrograms } from "../../compiler/emit/plan.js";
import type { Scalar } from "../../compiler/types/nest.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import * as nests from "./nests.js";
import type { Given } from "./run.js";
import { runOnCpu, runOnGpu } from "./run.js";

const { at, op, cast, float } = nests;
const count = 20_000;
const stream = 0x9e3779b1;
const words = { seed: 7, counter: 41 };
const given: Given = { inputs: {}, words };

function draw(source: "uniform" | "bits", index: Scalar): Scalar {
  const type = source === "bits" ? "u32" : "f32";
  return {
    kind: "random",
    type,
    source,
    stream: { kind: "argument", type: "u32", argument: 0 },
    index,
  };
}

/** Bits, uniforms, and decisions: a coin of odds 0.3, an integer below 10 and one below 64, a shifted one. */
function planDraws() {
  const b = nests.createBuilder();
  const i = b.axis(count);
  const uniform = draw("uniform", at(i));
  const below = (limit: number): Scalar =>
    cast("i32", op("floor", op("multiply", uniform, float(limit))));
  const values: readonly Scalar[] = [
    draw("bits", at(i)),
    uniform,
    op("less", uniform, float(0.3)),
    below(10),
    below(64),
    cast("i32", op("floor", op("add", op("multiply", uniform, float(7.3)), float(-2.1)))),
  ];
  const stores = values.map((value) => ({
    buffer: b.temporary(count, value.type === "index" ? "i32" : value.type),
    index: at(i),
    value,
  }));
  const nest = nests.nestOf("draws", [i], stores, [stream]);
  const schedule = nests.scheduleOf(b, [nest]);
  return planPrograms(
    [
      {
        head: { name: "p", kind: "predict", inputs: [] },
        schedule,
        kernels: mapSchedule(schedule),
      },
    ],
    { storages: [], dimensions: [], describe: (origin) => origin.path },
  );
}

/** Philox 4×32-10 as published, over big integers. */
function philox(counter: readonly number[], key: readonly number[]): number {
  const mask = 0xffffffffn;
  let [c0 = 0n, c1 = 0n, c2 = 0n, c3 = 0n] = counter.map(BigInt);
  let [k0 = 0n, k1 = 0n] = key.map(BigInt);
  for (let round = 0; round < 10; round++) {
    const first = 0xd2511f53n * c0;
    const second = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [
      ((second >> 32n) ^ c1 ^ k0) & mask,
      second & mask,
      ((first >> 32n) ^ c3 ^ k1) & mask,
      first & mask,
    ];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return Number(c0);
}

describe("draws on the CPU", () => {
  it("are Philox with the seed as its key", () => {
    // The known answer of the generator's authors for a counter and key of zeros.
    expect(philox([0, 0, 0, 0], [0, 0])).toBe(0x6627e8d5);
    const [bits = []] = runOnCpu(planDraws(), given, "f32").results;
    for (const index of [0, 1, 2, 77, 19_999]) {
      const expected = philox([index, words.counter, stream, 0], [words.seed, 0]);
      expect(bits[index]).toBe(expected);
    }
  });

  it("lie strictly between 0 and 1, with the mean and spread of a uniform draw", () => {
    const [, uniform = []] = runOnCpu(planDraws(), given, "f64").results;
    const mean = uniform.reduce((sum, value) => sum + value, 0) / count;
    const square = uniform.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    expect(Math.min(...uniform)).toBeGreaterThan(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(square - 1 / 12)).toBeLessThan(0.002);
  });
});

describeGpu("draws in WGSL", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    device = await softwareDevice();
  });
  afterAll(() => {
    device.destroy();
  });

  it("and what is decided from them equal those of the CPU, bit for bit", async () => {
    const planned = planDraws();
    const cpu = runOnCpu(planned, given, "f32").results;
    const gpu = (await runOnGpu(device, planned, given)).results;
    expect(gpu).toEqual(cpu);
  });
});
