// Takes no input, gives samples of nests of whose axes some come in fours of whole blocks, beside others that do not.

import { freeDim } from "../../compiler/types/dimension.js";
import { byTranspose } from "./laneSamples.js";
import { convolution, matmul } from "./nestSamples.js";
import type { Sample } from "./nestSamples.js";

const batch = freeDim("batch");

export const quadSamples: readonly Sample[] = [
  matmul(batch, 32, 19, { batch: 11 }),
  matmul(9, 64, 33),
  matmul(64, 7, 20),
  matmul(37, 64, 5),
  matmul(batch, 16, 300, { batch: 9 }),
  byTranspose(batch, 32, 31, { batch: 9 }),
  byTranspose(64, 5, 21),
  // Fewer points than a workgroup has invocations.
  matmul(4, 19, 4),
  matmul(16, 6, 8),
  byTranspose(4, 6, 4),
  convolution(12, 3, 5, 8, 1, 0),
  convolution(8, 2, 3, 16, 1, 1),
];
