// Takes no input, gives every function that the compiler knows by name.
import type { Builtin } from "../context.js";
import { languageBuiltins } from "./language.js";
import { tensorBuiltins } from "./primitives.js";

export function createBuiltins(): Map<string, Builtin> {
  const all = [...tensorBuiltins(), ...languageBuiltins()];
  return new Map(all.map((builtin) => [builtin.name, builtin]));
}
