// Takes no input, gives the types of what the `train` blocks of a model, and each of them, are analysed with.
import type * as ast from "../../../grammar/ast.js";
import type { ParameterDeclaration, ProjectionInstance } from "../../types/model.js";
import type { Frame, ModelState, TraceState } from "../context.js";

export interface TrainRequest {
  readonly frame: Frame;
  readonly trains: readonly ast.TrainDeclaration[];
  readonly parameters: readonly ParameterDeclaration[];
  readonly training: TraceState;
  readonly inference: TraceState;
  readonly state: ModelState;
  readonly projections: readonly ProjectionInstance[];
}

/** What one block is analysed with. */
export interface StageRequest extends TrainRequest {
  readonly train: ast.TrainDeclaration;
  readonly name: string;
  readonly frozen: ReadonlySet<string>;
}
