// In: a schedule; out: of each nest, whether it computes results, gradients, what storages become, or what is only watched.
import { reachableScalars } from "../../compiler/schedule/operands.js";
import type { LoopNest, Schedule } from "../../compiler/types/nest.js";

export type Purpose = "forward" | "gradient" | "update" | "monitor";

/**
 * What losses, metrics and outputs are computed from is forward; what writes storages updates them, and where it sums too, it
 * computes their gradient on the way; what leads from the one to the other is gradient; the rest is monitored.
 */
export function purposesOf({
  nests,
  buffers,
  results,
}: Pick<Schedule, "nests" | "buffers" | "results">): readonly (readonly Purpose[])[] {
  const accesses = nests.map(accessesOf);
  const isStorage = (buffer: number): boolean => buffers[buffer]?.kind === "storage";
  const given = results.filter(({ name }) => !name.startsWith("monitor."));
  const forward = leadingTo(accesses, new Set(given.map(({ buffer }) => buffer)), isStorage);
  const storages = buffers.flatMap((_, buffer) => (isStorage(buffer) ? [buffer] : []));
  const updating = leadingTo(accesses, new Set(storages), isStorage);
  return accesses.map((access, at): Purpose[] => {
    const updates = access.writes.some(isStorage);
    const isForward = forward.has(at);
    const gradient = updating.has(at) && (updates ? access.sums : !isForward);
    const found: Purpose[] = [];
    if (isForward) found.push("forward");
    if (gradient) found.push("gradient");
    if (updates) found.push("update");
    return found.length > 0 ? found : ["monitor"];
  });
}

/** Positions of the nests that what is wanted is computed by; what a nest reads was written before it, or stands in a storage. */
function leadingTo(
  accesses: readonly Accesses[],
  wanted: Set<number>,
  isStorage: (buffer: number) => boolean,
): ReadonlySet<number> {
  const found = new Set<number>();
  for (let known = -1; known < found.size;) {
    const first = known < 0;
    known = found.size;
    for (const [at, { reads, writes }] of [...accesses.entries()].reverse()) {
      // In turns, what is read may be written behind: in the turn before. A storage is read before it is written.
      const leads = (buffer: number): boolean =>
        wanted.has(buffer) && (first || !isStorage(buffer));
      if (!writes.some(leads)) continue;
      found.add(at);
      for (const buffer of reads) wanted.add(buffer);
    }
  }
  return found;
}

interface Accesses {
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly sums: boolean;
}

function accessesOf({ stores }: LoopNest): Accesses {
  const scalars = [...reachableScalars(stores.flatMap(({ index, value }) => [index, value]))];
  return {
    reads: scalars.flatMap((scalar) => (scalar.kind === "load" ? [scalar.buffer] : [])),
    writes: stores.map(({ buffer }) => buffer),
    sums: scalars.some(({ kind }) => kind === "reduce"),
  };
}
