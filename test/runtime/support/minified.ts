// A folder in; the runtime's minified texts there as a bundle has them, and out of them `load` and `loadInference` as the plain runtime has them.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isPlain } from "../../../compiler/emit/features.js";
import { shortPlan } from "../../../compiler/emit/shortPlan.js";
import * as texts from "../../../compiler/emit/runtimeText.generated.js";
import { NnError } from "../../../runtime/errors.js";
import type { CpuSource, Model } from "../../../runtime/api.js";
import type { Plan } from "../../../runtime/plan.js";
import type * as plain from "../../../runtime/index.js";

type Options = { readonly cpu?: () => Promise<object> } | undefined;
type Define = (
  plan: object,
  cpu: (given?: CpuSource) => unknown,
  threads: () => unknown,
) => Model<unknown, object>;

async function imported(folder: string, name: string, text: string, kind = ""): Promise<object> {
  const path = join(folder, `${name}${kind}.mjs`);
  writeFileSync(path, text.replaceAll("./$", `./${name}.`));
  return (await import(pathToFileURL(path).href)) as object;
}

async function defineFrom(
  folder: string,
  name: string,
  text: string,
  kind?: string,
): Promise<Define> {
  const module = await imported(folder, name, `${text}export { defineModel };\n`, kind);
  return (module as { readonly defineModel: Define }).defineModel;
}

/** Each bundle has a class of its own, all of them by one name. */
class AnyNnError extends NnError {
  static override [Symbol.hasInstance](error: unknown): boolean {
    return error instanceof Error && error.name === "NnError";
  }
}

export async function minifiedRuntime(
  folder: string,
  original: typeof plain,
): Promise<Pick<typeof plain, "load" | "loadInference" | "NnError">> {
  writeFileSync(join(folder, "training.words.js"), texts.trainingWords);
  writeFileSync(join(folder, "training.more.js"), texts.trainingMore);
  writeFileSync(join(folder, "inference.more.js"), texts.inferenceMore);
  writeFileSync(join(folder, "inference.words.js"), texts.inferenceWords);
  writeFileSync(join(folder, "package.json"), `{"type":"module"}`);
  const defineTraining = await defineFrom(folder, "training", texts.trainingRuntimeMinified);
  const definePlainly = await defineFrom(folder, "training", texts.trainingRuntimePlain, "plain");
  const defineInference = await defineFrom(folder, "inference", texts.inferenceRuntimeMinified);
  const backend = `${texts.cpuRuntimeMinified}export { createCpuBackend };\n`;
  const ownBackend = await imported(folder, "cpu", backend);
  const loadBy =
    (define: Define, plainly: Define, own: typeof plain.load | typeof plain.loadInference) =>
    async (plan: object, options?: Options): Promise<unknown> => {
      // Bundles have no other plan than their own, and their modules for the CPU beside them.
      const { programs } = Object(plan) as { readonly programs?: unknown };
      const { precision, backend: wish } = Object(options) as Record<string, unknown>;
      const isGiven = options === undefined || Object(options) === options;
      const lacksCpu = isGiven && wish !== "webgpu" && !options?.cpu;
      if (!programs || precision !== undefined || lacksCpu)
        return own(plan as never, options as never);
      const { cpu, ...others } = (Object(options) === options && options) || {};
      const module = async (): Promise<object> => ({ ...(await cpu?.()), ...ownBackend });
      const given = cpu ? others : options;
      return (isPlain(plan as Plan) ? plainly : define)(
        shortPlan(plan) as object,
        module,
        () => import("../../../runtime/libraryThreads.js"),
      ).load(given);
    };
  return {
    NnError: AnyNnError,
    load: loadBy(defineTraining, definePlainly, original.load) as typeof plain.load,
    loadInference: loadBy(
      defineInference,
      defineInference,
      original.loadInference,
    ) as typeof plain.loadInference,
  };
}
