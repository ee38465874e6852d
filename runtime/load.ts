// A plan, the caller's options and what opens its backend in; a net at its first weights out: the one way of all that loads.

import type { LoadOptions, TuningCache, WeightsSource, WeightsSources } from "./api.js";
import type { Backend } from "./backend.js";
import { at, checkNames, fail, inWords } from "./errors.js";
import { isSize } from "./dimensions.js";
import type { Plan } from "./plan.js";
import { openSession, type Session, type SessionOptions } from "./session.js";
import type { OpenThreads, Threads } from "./threads.js";
import { checkView } from "./tensors.js";
import type { tunePlan } from "./tune.js";
import { ignore } from "./webgpuFaults.js";
import { fetchWeights } from "./weights.js";

/** What a net begins with: the weights are bytes of its own. */
export type Beginning<Options> = Omit<Options, "weights"> & {
  readonly weights: Uint8Array | undefined;
};

/** What comes with a net's kind, or with what it is loaded from. */
export interface LoadParts {
  /** Which programs a net is to run at once; `isFilled`: its parameters come from a file. */
  readonly firstOf?: (plan: Plan, isFilled: boolean) => readonly number[];
  /** Measures variants: absent where there are none. */
  readonly tuner?: (() => Promise<Tuner>) | undefined;
  /** What was measured for this model. */
  readonly measured?: TuningCache;
}

/** As tune.ts exports it. */
export interface Tuner {
  readonly tunePlan: typeof tunePlan;
}

/** Each of them is a worker with an engine of its own: a process ends where it runs out of memory for them. */
const mostThreads = 64;

/** As a `*.threads.js` file exports it. */
export interface ThreadsModule {
  readonly openThreads: (bytes: Uint8Array, wish: number | "auto") => Promise<Threads | string>;
}

/** What opens threads where more than one is wished for, with code that is fetched then alone. */
export function threadsOpener(
  wish: LoadOptions["threads"] = 1,
  fetch: () => Promise<ThreadsModule>,
): OpenThreads | undefined {
  if (wish === 1) return undefined;
  return async (bytes) => {
    try {
      return await (await fetch()).openThreads(bytes, wish);
    } catch (error) {
      return `; one thread: what starts others is not to be had: ${String(error)}`;
    }
  };
}

/** What is given as bytes is copied at once; what is none, or has lost its bytes, is told by who reads it. */
export function ownBytes(source: WeightsSources): WeightsSources {
  try {
    if (Array.isArray(source))
      return source.map((one: WeightsSource) => ownBytes(one) as WeightsSource);
    if (ArrayBuffer.isView(source)) {
      checkView("", source);
      return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice();
    }
    const { byteLength } = Object(source) as Partial<ArrayBuffer>;
    return byteLength === undefined ? source : new Uint8Array(source as ArrayBuffer).slice();
  } catch {
    return source;
  }
}

/** What the caller gave as bytes is copied before this returns its promise. Throws NnError. */
export async function loadNet<B extends Backend, Options extends LoadOptions, Net>(
  plan: Plan,
  options: Options,
  { firstOf, tuner, measured = new Map(), ...wishes }: SessionOptions<B> & LoadParts,
  create: (session: Session<B>, beginning: Beginning<Options>) => Promise<Net>,
): Promise<Net> {
  const names = [
    "device",
    "adapter",
    "backend",
    "weights",
    "partial",
    "seed",
    "onProgress",
    "cpu",
    "tune",
    "threads",
  ];
  // What trains has files to read.
  if (wishes.initialize) names.push("readFile");
  checkNames<object>(options, names as never[]);
  if (typeof (options.onProgress ?? at) !== "function") fail("option", "onProgress is a function");
  const { weights: given, tune, threads = 1 } = options;
  if (threads !== "auto" && !(isSize(threads) && threads > 0 && threads <= mostThreads))
    fail(
      "option",
      `threads is a whole number from 1 to ${mostThreads}, or "auto", not ${inWords(threads)}`,
    );
  const cache = tune === true ? measured : tune || undefined;
  if (cache && !(typeof cache.get === "function" && typeof cache.set === "function"))
    fail("option", `tune is true, false or a cache with get and set, not ${inWords(tune)}`);
  const fetching =
    given === undefined || given === false ? undefined : fetchWeights(ownBytes(given));
  // A file that fits has all that would be drawn.
  const isFilled = fetching !== undefined && options.partial !== true;
  // Neither waits for the other: files come slowly, and so do drivers.
  const first = firstOf?.(plan, isFilled);
  // First weights are drawn once.
  const programs = (first ?? [...plan.programs.keys()]).filter(
    (index) => at(plan.programs, index).kind !== "init",
  );
  const choose =
    cache &&
    tuner &&
    (async (whole: Plan, device: GPUDevice) =>
      (await tuner()).tunePlan(whole, device, { programs, cache }));
  const opened = openSession(plan, { ...wishes, first, choose });
  opened.catch(ignore);
  try {
    const weights = await fetching;
    return await create(await opened, { ...options, weights });
  } catch (error) {
    // What is opened on the way to a net is gone before it is told that the net does not come about.
    await opened.then(({ backend }) => {
      backend.destroy();
    }, ignore);
    throw error;
  }
}
