// Wishes for a stage in; a whole plan of a linear model with fitted mean, momentum and drawn noise, written by hand, out.

import { PLAN_FORMAT } from "../../../runtime/plan.js";
import type { CpuModule, Plan, PlanBuffer, PlanProgram, PlanStage } from "../../../runtime/plan.js";
import { testKernel } from "./kernels.js";

/**
 * y = (x − mean) · w + b over x: [batch, 2]; mean is fitted; the loss is the mean squared error to t,
 * its gradient is shaken by the run's counter, so that a lost counter shows in the weights.
 */
const kernels = [
  testKernel(
    "forward",
    ["r:f32", "r:f32", "r:f32", "w:f32"],
    `if (i < u[0].x) { b4[i] = (b1[2u*i] - b3[0]) * b2[0] + (b1[2u*i+1u] - b3[1]) * b2[1] + b2[2]; }`,
    ([x, p, mean, y], words) => {
      if (!x || !p || !mean || !y) throw new Error("binding");
      for (let i = 0; i < (words[0] ?? 0); i++) {
        const a = (x[2 * i] ?? 0) - (mean[0] ?? 0);
        const b = (x[2 * i + 1] ?? 0) - (mean[1] ?? 0);
        y[i] = a * (p[0] ?? 0) + b * (p[1] ?? 0) + (p[2] ?? 0);
      }
    },
  ),
  testKernel(
    "noise",
    ["w:f32"],
    `if (i < u[0].x) { b1[i] = f32(u[0].y % 1000u) + 1000.0 * f32(u[0].z); }`,
    ([out], words) => {
      if (!out) throw new Error("binding");
      for (let i = 0; i < (words[0] ?? 0); i++)
        out[i] = ((words[1] ?? 0) % 1000) + 1000 * (words[2] ?? 0);
    },
  ),
  // Temporaries share a buffer: where one is written, all are bound for writing.
  testKernel(
    "add",
    ["w:f32", "r:f32", "w:f32"],
    `if (i < u[0].x) { b3[i] = b1[i] + b2[i]; }`,
    ([a, b, out], words) => {
      if (!a || !b || !out) throw new Error("binding");
      for (let i = 0; i < (words[0] ?? 0); i++) out[i] = (a[i] ?? 0) + (b[i] ?? 0);
    },
  ),
  testKernel(
    "double",
    ["w:f32", "w:f32"],
    `if (i < u[0].x) { b2[i] = 2.0 * b1[i]; }`,
    ([a, out], words) => {
      if (!a || !out) throw new Error("binding");
      for (let i = 0; i < (words[0] ?? 0); i++) out[i] = 2 * (a[i] ?? 0);
    },
  ),
  testKernel(
    "loss",
    ["w:f32", "r:f32", "w:f32"],
    `if (i == 0u) {
      var sum = 0.0;
      for (var k = 0u; k < u[0].x; k++) { let e = b1[k] - b2[k]; sum += e * e; }
      b3[0] = sum / f32(u[0].x);
    }`,
    ([y, t, out], words) => {
      if (!y || !t || !out) throw new Error("binding");
      let sum = 0;
      for (let k = 0; k < (words[0] ?? 0); k++) sum += ((y[k] ?? 0) - (t[k] ?? 0)) ** 2;
      out[0] = sum / (words[0] ?? 0);
    },
  ),
  testKernel(
    "gradient",
    ["r:f32", "r:f32", "r:f32", "r:f32", "w:f32"],
    `if (i < 3u) {
      var sum = 0.0;
      for (var k = 0u; k < u[0].x; k++) {
        var f = 1.0;
        if (i < 2u) { f = b3[2u*k+i] - b4[i]; }
        sum += 2.0 * (b1[k] - b2[k]) * f;
      }
      b5[i] += sum + 0.001 * f32(u[0].x) * f32(u[0].z % 7u);
    }`,
    ([y, t, x, mean, g], words) => {
      if (!y || !t || !x || !mean || !g) throw new Error("binding");
      const batch = words[0] ?? 0;
      for (let i = 0; i < 3; i++) {
        let sum = 0;
        for (let k = 0; k < batch; k++) {
          const factor = i < 2 ? (x[2 * k + i] ?? 0) - (mean[i] ?? 0) : 1;
          sum += 2 * ((y[k] ?? 0) - (t[k] ?? 0)) * factor;
        }
        g[i] = (g[i] ?? 0) + sum + 0.001 * batch * ((words[2] ?? 0) % 7);
      }
    },
  ),
  testKernel(
    "update",
    ["w:f32", "w:f32", "w:f32"],
    `if (i < 3u) {
      b2[i] = 0.5 * b2[i] + b3[i] / bitcast<f32>(u[1].x);
      b1[i] -= bitcast<f32>(u[0].w) * b2[i];
      b3[i] = 0.0;
    }`,
    ([p, v, g], _words, floats) => {
      if (!p || !v || !g) throw new Error("binding");
      for (let i = 0; i < 3; i++) {
        v[i] = 0.5 * (v[i] ?? 0) + (g[i] ?? 0) / (floats[4] ?? 0);
        p[i] = (p[i] ?? 0) - (floats[3] ?? 0) * (v[i] ?? 0);
        g[i] = 0;
      }
    },
  ),
  testKernel(
    "init",
    ["w:f32"],
    `if (i < 3u) { b1[i] = f32(u[0].y + i) * 0.125; }`,
    ([p], words) => {
      for (let i = 0; p && i < 3; i++) p[i] = ((words[1] ?? 0) + i) * 0.125;
    },
  ),
  testKernel(
    "sumRows",
    ["r:f32", "w:f32"],
    `if (i < 2u) {
      var sum = 0.0;
      for (var k = 0u; k < u[0].x; k++) { sum += b1[2u*k+i]; }
      b2[i] = sum;
    }`,
    ([x, sums], words) => {
      if (!x || !sums) throw new Error("binding");
      for (let i = 0; i < 2; i++) {
        sums[i] = 0;
        for (let k = 0; k < (words[0] ?? 0); k++) sums[i] = (sums[i] ?? 0) + (x[2 * k + i] ?? 0);
      }
    },
  ),
  testKernel(
    "sumSquares",
    ["r:f32", "r:f32", "w:f32"],
    `if (i == 0u) {
      var sum = 0.0;
      for (var k = 0u; k < u[0].x; k++) { let e = b1[k] - b2[k]; sum += e * e; }
      b3[0] = sum;
    }`,
    ([y, t, out], words) => {
      if (!y || !t || !out) throw new Error("binding");
      out[0] = 0;
      for (let k = 0; k < (words[0] ?? 0); k++) out[0] += ((y[k] ?? 0) - (t[k] ?? 0)) ** 2;
    },
  ),
  testKernel(
    "divide",
    ["r:f32", "w:f32"],
    `if (i < 2u) { b2[i] = b1[i] / bitcast<f32>(u[0].w); }`,
    ([sums, mean], _words, floats) => {
      if (!sums || !mean) throw new Error("binding");
      for (let i = 0; i < 2; i++) mean[i] = (sums[i] ?? 0) / (floats[3] ?? 0);
    },
  ),
];

