// Index expressions over the positions of examples in; that what is said of each is true of all its values, out.
import { describe, expect, it } from "vitest";
import {
  exampleArithmetic as k,
  exampleIndex,
  mixed,
  plainIndex,
} from "../../compiler/graph/exampleIndex.js";
import type { ExampleIndex } from "../../compiler/graph/exampleIndex.js";
import { freeDim } from "../../compiler/types/dimension.js";

/** The example's position, the running index within it, and running indices along axes of 1 to 3. */
interface Position {
  readonly example: number;
  readonly entry: number;
  readonly plain: readonly number[];
}

interface Indexed {
  readonly text: string;
  readonly known: ExampleIndex;
  readonly at: (position: Position) => number;
}

const extents = [1, 2, 3];
const numbers = [2, 3, 4];

function leaves(entries: number): Indexed[] {
  return [
    {
      text: "i",
      known: exampleIndex(entries),
      at: ({ example, entry }) => example * entries + entry,
    },
    ...extents.map((extent, axis) => ({
      text: `p${extent}`,
      known: plainIndex(extent),
      at: ({ plain }: Position) => plain[axis] ?? 0,
    })),
    ...[0, 1, 3].map((value) => ({
      text: String(value),
      known: k.constant(value),
      at: () => value,
    })),
  ];
}

type Known = Indexed["known"];

const steps = {
  "·": [(a: Known, n: number) => k.multiply(a, n), (a: number, n: number) => a * n],
  "/": [(a: Known, n: number) => k.divide(a, n), (a: number, n: number) => Math.floor(a / n)],
  "%": [(a: Known, n: number) => k.modulo(a, n), (a: number, n: number) => a % n],
} as const;

function stepsFrom(from: readonly Indexed[]): Indexed[] {
  return from.flatMap(({ text, known, at }) =>
    Object.entries(steps).flatMap(([sign, [claim, value]]) =>
      numbers.map((n) => ({
        text: `(${text} ${sign} ${n})`,
        known: claim(known, n),
        at: (position: Position) => value(at(position), n),
      })),
    ),
  );
}

function sums(all: readonly Indexed[]): Indexed[] {
  return all.flatMap((a) =>
    all.map((b) => ({
      text: `(${a.text} + ${b.text})`,
      known: k.add(a.known, b.known),
      at: (position: Position) => a.at(position) + b.at(position),
    })),
  );
}

const within: readonly (readonly number[])[] = extents.reduce<number[][]>(
  (all, extent) => all.flatMap((one) => Array.from({ length: extent }, (_, n) => [...one, n])),
  [[]],
);

/** Whether what is known holds at every position: see ExampleIndex. */
function isTrue({ known, at }: Indexed, entries: number): boolean {
  if (known.kind === "mixed") return true;
  const size = known.kind === "example" ? Number(known.size) : 0;
  const below = known.kind === "example" ? size : Number(known.below ?? Infinity);
  const step = Number(known.step);
  for (let entry = 0; entry < entries; entry++) {
    for (const plain of within) {
      const own = at({ example: 0, entry, plain });
      if (own < 0 || own >= below || own % step !== 0) return false;
      if (at({ example: 1, entry, plain }) !== size + own) return false;
      if (at({ example: 5, entry, plain }) !== 5 * size + own) return false;
    }
  }
  return true;
}

describe("what is known of an index", () => {
  it.each([1, 6])("holds at every position, where an example has %i entries", (entries) => {
    const small = leaves(entries);
    const once = [...small, ...stepsFrom(small)];
    const all = [
      ...once,
      ...sums(once),
      ...stepsFrom(sums([...small, ...stepsFrom(small.slice(0, 1))])),
    ];
    const wrong = all.filter((one) => !isTrue(one, entries));
    expect(wrong.map(({ text }) => text)).toEqual([]);
  });

  const [i, p2, p3] = [exampleIndex(6), plainIndex(2), plainIndex(3)];
  const example = (size: number, step: number): ExampleIndex => ({ kind: "example", size, step });
  const same = (below: number, step: number): ExampleIndex => ({ kind: "same", below, step });
  it.each([
    ["rows within an example", k.divide(i, 3), example(2, 1)],
    ["the position in a row", k.modulo(i, 3), same(3, 1)],
    ["the position in an example", k.modulo(i, 6), same(6, 1)],
    ["the first of each row", k.multiply(k.divide(i, 3), 3), example(6, 3)],
    ["rows and positions", k.add(k.multiply(k.divide(i, 3), 3), p3), example(6, 1)],
    ["fewer positions than a row has", k.add(k.multiply(k.divide(i, 3), 3), p2), example(6, 1)],
    ["multiples of what is left", k.modulo(k.multiply(i, 2), 4), same(4, 2)],
    ["nothing added", k.add(i, k.constant(0)), i],
    [
      "steps that others do not divide",
      k.add(k.multiply(i, 3), k.multiply(plainIndex(1), 2)),
      example(18, 1),
    ],
  ] as const)("is all that is needed: %s", (_, found, known) => {
    expect(found).toEqual(known);
  });
  const batch = freeDim("batch");
  it.each([
    ["a position next to it", k.add(i, k.constant(1))],
    ["more positions than a row has", k.add(k.multiply(exampleIndex(2), 2), p3)],
    ["a part that examples share", k.divide(i, 4)],
    ["a rest that tells the example", k.modulo(i, 4)],
    ["an index along the batch", plainIndex(batch)],
    ["the number of examples", k.constant(batch)],
    ["a multiple of their number", k.multiply(p3, batch)],
    ["parts of their number", k.divide(p3, batch)],
    ["rests of their number", k.modulo(i, batch)],
    ["a comparison", k.less(i, p3)],
  ] as const)("is nothing of %s", (_, found) => {
    expect(found).toEqual(mixed);
  });
});
