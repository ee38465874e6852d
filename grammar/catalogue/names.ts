// Takes no input, gives the catalogue of NN02xx: names, scopes, calls and their arguments.

import type { CodeRange } from "./range.js";

export const names = {
  NN0201: "an unknown name",
  NN0202: "a call without an argument that it needs",
  NN0203: "too many arguments",
  NN0204: "an unknown parameter",
  NN0205: "a parameter that is given twice",
  NN0206: "a call of something that is no function",
  NN0207: "an optimizer or projection where a value is wanted",
  NN0208: "an unknown member",
  NN0209: "a name that is taken",
  NN0210: "a layer's name that is no name",
  NN0211: "a free dimension that looks like a slip",
  NN0212: "a name that looks like a statement",
} as const satisfies CodeRange<"02">;
