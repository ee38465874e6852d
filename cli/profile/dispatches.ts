// In: a compiled model, one of its programs and sizes; out: what each dispatch of it computes, where in the source, and how much.
import type { CompiledEntry, CompiledModel } from "../../compiler/index.js";
import { evaluateDim } from "../../compiler/types/dimension.js";
import { reachableScalars } from "../../compiler/schedule/operands.js";
import type { Origin } from "../../compiler/types/graph.js";
import type { LoopNest, Recurrence } from "../../compiler/types/nest.js";
import { turnsOfStep } from "../../compiler/schedule/spans.js";
import { createDescriber } from "../../compiler/emit/places.js";
import type { Dimensions } from "../../runtime/dimensions.js";
import type { Backend } from "../../runtime/backend.js";
import { operationCount } from "./operations.js";
import { purposesOf } from "./purpose.js";
import type { Purpose } from "./purpose.js";
import { dispatchesOn } from "./single.js";
import { trafficBytes } from "./traffic.js";

export interface DispatchFacts {
  readonly name: string;
  readonly purposes: readonly Purpose[];
  /** Lines of the source: `lenet.nn:9`; of another file's, the instance that led there. */
  readonly places: readonly string[];
  /** Instances of layers: `encoder.dense_1`. */
  readonly layers: readonly string[];
  /** How often a run of the program comes by: the turns of the recurrences around it, which its kernel does not do by itself. */
  readonly turns: number;
  /** Of all turns, without those of terms that padding and masks leave out. */
  readonly flops: number;
  /** Of all turns, from above: see trafficBytes. */
  readonly bytes: number;
}

/** Parallel to what the backend runs one after the other. */
export function dispatchFacts(
  { file, training }: Pick<CompiledModel, "file" | "training">,
  program: number,
  sizes: Dimensions,
  backend: Backend["kind"],
): readonly DispatchFacts[] {
  const { plan, schedules } = training satisfies CompiledEntry;
  const planned = plan.programs[program];
  const schedule = schedules[program];
  if (planned === undefined || schedule === undefined)
    throw new Error(`the plan has no program ${program}`);
  const describe = createDescriber(file);
  const purposes = purposesOf(schedule);
  const sources = sourcesOf(schedule.nests);
  let next = 0;
  return dispatchesOn(planned, backend).map(({ joint }) => {
    const first = next;
    next += joint?.length ?? 1;
    const nests = schedule.nests.slice(first, next);
    const origins = nests.flatMap((nest) => sources.get(nest) ?? []);
    const around = nests[0]?.turns ?? [];
    const within = backend === "webgpu" ? turnsOfStep(nests, schedule) : undefined;
    const count = (recurrences: readonly Recurrence[]): number =>
      recurrences.reduce((product, { length }) => product * evaluateDim(length, sizes), 1);
    const sum = (of: (nest: LoopNest) => number): number =>
      nests.reduce((total, nest) => total + of(nest), 0);
    return {
      name: nests.map(({ name }) => name).join(" | "),
      purposes: [...new Set(purposes.slice(first, next).flat())],
      places: unique(origins.map(describe)),
      layers: unique(origins.map(({ path }) => path)).filter((path) => path !== ""),
      turns: count(around.filter((recurrence) => recurrence !== within)),
      flops: sum((nest) => operationCount(nest, sizes)),
      bytes: count(around) * sum((nest) => trafficBytes(nest, schedule.buffers, sizes)),
    };
  });
}

/** What only fills a buffer for others (where a recurrence begins) has the lines of those that read it next. */
function sourcesOf(nests: readonly LoopNest[]): Map<LoopNest, readonly Origin[]> {
  const readers = new Map<number, LoopNest[]>();
  for (const nest of nests)
    for (const scalar of reachableScalars(nest.stores.map(({ value }) => value)))
      if (scalar.kind === "load")
        readers.set(scalar.buffer, [...(readers.get(scalar.buffer) ?? []), nest]);
  const own = (nest: LoopNest): readonly Origin[] => nest.computed ?? nest.origins;
  return new Map(
    nests.map((nest) => {
      const read = nest.stores.flatMap(({ buffer }) => readers.get(buffer) ?? []);
      return [nest, own(nest).length > 0 ? own(nest) : read.flatMap(own)];
    }),
  );
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
