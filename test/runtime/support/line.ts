// Wishes for a stage in; a whole plan of the linear model of lineKernels.ts, written by hand, out.

import { PLAN_FORMAT } from "../../../runtime/plan.js";
import type { CpuModule, Plan, PlanBuffer, PlanProgram, PlanStage } from "../../../runtime/plan.js";
import { lineKernels } from "./lineKernels.js";

export const lineModule: CpuModule = {
  kernels: Object.fromEntries(lineKernels.map(({ kernel, cpu }) => [kernel.name, cpu])),
};

const kernelIndex = (name: string): number =>
  lineKernels.findIndex(({ kernel }) => kernel.name === name);
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
const plain = uniforms({ kind: "dim", value: 0 });
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

/** Temporaries that live throughout, so that programs may take any of them. */
const perExample = ["*", 4, "batch"] as const;
const slots = [[perExample], [perExample, 0], [perExample, 1], [8, 2], [12, 3]] as const;
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
  slots: [[perExample], [perExample, 0]],
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
  formulas: "",
  terms: [],
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
    kernels: lineKernels.map(({ kernel }) => kernel),
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
