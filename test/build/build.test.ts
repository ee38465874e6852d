// A hand-made typed model in; its programs scheduled and run, against the same arithmetic written out.
import { describe, expect, it } from "vitest";
import { build } from "../../compiler/build/index.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { schedule } from "../../compiler/schedule/index.js";
import { printSchedule } from "../../compiler/schedule/print.js";
import { verifySchedule } from "../../compiler/schedule/verify.js";
import { freeDim } from "../../compiler/types/dimension.js";
import type { Shape } from "../../compiler/types/graph.js";
import type { StageDeclaration, Trace, TypedModel } from "../../compiler/types/model.js";
import { runSchedule } from "../support/runSchedule.js";

const b = createBuilder();
const batch = freeDim("batch");
const place = { file: { name: "test.nn", text: "" }, span: { start: 0, end: 0 } };

/** y = x w + b with squared loss, momentum, and l2 on w. */
function linearModel(stage: Partial<StageDeclaration> = {}): TypedModel {
  const x = b.input("x", { type: "f32", shape: [batch, 3] });
  const y = b.input("y", { type: "f32", shape: [batch] });
  const w = b.stored("w", { type: "f32", shape: [3] });
  const bias = b.stored("b", { type: "f32", shape: [] });
  const seen = b.stored("seen", { type: "f32", shape: [] });
  const prediction = b.add(b.sum(b.multiply(x, w), [1]), bias);
  const difference = b.subtract(prediction, y);
  const trace: Trace = {
    outputs: [{ name: "prediction", value: prediction, place }],
    losses: [{ name: "square", value: b.multiply(difference, difference), place }],
    penalties: [
      {
        name: "l2",
        on: "w",
        settings: "l2(0.01)",
        value: b.multiply(b.sum(b.multiply(w, w)), 0.01),
        place,
      },
    ],
    metrics: [{ name: "error", value: b.abs(difference), place }],
    stateUpdates: [{ name: "seen", value: b.add(seen, 1), place, pace: "step" as const }],
    rangeChecks: [],
    calls: [],
  };
  const optimizer = {
    name: "momentum",
    settings: "momentum()",
    place,
    update: (shape: Shape) => {
      const leaf = (name: string) => b.placeholder(name, { type: "f32", shape });
      const next = b.add(b.multiply(leaf("state.m"), 0.9), leaf("g"));
      return {
        states: [{ name: "m", shape, initial: b.constant(0), next }],
        weight: b.subtract(leaf("w"), b.multiply(next, b.divide(0.1, b.hostScalar("step")))),
      };
    },
  };
  const parameter = { type: "f32" as const, place, initial: b.constant(0.5) };
  return {
    name: "Linear",
    doc: undefined,
    place,
    freeDimensions: ["batch"],
    inputs: [
      {
        name: "x",
        role: "input",
        type: "f32",
        categories: undefined,
        range: undefined,
        shape: [batch, 3],
        missing: undefined,
        masked: false,
        source: { kind: "given" },
        doc: undefined,
        place,
      },
      {
        name: "y",
        role: "target",
        type: "f32",
        categories: undefined,
        range: undefined,
        shape: [batch],
        missing: undefined,
        masked: false,
        source: { kind: "given" },
        doc: undefined,
        place,
      },
    ],
    carried: [],
    parameters: [
      { ...parameter, name: "w", role: "weight", shape: [3] },
      { ...parameter, name: "b", role: "bias", shape: [] },
      { ...parameter, name: "seen", role: "state", shape: [], initial: b.constant(0) },
    ],
    inference: { ...trace, stateUpdates: [] },
    training: trace,
    fitted: [],
    stages: [
      {
        name: "train",
        place,
        dimensions: { batch: 4 },
        epochs: 1,
        steps: undefined,
        seed: 0,
        validation: 0,
        dropLast: false,
        accumulate: 1,
        clipNorm: undefined,
        lossScale: undefined,
        clipValue: undefined,
        stopEarly: undefined,
        plateaus: [],
        monitor: [],
        ensemble: 1,
        projections: [],
        frozen: [],
        start: [],
        objectives: [
          {
            name: "loss",
            losses: ["square"],
            repeat: undefined,
            updates: [{ optimizer, parameters: ["w", "b"] }],
          },
        ],
        ...stage,
      },
    ],
    searches: [],
  };
}

const x = [1, 2, 3, 0.5, -1, 2, 0, 1, -2];
const y = [1, -1, 0.5];

/** The gradient of mean((x w + b − y)²) + 0.01 Σ w². */
function gradient(w: readonly number[], bias: number): number[] {
  const g = [0, 0, 0, 0];
  for (let i = 0; i < 3; i++) {
    const row = x.slice(3 * i, 3 * i + 3);
    const error = row.reduce((sum, v, j) => sum + v * (w[j] ?? 0), bias) - (y[i] ?? 0);
    row.forEach((v, j) => (g[j] = (g[j] ?? 0) + (2 / 3) * error * v));
    g[3] = (g[3] ?? 0) + (2 / 3) * error;
  }
  return g.map((v, j) => (j < 3 ? v + 0.02 * (w[j] ?? 0) : v));
}

