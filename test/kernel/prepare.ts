// A sample in; its plan, what is given to it and what is to come of it by plain loops, and a comparison with that, out.

import { expect } from "vitest";
import { planPrograms } from "../../compiler/emit/plan.js";
import { mapSchedule } from "../../compiler/kernel/index.js";
import type { NestKernels } from "../../compiler/kernel/targets.js";
import type { Schedule } from "../../compiler/types/nest.js";
import { runNests } from "../support/runSchedule.js";
import { made } from "./nestSamples.js";
import type { Sample } from "./nestSamples.js";
import { scheduleOf } from "./nests.js";
import type { Given } from "./run.js";

export function prepare(
  sample: Sample,
  kernelsOf: (schedule: Schedule) => readonly NestKernels[] = (schedule) => mapSchedule(schedule),
) {
  const { builder } = sample;
  const sizes = sample.sizes ?? {};
  const schedule = scheduleOf(builder, sample.nests);
  const planned = planPrograms(
    [
      {
        head: { name: "p", kind: "predict", inputs: [] },
        schedule,
        kernels: kernelsOf(schedule),
      },
    ],
    { storages: [], dimensions: Object.keys(sizes), describe: (origin) => origin.path },
  );
  return { planned, ...expectedOf(sample, schedule) };
}

interface Expected {
  readonly expected: number[][];
  readonly given: Given;
}

const known = new Map<Sample, Expected>();

/** What the nests of a sample mean, whatever kernels compute them: the plain loops are slow, and run once. */
function expectedOf(sample: Sample, schedule: Schedule): Expected {
  const before = known.get(sample);
  if (before !== undefined) return before;
  const sizes = sample.sizes ?? {};
  const inputs: Record<string, readonly number[]> = {};
  const buffers = sample.builder.buffers.map((buffer, at) => {
    const count =
      typeof buffer.elements === "number"
        ? buffer.elements
        : (sizes["batch"] ?? 1) * (buffer.elements.terms[0]?.coefficient ?? 1);
    if (buffer.kind !== "input") return new Float64Array(count);
    const values = sample.inputs?.[buffer.input] ?? made(count, at + 1);
    inputs[buffer.input] = values;
    return Float64Array.from(values, (value) =>
      buffer.type === "f32" ? Math.fround(value) : value,
    );
  });
  runNests(sample.nests, { buffers, dims: sizes });
  const expected = schedule.results.map((result) => [...(buffers[result.buffer] ?? [])]);
  const meant = { expected, given: { inputs, sizes } };
  known.set(sample, meant);
  return meant;
}

export function expectClose(
  actual: readonly number[][],
  expected: readonly number[][],
  tolerance: number,
) {
  expect(actual.length).toBe(expected.length);
  expected.forEach((values, result) => {
    values.forEach((value, index) => {
      const found = actual[result]?.[index] ?? NaN;
      const close = Math.abs(found - value) <= tolerance * Math.max(1, Math.abs(value));
      if (!close) expect({ result, index, found }).toEqual({ result, index, found: value });
    });
  });
}
