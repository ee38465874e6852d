// Three loop nests in; their kernels as readable text, WGSL and JavaScript, compared with files that reviewers read, out.

import { fileURLToPath } from "node:url";
import { it } from "vitest";
import { mapSchedule } from "../../compiler/kernel/index.js";
import { javascriptText, planPrograms } from "../../compiler/emit/plan.js";
import { printKernel } from "../../compiler/kernel/print.js";
import { freeDim, multiplyDims } from "../../compiler/types/dimension.js";
import type { LoopNest } from "../../compiler/types/nest.js";
import { expectGolden } from "../support/golden.js";
import type { NestBuilder } from "./nests.js";
import * as nests from "./nests.js";

const { at, op, float, int, reduce, offset, inside, guard } = nests;
const batch = freeDim("batch");

interface Sample {
  readonly builder: NestBuilder;
  readonly nest: LoopNest;
}

/** w ← w − 0.1 · (0.9 · m + g), m ← 0.9 · m + g over flat storages. */
function momentum(): Sample {
  const builder = nests.createBuilder();
  const [w, m, g] = [
    builder.storage("w", 1000),
    builder.storage("m", 1000),
    builder.storage("g", 1000),
  ];
  const i = builder.axis(1000);
  const load = (buffer: number) => builder.load(buffer, at(i));
  const next = op("add", op("multiply", float(0.9), load(m)), load(g));
  const stores = [
    { buffer: m, index: at(i), value: next },
    { buffer: w, index: at(i), value: op("subtract", load(w), op("multiply", float(0.1), next)) },
  ];
  return { builder, nest: nests.nestOf("momentum", [i], stores) };
}

/** relu of a padded 3 × 3 convolution of one channel to eight. */
function convolution(): Sample {
  const builder = nests.createBuilder();
  const x = builder.input("x", multiplyDims(batch, 100));
  const w = builder.storage("w", 72);
  const y = builder.temporary(multiplyDims(batch, 800));
  const [n, oy, ox, oc] = [
    builder.axis(batch),
    builder.axis(10),
    builder.axis(10),
    builder.axis(8),
  ];
  const [ky, kx] = [builder.axis(3), builder.axis(3)];
  const iy = op("subtract", op("add", at(oy), at(ky)), int(1));
  const ix = op("subtract", op("add", at(ox), at(kx)), int(1));
  const image = guard(
    op("and", inside(iy, 10), inside(ix, 10)),
    builder.load(x, offset([batch, 10, 10], [at(n), iy, ix])),
    float(0),
  );
  const weight = builder.load(w, offset([3, 3, 8], [at(ky), at(kx), at(oc)]));
  const sum = reduce("sum", [ky, kx], op("multiply", image, weight));
  const index = offset([batch, 10, 10, 8], [at(n), at(oy), at(ox), at(oc)]);
  const store = { buffer: y, index, value: op("maximum", sum, float(0)) };
  return { builder, nest: nests.nestOf("convolution", [n, oy, ox, oc], [store]) };
}

function logSoftmax(): Sample {
  const builder = nests.createBuilder();
  const x = builder.input("x", multiplyDims(batch, 10));
  const y = builder.temporary(multiplyDims(batch, 10));
  const [i, j] = [builder.axis(batch), builder.axis(10)];
  const [r, s] = [builder.axis(10), builder.axis(10)];
  const entry = (axis: typeof j) => builder.load(x, offset([batch, 10], [at(i), at(axis)]));
  const most = reduce("max", [r], entry(r));
  const total = reduce("sum", [s], op("exp", op("subtract", entry(s), most)));
  const value = op("subtract", op("subtract", entry(j), most), op("log", total));
  const index = offset([batch, 10], [at(i), at(j)]);
  return {
    builder,
    nest: nests.nestOf("log_softmax", [i, j], [{ buffer: y, index, value }]),
  };
}

it.each([
  ["momentum", momentum()],
  ["convolution", convolution()],
  ["log_softmax", logSoftmax()],
])("%s", (name, { builder, nest }) => {
  const schedule = nests.scheduleOf(builder, [nest]);
  const { kernels } = planPrograms(
    [
      {
        head: { name: "p", kind: "predict", inputs: ["x"] },
        schedule,
        kernels: mapSchedule(schedule),
      },
    ],
    { storages: ["w", "m", "g"], dimensions: ["batch"], describe: ({ file }) => `${file.name}:1` },
  );
  const text = kernels.flatMap((kernel) => [
    printKernel(kernel.gpu),
    kernel.plan.wgsl,
    printKernel(kernel.cpu),
    "",
    javascriptText([kernel], "f32"),
  ]);
  const path = fileURLToPath(new URL(`../golden/kernels/${name}.txt`, import.meta.url));
  expectGolden(path, text.join("\n"));
});
