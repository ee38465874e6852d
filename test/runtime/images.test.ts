// Layers over images of free size in; the numbers of the same layers over images of that size, and what PyTorch says of their padding, out.
import { expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/index.js";
import { compileOne, open } from "../support/compiled.js";

const layers = [
  `conv2d_transpose(2, kernel: 3, stride: 2, padding: "same")`,
  `conv2d_transpose(2, kernel: [2, 5], stride: [3, 2], padding: "same")`,
  `conv2d_transpose(2, kernel: 3, stride: 2, padding: [0, [1, 0]])`,
  `conv2d_transpose(4, kernel: 3, stride: 2, padding: 1, dilation: 2, groups: 2)`,
  `tiled_conv2d(2, kernel: 3)`,
  `tiled_conv2d(2, kernel: 2, tiles: 3, stride: 2, padding: [1, [0, 1]])`,
  `tiled_conv2d(2, kernel: [3, 2], stride: 2, padding: "same")`,
  `conv2d(2, kernel: 1, stride: 2, padding: "same")`,
  `conv2d(2, kernel: 1, stride: [3, 1], padding: "same")`,
  `max_pool2d(1, stride: 2, padding: "same")`,
];

const opened = (layer: string, sizes: string): Promise<TrainingNet> =>
  open(
    compileOne(`model M { input x: [batch, ${sizes}, 2]  output y = x |> ${layer} }`),
    ...(["f32", { seed: 3 }] as const),
  );

it.each(layers)("%s", async (layer) => {
  const free = await opened(layer, "height, width");
  for (const [height, width] of [
    [5, 6],
    [6, 8],
  ] as const) {
    const shape = [2, height, width, 2];
    const data = Float32Array.from({ length: 4 * height * width }, (_, at) => Math.sin(at));
    const fixed = await opened(layer, `${height}, ${width}`);
    const [own, other] = [fixed, free].map((net) => net.predict({ x: { data, shape } }));
    const expected = [...((await own)?.["y"] ?? [])];
    const values = [...((await other)?.["y"] ?? [])];
    fixed.destroy();
    expect(values.length).toBe(expected.length);
    for (const [at, value] of values.entries()) expect(value).toBeCloseTo(expected[at] ?? NaN, 5);
  }
  free.destroy();
});

// A residual of a free size meets its shortcut.
it.each([1, 3, 4])("a stride of 2 with a kernel of %i has half of a free length", (kernel) => {
  compileOne(`model M {
    input x: [batch, time, 3]
    output y = conv1d(x, 4, ${kernel}, stride: 2, padding: "same") + conv1d(x, 4, 1, stride: 2, padding: "same")
  }`);
});

it("padding along each axis takes what it says from a transposed convolution, as PyTorch's does", async () => {
  // torch.nn.functional.conv_transpose2d(torch.arange(1., 7).reshape(1, 1, 2, 3), torch.arange(1., 5).reshape(1, 1, 2, 2), padding=(0, 1))
  const model = compileOne(`model M {
    input x: [batch, 2, 3, 1]
    output y = conv2d_transpose(x, 1, 2, padding: [0, 1])
  }`);
  const net = await open(model, "f32", { seed: 1 });
  const name = Object.keys(net.parameters).find((one) => one.endsWith("W")) ?? "";
  await net.write(name, [1, 2, 3, 4]);
  const { y } = await net.predict({ x: [1, 2, 3, 4, 5, 6] });
  net.destroy();
  expect([...(y ?? [])]).toEqual([4, 7, 23, 33, 31, 38]);
});
