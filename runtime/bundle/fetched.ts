// The name of a function that only some calls need in; the function, fetched with all others of that kind, out.

import { failAloud, NnError } from "../errors.js";
import type { SeldomCalls } from "./more.js";

/** Minified bundles have this in place of modules that `scripts/generate.mjs` lists. */
export function fetched(name: string): (...given: unknown[]) => Promise<unknown> {
  return async (...given) => {
    let functions: SeldomCalls;
    try {
      functions = (await import("./more.js")).open(NnError);
    } catch (error) {
      return failAloud("option", `this call needs *.more.js: ${String(error)}`);
    }
    return functions[name]?.(...given);
  };
}
