// In: bound arrays; out: the same as the runtime takes them, whole or cut along the batch.
import { countOf } from "../runtime/dimensions.js";
import type { BoundArray } from "./data/bind.js";

/** Examples of one call of `predict`, so that the device's memory does not bound how many are predicted. */
export const chunkSize = 512;

export interface GivenTensor {
  readonly data: BoundArray["data"];
  readonly shape: readonly number[];
}

export type Batch = Readonly<Record<string, GivenTensor>>;

export function batchOf(arrays: ReadonlyMap<string, BoundArray>): Batch {
  return Object.fromEntries(
    [...arrays].map(([name, { data, shape }]) => [name, { data, shape: [...shape] }]),
  );
}

/** Cuts every array of `examples` rows into views of at most `size` rows; others come whole each time. */
export function* chunksOf(
  arrays: ReadonlyMap<string, BoundArray>,
  examples: number,
  size: number,
): Generator<Batch> {
  for (let begin = 0; begin < examples; begin += size) {
    const end = Math.min(examples, begin + size);
    yield Object.fromEntries(
      [...arrays].map(([name, { data, shape, perExample }]) => {
        const [, ...rest] = shape;
        if (!perExample) return [name, { data, shape }];
        const row = countOf(rest);
        return [
          name,
          { data: data.subarray(begin * row, end * row), shape: [end - begin, ...rest] },
        ];
      }),
    );
  }
}
