// A fixed range of seeds in; that compiled random graphs and their derivatives agree with the interpreter, out.

import { expect, it } from "vitest";
import { problemsOf } from "./checkGraphs.js";

const range = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => from + at);

it.each([0, 1, 2, 3])("random graphs %i compile to what they mean", async (part) => {
  expect(await problemsOf(range(part * 25, 25))).toEqual([]);
});
