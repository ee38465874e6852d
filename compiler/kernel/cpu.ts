// Takes a nest and a choice, gives its kernel for the CPU: loops in the order of the axes, blocks of points in registers.
import type { Axis, LoopNest, ScheduledBuffer } from "../types/nest.js";
import type { NestFacts } from "./analyze.js";
import { assemble } from "./assemble.js";
import type { SerialChoice } from "./choose.js";
import type { Kernel } from "./ir.js";
import { regionsFrom } from "./points.js";
import { dimValue } from "./polynomial.js";
import { createSerialShapes } from "./shapes.js";
import { literal } from "./simplify.js";
import type { SerialTarget } from "./target.js";
import type { ReductionLoop, KernelValue } from "./value.js";
import { createValues } from "./value.js";

export function buildForCpu(
  { nest }: NestFacts,
  choice: SerialChoice,
  buffers: readonly ScheduledBuffer[],
  { accumulates }: Pick<SerialTarget, "accumulates">,
): Kernel {
  return inLoops(nest, buffers, choice, accumulates);
}

/** Plain loops, one point at a time: what the other mappings are compared with. */
export function plainLoops(nest: LoopNest, buffers: readonly ScheduledBuffer[]): Kernel {
  const rows = nest.stores.find((store) => store.rows)?.rows;
  const choice = {
    rows: rows && new Set(rows),
    tile: [],
    laned: new Set<Axis>(),
    packed: undefined,
  };
  return inLoops(nest, buffers, choice, "f64");
}

function inLoops(
  nest: LoopNest,
  buffers: readonly ScheduledBuffer[],
  { rows, tile, laned, packed }: SerialChoice,
  accumulates: SerialTarget["accumulates"],
): Kernel {
  const values = createValues();
  const zero = literal(values, "index", 0);
  const starts = new Map<Axis, KernelValue>();
  const loops: ReductionLoop[] = [];
  const outer: ReductionLoop[] = [];
  for (const axis of nest.axes) {
    const step = tile.find((tiled) => tiled.axis === axis)?.size ?? 1;
    if (typeof axis.extent === "number" && axis.extent <= step) {
      starts.set(axis, zero);
      continue;
    }
    const below = dimValue(values, axis.extent);
    // The last block starts at extent − step where blocks fit: so its points are known to stay inside.
    const extent =
      typeof axis.extent === "number" && axis.extent % step === 0
        ? literal(values, "index", axis.extent - step + 1)
        : below;
    const variable = values.variable(`a${axis.id}`, extent);
    starts.set(axis, variable);
    (rows?.has(axis) === true ? outer : loops).push({ variable, from: zero, below, step });
  }
  return assemble(nest, buffers, {
    target: "cpu",
    accumulates,
    workgroupSize: 1,
    workgroups: 1,
    values,
    given: [],
    within: undefined,
    rows: rows && { loops: outer, axes: starts, once: undefined },
    loops,
    once: undefined,
    regions: regionsFrom(values, starts, tile),
    shapeOf: createSerialShapes(values, laned, packed),
  });
}
