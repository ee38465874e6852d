// Shaders of which naga takes one and refuses another in; that it is asked, and what it says, out.

import { expect, it } from "vitest";
import { softwareExpected } from "../../scripts/software.mjs";
import { refusedByNaga } from "../support/naga.js";

const shader = (value: string): string =>
  `@group(0) @binding(0) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(1) fn main() { out[0] = ${value}; }`;

it.runIf(softwareExpected)("naga refuses what is no shader, and takes what is one", () => {
  const shaders = ["1.5", "1u", "sqrt(2.0)"].map((value) => ({ of: value, code: shader(value) }));
  const refused = refusedByNaga(shaders);
  expect(refused?.map(({ of }) => of)).toEqual(["1u"]);
  expect(refused?.[0]?.message).toMatch(/u32/);
});
