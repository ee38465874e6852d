// Takes no input, gives the types of what the `train` blocks of a model, and each of them, are analysed with.
import type * as ast from "../../../grammar/ast.js";
import type { ParameterDeclaration, ProjectionInstance } from "../../types/model.js";
import type { Found, Frame, ModelState, TraceState } from "../context.js";
import type { Settings } from "./settings.js";

export interface TrainRequest {
  readonly frame: Frame;
  readonly trains: Found<ast.TrainDeclaration>;
  readonly parameters: Found<ParameterDeclaration>;
  readonly training: TraceState;
  readonly inference: TraceState;
  readonly state: ModelState;
  readonly projections: readonly ProjectionInstance[];
}

/** What one block is analysed with. */
export interface StageRequest extends TrainRequest {
  readonly train: ast.TrainDeclaration;
  readonly name: string;
  readonly settings: Settings;
  readonly frozen: ReadonlySet<string>;
  /** Whether all lines and selectors of the block are understood, so that what is not there was not written. */
  readonly understood: boolean;
}
