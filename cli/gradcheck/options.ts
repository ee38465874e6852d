// Takes no input, gives the type of the options of `nnc gradcheck`.
import type { ModelOptions } from "../options.js";

export interface GradcheckOptions extends ModelOptions {
  readonly data: readonly string[];
  readonly header?: boolean;
  readonly json?: true;
}
