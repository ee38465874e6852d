// The oracle's sources come in, analysed with the prelude; their graphs, interpreted in double precision, must give
// PyTorch's values, derivatives, updates and losses. Nothing is scheduled or lowered here.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import type { Node } from "../../compiler/types/graph.js";
import type { StageDeclaration, TypedModel } from "../../compiler/types/model.js";
import { interpret, interpretOne, type Bindings } from "../support/interpret.js";
import { modelOf } from "./model.js";
import {
  readRecords,
  tensorOf,
  runFiles,
  valueFiles,
  worstError,
  type RunRecord,
  type Tensors,
  type ValueRecord,
} from "./records.js";
import { reference, type Tensor } from "./reference.js";

/** The sizes of the model's free dimensions in these inputs. */
function dimensionsOf(model: TypedModel, inputs: Tensors): Record<string, number> {
  const [first] = Object.values(inputs);
  expect(model.freeDimensions.length).toBeLessThanOrEqual(1);
  return { batch: first?.shape[0] ?? 1 };
}

function agree(found: Tensor, expected: Tensor, tolerance = 1e-7): void {
  expect(found.shape).toEqual(expected.shape);
  expect(worstError(found.data, expected.data)).toBeLessThan(tolerance);
}

/** Outputs and `_gradient` outputs of a source by name. */
function outputsOf(source: string, inputs: Tensors, stored: Tensors): Tensors {
  const model = modelOf(source);
  const { outputs } = model.inference;
  const values = interpret(
    outputs.map(({ value }) => value),
    { leaves: { ...inputs, ...stored }, dimensions: dimensionsOf(model, inputs) },
  );
  return Object.fromEntries(
    outputs.map(({ name }, i) => [name, values[i] ?? { data: [], shape: [] }]),
  );
}

describe.each(valueFiles)("%s", (file) => {
  const records = readRecords(file);
  it.each(records.map((record) => [record.name, record] as const))("%s", (_, record) => {
    const source = record.gradient_source ?? record.source;
    const found = outputsOf(source, record.inputs, record.weights);
    agree(tensorOf(found, "y"), tensorOf(record.outputs, "y"));
    if (record.gradients === undefined) return;
    for (const [input, expected] of Object.entries(record.gradients)) {
      if (input in record.inputs) agree(tensorOf(found, `${input}_gradient`), expected);
    }
    checkStep(record);
  });
});

/** A loss as the number that is minimised, and what it adds to the derivatives of some parameters. */
interface Term {
  readonly value: number;
  readonly gradients: readonly Tensor[];
}

/** The mean over all entries of a node, and its derivatives with respect to stored tensors. */
function termOf(node: Node, names: readonly string[], bindings: Bindings): Term {
  // ids of the nodes made here stand apart from those of the model
  const builder = createBuilder(1e9);
  const found = new Map<string, Node>();
  for (const one of topologicalOrder([node])) {
    if (one.op === "stored") found.set(one.attributes.name, one);
  }
  const variables = names.map((name) => found.get(name));
  const used = variables.filter((variable) => variable !== undefined);
  const [value, ...derivatives] = interpret(
    [node, ...differentiate(builder, node, used)],
    bindings,
  );
  const count = value?.data.length ?? NaN;
  const gradients = names.map((name, i) => {
    const variable = variables[i];
    const derivative = variable === undefined ? undefined : derivatives[used.indexOf(variable)];
    const { shape, data } = tensorOf(bindings.leaves, name);
    const entries = Array.from(data, (_, entry) => (derivative?.data[entry] ?? 0) / count);
    return { shape, data: entries };
  });
  return { value: total(value?.data ?? []) / count, gradients };
}

function total(values: Tensor["data"]): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0);
}

/** Entry by entry. */
function combine(tensors: readonly Tensor[]): Tensor {
  return tensors.reduce((a, b) => reference.add([a, b]));
}

/** The losses of a batch and the new values of everything stored, by the model's first stage. */
class Training {
  private readonly stage: StageDeclaration;
  private readonly states = new Map<string, Tensor>();
  private step = 0;

  constructor(
    private readonly model: TypedModel,
    public stored: Tensors,
  ) {
    const [stage] = model.stages;
    if (stage === undefined) throw new Error("the record has no train block");
    this.stage = stage;
  }

  run(batch: Tensors): { readonly loss: number; readonly penalty: number } {
    this.step += 1;
    const { model } = this;
    const dimensions = dimensionsOf(model, batch);
    const computed = model.inputs.flatMap(({ name, source }) => {
      if (source.kind !== "computed") return [];
      return [[name, interpretOne(source.value.training, { leaves: batch, dimensions })] as const];
    });
    const leaves = { ...batch, ...Object.fromEntries(computed), ...this.stored };
    const bindings: Bindings = { leaves, dimensions };
    const names = this.stage.objectives.flatMap(({ updates }) =>
      updates.flatMap((one) => one.parameters),
    );
    const losses = model.training.losses.map(({ value }) => termOf(value, names, bindings));
    const penalties = model.training.penalties.map(({ value }) => termOf(value, names, bindings));
    const terms = [...losses, ...penalties];
    const sums = names.map((_, i) =>
      combine(terms.map(({ gradients }) => gradients[i] ?? scalar(0))),
    );
    const gradients = new Map(this.clipped(sums).map((g, i) => [names[i] ?? "", g]));
    const written = model.training.stateUpdates.map(
      ({ name, value }) => [name, interpretOne(value, bindings)] as const,
    );
    this.update(gradients);
    this.stored = { ...this.stored, ...Object.fromEntries(written) };
    return {
      loss: total(losses.map(({ value }) => value)),
      penalty: total(penalties.map(({ value }) => value)),
    };
  }

