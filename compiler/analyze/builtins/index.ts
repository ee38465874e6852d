// Takes no input, gives every function that the compiler knows by name.
import type { Primitive } from "../context.js";
import { languagePrimitives } from "./language.js";
import { tensorPrimitives } from "./primitives.js";

export function createBuiltins(): Map<string, Primitive> {
  const all = [...tensorPrimitives(), ...languagePrimitives()];
  return new Map(all.map((primitive) => [primitive.name, primitive]));
}
