// Pairs of nests built by hand in; which of them one dispatch does row by row out.
import { describe, expect, it } from "vitest";
import { mapInSteps } from "../../compiler/kernel/index.js";
import { verifySchedule } from "../../compiler/schedule/verify.js";
import type { Axis, Scalar } from "../../compiler/types/nest.js";
import { freeDim } from "../../compiler/types/dimension.js";
import type { Dim } from "../../compiler/types/dimension.js";
import { at, createBuilder, int, nestOf, offset, op, reduce, scheduleOf } from "./nests.js";

type Extents = readonly [first: Dim, second: Dim, along: number];

interface Read {
  /** The element that the second nest reads at a point, of what the first made. */
  readonly index: (i: Axis, j: Axis, k: Axis) => Scalar;
  /** Rows of the second nest; those of the first unless given. */
  readonly extents?: Extents;
}

/** Of each element less the sum of its row, the second nest sums rows as they are read. */
function following(extents: Extents, { index, extents: read = extents }: Read): readonly string[] {
  const builder = createBuilder();
  const batch = freeDim("batch");
  const x = builder.input("x", batch);
  const made = builder.temporary(batch);
  const out = builder.temporary(batch);
  const [i, j, k, l] = [...extents, extents[2]].map((extent) => builder.axis(extent));
  const [p, q, r, s] = [...read, read[2]].map((extent) => builder.axis(extent));
  if (!i || !j || !k || !l || !p || !q || !r || !s) throw new Error("no axis");
  const own = offset(extents, [at(i), at(j), at(k)]);
  const row = reduce("sum", [l], builder.load(x, offset(extents, [at(i), at(j), at(l)])));
  const first = nestOf(
    "first",
    [i, j, k],
    [{ buffer: made, index: own, value: op("subtract", builder.load(x, own), row) }],
  );
  const sum = reduce("sum", [s], builder.load(made, index(p, q, s)));
  const second = nestOf(
    "second",
    [p, q, r],
    [
      {
        buffer: out,
        index: offset(read, [at(p), at(q), at(r)]),
        value: op("multiply", builder.load(made, index(p, q, r)), sum),
      },
    ],
  );
  const { schedules } = mapInSteps([scheduleOf(builder, [first, second])], { batch: 8, time: 6 });
  const [schedule] = schedules;
  if (!schedule) throw new Error("no schedule");
  expect(verifySchedule(schedule)).toEqual([]);
  return schedule.nests.filter(({ follows }) => follows).map(({ name }) => name);
}

const plain: Extents = [8, 6, 40];
const time = freeDim("time");

describe("a nest follows another", () => {
  it.each<[string, Extents, Read]>([
    ["in the same rows", plain, { index: (i, j, k) => offset(plain, [at(i), at(j), at(k)]) }],
    [
      "in rows of free numbers",
      [freeDim("batch"), time, 40],
      { index: (i, j, k) => offset([8, time, 40], [at(i), at(j), at(k)]) },
    ],
    [
      "whose elements it reads backwards",
      plain,
      {
        index: (i, j, k) => offset(plain, [at(i), at(j), op("subtract", int(39), at(k))]),
      },
    ],
  ])("%s", (_, extents, read) => {
    expect(following(extents, read)).toEqual(["second"]);
  });
});

describe("a nest waits for all of another", () => {
  it.each<[string, Extents, Read]>([
    [
      "whose rows it reads in another order",
      plain,
      {
        index: (i, j, k) => offset(plain, [at(i), op("subtract", int(5), at(j)), at(k)]),
      },
    ],
    [
      "of which it reads the next row",
      plain,
      { index: (i, j, k) => op("add", offset(plain, [at(i), at(j), at(k)]), int(40)) },
    ],
    [
      "of which it reads one element beyond its row",
      plain,
      { index: (i, j, k) => op("add", offset(plain, [at(i), at(j), at(k)]), int(1)) },
    ],
    [
      "across whose rows it goes",
      [40, 6, 40],
      { index: (i, j, k) => offset([40, 6, 40], [at(k), at(j), at(i)]) },
    ],
    [
      "whose rows are as many, in other axes",
      plain,
      { extents: [6, 8, 40], index: (i, j, k) => offset([6, 8, 40], [at(i), at(j), at(k)]) },
    ],
    [
      "whose rows are more",
      [9, 6, 40],
      { extents: plain, index: (i, j, k) => offset(plain, [at(i), at(j), at(k)]) },
    ],
    ["whose first row all of its rows read", plain, { index: (_i, _j, k) => at(k) }],
  ])("%s", (_, extents, read) => {
    expect(following(extents, read)).toEqual([]);
  });
});
