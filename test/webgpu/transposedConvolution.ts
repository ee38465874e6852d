// An image and a kernel in; their transposed convolution out, each product added where its tap lies.

import type { Tensor } from "../oracle/reference.js";
import { offsetOf, positionsOf, size, valueAt } from "../oracle/reference/tensor.js";

/** x: [batch, h, w, in], kernel: [h, w, in, out] to [batch, (h − 1) · stride + reach, …, out]. */
export function transposedConvolution(
  x: Tensor,
  kernel: Tensor,
  strides: readonly [number, number],
): Tensor {
  const [count = 0, height = 0, width = 0, channels = 0] = x.shape;
  const [rows = 0, columns = 0, , out = 0] = kernel.shape;
  const shape = [count, (height - 1) * strides[0] + rows, (width - 1) * strides[1] + columns, out];
  const data = new Array<number>(size(shape)).fill(0);
  for (const [n = 0, i = 0, j = 0] of positionsOf([count, height, width])) {
    for (const [row = 0, column = 0, c = 0, o = 0] of positionsOf([rows, columns, channels, out])) {
      const target = offsetOf([n, i * strides[0] + row, j * strides[1] + column, o], shape);
      const term = valueAt(x, [n, i, j, c]) * valueAt(kernel, [row, column, c, o]);
      data[target] = (data[target] ?? 0) + term;
    }
  }
  return { shape, data };
}
