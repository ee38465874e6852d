// Takes no input, gives the one list of samples of core ops that every test of ops iterates: shapes of 1 and primes, broadcasting, free dimensions.

import { binarySamples, otherUnary, unarySamples } from "./samples/pointwise.js";
import {
  contractSamples,
  indexedSamples,
  reductionSamples,
  viewSamples,
  windowSamples,
} from "./samples/shaping.js";
import type { OpSample } from "./samples/sample.js";

export { batch, sampleDimensions } from "./samples/sample.js";
export type { OpSample, SampleOperand } from "./samples/sample.js";

/** At least one sample for every op that has operands, scans apart. */
export const opSamples: readonly OpSample[] = [
  ...unarySamples,
  ...otherUnary,
  ...binarySamples,
  ...reductionSamples,
  ...viewSamples,
  ...windowSamples,
  ...indexedSamples,
  ...contractSamples,
];
