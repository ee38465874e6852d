// Takes the loops of a reduction, gives the blocks in which a long sum is taken, so that single precision loses little however long it gets.
import type { ReductionLoop } from "./value.js";

/**
 * Terms that one accumulator takes in a row. The error of a sum in a row grows with its length, that of a sum of sums with
 * the lengths' sum: 10⁷ terms of one sign come out within 1e-5 (Higham, Accuracy and Stability of Numerical Algorithms, 4.2).
 */
const longestRow = 1024;
/** Blocks of a loop whose length is not known: 256 terms, 256 sums of those, and the rest. */
const block = 256;
const blocksOfUnknown = 2;

/** How a loop is taken apart. */
export interface LoopBlocks {
  /** Iterations of each block, from the innermost to the outermost; each block has an accumulator of its own. */
  readonly sizes: readonly number[];
  /** Each iteration has an accumulator of its own for the loops within it. */
  readonly apart: boolean;
}

/** Accumulators that a loop adds to those around it. */
export function levelsOf({ sizes, apart }: LoopBlocks): number {
  return sizes.length + (apart ? 1 : 0);
}

/** For loops from the outermost to the innermost. */
export function planBlocks(loops: readonly ReductionLoop[]): readonly LoopBlocks[] {
  const planned: LoopBlocks[] = [];
  // What the innermost open accumulator takes in with one iteration of the loop at hand.
  let terms = 1;
  for (const loop of [...loops].reverse()) {
    const iterations = iterationsOf(loop);
    if (iterations !== undefined && terms * iterations <= longestRow) {
      terms *= iterations;
      planned.push({ sizes: [], apart: false });
      continue;
    }
    const apart = terms > block / 2;
    const inRow = apart ? 1 : terms;
    const sizes = blockSizes(iterations, inRow);
    planned.push({ sizes, apart });
    terms = iterations === undefined ? longestRow : rowLength(iterations, inRow, sizes);
  }
  return planned.reverse();
}

function iterationsOf({ from, below, step, most }: ReductionLoop): number | undefined {
  if (most !== undefined) return most;
  if (below.kind !== "literal") return undefined;
  const start = from.kind === "literal" ? from.value : 0;
  return Math.max(0, Math.ceil((below.value - start) / step));
}

function blockSizes(iterations: number | undefined, inRow: number): number[] {
  const sizes: number[] = [];
  const isEnough = (): boolean =>
    iterations === undefined
      ? sizes.length === blocksOfUnknown
      : rowLength(iterations, inRow, sizes) <= longestRow;
  while (!isEnough()) sizes.push((sizes.at(-1) ?? 1 / inRow) * block);
  return sizes.map(Math.floor);
}

/** Terms that the outermost accumulator takes in a row. */
function rowLength(iterations: number, inRow: number, sizes: readonly number[]): number {
  const largest = sizes.at(-1);
  return largest === undefined ? inRow * iterations : Math.ceil(iterations / largest);
}
