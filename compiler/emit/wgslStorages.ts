// Takes types of buffers and values, gives how shaders store them: elements of wide values one by one, truth as numbers, halves as halves.
import type { Width } from "../kernel/ir.js";
import type { ScalarType } from "../types/nest.js";
import { laneNames, offset, vectorName } from "./wgslVectors.js";
import type { Writer } from "./writer.js";

/** Booleans have no layout in memory: they are stored as 0 and 1. */
export function storedType(type: ScalarType, width?: Width): string {
  return vectorName(type === "bool" ? "u32" : type, width !== undefined);
}

interface WideStore {
  readonly index: string;
  readonly value: string;
  readonly half: boolean;
}

export function printWideStore(
  writer: Writer,
  target: string,
  { index, value, half }: WideStore,
): void {
  writer.indented("{", "}", () => {
    writer.line(`let at = ${index};`);
    writer.line(`let all = ${value};`);
    for (const [lane, name] of laneNames.entries())
      writer.line(
        `${target}[${offset("at", lane)}] = ${half ? `half(all.${name})` : `all.${name}`};`,
      );
  });
}
