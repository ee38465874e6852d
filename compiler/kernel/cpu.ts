// Takes a nest and a choice, gives its kernel for the CPU: loops in the order of the axes, blocks of points in registers.
import type { Axis, LoopNest, ScheduledBuffer } from "../types/nest.js";
import type { NestFacts } from "./analyze.js";
import { assemble } from "./assemble.js";
import type { SerialChoice } from "./choose.js";
import type { Kernel } from "./ir.js";
import { packPanels } from "./panels.js";
import { regionsFrom } from "./points.js";
import { dimValue } from "./polynomial.js";
import { createSerialShapes, oneByOne } from "./shapes.js";
import { literal } from "./simplify.js";
import type { SerialTarget } from "./target.js";
import type { ReductionLoop, KernelValue } from "./value.js";
import { createValues } from "./value.js";

export function buildForCpu(
  { nest }: NestFacts,
  choice: SerialChoice,
  buffers: readonly ScheduledBuffer[],
  { accumulates, panels }: Pick<SerialTarget, "accumulates" | "panels">,
): Kernel {
  const kernel = inLoops(nest, buffers, choice, accumulates);
  if (!panels || choice.repeating.size === 0) return kernel;
  const repeating = new Set([...choice.repeating].map(loopName));
  const packed = packPanels(kernel, repeating, panels.bytes);
  // Without a panel the order of the axes is the better one.
  return packed === kernel
    ? inLoops(nest, buffers, { ...choice, repeating: new Set() }, accumulates)
    : packed;
}

function loopName({ id }: Axis): string {
  return `a${id}`;
}

/** Plain loops, one point at a time: what the other mappings are compared with. */
export function plainLoops(nest: LoopNest, buffers: readonly ScheduledBuffer[]): Kernel {
  const rows = nest.stores.find((store) => store.rows)?.rows;
  const choice = {
    rows: rows && new Set(rows),
    tile: [],
    passages: oneByOne,
    repeating: new Set<Axis>(),
  };
  return inLoops(nest, buffers, choice, "f64");
}

function inLoops(
  nest: LoopNest,
  buffers: readonly ScheduledBuffer[],
  { rows, tile, passages, repeating }: SerialChoice,
  accumulates: SerialTarget["accumulates"],
): Kernel {
  const values = createValues();
  const zero = literal(values, "index", 0);
  const starts = new Map<Axis, KernelValue>();
  const loops: ReductionLoop[] = [];
  const outer: ReductionLoop[] = [];
  const inOrder = [false, true].flatMap((inmost) =>
    nest.axes.filter((axis) => repeating.has(axis) === inmost),
  );
  for (const axis of inOrder) {
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
    const variable = values.variable(loopName(axis), extent);
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
    shapeOf: createSerialShapes(values, passages),
  });
}
