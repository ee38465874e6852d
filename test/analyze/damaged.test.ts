// A thousand texts with damage in; that each has diagnostics or a model soon, and never ends the compiler, out.

import { expect, it } from "vitest";
import { damageProblem } from "./damaged.js";

it.each([0, 1, 2, 3])("texts with damage %i are taken", (part) => {
  const seeds = Array.from({ length: 250 }, (_, at) => 1 + part * 250 + at);
  expect(seeds.flatMap((seed) => damageProblem(seed) ?? [])).toEqual([]);
});
