// Takes no input, gives the catalogue of NN05xx: training, selectors and searches.

import type { CodeRange } from "./range.js";

export const training = {
  NN0501: "a selector that matches nothing",
  NN0502: "something other than an optimizer or projection",
  NN0503: "a scalar of the training loop outside training",
  NN0504: "a plateau with a wrong argument",
  NN0505: "an optimizer or projection that gives no proper update",
  NN0506: "a setting of training that is unknown or out of range",
  NN0507: "a setting or stage that stands twice",
  NN0508: "training of a model without a loss",
  NN0509: "a watch on the validation loss without validation data",
  NN0510: "a parameter that no optimizer updates",
  NN0511: "training without an optimizer",
  NN0512: "an unknown loss",
  NN0513: "a search that cannot be carried out",
  NN0514: "training or search of an unknown model",
  NN0515: "a loss that no trained parameter changes",
  NN0516: "training that changes nothing",
} as const satisfies CodeRange<"05">;
