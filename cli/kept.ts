// In: a compiled model, one of its programs and sizes; out: what of it lives from the forward pass until gradients need it, by source line.
import { createDescriber } from "../compiler/emit/places.js";
import type { CompiledModel } from "../compiler/index.js";
import { reachableScalars } from "../compiler/schedule/operands.js";
import { evaluateDim } from "../compiler/types/dimension.js";
import type { LoopNest, Schedule } from "../compiler/types/nest.js";
import { purposesOf } from "./profile/purpose.js";

export interface KeptValues {
  /** Lines of the source: `lenet.nn:9`. */
  readonly places: readonly string[];
  /** Instances of layers: `encoder.dense_1`. */
  readonly layers: readonly string[];
  readonly bytes: number;
  /** Of all that is kept. */
  readonly share: number;
}

type Sizes = Readonly<Record<string, number>>;

const elementBytes = 4;

/** The largest first. Values of the same lines are one entry. */
export function keptValues(
  { file, training }: Pick<CompiledModel, "file" | "training">,
  program: number,
  sizes: Sizes,
): readonly KeptValues[] {
  const schedule = training.schedules[program];
  if (schedule === undefined) throw new Error(`the plan has no program ${program}`);
  const describe = createDescriber(file);
  const entries = new Map<string, Omit<KeptValues, "share">>();
  for (const { buffer, nest } of keptBuffers(schedule)) {
    const declared = schedule.buffers[buffer];
    // Its nest may compute what other lines say besides.
    const own = declared?.kind === "temporary" ? declared.origin : undefined;
    const origins = own === undefined ? nest.origins : [own];
    const places = [...new Set(origins.map(describe))];
    const layers = [...new Set(origins.map(({ path }) => path))].filter((path) => path !== "");
    const elements = declared?.elements ?? 0;
    const key = JSON.stringify([places, layers]);
    const before = entries.get(key)?.bytes ?? 0;
    const bytes = before + elementBytes * evaluateDim(elements, sizes);
    entries.set(key, { places, layers, bytes });
  }
  const total = [...entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  return [...entries.values()]
    .map((entry) => ({ ...entry, share: total > 0 ? entry.bytes / total : 0 }))
    .sort((one, other) => other.bytes - one.bytes);
}

/** Temporaries that a forward nest writes and a nest of gradients or updates reads, each with what writes it. */
function keptBuffers(
  schedule: Schedule,
): readonly { readonly buffer: number; readonly nest: LoopNest }[] {
  const { nests, buffers } = schedule;
  const purposes = purposesOf(schedule);
  const writers = new Map<number, LoopNest>();
  const needed = new Set<number>();
  nests.forEach((nest, at) => {
    const own = purposes[at] ?? [];
    if (own.includes("forward"))
      for (const { buffer } of nest.stores)
        if (buffers[buffer]?.kind === "temporary") writers.set(buffer, nest);
    if (!own.includes("gradient") && !own.includes("update")) return;
    const reached = reachableScalars(nest.stores.flatMap(({ index, value }) => [index, value]));
    for (const scalar of reached) if (scalar.kind === "load") needed.add(scalar.buffer);
  });
  return [...writers].flatMap(([buffer, nest]) => (needed.has(buffer) ? { buffer, nest } : []));
}
