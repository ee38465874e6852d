// Activations, a normalization and Adam in; how few values a training step keeps and stores for their gradients, out.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeModel } from "../../cli/inspection.js";
import { keptValues } from "../../cli/kept.js";
import { purposesOf } from "../../cli/profile/purpose.js";
import type { CompiledModel } from "../../compiler/index.js";
import { evaluateDim } from "../../compiler/types/dimension.js";
import type { Schedule } from "../../compiler/types/nest.js";
import { compileOne } from "../support/compiled.js";

const [batch, inputs, units, outputs] = [64, 96, 128, 4] as const;

/** `hidden` on line 5, what comes of it on line 6. */
function network(hidden: string): CompiledModel {
  return compileOne(`
model Net {
  input x: [batch, ${inputs}]
  target y: [batch, ${outputs}]
  h = x |> ${hidden}
  output o = h |> dense(${outputs})
  loss mean((o - y) ^ 2)
}
train Net { optimizer adam(lr: 0.01)  batch ${batch}  epochs 1 }
`);
}

function stepOf({ plan, training }: CompiledModel): { at: number; schedule: Schedule } {
  const at = plan.stages[0]?.objectives[0]?.program ?? -1;
  const schedule = training.schedules[at];
  if (!schedule) throw new Error("there is no step");
  return { at, schedule };
}

function keptOnLine(model: CompiledModel, line: number): number {
  const kept = keptValues(model, stepOf(model).at, { batch });
  const ofLine = kept.filter(({ places }) => places.includes(`test.nn:${line}`));
  return ofLine.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** How often so many elements are stored by nests that lead to gradients. */
function gradientStores(model: CompiledModel, elements: number): number {
  const { schedule } = stepOf(model);
  const purposes = purposesOf(schedule);
  return schedule.nests
    .filter((_, at) => purposes[at]?.includes("gradient"))
    .flatMap(({ stores }) => stores)
    .filter(({ buffer }) => {
      const size = schedule.buffers[buffer]?.elements ?? 0;
      return evaluateDim(size, { batch }) === elements;
    }).length;
}

const hidden = batch * units;

/** Elements of each temporary that a step's nests write. */
function temporariesOf(model: CompiledModel): readonly number[] {
  const { schedule } = stepOf(model);
  const written = new Set(schedule.nests.flatMap(({ stores }) => stores.map((one) => one.buffer)));
  return schedule.buffers.flatMap((buffer, at) =>
    buffer.kind === "temporary" && written.has(at) ? [evaluateDim(buffer.elements, { batch })] : [],
  );
}

describe("a training step keeps", () => {
  // What goes in or comes out, and of costly functions a factor of their derivative.
  it.each([
    ["relu", 1],
    ["tanh", 1],
    ["elu", 1],
    ["softplus", 1],
    ["sigmoid", 3],
    ["gelu", 3],
    ["silu", 4],
  ])("of %s at most %d arrays", (activation, most) => {
    const model = network(`dense(${units}, activation: ${activation})`);
    const kept = keptOnLine(model, 5);
    expect(kept).toBeGreaterThanOrEqual(4 * hidden);
    expect(kept).toBeLessThanOrEqual(4 * hidden * most);
    // The gradient of what comes out, and at most that of what goes in.
    expect(gradientStores(model, hidden)).toBeLessThanOrEqual(2);
  });

  it("of a layer norm what goes in and what comes out, and two numbers a row", () => {
    const model = network(`dense(${units}) |> layer_norm()`);
    const kept = keptOnLine(model, 5);
    expect(kept).toBeGreaterThanOrEqual(4 * hidden);
    expect(kept).toBeLessThanOrEqual(4 * (2 * hidden + 2 * batch));
    expect(gradientStores(model, hidden)).toBeLessThanOrEqual(2);
  });
});

describe("Adam", () => {
  it("stores its averages and the parameters once each", () => {
    const model = network(`dense(${units}, activation: gelu)`);
    const { schedule } = stepOf(model);
    const stored = schedule.nests
      .flatMap(({ stores }) => stores)
      .flatMap(({ buffer }) => {
        const target = schedule.buffers[buffer];
        return target?.kind === "storage" ? [target.storage] : [];
      });
    const averages = stored.filter((name) => /\.[mv]$/.test(name));
    expect(averages.map((name) => name.slice(-2)).sort()).toEqual([".m", ".v"]);
    const parameters = stored.filter((name) => name.startsWith("parameters"));
    expect(parameters).toEqual([...new Set(parameters)]);
  });
});

it("a step stores of a layer with relu what comes out and its gradient", () => {
  const model = network(`dense(${units}, activation: relu) |> dense(${units})`);
  // Two layers, and the gradients of both.
  expect(temporariesOf(model).filter((elements) => elements === hidden).length).toBe(4);
});

it("a step stores what is reshaped once", () => {
  const model = compileOne(`
model Net {
  input x: [batch, 8, 8, 4]
  target y: [batch, 4]
  h = x |> conv2d(8, kernel: 3, padding: "same", activation: relu)
  g = h |> conv2d(8, kernel: 3, padding: "same", groups: 2, activation: relu)
  output o = g |> flatten() |> dense(4)
  loss mean((o - y) ^ 2)
}
train Net { optimizer sgd(lr: 0.01)  batch ${batch}  epochs 1 }
`);
  // Two layers, and their gradients.
  const layers = temporariesOf(model).filter((elements) => elements === batch * 8 * 8 * 8);
  expect(layers.length).toBe(4);
});

it("AlexNet's step takes little more than its parameters and what its layers compute", () => {
  const model = compileOne(readFileSync("examples/programs/alexnet.nn", "utf8"));
  expect(describeModel(model, 64).step).toBeLessThanOrEqual(950e6);
});
