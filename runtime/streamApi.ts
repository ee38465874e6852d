// Takes no input, gives the types that apps meet of nets that take one step of time after the other.

import type { AnyModel, ModelTypes } from "./api.js";

export interface StreamOptions {
  /** How many examples go on side by side; 1 unless said. */
  readonly batch?: number;
  /** Other free dimensions but that of time. */
  readonly dimensions?: Readonly<Record<string, number>>;
}

/** Steps of time one after the other, of a model that was compiled with `stream`. */
export interface Stream<M extends ModelTypes = AnyModel> {
  /** One step in, one out: shapes are those of `predict` without the axis of time. Steps are made in the order of the calls. */
  next(inputs: M["inputs"]): Promise<M["outputs"]>;
  /** The next step is a first one. */
  reset(): void;
  destroy(): void;
}

export interface Streaming<M extends ModelTypes = AnyModel> {
  stream(options?: StreamOptions): Stream<M>;
}
