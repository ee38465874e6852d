// Runs that take times of the test's own by clocks that are coarse, that vary or that meet other work in; what a profile says of each dispatch, out.
import { describe, expect, it, test } from "vitest";
import type { ProgramRun } from "../../../runtime/backend.js";
import { mostOf } from "../../../cli/profile/ceilings.js";
import { profileText } from "../../../cli/profile/report.js";
import { timeRounds } from "../../../cli/profile/rounds.js";
import type { Rounds } from "../../../cli/profile/rounds.js";
import { repeats } from "../../../cli/profile/single.js";

const run = (program: number): ProgramRun => ({ program }) as ProgramRun;
const often = 100;
const undivided = 99;

/** Milliseconds of the n-th run of a program, by a clock; dispatches are numbered from 1, runs that dispatch nothing are 0. */
type Clock = (program: number, milliseconds: number, n: number) => number;

const overhead = 0.002;

/** `dispatches`: milliseconds of each. */
async function timed(dispatches: readonly number[], clock: Clock): Promise<Rounds> {
  const counts = new Map<number, number>();
  const meter = {
    method: "made",
    time: ({ program }: ProgramRun): Promise<number> => {
      const n = counts.get(program) ?? 0;
      counts.set(program, n + 1);
      const own = dispatches[(program % often) - 1] ?? 0;
      const took = overhead + own * (program > often ? repeats : 1);
      return Promise.resolve(clock(program, took, n));
    },
  };
  const runs = {
    nothing: run(0),
    whole: run(undivided),
    dispatches: dispatches.map((_, at) => ({ once: run(1 + at), often: run(often + 1 + at) })),
  };
  return timeRounds(meter, runs, { seconds: 5, clock: meter, onProgress: () => undefined });
}

/** A clock that is never quite the same, by at most a millionth of a millisecond. */
const exact: Clock = (program, milliseconds, n) =>
  milliseconds + 1e-6 * ((n * 0.618 + program * 0.37) % 1);

describe("what is told of a dispatch", () => {
  it("is its time, where many of it are long beside what the clock varies by", async () => {
    const { dispatches, uncertainty } = await timed([0.0004, 0.01, 3], exact);
    expect(uncertainty).toBeLessThan(1e-6);
    for (const [at, expected] of [0.0004, 0.01, 3].entries()) {
      expect(dispatches[at]?.below).toBeUndefined();
      expect(dispatches[at]?.milliseconds).toBeCloseTo(expected, 5);
    }
  });

  it("is that of many, where its first run met something else", async () => {
    const hindered: Clock = (program, milliseconds, n) =>
      milliseconds + 1e-4 * ((n * 0.618) % 1) + (program === 1 && n === 0 ? 8 : 0);
    const { dispatches } = await timed([0.0004, 0.01], hindered);
    // One run of it alone is four times what the clock varies by.
    expect(dispatches[0]?.below).toBeUndefined();
    expect(dispatches[0]?.milliseconds).toBeCloseTo(0.0004, 5);
  });

  it("is a bound where runs that dispatch nothing vary by as much", async () => {
    const busy: Clock = (program, milliseconds, n) =>
      milliseconds + (program === 0 ? 0.05 * ((n * 0.618) % 1) : 0.004);
    const { dispatches, uncertainty } = await timed([0.0001, 0.5], busy);
    expect(uncertainty).toBeGreaterThan(0.004);
    expect(dispatches[0]?.below).toBeGreaterThan(0.0001);
    expect(dispatches[1]?.below).toBeUndefined();
  });

  test.each([0.1, 0.0625])("is a bound where the clock goes in steps of %s ms", async (step) => {
    // Where it stands when a run begins, nobody knows.
    const coarse: Clock = (program, milliseconds, n) => {
      const begins = (n * 0.618 + program * 0.37) % 1;
      return step * Math.floor(milliseconds / step + begins);
    };
    const own = [0.0005, 0.004, 0.4];
    const { dispatches } = await timed(own, coarse);
    for (const at of [0, 1]) expect(dispatches[at]?.below).toBeGreaterThan(own[at] ?? 0);
    // Of many at once the steps tell a time to a tenth.
    expect(dispatches[2]?.below).toBeUndefined();
    expect(dispatches[2]?.milliseconds).toBeGreaterThan(0.9 * 0.4);
    expect(dispatches[2]?.milliseconds).toBeLessThan(1.1 * 0.4);
    const ceilings = { gigaflops: 10, gigabytes: 10 };
    const facts = dispatches.map((time) => ({ ...time, flops: 1e5, bytes: 1e5 }));
    expect(mostOf(ceilings, ceilings, facts)).toEqual(ceilings);
  });

  it("is not even a bound where the clock stands still", async () => {
    const { dispatches } = await timed([0.001], () => 0);
    expect(dispatches).toEqual([{ milliseconds: 0, below: 0 }]);
  });
});

test("a time of which a bound is known has no rates in the table, and the table says why", () => {
  const facts = { name: "k", layers: [], turns: 1, flops: 6e4, bytes: 8e3 };
  const text = profileText({
    ...{ model: "M", program: "predict", dimensions: {}, place: "the CPU", method: "made" },
    ...{ rounds: 3, overhead: 0.001, uncertainty: 0.002, whole: 1 },
    ceilings: { gigaflops: 35, gigabytes: 20 },
    dispatches: [
      { ...facts, purposes: ["forward"], places: ["m.nn:2"], milliseconds: 0.5 },
      { ...facts, purposes: ["forward"], places: ["m.nn:3"], milliseconds: 0, below: 0.0011 },
      { ...facts, purposes: ["forward"], places: ["m.nn:4"], milliseconds: 0, below: 0 },
    ],
  });
  expect(text).toMatch(/^m\.nn:2 .* 0 +0\.5 +100 % +0\.12 +0\.3 % +0\.016 +0\.1 %$/m);
  expect(text).toMatch(/^m\.nn:3 .* 1 +< 0\.002$/m);
  expect(text).toMatch(/^m\.nn:4 .* 2 +not told$/m);
  expect(text).toContain("takes (± 0.002)");
  expect(text).toContain("they have no rates, and set no ceiling");
});
