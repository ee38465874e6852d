// Optimizers that look along the axes of a parameter in; new weights, against figures of NumPy in double precision, out.
import { afterEach, describe, expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/api.js";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

interface Figures {
  /** What is subtracted from a weight. */
  readonly update: string;
  readonly P: readonly number[];
  readonly Q: readonly number[];
  readonly R: readonly number[];
}

const updates: Readonly<Record<string, Figures>> = {
  columns: {
    update: "g / max(sqrt(sum(g ^ 2, except: -1, keep: true)), 1e-12)",
    P: [-0.6, 0, -0.447214, -0.8, -1, -0.894427],
    Q: [-0.149071, -0.365148, -0.298142, -0.730297, -0.298142, -0.182574, -0.894427, -0.547723],
    R: [-1, -1, -1],
  },
  largest: {
    update: "g / max(abs(g), except: -1, keep: true)",
    P: [-0.75, 0, -0.5, -1, -1, -1],
    Q: [-0.166667, -0.5, -0.333333, -1, -0.333333, -0.25, -1, -0.75],
    R: [-1, -1, -1],
  },
  first_axis: {
    update: "g - mean(g, axis: 0, keep: true)",
    P: [0.5, 1, 0.5, -0.5, -1, -0.5],
    Q: [0.5, -0.5, 2, -0.5, -0.5, 0.5, -2, 0.5],
    R: [3.33333, 2.33333, -5.66667],
  },
  last_axis: {
    update: "g - sum(g, axis: -1, keep: true)",
    P: [1, 4, 3, 4, 6, 6],
    Q: [2, 1, 4, 2, 1, 2, 3, 6],
    R: [16, 15, 7],
  },
  across: {
    update: "g - sum(g, except: 0, keep: true)",
    P: [1, 4, 3, 4, 6, 6],
    Q: [8, 7, 7, 5, 10, 11, 6, 9],
    R: [0, 0, 0],
  },
  whole: {
    update: "g / sqrt(sum(g ^ 2))",
    P: [-0.514496, 0, -0.171499, -0.685994, -0.342997, -0.342997],
    Q: [-0.11547, -0.23094, -0.23094, -0.46188, -0.23094, -0.11547, -0.69282, -0.34641],
    R: [-0.230769, -0.307692, -0.923077],
  },
  flipped: {
    update: "flip(g, axis: -1)",
    P: [-1, 0, -3, -2, -2, -4],
    Q: [-2, -1, -4, -2, -1, -2, -3, -6],
    R: [-12, -4, -3],
  },
  by_width: {
    update: "divided(g)",
    P: [-1, 0, -0.333333, -1.33333, -0.666667, -0.666667],
    Q: [-0.5, -1, -1, -2, -1, -0.5, -3, -1.5],
    R: [-1, -1.33333, -4],
  },
};
const names = Object.keys(updates);

const declarations = names.map(
  (name) =>
    `param P_${name}: [2, 3] = 0\n  param Q_${name}: [2, 2, 2] = 0\n  param R_${name}: [3] = 0`,
);
const terms = names.map((name) => `sum(p * P_${name}) + sum(q * Q_${name}) + sum(r * R_${name})`);
const lines = names.map((name) => `optimizer ${name}() on P_${name}, Q_${name}, R_${name}`);

/** The gradients are the data; those that one optimizer updates share a storage. */
const anyRank = `
fn divided(x: [...s, n]) = x / n
${names.map((name) => `optimizer ${name}() { w <- w - (${updates[name]?.update ?? ""}) }`).join("\n")}
model Axes {
  input p: [batch, 2, 3]
  input q: [batch, 2, 2, 2]
  input r: [batch, 3]
  ${declarations.join("\n  ")}
  output z = p
  loss ${terms.join("\n    + ")}
}
train Axes { ${lines.join("\n  ")}  batch 1  steps 1 }`;

const matrices = `
fn orthogonalized(x: [n, m]) = scan t in range(3) {
  carry u: [n, m] = x / sqrt(sum(x ^ 2))
  a = u @ transpose(u)
  u <- 3.4445 * u - 4.775 * a @ u + 2.0315 * a @ a @ u
}
optimizer muon(lr = 0.1) {
  state m = 0
  m <- 0.9 * m + g
  w <- w - lr * orthogonalized(m)
}
optimizer unrolled(lr = 0.1) {
  u = g / sqrt(sum(g ^ 2))
  for i in range(3) {
    a = u @ transpose(u)
    u = 3.4445 * u - 4.775 * a @ u + 2.0315 * a @ a @ u
  }
  w <- w - lr * u
}
optimizer products() { w <- w - g @ transpose(g) @ g }
optimizer turned() { w <- w - reshape(transpose(g), [2, 3]) }
optimizer column() { w <- w - (g + g[:, 0:1]) }
model Matrices {
  input p: [batch, 2, 3]
  param A: [2, 3] = 0
  param B: [2, 3] = 0
  param C: [2, 3] = 0
  param D: [2, 3] = 0
  param E: [2, 3] = 0
  output z = p
  loss sum(p * (A + B + C + D + E))
}
train Matrices {
  optimizer muon() on A
  optimizer unrolled() on B
  optimizer products() on C
  optimizer turned() on D
  optimizer column() on E
  batch 1  steps 1
}`;

const together = `
optimizer columns(lr = 0.5, decay = 0.1) {
  state m = 0
  state t: [] = 0
  t <- t + 1
  m <- 0.5 * m + g
  w <- w * (1 - lr * decay) - lr / t * m / sqrt(sum(m ^ 2, except: -1, keep: true))
}
optimizer centred(lr = 0.1) { w <- w - lr * (g - mean(g, axis: -1, keep: true)) }
model Together {
  input p: [batch, 3, 2]
  input r: [batch, 2]
  weight W: [3, 2] = 0.5
  bias b: [2] = 0.5
  output z = p
  loss sum(p * W) + sum(r * b)
  regularize l2(0.1) on W
  project max_norm(0.6) on W
}
train Together {
  optimizer columns() on weights
  optimizer centred() on biases
  clip_value 5  clip_norm 4  batch 1  steps 2
}`;

const columns = `
optimizer columns(lr = 0.5) { w <- w - lr * g / max(sqrt(sum(g ^ 2, except: -1, keep: true)), 1e-12) }
model M { input x: [batch, 2]  target y: [batch, 2]  weight W: [2, 2] = 0  output z = x @ W  loss mse(z, y) }
train M { optimizer columns() batch 2 steps 1 }`;

const overridden = `
optimizer products() { w <- w - g @ transpose(g) @ g }
model Overridden {
  input p: [batch, 2, 3]
  weight W: [2, 3] = 0
  bias b: [3] = 0
  bias c: [3] = 0
  output z = p
  loss sum(p * W) + sum(p * b) + sum(p * c)
}
train Overridden {
  optimizer products()
  optimizer sgd(lr: 1) on b
  freeze c  batch 1  steps 1
}`;

const nets: TrainingNet[] = [];
afterEach(() => {
  for (const net of nets.splice(0)) net.destroy();
});

describe.each(softwareExpected ? (["f32", "webgpu"] as const) : (["f32"] as const))(
  "optimizers that look along axes, %s",
  (backend) => {
    async function trained(source: string, data: Record<string, number[]>): Promise<TrainingNet> {
      const net = await open(compileOne(source), backend);
      nets.push(net);
      await net.fit(data);
      return net;
    }

    async function expectWeights(
      net: TrainingNet,
      name: string,
      figures: readonly number[],
    ): Promise<void> {
      const read = [...(await net.read(name))];
      expect(read.length, name).toBe(figures.length);
      read.forEach((value, at) => {
        expect(value, `${name} ${at}`).toBeCloseTo(figures[at] ?? NaN, 4);
      });
    }

    it("see each parameter in its own shape, whatever shares its storage", async () => {
      const p = [3, 0, 1, 4, 2, 2];
      const q = [1, 2, 2, 4, 2, 1, 6, 3];
      const net = await trained(anyRank, { p, q, r: [3, 4, 12] });
      for (const [name, { P, Q, R }] of Object.entries(updates)) {
        await expectWeights(net, `P_${name}`, P);
        await expectWeights(net, `Q_${name}`, Q);
        await expectWeights(net, `R_${name}`, R);
      }
    });

    it("multiply, turn and cut matrices", async () => {
      const net = await trained(matrices, { p: [3, 0, 1, 4, 2, 2] });
      const muon = [-0.059044, 0.052278, -0.002255, -0.03516, -0.056789, -0.03065];
      await expectWeights(net, "A", muon);
      await expectWeights(net, "B", muon);
      await expectWeights(net, "C", [-86, -28, -38, -138, -48, -62]);
      await expectWeights(net, "D", [-3, -4, 0, -2, -1, -2]);
      await expectWeights(net, "E", [-6, -3, -4, -8, -6, -6]);
    });

    it("take clipped gradients, keep state, and go with projections and other optimizers", async () => {
      const net = await trained(together, { p: [3, 0, 4, -2, 1, 6], r: [3, 5] });
      await expectWeights(net, "W", [0.023689, 0.288074, -0.114286, 0.486508, 0.299639, -0.200807]);
      await expectWeights(net, "b", [0.584474, 0.415526]);
    });

    it("are asked of what they update alone: later lines and `freeze` take the rest", async () => {
      const net = await trained(overridden, { p: [3, 0, 1, 4, 2, 2] });
      await expectWeights(net, "W", [-86, -28, -38, -138, -48, -62]);
      await expectWeights(net, "b", [-7, -2, -3]);
    });

    it("divide each column of a gradient by its norm", async () => {
      const net = await trained(columns, { x: [3, 4, 3, 4], y: [1, 2, 1, 2] });
      await expectWeights(net, "W", [0.3, 0.3, 0.4, 0.4]);
    });
  },
);

it("what an update draws is drawn for each parameter, and for each line of the block", async () => {
  const model = compileOne(`
fn noisy(x: [...s]) {
  n: [...s] ~ normal(0, 1)
  return n
}
optimizer whole() { w <- w - noisy(w) + 0 * sum(g ^ 2) }
optimizer single() { w <- w - noisy(w) }
projection kick() { w <- w + noisy(w) * (sum(w ^ 2) + 1) }
model M {
  input x: [batch, 3]
  weight A: [3, 3] = 0
  weight B: [3, 3] = 0
  bias c: [3] = 0
  bias d: [3] = 0
  weight E: [2, 3] = 0
  weight F: [2, 3] = 0
  output y = x @ (A + B) + c + d + sum(E, axis: 0) + sum(F, axis: 0)
  loss mean(y ^ 2)
  project kick() on E
  project kick() on F
}
train M {
  optimizer whole()
  optimizer single() on biases
  optimizer single() on d
  optimizer single() on E
  optimizer single() on F
  steps 1
}`);
  const net = await open(model, "f64", { seed: 1 });
  await net.step({ x: [[1, 2, 3]] });
  const drawn = await Promise.all(["A", "B", "c", "d", "E", "F"].map((name) => net.read(name)));
  const numbers = drawn.flatMap((values) => [...values]);
  expect(new Set(numbers).size).toBe(9 + 9 + 3 + 3 + 6 + 6);
  net.destroy();
});
