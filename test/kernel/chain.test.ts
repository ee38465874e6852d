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

/** Nests have no axes of one index. */
function along(axis: Axis): Scalar {
  return axis.extent === 1 ? int(0) : at(axis);
}

function longer(axes: readonly Axis[]): readonly Axis[] {
  return axes.filter(({ extent }) => extent !== 1);
}

/** Of each element less the sum of its row, the second nest sums rows as they are read. */
function mapped(extents: Extents, { index, extents: read = extents }: Read) {
  const builder = createBuilder();
  const batch = freeDim("batch");
  const x = builder.input("x", batch);
  const made = builder.temporary(batch);
  const out = builder.temporary(batch);
  const [i, j, k, l] = [...extents, extents[2]].map((extent) => builder.axis(extent));
  const [p, q, r, s] = [...read, read[2]].map((extent) => builder.axis(extent));
  if (!i || !j || !k || !l || !p || !q || !r || !s) throw new Error("no axis");
  const own = offset(extents, [along(i), along(j), along(k)]);
  const row = reduce("sum", [l], builder.load(x, offset(extents, [along(i), along(j), along(l)])));
  const first = nestOf("first", longer([i, j, k]), [
    { buffer: made, index: own, value: op("subtract", builder.load(x, own), row) },
  ]);
  const sum = reduce("sum", [s], builder.load(made, index(p, q, s)));
  const second = nestOf("second", longer([p, q, r]), [
    {
      buffer: out,
      index: offset(read, [along(p), along(q), along(r)]),
      value: op("multiply", builder.load(made, index(p, q, r)), sum),
    },
  ]);
  const steps = mapInSteps([scheduleOf(builder, [first, second])], { batch: 8, time: 6 });
  const [[schedule], [chains]] = [steps.schedules, steps.chains];
  if (!schedule || !chains) throw new Error("no schedule");
  expect(verifySchedule(schedule)).toEqual([]);
  return { schedule, chains: [...chains.values()] };
}

function following(extents: Extents, read: Read): readonly string[] {
  const { schedule } = mapped(extents, read);
  return schedule.nests.filter(({ follows }) => follows).map(({ name }) => name);
}

const plain: Extents = [8, 6, 40];
const time = freeDim("time");

describe("a nest follows another", () => {
  it.each<[string, Extents, Read]>([
    [
      "in the same rows",
      plain,
      { index: (i, j, k) => offset(plain, [along(i), along(j), along(k)]) },
    ],
    [
      "in rows of free numbers",
      [freeDim("batch"), time, 40],
      { index: (i, j, k) => offset([8, time, 40], [along(i), along(j), along(k)]) },
    ],
    [
      "whose elements it reads backwards",
      plain,
      {
        index: (i, j, k) => offset(plain, [along(i), along(j), op("subtract", int(39), along(k))]),
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
        index: (i, j, k) => offset(plain, [along(i), op("subtract", int(5), along(j)), along(k)]),
      },
    ],
    [
      "of which it reads the next row",
      plain,
      { index: (i, j, k) => op("add", offset(plain, [along(i), along(j), along(k)]), int(40)) },
    ],
    [
      "of which it reads one element beyond its row",
      plain,
      { index: (i, j, k) => op("add", offset(plain, [along(i), along(j), along(k)]), int(1)) },
    ],
    [
      "across whose rows it goes",
      [40, 6, 40],
      { index: (i, j, k) => offset([40, 6, 40], [along(k), along(j), along(i)]) },
    ],
    [
      "whose rows are as many, in other axes",
      plain,
      {
        extents: [6, 8, 40],
        index: (i, j, k) => offset([6, 8, 40], [along(i), along(j), along(k)]),
      },
    ],
    [
      "whose rows are more",
      [9, 6, 40],
      { extents: plain, index: (i, j, k) => offset(plain, [along(i), along(j), along(k)]) },
    ],
    ["whose first row all of its rows read", plain, { index: (_i, _j, k) => along(k) }],
  ])("%s", (_, extents, read) => {
    expect(following(extents, read)).toEqual([]);
  });
});

describe("a row that a workgroup shares", () => {
  it.each<[string, Extents]>([
    ["of several", plain],
    ["that is the only one", [1, 1, 400]],
  ])("%s, is handed on behind a barrier", (_, extents) => {
    const same: Read = { index: (i, j, k) => offset(extents, [along(i), along(j), along(k)]) };
    const { chains } = mapped(extents, same);
    expect(chains.length).toBe(1);
    for (const { gpu } of chains) {
      expect(gpu.body).toContainEqual({ kind: "barrier", memory: "storage" });
      expect(gpu.body).toContainEqual({ kind: "barrier", memory: "workgroup" });
    }
  });
});
