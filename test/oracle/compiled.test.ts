// The oracle's records in; compiled plans must give PyTorch's numbers: on the CPU in double and single precision, and in WGSL.
import { afterAll, describe, expect, it } from "vitest";
import type { CompiledModel } from "../../compiler/compile.js";
import type { TrainingNet } from "../../runtime/index.js";
import { compileOne, open } from "../support/compiled.js";
import type { TestBackend } from "../support/compiled.js";
import { readRecords, runFiles, tensorOf, valueFiles, worstError } from "./records.js";
import type { RunRecord, Tensors, ValueRecord } from "./records.js";

/** Relative to |expected| + floor. Double precision reproduces the nine digits that the records have. */
const tolerance: Record<TestBackend, number> = {
  f64: 1e-7,
  f32: 1e-4,
  webgpu: 1e-4,
  "any adapter": 1e-4,
};

type Outputs = Readonly<Record<string, ArrayLike<number>>>;

/** Each record on the CPU, and with the kernels of one kind of adapter, in turn: pipelines take most of the time. */
function backendsOf(turn: number): readonly TestBackend[] {
  return ["f64", "f32", turn % 2 === 0 ? "webgpu" : "any adapter"];
}

/**
 * Parameters whose gradient is zero but for rounding (a bias before batch_norm): an optimizer that divides by the gradient's
 * size turns the rounding of single precision into steps, which the running mean follows. Double precision agrees.
 */
const unmoved: Readonly<Record<string, readonly string[]>> = {
  "two tasks: batch_norm, prelu, maxout, nadam, elastic_net": [
    "dense_1.b",
    "batch_norm_1.running_mean",
  ],
};

async function writeAll(net: TrainingNet, weights: Tensors): Promise<void> {
  for (const [name, { data }] of Object.entries(weights)) await net.write(name, [...data]);
}

async function expectParameters(
  net: TrainingNet,
  expected: Tensors,
  limit: number,
  record: string,
): Promise<void> {
  for (const [name, { data }] of Object.entries(expected)) {
    if (limit > tolerance.f64 && unmoved[record]?.includes(name)) continue;
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

async function checkValues(
  record: ValueRecord,
  model: CompiledModel,
  backend: TestBackend,
): Promise<void> {
  const limit = tolerance[backend] * (record.name === magnified ? 10 : 1);
  const net = await open(model, backend);
  await writeAll(net, record.weights);
  const found: Outputs = await net.predict(given(record.inputs));
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
    await expectParameters(net, record.after, limit, record.name);
  }
  net.destroy();
}

async function checkRun(
  record: RunRecord,
  model: CompiledModel,
  backend: TestBackend,
): Promise<void> {
  const limit = tolerance[backend];
  const net = await open(model, backend);
  const [first] = record.batches;
  if (first !== undefined && Object.values(net.parameters).some(({ role }) => role === "fitted")) {
    await net.prepare(given(first));
  }
  await writeAll(net, record.weights);
  for (const [index, batch] of record.batches.entries()) {
    await net.step(given(batch), { epoch: 0 });
    const report = await net.report();
    expect(worstError([report.loss], record.losses.slice(index, index + 1))).toBeLessThan(limit);
    const penalty = record.penalties.slice(index, index + 1);
    expect(worstError([report.penalty], penalty), "penalty").toBeLessThan(limit);
    const after = record.after_each?.[index];
    if (after !== undefined) await expectParameters(net, after, limit, record.name);
  }
  if (record.after !== undefined) await expectParameters(net, record.after, limit, record.name);
  const comparable = backend === "f64" || unmoved[record.name] === undefined;
  if (record.predicted_after !== undefined && first !== undefined && comparable) {
    const found: Outputs = await net.predict(given(first));
    for (const [name, { data }] of Object.entries(record.predicted_after)) {
      expect(worstError(found[name] ?? [], data), name).toBeLessThan(limit);
    }
  }
  net.destroy();
}

/** Its x is nearly constant within a group: dividing by the deviation magnifies rounding. */
const magnified = "group_norm(3)";

/** A record's source is compiled once, when the first of its backends needs it, and given up after the last. */
function onEach(
  turn: number,
  source: string,
  check: (model: CompiledModel, backend: TestBackend) => Promise<void>,
): void {
  let model: CompiledModel | undefined;
  afterAll(() => {
    model = undefined;
  });
  it.each(backendsOf(turn))("on %s", async (backend) => {
    model ??= compileOne(source);
    await check(model, backend);
  });
}

describe.each(valueFiles)("%s", (file) => {
  const records = readRecords(file).map((record, turn) => [record.name, turn, record] as const);
  describe.each(records)("%s", (_, turn, record) => {
    onEach(turn, record.gradient_source ?? record.source, (model, backend) =>
      checkValues(record, model, backend),
    );
  });
});

describe.each(runFiles)("%s", (file) => {
  const records = readRecords(file).map((record, turn) => [record.name, turn, record] as const);
  describe.each(records)("%s", (_, turn, record) => {
    onEach(turn, record.source, (model, backend) => checkRun(record, model, backend));
  });
});
