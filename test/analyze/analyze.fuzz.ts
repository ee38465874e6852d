// Fresh seeds in (FUZZ_SEED to begin with, FUZZ_TEXTS of them); the texts with damage that the compiler does not take, out.

import { expect, it } from "vitest";
import { damageProblem } from "./damaged.js";

const first = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const count = Number(process.env["FUZZ_TEXTS"] ?? 100_000);

it(`${count} texts with damage from seed ${first}`, { timeout: 8 * 3_600_000 }, () => {
  const problems: string[] = [];
  for (let at = 0; at < count; at++) {
    problems.push(...[damageProblem(first + at) ?? []].flat());
    if ((at + 1) % 1000 === 0) console.log(`${at + 1} texts: ${problems.length} not taken`);
  }
  expect(problems).toEqual([]);
});
