// A fixed range of seeds in; that random programs compile to what their text means, out.

import { expect, it } from "vitest";
import { softwareExpected } from "../../scripts/software.mjs";
import { programProblems } from "./checkPrograms.js";

const range = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => from + at);

it.each([0, 1, 2])("random programs %i mean on the CPU what they say", async (part) => {
  expect(await programProblems(range(1 + part * 6, 6))).toEqual([]);
});

// The last one reads rows from their end, four entries at once.
it.runIf(softwareExpected)("and on an adapter", async () => {
  expect(await programProblems([...range(19, 2), 7470], { onGpu: true })).toEqual([]);
});
