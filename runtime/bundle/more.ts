// The class of errors in; what only some calls need, by name, out: the type of what a `*.more.js` file exports, which the generator writes in place of this.

import type { NnError } from "../errors.js";

export type SeldomCalls = Readonly<Record<string, (...given: unknown[]) => Promise<unknown>>>;

export function open(errors: typeof NnError): SeldomCalls {
  throw new errors("internal", "bundles have a file in place of this");
}
