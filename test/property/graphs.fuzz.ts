// Fresh seeds in (FUZZ_SEED to begin with, FUZZ_SECONDS to go on for); the first random graphs that compile to something
// else than they mean, out.

import { expect, it } from "vitest";
import { problemsOf } from "./checkGraphs.js";

const first = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const seconds = Number(process.env["FUZZ_SECONDS"] ?? 120);

it.each([
  ["", false],
  [" with loops in time", true],
])(`random graphs%s from seed ${first}`, async (_, recurrent) => {
  const end = Date.now() + seconds * 1000;
  let seed = first;
  for (; Date.now() < end; seed += 20) {
    const seeds = Array.from({ length: 20 }, (_, at) => seed + at);
    expect(await problemsOf(seeds, { recurrent, onGpu: true })).toEqual([]);
  }
  console.log(`${seed - first} graphs agreed`);
});
