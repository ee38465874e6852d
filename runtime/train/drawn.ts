// Dimensions and a number of examples in; a source of batches that the device draws, out.

import type { Dimensions } from "../dimensions.js";
import type { Waiting } from "./calls.js";
import type { Cursor, Source } from "./data.js";

/** Batches that the device draws: `examples` of them in all, or without an end. */
export function drawnSource(dimensions: Dimensions, waiting: Waiting, examples?: number): Source {
  const batch = dimensions["batch"] ?? 1;
  const open = (_epoch: number, from: number): Cursor => {
    let rest = (examples ?? Infinity) - from * batch;
    return {
      next: () => {
        waiting.check();
        if (rest <= 0) return undefined;
        const size = Math.min(batch, rest);
        rest -= size;
        return { inputs: new Map(), dimensions: { ...dimensions, batch: size }, examples: size };
      },
      close: () => Promise.resolve(),
    };
  };
  const batches = examples === undefined ? undefined : Math.ceil(examples / batch);
  return { kind: "drawn", once: false, names: new Set(), examples, batches, open };
}
