// Takes no input, gives the catalogue of NN00xx: characters, words, literals and the limits of the source text.

import type { CodeRange } from "./range.js";

export const lexical = {
  NN0001: "the source is too large",
  NN0002: "brackets are nested too deeply",
  NN0003: "an expression or block is nested too deeply",
  NN0004: "a character that the language does not know",
  NN0005: "the text is not valid Unicode",
  NN0006: "a string that is not closed",
  NN0007: "an unknown escape in a string",
  NN0008: "a malformed number",
  NN0009: "a number that cannot be represented",
  NN0010: "an operator or sign of another language",
} as const satisfies CodeRange<"00">;
