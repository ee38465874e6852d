// Takes no input, gives the catalogue of NN01xx: the order of words and signs, from brackets to whole declarations.

import type { CodeRange } from "./range.js";

export const syntax = {
  NN0101: "a bracket that is never closed",
  NN0102: "a bracket that closes nothing",
  NN0103: "brackets that do not match",
  NN0104: "something else was expected",
  NN0105: "a declaration was expected",
  NN0106: "a statement was expected",
  NN0107: "an expression was expected",
  NN0108: "a name was expected",
  NN0109: "a reserved word where a name was expected",
  NN0110: "comparisons do not chain",
  NN0111: "an operator needs parentheses here",
  NN0112: "a pipeline leads into something that cannot be called",
  NN0113: "an unknown type",
  NN0114: "a positional argument after a named one",
  NN0115: "a body that does not end in return",
  NN0116: "a statement that does not belong here",
  NN0117: "a draw without a shape",
  NN0118: "an input or target with a value it cannot have",
  NN0119: "an unknown option of a scan",
  NN0120: "a statement after return",
  NN0121: "a binding of a form that does not exist",
} as const satisfies CodeRange<"01">;
