// Takes no input, gives the type of the options of `nnc train`.
import type { ComputeOptions, GivenWeights } from "../options.js";

export interface TrainOptions extends ComputeOptions {
  readonly stage?: string;
  readonly weights?: GivenWeights;
  readonly epochs?: number;
  readonly steps?: number;
  readonly seed?: number;
  readonly output?: string;
  readonly save?: "all" | "trained";
  readonly log?: string;
  readonly report?: string;
  readonly checkpoint?: string;
  readonly resume?: true;
  readonly folds?: number;
  readonly quiet?: true;
}
