// Takes no input, gives the type of the options of `nnc doctor`.
import type { ComputeOptions } from "../options.js";

export interface DoctorOptions extends ComputeOptions {
  readonly stage?: string;
  readonly seed?: number;
  readonly json?: true;
}
