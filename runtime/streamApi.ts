// Takes no input, gives the types that apps meet of nets that take one step of time after the other.

import type { AnyModel, ModelTypes } from "./api.js";

export interface StreamOptions {
  /** How many examples go on side by side; 1 unless said. */
  readonly batch?: number;
  /** Other free dimensions but that of time. */
  readonly dimensions?: Readonly<Record<string, number>>;
  /** Of what is drawn: the same seed and inputs give the same outputs, from the first step and from each `reset` on. */
  readonly seed?: number;
}

/** Steps of time one after the other, of a model that was compiled with `stream`. */
export interface Stream<M extends ModelTypes = AnyModel> {
  /** One step in, one out: shapes are those of `predict` without the axis of time. Steps are made in the order of the calls; while one waits for another, `write`, `step`, `fit` and `prepare` are refused ("busy"). */
  next(inputs: M["inputs"]): Promise<M["outputs"]>;
  /** The next step is a first one, its draws those of a first one too. */
  reset(): void;
  destroy(): void;
}

export interface Streaming<M extends ModelTypes = AnyModel> {
  stream(options?: StreamOptions): Stream<M>;
}