  private clipped(gradients: readonly Tensor[]): readonly Tensor[] {
    const { clipNorm = Infinity, clipValue = Infinity } = this.stage;
    const norm = Math.sqrt(total(gradients.flatMap(({ data }) => Array.from(data, (g) => g * g))));
    const factor = Math.min(1, clipNorm / norm);
    return gradients.map(({ data, shape }) => ({
      shape,
      data: Array.from(data, (g) => Math.max(-clipValue, Math.min(g * factor, clipValue))),
    }));
  }

  private update(gradients: ReadonlyMap<string, Tensor>): void {
    const next: Record<string, Tensor> = {};
    for (const { optimizer, parameters } of this.stage.objectives.flatMap(
      ({ updates }) => updates,
    )) {
      for (const name of parameters) {
        const w = tensorOf(this.stored, name);
        const { states, weight } = optimizer.update(w.shape);
        const given = {
          w,
          g: gradients.get(name) ?? scalar(0),
          step: scalar(this.step),
          epoch: scalar(0),
          progress: scalar(0),
        };
        const before = states.map((state) => {
          const [initial = scalar(0)] = interpret([state.initial], { leaves: given });
          const fresh = reference.broadcast([initial], { shape: state.shape as number[] });
          return [
            `state.${state.name}`,
            this.states.get(`${name} ${state.name}`) ?? fresh,
          ] as const;
        });
        const leaves = { ...Object.fromEntries(before), ...given };
        const nodes = [weight, ...states.map((state) => state.next)];
        const [updated, ...kept] = interpret(nodes, { leaves });
        if (updated !== undefined) next[name] = this.projected(name, updated);
        states.forEach((state, i) => {
          const value = kept[i];
          if (value !== undefined) this.states.set(`${name} ${state.name}`, value);
        });
      }
    }
    this.stored = { ...this.stored, ...next };
  }

  private projected(name: string, w: Tensor): Tensor {
    return this.stage.projections
      .filter(({ parameters }) => parameters.includes(name))
      .reduce((value, { apply }) => interpretOne(apply(value.shape), { leaves: { w: value } }), w);
  }
}

function scalar(value: number): Tensor {
  return { data: [value], shape: [] };
}

/** The parameters after one step by `sgd(lr: B)` are the weights minus the derivatives. */
function checkStep(record: ValueRecord): void {
  if (record.after === undefined) return;
  const training = new Training(modelOf(record.source), record.weights);
  const { loss, penalty } = training.run(record.inputs);
  agree(
    { data: [loss, penalty], shape: [2] },
    { data: [record.losses?.[0] ?? NaN, 0], shape: [2] },
  );
  for (const [name, value] of Object.entries(record.after))
    agree(tensorOf(training.stored, name), value);
}

describe.each(runFiles)("%s", (file) => {
  const records = readRecords(file);
  it.each(records.map((record) => [record.name, record] as const))("%s", (_, record) => {
    checkRun(record);
  });
});

function checkRun(record: RunRecord): void {
  const training = new Training(modelOf(record.source), record.weights);
  record.batches.forEach((batch, step) => {
    const { loss, penalty } = training.run(batch);
    const expected = [record.losses[step] ?? NaN, record.penalties[step] ?? NaN];
    agree({ data: [loss, penalty], shape: [2] }, { data: expected, shape: [2] });
    for (const [name, value] of Object.entries(record.after_each?.[step] ?? {})) {
      agree(tensorOf(training.stored, name), value);
    }
  });
  for (const [name, value] of Object.entries(record.after ?? {})) {
    agree(tensorOf(training.stored, name), value);
  }
  const [first] = record.batches;
  if (record.predicted_after === undefined || first === undefined) return;
  const found = outputsOf(record.source, first, training.stored);
  for (const [name, value] of Object.entries(record.predicted_after))
    agree(tensorOf(found, name), value);
}

describe("schedules", () => {
  const records = readRecords("schedules");
  it.each(records.map((record) => [record.name, record] as const))(
    "%s",
    (_, { source, points }) => {
      const [stage] = modelOf(source).stages;
      const optimizer = stage?.objectives[0]?.updates[0]?.optimizer;
      if (optimizer === undefined) throw new Error("the record has no optimizer");
      const { weight } = optimizer.update([]);
      for (const { value, step, epoch, progress } of points) {
        const time = { step: scalar(step), epoch: scalar(epoch), progress: scalar(progress) };
        // sgd from 0 along -1: the new weight is the learning rate
        const rate = interpretOne(weight, { leaves: { w: scalar(0), g: scalar(-1), ...time } });
        agree(rate, scalar(value));
      }
    },
  );

  it.each([2, 3, 5, 7, 10])(
    "warm_restarts begins anew at each power of %d, however it is rounded",
    (growth) => {
      const source = `model M {\n  input x: [batch]\n  weight w: [] = 1\n  loss w * x\n}
train M { optimizer sgd(lr: warm_restarts(1, steps: 1, growth: ${growth}))  batch 1  steps 9 }`;
      const optimizer = modelOf(source).stages[0]?.objectives[0]?.updates[0]?.optimizer;
      if (optimizer === undefined) throw new Error("the stage has no optimizer");
      const { weight } = optimizer.update([]);
      for (let begin = 1, length = 1; begin < 1e6; begin += length, length *= growth) {
        const time = { step: scalar(begin), epoch: scalar(0), progress: scalar(0) };
        agree(
          interpretOne(weight, { leaves: { w: scalar(0), g: scalar(-1), ...time } }),
          scalar(1),
        );
      }
    },
  );
});

it("remaining.nn has no mistakes", () => {
  const text = readFileSync(new URL("./remaining.nn", import.meta.url), "utf8");
  expect(modelOf(text).name).toBe("Images");
});
