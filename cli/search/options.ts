// Takes no input, gives the type of the options of `nnc search`.
import type { TrialOptions } from "./messages.js";

export interface SearchOptions extends TrialOptions {
  readonly trials?: number;
  readonly seed?: number;
  readonly jobs: number;
  readonly log?: string;
  readonly output?: string;
  readonly report?: string;
  readonly quiet?: true;
  readonly json?: true;
}
