// A plan, the caller's options and what opens its backend in; a net at its first weights out: the one way of all that loads.

import type { LoadOptions } from "./api.js";
import type { Backend } from "./backend.js";
import { checkNames, fail } from "./errors.js";
import type { Plan } from "./plan.js";
import { openSession, type Session, type SessionOptions } from "./session.js";
import { fetchWeights } from "./weights.js";

/** What a net begins with: the weights are bytes of its own. */
export type Beginning<Options> = Omit<Options, "weights"> & {
  readonly weights: Uint8Array | undefined;
};

/** Which programs a net is to run at once; `isFilled`: its parameters come from a file. */
export interface FirstOf {
  readonly firstOf?: (plan: Plan, isFilled: boolean) => readonly number[];
}

/** What the caller gave as bytes is copied before this returns its promise. Throws NnError. */
export async function loadNet<B extends Backend, Options extends LoadOptions, Net>(
  plan: Plan,
  options: Options,
  { firstOf, ...opening }: SessionOptions<B> & FirstOf,
  create: (session: Session<B>, beginning: Beginning<Options>) => Promise<Net>,
): Promise<Net> {
  const names = ["device", "adapter", "backend", "weights", "partial", "seed", "onProgress", "cpu"];
  // What trains has files to read.
  if (opening.initialize) names.push("readFile");
  checkNames<object>(options, names as never[]);
  if (typeof (options.onProgress ?? fail) !== "function")
    fail("option", "onProgress is a function");
  const { weights: given } = options;
  const weights = given === undefined ? undefined : await fetchWeights(given);
  // A file that fits has all that would be drawn.
  const isFilled = weights !== undefined && options.partial !== true;
  const first = firstOf?.(plan, isFilled);
  const session = await openSession(plan, { ...opening, first });
  const { backend } = session;
  try {
    return await create(session, { ...options, weights });
  } catch (error) {
    // What is opened on the way to a net goes where the net does not come about.
    backend.destroy();
    throw error;
  }
}
