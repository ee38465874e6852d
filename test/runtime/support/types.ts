// Nothing in; a plan whose tensors are of every element type, with a second free dimension, out.

import { PLAN_FORMAT } from "../../../runtime/plan.js";
import type { CpuModule, Plan, PlanBuffer, PlanType } from "../../../runtime/plan.js";
import { testKernel } from "./kernels.js";

const kernels = [
  testKernel(
    "copyF",
    ["r:f32", "w:f32"],
    `if (i < u[0].x) { b2[i] = b1[i]; }`,
    ([a, out], words) => {
      for (let i = 0; a && out && i < (words[0] ?? 0); i++) out[i] = a[i] ?? 0;
    },
  ),
  testKernel(
    "tenfold",
    ["r:u32", "w:u32"],
    `if (i < u[0].y) { b2[i] = b1[i] * 10u; }`,
    ([a, out], words) => {
      for (let i = 0; a && out && i < (words[1] ?? 0); i++) out[i] = (a[i] ?? 0) * 10;
    },
  ),
  testKernel(
    "negative",
    ["r:i32", "w:i32"],
    `if (i < u[0].x) { b2[i] = -b1[i]; }`,
    ([a, out], words) => {
      for (let i = 0; a && out && i < (words[0] ?? 0); i++) out[i] = -(a[i] ?? 0);
    },
  ),
  testKernel(
    "flip",
    ["r:bool", "w:bool"],
    `if (i < u[0].x) { b2[i] = 1u - b1[i]; }`,
    ([a, out], words) => {
      for (let i = 0; a && out && i < (words[0] ?? 0); i++) out[i] = 1 - (a[i] ?? 0);
    },
  ),
];

export const typesModule: CpuModule = {
  kernels: Object.fromEntries(kernels.map(({ kernel, cpu }) => [kernel.name, cpu])),
};

const columns: readonly { name: string; input: string; type: PlanType }[] = [
  { name: "age_again", input: "age", type: "f32" },
  { name: "tens", input: "kinds", type: "u32" },
  { name: "minus", input: "count", type: "i32" },
  { name: "not", input: "flag", type: "bool" },
];
const shapeOf = (input: string): string[] => (input === "kinds" ? ["batch", "time"] : ["batch"]);

export const typesPlan: Plan = {
  format: PLAN_FORMAT,
  compiler: "test",
  model: "Types",
  dimensions: [
    { name: "batch", trained: 4 },
    { name: "time", trained: 3 },
  ],
  inputs: [
    { name: "age", role: "input", type: "f32", shape: ["batch"], missing: -1, source: "given" },
    {
      name: "kinds",
      role: "input",
      type: "u32",
      categories: 3,
      shape: ["batch", "time"],
      source: "given",
    },
    { name: "count", role: "input", type: "i32", shape: ["batch"], source: "given" },
    { name: "flag", role: "input", type: "bool", shape: ["batch"], source: "given" },
    { name: "plain", role: "input", type: "f32", shape: ["batch"], source: "given" },
    { name: "sum", role: "target", type: "f32", shape: ["batch"], source: "computed" },
  ],
  outputs: columns.map(({ name, input, type }) => ({
    name,
    type,
    shape: shapeOf(input),
    needs: [input],
  })),
  parameters: [],
  storages: [],
  kernels: kernels.map(({ kernel }) => kernel),
  programs: [
    {
      name: "predict",
      kind: "predict",
      inputs: ["age", "kinds", "count", "flag"],
      uniforms: [
        { kind: "dim", value: "batch" },
        { kind: "dim", value: ["*", "batch", "time"] },
        ...Array.from({ length: 3 }, () => ({ kind: "dim", value: 0 }) as const),
      ],
      slots: columns.map(({ input }, at) => [
        ["*", 4, ...shapeOf(input)],
        ...(at === 0 ? [] : [at - 1]),
      ]),
      dispatches: columns.map(({ input }, index) => ({
        kernel: index,
        buffers: [
          { kind: "input", input, elements: "batch" },
          { kind: "slot", slot: index, elements: "batch" },
        ] as PlanBuffer[],
        workgroups: ["/", ["+", ["*", "batch", "time"], 63], 64],
        flops: 0,
        serves: [index],
      })),
      results: columns.map(({ name, input, type }, index) => ({
        name,
        type,
        shape: shapeOf(input),
        buffer: { kind: "slot", slot: index, elements: "batch" },
      })),
    },
  ],
  stages: [],
  requiredLimits: {},
};
