// Draws that stand outside of loops in time and are read in their turns in; the same numbers there as outside, forwards and in derivatives, out.

import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";

const time = 5;
const x = {
  data: Array.from({ length: 3 * time * 2 }, (_, at) => Math.sin(at + 1)),
  shape: [3, time, 2],
};

async function predicted(body: string): Promise<Record<string, number[]>> {
  const model = compileOne(`model M {
    input x: [batch, time, 2]
    ${body}
  }`);
  const net = await open(model, "f64");
  const outputs = await net.predict({ x }, { seed: 4 });
  return Object.fromEntries(
    Object.entries(outputs).map(([name, values]) => [name, Array.from(values as Float32Array)]),
  );
}

function alike(found: readonly number[] | undefined, wanted: readonly number[] | undefined): void {
  expect(found?.length).toBe(wanted?.length);
  found?.forEach((value, at) => {
    expect(value).toBeCloseTo(wanted?.[at] ?? NaN, 10);
  });
}

it("have one value, whether their slices are read in turns or all at once", async () => {
  const { turns, whole } = await predicted(`
    noise: [batch, time, 2] ~ normal(0, 1)
    turns = scan p, q in noise, x along 1 { carry s: [batch, 2] = 0  s <- s + p * q }
    whole = sum(noise * x, axis: 1)
    output turns
    output whole`);
  alike(turns, whole);
});

it("have one value in all turns where they are read whole", async () => {
  const { turns, whole } = await predicted(`
    noise: [batch, 2] ~ normal(0, 1)
    turns = scan q in x along 1 { carry s: [batch, 2] = 0  s <- s + noise * q }
    whole = noise * sum(x, axis: 1)
    output turns
    output whole`);
  alike(turns, whole);
});

it("draw anew in the turns of the loop that they stand in, and not in those of a loop within", async () => {
  const { turns, times } = await predicted(`
    turns = scan q in x along 1 {
      noise: [batch, 2] ~ normal(0, 1)
      inner = scan k in range(4) { carry s: [batch, 2] = 0  s <- s + noise }
      yield inner - 4 * noise
    }
    times = scan q in x along 1 {
      noise: [batch, 2] ~ normal(0, 1)
      yield noise
    }
    output turns
    output times`);
  expect(Math.max(...(turns ?? [NaN]).map(Math.abs))).toBeLessThan(1e-12);
  expect(new Set(times).size).toBe(times?.length);
});

it("mask the derivative of a recurrence as they mask its values", async () => {
  const { found, wanted } = await predicted(`
    keep: [batch, time, 2] ~ bernoulli(0.5)
    states = scan q in x along 1 { carry s: [batch, 2] = 0  s <- 0.5 * s + q  yield s }
    found = grad(sum(states * keep), x)
    // The state at t holds x of t' times 0.5 ^ (t - t').
    wanted = scan m in flip(keep, axis: 1) along 1 { carry s: [batch, 2] = 0  s <- 0.5 * s + m  yield s }
    output found
    output wanted`);
  const size = time * 2;
  const flipped = found?.map((_, at) => {
    const [row, rest] = [Math.floor(at / size), at % size];
    return found[row * size + (time - 1 - Math.floor(rest / 2)) * 2 + (rest % 2)] ?? NaN;
  });
  alike(flipped, wanted);
});
