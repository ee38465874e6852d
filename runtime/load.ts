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
  { firstOf, ...wishes }: SessionOptions<B> & FirstOf,
  create: (session: Session<B>, beginning: Beginning<Options>) => Promise<Net>,
): Promise<Net> {
  const names = ["device", "adapter", "backend", "weights", "partial", "seed", "onProgress", "cpu"];
  // What trains has files to read.
  if (wishes.initialize) names.push("readFile");
  checkNames<object>(options, names as never[]);
  if (typeof (options.onProgress ?? fail) !== "function")
    fail("option", "onProgress is a function");
  const { weights: given } = options;
  const fetching = given === undefined ? undefined : fetchWeights(given);
  // A file that fits has all that would be drawn.
  const isFilled = fetching !== undefined && options.partial !== true;
  // Neither waits for the other: files come slowly, and so do drivers.
  const opened = openSession(plan, { ...wishes, first: firstOf?.(plan, isFilled) });
  opened.catch(ignore);
  try {
    const weights = await fetching;
    return await create(await opened, { ...options, weights });
  } catch (error) {
    // What is opened on the way to a net goes where the net does not come about.
    opened.then(({ backend }) => {
      backend.destroy();
    }, ignore);
    throw error;
  }
}

const ignore = (): void => undefined;
