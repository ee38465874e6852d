// A plan, what its bundle has beside it and the parts of the runtime it needs in; a model that loads nets out.

import type { CpuSource, LoadOptions, Model, WeightsSource } from "../api.js";
import type { Backend } from "../backend.js";
import { checkObject, failAloud, NnError, speaking } from "../errors.js";
import {
  loadNet,
  threadsOpener,
  type Beginning,
  type LoadParts,
  type ThreadsModule,
  type Tuner,
} from "../load.js";
import type { Plan } from "../plan.js";
import type { Session, SessionOptions } from "../session.js";
import type { BundledCpu } from "./cpu.js";

/** The CPU's module: the caller's, else fetched. Called only where the CPU is used. */
export type CpuOf = (given: CpuSource | undefined) => Promise<BundledCpu> | BundledCpu;

/** Where weights lie that were compiled in. Throws NnError where that is not known. */
export type CompiledWeights = () => WeightsSource;

/** Fetches what measures variants: of bundles that have them. */
export type TunerOf = () => Promise<Tuner>;

/** Fetches what opens threads. */
export type ThreadsOf = () => Promise<ThreadsModule>;

/** Parts of the runtime, which come with a bundle only where its plan needs them. */
type Parts<B extends Backend> = Pick<
  SessionOptions<B>,
  "createGpu" | "evaluateHost" | "initialize"
> &
  Pick<LoadParts, "firstOf">;

export interface Bundle<B extends Backend, Options, Net> {
  readonly plan: Plan;
  readonly cpu: CpuOf;
  readonly weights: CompiledWeights | undefined;
  readonly threads: ThreadsOf;
  readonly tuner: TunerOf | undefined;
  readonly parts: Parts<B>;
  readonly create: (session: Session<B>, beginning: Beginning<Options>) => Promise<Net>;
}

export function defineBundle<B extends Backend, Options extends LoadOptions, Net>({
  plan,
  cpu,
  weights: compiled,
  threads,
  tuner,
  parts,
  create,
}: Bundle<B, Options, unknown>): Model<Net, Options> {
  const measured = new Map<string, string>();
  return {
    name: plan.model,
    load: speaking(async (options = {} as Options) => {
      checkObject("options", options);
      const weights = options.weights === undefined ? compiled?.() : options.weights;
      const openCpu = async (precision: 32 | 64): Promise<B> => {
        let module: BundledCpu | undefined;
        let reason = "";
        try {
          module = await cpu(options.cpu);
        } catch (error) {
          // Service workers import nothing at run time.
          reason = `: ${String(error)}`;
        }
        if (!module || !("createCpuBackend" in Object(module)))
          return failAloud("option", `give *.cpu.js to load({ cpu })${reason}`);
        // Every CPU backend trains too.
        const openThreads = threadsOpener(options.threads, threads);
        return module.createCpuBackend(
          plan,
          module,
          precision,
          openThreads,
          NnError,
        ) as unknown as B;
      };
      const given = weights === undefined ? options : { ...options, weights };
      const session = { ...options, ...parts, tuner, measured, openCpu };
      return withWords((await loadNet(plan, given, session, create)) as Net & object);
    }),
  };
}

/** A net whose functions tell their errors in words. */
function withWords<Net extends object>(net: Net): Net {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(net))) {
    if (typeof value === "function") Reflect.set(net, name, speaking(value as () => unknown));
  }
  return net;
}
