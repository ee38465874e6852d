// Takes a nest and the buffers of its schedule, gives what its kernels rest on as a key, and what they name: equal keys, equal kernels.
import { numbering } from "../numbering.js";
import { operandsOf } from "../schedule/operands.js";
import { dimKey } from "../types/dimension.js";
import type { Axis, LoopNest, Scalar, ScheduledBuffer } from "../types/nest.js";
import { bufferKey } from "./bindings.js";

/** Nests with equal keys differ in these alone; each list in the order in which the nest comes to them. */
export interface NestShape {
  readonly key: string;
  /** Positions in `Schedule.buffers`. */
  readonly buffers: readonly number[];
  /** Positions in `Schedule.host`. */
  readonly host: readonly number[];
}

/**
 * What mapping asks of a buffer is its type and whether it is another one: where a buffer comes into more, it belongs into
 * the key. Arguments are numbered by the nest already.
 */
export function shapeOfNest(nest: LoopNest, buffers: readonly ScheduledBuffer[]): NestShape {
  const bound = numbering<number>();
  const memory = numbering<string>();
  const host = numbering<number>();
  const axes = numbering<Axis>();
  const bufferText = (buffer: number): string => {
    const declared = buffers[buffer];
    if (!declared) throw new Error(`there is no buffer ${buffer}`);
    return `${bound.of(buffer)}@${memory.of(bufferKey(declared))}:${declared.type}${isHalf(declared) ? " in halves" : ""}`;
  };
  const axisText = (axis: Axis): string => `${axes.of(axis)}<${dimKey(axis.extent)}`;
  const lines: string[] = [nest.axes.map(axisText).join()];
  const numbers = new Map<Scalar, number>();
  const numberOf = (scalar: Scalar): number => {
    const known = numbers.get(scalar);
    if (known !== undefined) return known;
    const operands = operandsOf(scalar).map(numberOf).join();
    lines.push(`${textOf(scalar, { bufferText, axisText, hostText: host.of })} ${operands}`);
    numbers.set(scalar, numbers.size);
    return numbers.size - 1;
  };
  for (const store of nest.stores) {
    const [index, value] = [numberOf(store.index), numberOf(store.value)];
    const rows = store.rows ? ` for each of ${store.rows.map(axisText).join()}` : "";
    lines.push(`${bufferText(store.buffer)}[${index}]=${value}${rows}`);
  }
  return { key: lines.join("\n"), buffers: bound.seen(), host: host.seen() };
}

function isHalf(buffer: ScheduledBuffer): boolean {
  return buffer.kind === "temporary" && buffer.half === true;
}

interface Texts {
  readonly bufferText: (buffer: number) => string;
  readonly axisText: (axis: Axis) => string;
  readonly hostText: (index: number) => number;
}

/** A scalar without its operands. */
function textOf(scalar: Scalar, { bufferText, axisText, hostText }: Texts): string {
  switch (scalar.kind) {
    case "literal":
      return `${scalar.type} ${Object.is(scalar.value, -0) ? "-0" : scalar.value}`;
    case "axis":
      return `axis ${axisText(scalar.axis)}`;
    case "dim":
      return `dim ${dimKey(scalar.dim)}`;
    case "host":
      return `host ${hostText(scalar.index)}`;
    case "argument":
      return `argument ${scalar.type} ${scalar.argument}`;
    case "load":
      return `load ${scalar.type} ${bufferText(scalar.buffer)}`;
    case "op":
      return `${scalar.op} ${scalar.type}`;
    case "guard":
      return `guard ${scalar.type}`;
    case "reduce": {
      const terms = scalar.terms === undefined ? "" : dimKey(scalar.terms);
      return `${scalar.combine} ${scalar.type} ${scalar.axes.map(axisText).join()} ${terms}`;
    }
    case "random":
      return `random ${scalar.source} ${scalar.type}`;
  }
}
