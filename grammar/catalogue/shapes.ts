// Takes no input, gives the catalogue of NN03xx: shapes, element types and dimensions.

import type { CodeRange } from "./range.js";

export const shapes = {
  NN0301: "shapes that do not agree",
  NN0302: "an element type that does not fit",
  NN0303: "an axis or entry that does not exist",
  NN0304: "an argument that a tensor function cannot take",
  NN0305: "a tensor or dimension that is too large",
  NN0306: "a number that its element type cannot hold",
  NN0307: "a value where a tensor, a number or a list is wanted",
  NN0308: "a wrong number of values",
  NN0309: "a dimension that is no whole number",
  NN0310: "an argument whose shape does not fit its parameter",
  NN0311: "a value that must be known while compiling",
  NN0312: "a value that does not have its declared shape",
  NN0313: "a derivative by something that was not used",
  NN0314: "an argument outside of what its parameter takes",
  NN0315: "a jacobian of examples that mix",
  NN0316: "a call whose arguments do not agree",
  NN0317: "a question what is missing where nothing can be",
  NN0320: "classes that are too many",
} as const satisfies CodeRange<"03">;