export const lineModule: CpuModule = {
  kernels: Object.fromEntries(kernels.map(({ kernel, cpu }) => [kernel.name, cpu])),
};

const kernelIndex = (name: string): number =>
  kernels.findIndex(({ kernel }) => kernel.name === name);
const storage = (index: number): PlanBuffer => ({ kind: "storage", storage: index });
const slot = (index: number): PlanBuffer => ({ kind: "slot", slot: index, elements: "batch" });
const input = (name: string): PlanBuffer => ({ kind: "input", input: name, elements: "batch" });
const run = (
  kernel: string,
  buffers: readonly PlanBuffer[],
  serves?: readonly number[],
): PlanProgram["dispatches"][number] => ({
  kernel: kernelIndex(kernel),
  buffers,
  workgroups: ["/", ["+", "batch", 63], 64],
  flops: ["*", 4, "batch"],
  ...(serves && { serves }),
});

const uniforms = (host: PlanProgram["uniforms"][number]): PlanProgram["uniforms"] => [
  { kind: "dim", value: "batch" },
  { kind: "seed" },
  { kind: "counter" },
  host,
  { kind: "host", value: ["scalar", "total.batch"] },
];
const plain = uniforms({ kind: "member" });
const total = uniforms({ kind: "host", value: ["scalar", "total.batch"] });
/** A rate that falls with progress and plateaus. */
const rate = uniforms({
  kind: "host",
  value: [
    "multiply",
    ["multiply", 0.05, ["scalar", "plateau.0"]],
    ["subtract", 1, ["multiply", 0.5, ["scalar", "progress"]]],
  ],
});

