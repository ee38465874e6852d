// Models with states and several `minimize` lines in; how often a step moves each state on, out.

import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";

function model(state: string, train: string): string {
  return `
layer counted(v: [batch]) {
  state seen: [] = 0
  if training { seen <- seen + mean(v) }
  return v
}
model M {
  input x: [batch]
  param a: [] = 1
  param c: [] = 1
  state s: [] = 0
  z = x * a
  ${state}
  loss la = mean(z)
  loss lc = mean(x * c)
}
train M { ${train} }
`;
}

const a = "minimize la on a with sgd(lr: 0)";
const c = "minimize lc on c with sgd(lr: 0)";
const lines: readonly string[] = [
  "optimizer sgd(lr: 0)",
  `${a} ${c}`,
  `${a} repeat 3 ${c}`,
  `${a} ${c} repeat 2`,
  `${a} repeat 2 ${c} repeat 3`,
];
const own: readonly [string, string][] = [
  ["a constant", "s <- s + 1"],
  ["data", "s <- s + mean(x)"],
  ["a parameter", "s <- s + a"],
  ["what a line computes", "s <- s + mean(z)"],
];

it.each(own)("a model's own state that reads %s moves on once a step", async (_what, update) => {
  for (const line of lines) {
    const net = await open(compileOne(model(`if training { ${update} }`, line)), "f32");
    await net.fit({ x: new Float32Array(20).fill(1) }, { steps: 5, batch: 4 });
    expect([line, await net.read("s")]).toEqual([line, Float32Array.of(5)]);
    for (let step = 0; step < 2; step++) await net.step({ x: [1, 1] });
    expect([line, await net.read("s")]).toEqual([line, Float32Array.of(7)]);
  }
});

it("a layer's state moves on with each line that needs its call, else once a step", async () => {
  const counts = async (state: string, line: string): Promise<number> => {
    const net = await open(compileOne(model(state, line)), "f32");
    await net.fit({ x: new Float32Array(20).fill(1) }, { steps: 5, batch: 4 });
    return (await net.read("counted_1.seen"))[0] ?? NaN;
  };
  const read = "z = counted(z)";
  expect(await Promise.all(lines.map((line) => counts(read, line)))).toEqual([5, 5, 15, 5, 10]);
  const apart = "m = counted(x)\n  if training { s <- s + mean(m) }";
  expect(await Promise.all(lines.map((line) => counts(apart, line)))).toEqual([5, 5, 5, 5, 5]);
});