function runner(model: TypedModel) {
  const built = build(model);
  const storages = new Map(
    built.storages.map((s) => [s.name, new Float64Array(s.elements).fill(s.initial ?? 0)]),
  );
  const elements = new Map(
    built.storages.map((s) => [s.name, { elements: s.elements, type: s.type }]),
  );
  const schedules = new Map(
    built.programs.map((program) => {
      const made = schedule(program, {
        estimates: { batch: 4 },
        storage: (name) => elements.get(name) ?? { elements: 0, type: "f32" as const },
      });
      expect(verifySchedule(made), printSchedule(made)).toEqual([]);
      return [program.name, made];
    }),
  );
  const run = (name: string, step = 1, held: Readonly<Record<string, readonly number[]>> = {}) => {
    const made = schedules.get(name);
    if (made === undefined) throw new Error(`no program ${name}: ${[...schedules.keys()].join()}`);
    return runSchedule(made, {
      dims: { batch: name.endsWith(".finish") ? 6 : 3 },
      storages,
      inputs: { x, y, ...held },
      scalars: { step, "total.batch": 6 },
    });
  };
  return { built, storages, schedules, run };
}

describe("build", () => {
  it("trains both parameters of a model in one update kernel", () => {
    const { storages, schedules, run } = runner(linearModel());
    run("init");
    expect([...(storages.get("parameters.0") ?? [])]).toEqual([0.5, 0.5, 0.5, 0.5]);
    let w = [0.5, 0.5, 0.5, 0.5];
    let m = [0, 0, 0, 0];
    for (let step = 1; step <= 3; step++) {
      const g = gradient(w, w[3] ?? 0);
      m = m.map((v, j) => 0.9 * v + (g[j] ?? 0));
      w = w.map((v, j) => v - (0.1 / step) * (m[j] ?? 0));
      run("step.train.loss", step);
      [...(storages.get("parameters.0") ?? [])].forEach((v, j) => {
        expect(v).toBeCloseTo(w[j] ?? NaN, 10);
      });
    }
    expect(storages.get("parameters.1")?.[0]).toBe(3); // the state counted the steps
    const updates = schedules
      .get("step.train.loss")
      ?.nests.filter((nest) => nest.stores.length >= 2);
    expect(updates?.length).toBeGreaterThan(0);
  });

  it("gathers gradients of several batches into one update", () => {
    const { storages, run } = runner(linearModel({ accumulate: 2 }));
    run("init");
    run("gather.train.loss");
    run("step.train.loss");
    const g = gradient([0.5, 0.5, 0.5], 0.5);
    expect(storages.get("parameters.0")?.[0]).toBeCloseTo(0.5 - 0.1 * (g[0] ?? 0), 10);
  });

  it("clips the whole gradient by its norm", () => {
    const { storages, run } = runner(linearModel({ clipNorm: 0.1 }));
    run("init");
    run("step.train.loss");
    const change = [...(storages.get("parameters.0") ?? [])].map((v) => (v - 0.5) / 0.1);
    expect(Math.hypot(...change)).toBeCloseTo(0.1, 10);
  });

  it("reports what is monitored, a number a parameter", () => {
    const monitor = ["gradient_norm", "update_ratio", "small_gradients"] as const;
    const { run } = runner(linearModel({ monitor }));
    run("init");
    const found = run("step.train.loss");
    const g = gradient([0.5, 0.5, 0.5], 0.5).slice(0, 3);
    const norm = Math.hypot(...g);
    expect(found["monitor.gradient_norm.w"]?.data[0]).toBeCloseTo(norm, 10);
    expect(found["monitor.update_ratio.w"]?.data[0]).toBeCloseTo(
      (0.1 * norm) / Math.hypot(0.5, 0.5, 0.5),
      10,
    );
    const still = g.filter((one) => Math.abs(one) <= (1e-3 * norm) / Math.sqrt(3)).length;
    expect(found["monitor.small_gradients.w"]?.data[0]).toBeCloseTo(still / 3, 10);
  });

  it("evaluates means of losses and metrics", () => {
    const { run } = runner(linearModel());
    run("init");
    const swept = run("evaluation.sweep.0");
    const held = Object.fromEntries(
      Object.entries(swept).map(([name, { data }]) => [name, [...data].map((part) => 2 * part)]),
    );
    // As if two such batches made the set.
    const { "loss.square": loss, "metric.error": metric } = run("evaluation.finish", 1, held);
    const errors = y.map(
      (v, i) => 0.5 * (1 + x.slice(3 * i, 3 * i + 3).reduce((s, z) => s + z, 0)) - v,
    );
    expect(loss?.data[0]).toBeCloseTo(errors.reduce((s, e) => s + e * e, 0) / 3, 10);
    expect(metric?.data[0]).toBeCloseTo(errors.reduce((s, e) => s + Math.abs(e), 0) / 3, 10);
  });
});
