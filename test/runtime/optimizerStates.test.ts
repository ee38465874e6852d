// Optimizers that see the shape of a parameter, draw, and start states from it in; what they make of weights, against a closed form, out.
import { afterEach, describe, expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/api.js";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

const nets: TrainingNet[] = [];
afterEach(() => {
  for (const net of nets.splice(0)) net.destroy();
});

const backends = softwareExpected ? (["f64", "webgpu"] as const) : (["f64"] as const);

/** The gradients are the data, `p` of P and Q alike and `r` of R; P and R share a storage. */
const model = `
model M {
  input p: [batch, 2, 3]
  input r: [batch, 3]
  weight P: [2, 3] ~ normal(0, 1)
  weight R: [3] = 2
  weight Q: [2, 3] = 1
  output z = p
  loss sum(p * P) + sum(p * Q) + sum(r * R)
}`;
const gradient = [1, 0, -2, 3, 0.5, -1];
const data = (steps: number): Record<string, number[]> => ({
  p: Array.from({ length: steps }, () => gradient).flat(),
  r: Array.from({ length: steps }, () => [4, 5, 6]).flat(),
});

describe.each(backends)("optimizers, %s", (backend) => {
  async function train(source: string, steps: number): Promise<TrainingNet> {
    const net = await open(compileOne(source), backend);
    nets.push(net);
    await net.fit(data(steps));
    return net;
  }

  it("start states from the parameter, at the beginning of each stage", async () => {
    // Every second step the fast weights go half of the way back; the mean of the slow ones moves too.
    const net = await train(
      `optimizer lookahead(lr = 0.1) {
        state slow = w
        state first = slow * 2 + g
        state mean: [] = sum(w) / 3
        fast = w - lr * g
        slow <- if step % 2 == 0 then slow + 0.5 * (fast - slow) else slow
        mean <- 0.5 * mean
        w <- (if step % 2 == 0 then slow else fast) + 0.001 * first + mean
      }
      ${model}
      train M stage first { optimizer lookahead() on R  freeze P, Q  batch 1  steps 3 }
      train M stage second { optimizer lookahead() on R  freeze P, Q  batch 1  steps 3 }`,
      3,
    );
    let w = [2, 2, 2];
    const g = [4, 5, 6];
    for (let stage = 0; stage < 2; stage++) {
      let slow = w;
      const first = slow.map((v, i) => 2 * v + (g[i] ?? 0));
      let mean = w.reduce((sum, v) => sum + v, 0) / 3;
      for (let step = 1; step <= 3; step++) {
        const fast = w.map((v, i) => v - 0.1 * (g[i] ?? 0));
        if (step === 2) slow = slow.map((v, i) => v + 0.5 * ((fast[i] ?? 0) - v));
        mean *= 0.5;
        w = (step === 2 ? slow : fast).map((v, i) => v + 0.001 * (first[i] ?? 0) + mean);
      }
    }
    const read = await net.read("R");
    w.forEach((v, i) => {
      expect(read[i]).toBeCloseTo(v, backend === "f64" ? 10 : 4);
    });
  });

  it("draw for each parameter and update anew, and the same from the same seed", async () => {
    const source = `optimizer langevin(lr = 1) {
        noise: [...shape] ~ normal(0, 1)
        w <- w - lr * g + noise
      }
      ${model}
      train M { optimizer langevin()  batch 1  steps STEPS }`;
    const noise = async (steps: number): Promise<readonly number[][]> => {
      const net = await train(source.replace("STEPS", `${steps}`), steps);
      const [Q, R] = [await net.read("Q"), await net.read("R")];
      return [
        [...Q].map((v, i) => v - 1 + steps * (gradient[i] ?? 0)),
        [...R].map((v, i) => v - 2 + steps * (4 + i)),
      ];
    };
    const one = await noise(1);
    const two = await noise(2);
    expect(await noise(1)).toEqual(one);
    const drawn = [
      ...one.flat(),
      ...two.flatMap((of, p) => of.map((v, i) => v - (one[p]?.[i] ?? 0))),
    ];
    // Eighteen draws, none of them twice.
    for (const [at, value] of drawn.entries()) {
      expect(Math.abs(value)).toBeLessThan(4);
      expect(drawn.slice(at + 1).filter((other) => Math.abs(other - value) < 1e-4)).toEqual([]);
    }
  });

  it("draw in the turns of a loop, and from what an init makes", async () => {
    const net = await train(
      `optimizer twice() {
        difference = 0
        for turn in range(2) {
          n: [...shape] ~ normal(0, 1)
          difference = n - difference
        }
        positive: [...shape] ~ gamma(3)
        w <- (if difference == 0 then 0 else 1) * positive
      }
      ${model}
      train M { optimizer twice()  batch 1  steps 1 }`,
      1,
    );
    const drawn = [...(await net.read("Q")), ...(await net.read("R"))];
    expect(new Set(drawn).size).toBe(drawn.length);
    for (const value of drawn) {
      expect(value).toBeGreaterThan(0.01);
      expect(value).toBeLessThan(20);
    }
  });

  it("draw one number for all of a parameter", async () => {
    const net = await train(
      `optimizer shaken() { factor: [] ~ uniform(0, 1)  w <- w - factor * g }
      ${model}
      train M { optimizer shaken()  batch 1  steps 1 }`,
      1,
    );
    const Q = [...(await net.read("Q"))].map((v, i) => (1 - v) / (gradient[i] ?? 0));
    const R = [...(await net.read("R"))].map((v, i) => (2 - v) / (4 + i));
    for (const at of [2, 3, 4, 5]) expect(Q[at]).toBeCloseTo(Q[0] ?? 0, 4);
    for (const at of [1, 2]) expect(R[at]).toBeCloseTo(R[0] ?? 0, 4);
    expect(Math.abs((Q[0] ?? 0) - (R[0] ?? 0))).toBeGreaterThan(1e-3);
  });

  it("see the shape of each parameter", async () => {
    const net = await train(
      `optimizer scaled() {
        flat: [prod(shape)] = flatten(reshape(g, [1, ...shape]))[0]
        w <- w - shape[0] / shape[-1] * reshape(flat, shape)
      }
      ${model}
      train M { optimizer scaled()  batch 1  steps 1 }`,
      1,
    );
    expect((await net.read("Q"))[0]).toBeCloseTo(1 - 2 / 3, 5);
    expect((await net.read("R"))[0]).toBeCloseTo(2 - 4, 5);
  });
});