const perExample = { bytes: [["*", 4, "batch"]] } as const;
const slots = [perExample, perExample, perExample, { bytes: [8] }, { bytes: [12] }];
const forward = [input("x"), storage(0), storage(3), slot(0)];
const loss = { name: "loss.error", type: "f32", shape: [], buffer: slot(3) } as const;
const output = (name: string, index: number): PlanProgram["results"][number] => ({
  name,
  type: "f32",
  shape: ["batch"],
  buffer: slot(index),
});

const predictProgram: PlanProgram = {
  name: "predict",
  kind: "predict",
  inputs: ["x", "noise"],
  uniforms: plain,
  slots,
  dispatches: [
    run("forward", forward),
    run("add", [slot(0), input("noise"), slot(1)], [1]),
    run("double", [slot(0), slot(2)], [2]),
  ],
  results: [output("y", 0), output("noisy", 1), output("twice", 2)],
};

/** "Noise" that tells the seed and the counter it was drawn with. */
const drawProgram: PlanProgram = {
  name: "draw.noise",
  kind: "draw",
  inputs: [],
  uniforms: plain,
  slots: [perExample, perExample],
  dispatches: [run("noise", [slot(1)])],
  results: [output("noise", 1)],
};

function trainingProgram(kind: "step" | "gather", stage: string, objective: string): PlanProgram {
  const gradient = run("gradient", [slot(0), input("t"), input("x"), storage(3), storage(2)]);
  const update = run("update", [storage(0), storage(1), storage(2)]);
  return {
    name: `${kind}_${stage}_${objective}`,
    kind,
    stage,
    objective,
    inputs: ["x", "t"],
    uniforms: rate,
    slots,
    dispatches: [
      run("forward", forward),
      run("loss", [slot(0), input("t"), slot(3)]),
      gradient,
      ...(kind === "step" ? [update] : []),
    ],
    results: [{ ...loss, entries: "batch" }],
  };
}

const base: PlanStage = {
  name: "train",
  dimensions: { batch: 4 },
  epochs: 3,
  seed: 7,
  validation: 0,
  dropLast: false,
  accumulate: 1,
  plateaus: [],
  objectives: [{ name: "loss", program: 0, losses: ["error"] }],
  start: [],
  frozen: [],
  monitor: [],
  ensemble: 1,
  inputs: ["x", "t"],
};

