// Programs whose kernels have long unrolled bodies, and every layer of the prelude that compiles, in; how long a driver takes over their pipelines out.

import { afterAll, beforeAll, expect, it } from "vitest";
import type { PlanKernel } from "../../runtime/plan.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import { compileOne } from "../support/compiled.js";
import { processorTime } from "../support/processorTime.js";

const norm = `
fn norm(x: [...rest, rows, n]) {
  centered = x - mean(x, axis: -2, keep: true)
  return centered / sqrt(mean(centered ^ 2, axis: -2, keep: true) + 1e-5)
}`;
const pool = `
fn piece(x: [batch, height, width, n], i, j) = x[:, 2 * i:2 * i + 16:2, 2 * j:2 * j + 16:2]
fn dilated_max(x: [batch, 16, 16, n]) {
  p = pad(x, [[0, 0], [2, 2], [2, 2], [0, 0]])
  top = max(max(piece(p, 0, 0), piece(p, 0, 1)), piece(p, 0, 2))
  middle = max(max(piece(p, 1, 0), piece(p, 1, 1)), piece(p, 1, 2))
  return max(max(top, middle), max(max(piece(p, 2, 0), piece(p, 2, 1)), piece(p, 2, 2)))
}`;
const fourier = `
fn spectrum(x: [batch, n]) {
  k = range(33)
  i = reshape(range(64), [64, 1])
  angle = f32((k * i) % 64) * (2 * pi / 64)
  hann = 0.5 - 0.5 * cos(f32(range(64)) * (2 * pi / 64))
  starts = reshape(range((n - 64) / 16 + 1), [(n - 64) / 16 + 1, 1])
  pieces = take(x, starts * 16 + reshape(range(64), [1, 64]), axis: 1) * hann
  return log((pieces @ cos(angle)) ^ 2 + (pieces @ sin(angle)) ^ 2 + 1e-6)
}`;
const quantised = `
fn quantise(x) {
  step = stop_gradient(max(abs(x))) / 127
  return x + stop_gradient(round(x / step) * step - x)
}
layer quantised_conv(x: [batch, height, width, n], channels: int): [batch, height, width, channels] {
  weight W: [3, 3, n, channels] ~ he_normal()
  return conv(quantise(x), quantise(W), stride: 1, padding: "same")
}`;

/** Of each: its input, the layers after it and what they are made of. */
const programs: readonly (readonly [
  name: string,
  input: string,
  layers: string,
  parts?: string,
])[] = [
  [
    "transposed convolutions",
    "64",
    `|> dense(4 * 4 * 32, activation: relu) |> reshape([batch, 4, 4, 32])
     |> conv2d_transpose(16, kernel: 4, stride: 2, padding: 1, activation: relu)
     |> conv2d_transpose(1, kernel: 4, stride: 2, padding: 1)`,
  ],
  ["norms of columns", "24, 16", "|> dense(16) |> norm()", norm],
  ["a norm of a matrix's columns", "12", "|> dense(16) |> norm()", norm],
  [
    "a dilated maximum",
    "16, 16, 3",
    '|> conv2d(8, kernel: 3, padding: "same") |> dilated_max()',
    pool,
  ],
  ["a windowed Fourier transform", "512", "|> dense(512) |> spectrum()", fourier],
  ["a quantised convolution", "12, 12, 3", "|> dense(4) |> quantised_conv(16)", quantised],
  [
    "convolutions",
    "16, 16, 3",
    `|> standardize() |> conv2d(8, kernel: 3, padding: "same", stride: 2) |> batch_norm() |> prelu()
     |> residual(conv2d(8, kernel: 3, padding: "same", dilation: 2, groups: 2)) |> max_pool2d(2)`,
  ],
  [
    "convolutions of other kinds",
    "8, 8, 4",
    '|> depthwise_conv2d(kernel: 3) |> group_norm(groups: 2) |> tiled_conv2d(4, kernel: 2, padding: "same")',
  ],
  [
    "layers of volumes",
    "8, 8, 8, 2",
    '|> conv3d(4, kernel: 3, padding: "same", stride: 2) |> mean_pool3d(2) |> dense(4, activation: gelu)',
  ],
  [
    "attention",
    "20, 8",
    '|> conv1d(16, kernel: 3, padding: "same", stride: 2, dilation: 2) |> rms_norm() |> multi_head_attention(heads: 2)',
  ],
  ["a transformer block", "10, 16", "|> transformer_block(heads: 4, causal: true)"],
  [
    "cells of recurrences",
    "16",
    "|> cells()",
    `layer cells(x: [batch, n]): [batch, n] {
       h = rnn_cell(x, zeros([batch, n]), n)
       g = gru_cell(x, h, n)
       l, c = lstm_cell(g, h, g, n)
       return l * c
     }`,
  ],
];

function sourceOf(input: string, layers: string, parts = ""): string {
  return `${parts}
model m {
  input x: [batch, ${input}]
  target t: [batch, 10]
  y = flatten(x ${layers}) |> dense(10)
  output y
  loss mse(y, t)
}
train m { optimizer adam(1e-3) }`;
}

/** One that a driver never finishes goes on in the background, and the test ends all the same. */
const patience = 60_000;

describeGpu("pipelines over the software adapter", () => {
  let device: GPUDevice | undefined;
  beforeAll(async () => {
    device = await softwareDevice();
  });
  afterAll(() => {
    device?.destroy();
  });

  const compileKernel = async ({ wgsl }: PlanKernel): Promise<void> => {
    const module = device?.createShaderModule({ code: wgsl });
    if (device === undefined || module === undefined) throw new Error("there is no device");
    await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  };
  const late = (): Promise<never> =>
    new Promise((_, refuse) => {
      setTimeout(() => {
        refuse(new Error("a pipeline takes over a minute"));
      }, patience);
    });

  it.each(programs.map(([name, ...parts]) => ({ name, source: sourceOf(...parts) })))(
    "those of $name take less than 10 s",
    async ({ source }) => {
      const { kernels, programs: all } = compileOne(source).plan;
      const step = all.find(({ kind }) => kind === "step");
      const used = new Set(step?.dispatches.map(({ kernel }) => kernel));
      expect(used.size).toBeGreaterThan(4);
      const before = processorTime();
      for (const kernel of kernels.filter((_, at) => used.has(at)))
        await Promise.race([compileKernel(kernel), late()]);
      expect(processorTime() - before).toBeLessThan(10_000);
    },
    2 * patience,
  );
});
