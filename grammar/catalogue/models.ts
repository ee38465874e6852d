// Takes no input, gives the catalogue of NN04xx: models, layers, states and what may stand in them.

import type { CodeRange } from "./range.js";

export const models = {
  NN0401: "an output that depends on a target",
  NN0402: "a loss or metric of a wrong shape",
  NN0403: "a statement that cannot stand here",
  NN0405: "a layer or parameter outside models and layers",
  NN0406: "a name of an instance or parameter that is taken",
  NN0407: "a parameter whose shape depends on a free dimension",
  NN0408: "a shared parameter with two shapes",
  NN0409: "an update of something that has no next value",
  NN0410: "an initializer for a shape without fans",
  NN0411: "an initial value that depends on data or parameters",
  NN0412: "`shared` of something that is no layer",
  NN0413: "a draw from something that is no distribution",
  NN0414: "a computed target that depends on parameters",
  NN0415: "a model's parameter without a fitting value",
  NN0416: "a scan that yields nothing, or twice",
  NN0417: "instances that are not made alike",
  NN0418: "a model without an output",
  NN0419: "a state over the batch that cannot be carried from batch to batch",
  NN0420: "a carry without a next value",
  NN0421: "a state whose next value is kept in training alone, and computed elsewhere",
} as const satisfies CodeRange<"04">;
