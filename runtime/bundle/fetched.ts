// The name of a function that only some calls need in; the function, fetched with all others of that kind, out.

import { failAloud, NnError } from "../errors.js";
import type { SeldomCalls } from "./more.js";

/** Minified bundles have this, and the name of their own file in the message, in place of modules that `scripts/generate.mjs` lists. */
export function fetched(name: string): (...given: unknown[]) => Promise<unknown> {
  return async (...given) => {
    let functions: SeldomCalls;
    try {
      functions = (await import("./more.js")).open(NnError);
    } catch (error) {
      return failAloud(
        "option",
        `this call fetches ./$more.js, which is to be served beside its module: ${String(error)}`,
      );
    }
    return functions[name]?.(...given);
  };
}
