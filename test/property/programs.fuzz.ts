// Fresh seeds in (FUZZ_SEED to begin with, FUZZ_PROGRAMS of them); the first random program that compiles to something else than it
// means, out.

import { expect, it } from "vitest";
import { softwareExpected } from "../../scripts/software.mjs";
import { programProblems } from "./checkPrograms.js";

const first = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const count = Number(process.env["FUZZ_PROGRAMS"] ?? 2000);

it(`${count} random programs from seed ${first}`, { timeout: 8 * 3_600_000 }, async () => {
  for (let at = 0; at < count; at += 10) {
    const seeds = Array.from({ length: Math.min(10, count - at) }, (_, n) => first + at + n);
    expect(await programProblems(seeds, { onGpu: softwareExpected })).toEqual([]);
    // Of what a device held the driver lets go when its object is collected, which Node.js does too late.
    globalThis.gc?.();
    console.log(`${at + seeds.length} programs agree`);
  }
});
