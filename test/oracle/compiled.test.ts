// The oracle's records in; compiled plans must give PyTorch's numbers: on the CPU in double and single precision, and in WGSL.
import { describe, expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/index.js";
import { compileOne, open } from "../support/compiled.js";
import type { TestBackend } from "../support/compiled.js";
import { readRecords, runFiles, tensorOf, valueFiles, worstError } from "./records.js";
import type { RunRecord, Tensors, ValueRecord } from "./records.js";

/** Relative to |expected| + floor. Double precision reproduces the nine digits that the records have. */
const tolerance: Record<TestBackend, number> = { f64: 1e-7, f32: 1e-4, webgpu: 1e-4 };

const backends: readonly TestBackend[] = ["f64", "f32", "webgpu"];

async function writeAll(net: TrainingNet, weights: Tensors): Promise<void> {
  for (const [name, { data }] of Object.entries(weights)) await net.write(name, [...data]);
}

async function expectParameters(net: TrainingNet, expected: Tensors, limit: number): Promise<void> {
  for (const [name, { data }] of Object.entries(expected)) {
    expect(worstError(await net.read(name), data), name).toBeLessThan(limit);
  }
}

function given(tensors: Tensors): Record<string, { data: number[]; shape: number[] }> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { data, shape }]) => [
      name,
      { data: [...data], shape: [...shape] },
    ]),
  );
}

async function checkValues(record: ValueRecord, backend: TestBackend): Promise<void> {
  const limit = tolerance[backend];
  const net = await open(compileOne(record.gradient_source ?? record.source), backend);
  await writeAll(net, record.weights);
  const found = await net.predict(given(record.inputs));
  const { data: y } = tensorOf(record.outputs, "y");
  expect(worstError(found["y"] ?? [], y), "y").toBeLessThan(limit);
  for (const [name, { data }] of Object.entries(record.gradients ?? {})) {
    if (!(name in record.inputs)) continue;
    expect(worstError(found[`${name}_gradient`] ?? [], data), `d ${name}`).toBeLessThan(limit);
  }
  if (record.after !== undefined) {
    await net.step(given(record.inputs), { epoch: 0 });
    expect(worstError([(await net.report()).loss], record.losses ?? []), "loss").toBeLessThan(
      limit,
    );
    await expectParameters(net, record.after, limit);
  }
  net.destroy();
}

async function checkRun(record: RunRecord, backend: TestBackend): Promise<void> {
  const limit = tolerance[backend];
  const net = await open(compileOne(record.source), backend);
  await writeAll(net, record.weights);
  for (const [index, batch] of record.batches.entries()) {
    await net.step(given(batch), { epoch: 0 });
    const report = await net.report();
    expect(worstError([report.loss], record.losses.slice(index, index + 1))).toBeLessThan(limit);
    const penalty = record.penalties.slice(index, index + 1);
    expect(worstError([report.penalty], penalty), "penalty").toBeLessThan(limit);
    const after = record.after_each?.[index];
    if (after !== undefined) await expectParameters(net, after, limit);
  }
  if (record.after !== undefined) await expectParameters(net, record.after, limit);
  const [first] = record.batches;
  if (record.predicted_after !== undefined && first !== undefined) {
    const found = await net.predict(given(first));
    for (const [name, { data }] of Object.entries(record.predicted_after)) {
      expect(worstError(found[name] ?? [], data), name).toBeLessThan(limit);
    }
  }
  net.destroy();
}

/** Their models hold a recurrence, which is not lowered yet; test/oracle/graph.test.ts checks them. */
const recurrent = /\b(rnn|lstm|gru|bidirectional)\(/;

describe.each(backends)("on %s", (backend) => {
  describe.each(valueFiles)("%s", (file) => {
    const records = readRecords(file).filter((record) => !recurrent.test(record.source));
    it.each(records.map((record) => [record.name, record] as const))("%s", (_, record) =>
      checkValues(record, backend),
    );
  });
  describe.each(runFiles)("%s", (file) => {
    it.each(readRecords(file).map((record) => [record.name, record] as const))("%s", (_, record) =>
      checkRun(record, backend),
    );
  });
});
