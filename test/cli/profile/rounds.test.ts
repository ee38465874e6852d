// Runs that take long and short by a clock of the test's own in; the order in which a profile times them, out.
import { expect, it } from "vitest";
import type { ProgramRun } from "../../../runtime/backend.js";
import { runsOf, timeRounds } from "../../../cli/profile/rounds.js";

it("leaves out no dispatch before one that is timed, however short the time: it may read what that writes", async () => {
  const singles = { webgpu: [], cpu: [1, 2, 3] };
  const repeated = { webgpu: [], cpu: [11, 12, 13] };
  const single = { plan: undefined as never, upload: 0, nothing: 0, singles, repeated };
  const runs = runsOf(single, "cpu", (program) => ({ program }) as ProgramRun);
  const timed: number[] = [];
  const meter = {
    method: "none",
    time: ({ program }: ProgramRun): Promise<number> => {
      timed.push(program);
      return Promise.resolve([1, 2].includes(program) ? 5 : 0.01);
    },
  };
  await timeRounds(meter, runs, { seconds: 0, onProgress: () => undefined });
  expect(timed.filter((program) => program > 0)).toEqual([1, 2, 3, 1, 2, 13]);
});
