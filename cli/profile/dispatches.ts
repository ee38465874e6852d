// In: a compiled model, one of its programs and sizes; out: what each dispatch of it computes, where in the source, and how much.
import type { CompiledEntry, CompiledModel } from "../../compiler/index.js";
import { createDescriber } from "../../compiler/emit/places.js";
import type { Dimensions } from "../../runtime/dimensions.js";
import { operationCount } from "./operations.js";
import { purposesOf } from "./purpose.js";
import type { Purpose } from "./purpose.js";
import { trafficBytes } from "./traffic.js";

export interface DispatchFacts {
  readonly name: string;
  readonly purposes: readonly Purpose[];
  /** Lines of the source: `lenet.nn:9`; of another file's, the instance that led there. */
  readonly places: readonly string[];
  /** Instances of layers: `encoder.dense_1`. */
  readonly layers: readonly string[];
  /** Without those of terms that padding leaves out. */
  readonly flops: number;
  /** From above: see trafficBytes. */
  readonly bytes: number;
}

export function dispatchFacts(
  { file, training }: Pick<CompiledModel, "file" | "training">,
  program: number,
  sizes: Dimensions,
): readonly DispatchFacts[] {
  const { plan, schedules } = training satisfies CompiledEntry;
  const planned = plan.programs[program];
  const schedule = schedules[program];
  if (planned === undefined || schedule === undefined)
    throw new Error(`the plan has no program ${program}`);
  const describe = createDescriber(file);
  const purposes = purposesOf(schedule);
  return planned.dispatches.map((_, at) => {
    const nest = schedule.nests[at];
    if (nest === undefined) throw new Error(`${planned.name} has no nest for its dispatch ${at}`);
    return {
      name: nest.name,
      purposes: purposes[at] ?? [],
      places: unique(nest.origins.map(describe)),
      layers: unique(nest.origins.map(({ path }) => path)).filter((path) => path !== ""),
      flops: operationCount(nest, sizes),
      bytes: trafficBytes(nest, schedule.buffers, sizes),
    };
  });
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
