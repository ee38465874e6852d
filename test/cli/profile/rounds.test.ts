// Runs that take long and short by a clock of the test's own in; the order in which a profile times them, out.
import { expect, it } from "vitest";
import type { ProgramRun } from "../../../runtime/backend.js";
import type { Ceilings } from "../../../cli/profile/ceilings.js";
import { mostOf } from "../../../cli/profile/ceilings.js";
import { runsOf, timeRounds } from "../../../cli/profile/rounds.js";

it("leaves out no dispatch before one that is timed, however short the time: it may read what that writes", async () => {
  const singles = { webgpu: [], cpu: [1, 2, 3] };
  const repeated = { webgpu: [], cpu: [11, 12, 13] };
  const single = { plan: undefined as never, upload: 0, nothing: 0, singles, repeated };
  const run = (program: number): ProgramRun => ({ program }) as ProgramRun;
  const runs = runsOf(single, "cpu", run(0), (program) => run(program));
  const timed: number[] = [];
  const meter = {
    method: "none",
    time: ({ program }: ProgramRun): Promise<number> => {
      timed.push(program);
      return Promise.resolve([1, 2].includes(program) ? 5 : 0.01);
    },
  };
  await timeRounds(meter, runs, { seconds: 0, clock: meter, onProgress: () => undefined });
  expect(timed.filter((program) => program > 0)).toEqual([1, 2, 3, 1, 2, 13]);
});

it("times the program undivided in every round, as often as each dispatch", async () => {
  const run = (program: number): ProgramRun => ({ program }) as ProgramRun;
  const runs = { nothing: run(0), whole: run(9), dispatches: [{ once: run(1), often: run(11) }] };
  const times = new Map<number, number>();
  const meter = {
    method: "none",
    time: ({ program }: ProgramRun): Promise<number> => {
      const count = (times.get(program) ?? 0) + 1;
      times.set(program, count);
      // Each run takes less than the one before it; those of nothing tell how fine the clock is.
      return Promise.resolve(program === 0 ? 1e-6 * count : 1 + program / count);
    },
  };
  const { rounds, whole } = await timeRounds(meter, runs, {
    seconds: 5,
    clock: meter,
    onProgress: () => undefined,
  });
  expect([times.get(9), times.get(1)]).toEqual([rounds + 1, rounds + 1]);
  expect(whole).toBe(1 + 9 / (rounds + 1));
});

it("takes for the ceiling the most that was seen, by dispatches too", () => {
  const dispatches = [
    { flops: 4e7, bytes: 8e6, milliseconds: 2 },
    // What is left of these is below what a clock tells.
    { flops: 9e9, bytes: 9e9, milliseconds: 0, below: 0.001 },
    { flops: 9e9, bytes: 9e9, milliseconds: 3.7e-4, below: 0.001 },
  ];
  const ceilings = (gigaflops: number, gigabytes: number): Ceilings => ({ gigaflops, gigabytes });
  expect(mostOf(ceilings(8, 3), ceilings(6, 5), dispatches)).toEqual(ceilings(20, 5));
  // What caches hold moves faster than a copy beyond them: its share is all, and not more.
  expect(mostOf(ceilings(8, 3), ceilings(30, 2), dispatches)).toEqual(ceilings(30, 4));
});