/** `fitted` false leaves the mean at 0 and needs no preparation. */
export function linePlan(
  stages: readonly Partial<PlanStage>[] = [{}],
  { fitted = false }: { readonly fitted?: boolean } = {},
): Plan {
  const whole = stages.map((stage) => ({ ...base, ...stage }));
  const programs: PlanProgram[] = [
    {
      name: "init",
      kind: "init",
      inputs: [],
      uniforms: plain,
      slots: [],
      results: [],
      dispatches: [{ ...run("init", [storage(0)]), workgroups: 1 }],
    },
    predictProgram,
    drawProgram,
    ...whole.flatMap(({ name, accumulate, objectives }) =>
      objectives.flatMap((objective) => [
        trainingProgram("step", name, objective.name),
        ...(accumulate > 1 ? [trainingProgram("gather", name, objective.name)] : []),
      ]),
    ),
    ...(fitted ? fittedSeries : []),
    ...evaluationSeries,
  ];
  const index = (name: string): number => programs.findIndex((program) => program.name === name);
  const resolved = whole.map((stage) => ({
    ...stage,
    objectives: stage.objectives.map((objective) => ({
      ...objective,
      program: index(`step_${stage.name}_${objective.name}`),
      ...(stage.accumulate > 1 && { gather: index(`gather_${stage.name}_${objective.name}`) }),
    })),
  }));
  return {
    format: PLAN_FORMAT,
    compiler: "test",
    model: "Line",
    dimensions: [{ name: "batch", trained: 4 }],
    inputs: [
      { name: "x", role: "input", type: "f32", shape: ["batch", 2], source: "given" },
      { name: "noise", role: "input", type: "f32", shape: ["batch"], source: "drawn" },
      { name: "t", role: "target", type: "f32", shape: ["batch"], source: "given" },
    ],
    outputs: ["y", "noisy", "twice"].map((name) => ({
      name,
      type: "f32",
      shape: ["batch"],
      needs: name === "noisy" ? ["x", "noise"] : ["x"],
    })),
    parameters: [
      { name: "w", role: "weight", type: "f32", shape: [2], storage: 0, offset: 0 },
      { name: "b", role: "bias", type: "f32", shape: [], storage: 0, offset: 2 },
      {
        name: "mean",
        role: fitted ? "fitted" : "state",
        type: "f32",
        shape: [2],
        storage: 3,
        offset: 0,
      },
    ],
    storages: [
      { name: "parameters", type: "f32", elements: 3, kind: "parameters" },
      { name: "velocity", type: "f32", elements: 3, kind: "optimizer", initial: 0.25 },
      { name: "gradient", type: "f32", elements: 3, kind: "optimizer" },
      { name: "mean", type: "f32", elements: 2, kind: "parameters" },
    ],
    held: [squares, columns, { ...columns, name: "fitted.0" }],
    kernels: kernels.map(({ kernel }) => kernel),
    programs,
    stages: resolved,
    requiredLimits: {},
  };
}

const squares = { name: "evaluation.0", type: "f32", shape: [], combine: "sum" } as const;
const columns = { name: "evaluation.1", type: "f32", shape: [2], combine: "sum" } as const;

const overSet = { uniforms: plain, slots } as const;
const finishing = { ...overSet, uniforms: total, totals: { "total.batch": "batch" } } as const;
const divide = (from: PlanBuffer, to: PlanBuffer): PlanProgram["dispatches"][number] => ({
  ...run("divide", [from, to]),
  workgroups: 1,
});

/** The loss, and as a metric the first entry of the mean of x. */
const evaluationSeries: readonly PlanProgram[] = [
  {
    ...overSet,
    name: "evaluation.sweep.0",
    kind: "sweep",
    series: "evaluation",
    inputs: ["x", "t"],
    dispatches: [
      run("forward", forward),
      run("sumSquares", [slot(0), input("t"), slot(3)]),
      run("sumRows", [input("x"), slot(4)]),
    ],
    results: [
      { ...squares, buffer: slot(3) },
      { ...columns, buffer: slot(4) },
    ],
  },
  {
    ...finishing,
    name: "evaluation.finish",
    kind: "whole",
    series: "evaluation",
    inputs: [squares.name, columns.name],
    dispatches: [divide(input(squares.name), slot(3)), divide(input(columns.name), slot(4))],
    results: [
      loss,
      { ...loss, name: "metric.squared" },
      { name: "metric.middle", type: "f32", shape: [], buffer: slot(4) },
    ],
  },
];

/** The mean of x, into its storage. */
const fittedSeries: readonly PlanProgram[] = [
  {
    ...overSet,
    name: "fitted.sweep.0",
    kind: "sweep",
    series: "fitted",
    inputs: ["x"],
    dispatches: [run("sumRows", [input("x"), slot(4)])],
    results: [{ ...columns, name: "fitted.0", buffer: slot(4) }],
  },
  {
    ...finishing,
    name: "fitted.finish",
    kind: "whole",
    series: "fitted",
    inputs: ["fitted.0"],
    dispatches: [divide(input("fitted.0"), storage(3))],
    results: [],
  },
];

/** Points on a line: x in a fixed pattern, t = 2 x₀ − x₁ + 0.5. */
export function lineData(count: number): { x: Float32Array; t: Float32Array } {
  const x = Float32Array.from({ length: 2 * count }, (_, i) => ((i * 37) % 19) / 19 - 0.4);
  const t = Float32Array.from(
    { length: count },
    (_, i) => 2 * (x[2 * i] ?? 0) - (x[2 * i + 1] ?? 0) + 0.5,
  );
  return { x, t };
}
