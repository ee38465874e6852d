// Instances and states that start from parameters and follow them in; their numbers after training, against the same steps taken here, out.
import { afterEach, describe, expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/api.js";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

const nets: TrainingNet[] = [];
afterEach(() => {
  for (const net of nets.splice(0)) net.destroy();
});

const backends = softwareExpected ? (["f64", "webgpu"] as const) : (["f64"] as const);

describe.each(backends)("what follows, %s", (backend) => {
  const load = async (source: string): Promise<TrainingNet> => {
    const net = await open(compileOne(source), backend);
    nets.push(net);
    return net;
  };
  const expectClose = async (
    net: TrainingNet,
    name: string,
    numbers: readonly number[],
  ): Promise<void> => {
    const read = await net.read(name);
    expect(read.length, name).toBe(numbers.length);
    numbers.forEach((value, at) => {
      expect(read[at], `${name} ${at}`).toBeCloseTo(value, backend === "f64" ? 8 : 4);
    });
  };

  /** The gradient of the weight is the data, of the bias 1, in each step. */
  const averaged = (follow: string, train: string): string => `
    layer head(x: [batch, n]): [batch, n] {
      weight W: [n, n] ~ normal(0, 1)
      bias b: [n] = 0.5
      inner = x |> dense(n)
      return x * W[0] + b + 0 * inner
    }
    model M {
      input x: [batch, 2]
      shared online = head()
      shared slow = head()
      slow.* = online.*
      output y = slow(x)
      loss sum(online(x))
      if training { slow.* <- ${follow} }
    }
    train M { ${train}  batch 1 }`;
  const data = (steps: number): { x: number[] } => ({
    x: Array.from({ length: steps }, () => [3, -1]).flat(),
  });

  it("an exponential mean of weights starts from them and follows once a step", async () => {
    const rate = "(if step < 3 then 0.5 else 0.9)";
    const net = await load(
      averaged(`${rate} * slow.* + (1 - ${rate}) * online.*`, "optimizer sgd(lr: 0.1)  steps 5"),
    );
    const W = [...(await net.read("online.W"))];
    const fresh = await net.read("online.dense_1.W");
    expect(await net.read("slow.W")).toEqual(await net.read("online.W"));
    expect(await net.read("slow.dense_1.W")).toEqual(fresh);
    await net.fit(data(5));
    let slow = W;
    for (let step = 1; step <= 5; step++) {
      const keep = step < 3 ? 0.5 : 0.9;
      slow = slow.map((v, i) => keep * v + (1 - keep) * (W[i] ?? 0));
      W[0] = (W[0] ?? 0) - 0.3;
      W[1] = (W[1] ?? 0) + 0.1;
    }
    await expectClose(net, "online.W", W);
    await expectClose(net, "slow.W", slow);
    const saved = await net.save();
    const model = compileOne(averaged("slow.*", "optimizer sgd(lr: 0.1)  steps 5"));
    const again = await open(model, backend, { weights: saved });
    nets.push(again);
    await expectClose(again, "slow.W", slow);
  });

  it("a target network is a copy of the other, taken every third step", async () => {
    const net = await load(
      averaged(
        "if step % 3 == 0 then online.* else slow.*",
        "optimizer sgd(lr: 0.1) on weights  optimizer sgd(lr: 1) on biases  steps 5",
      ),
    );
    await net.fit(data(5));
    // As it was before the third step.
    await expectClose(net, "slow.b", [-1.5, -1.5]);
    await expectClose(net, "online.b", [-4.5, -4.5]);
  });

  it("follows once an update, however many batches and lines make a step", async () => {
    const follow = "slow.* + 1";
    const steps = async (source: string, batches: number): Promise<void> => {
      const net = await load(source);
      const [before = NaN] = await net.read("slow.b");
      await net.fit(data(batches));
      await expectClose(net, "slow.b", [before + 2, before + 2]);
    };
    await steps(averaged(follow, "optimizer sgd(lr: 0.1)  accumulate 3  steps 2"), 6);
    await steps(
      averaged(
        follow,
        "minimize sum on all with sgd(lr: 0.1) repeat 3  minimize sum on weights with sgd(lr: 1) repeat 2  steps 2",
      ),
      10,
    );
    const frozen = await load(averaged(follow, "optimizer sgd(lr: 0.1)  freeze slow.*  steps 2"));
    await frozen.fit(data(2));
    await expectClose(frozen, "slow.b", [0.5, 0.5]);
  });

  it("a mean teacher has the states of its student too", async () => {
    const net = await load(`
      model M {
        input x: [batch, 2]
        target t: [batch, 1]
        shared online = student()
        shared slow = student()
        slow.* = online.*
        z = online(x)
        // In training steps with what it was before them, whether this call trains or not.
        output y = slow(x)
        loss fit = mse(z, t)
        loss consistency = mse(z, stop_gradient(slow(x, training: false)))
        if training { slow.* <- 0.8 * slow.* + 0.2 * online.* }
      }
      layer student(x: [batch, n]): [batch, 1] {
        weight W: [n, 1] = 0.5
        state seen: [n] = 0
        if training { seen <- 0.9 * seen + 0.1 * mean(x, axis: 0) }
        return (x - seen) @ W
      }
      train M { optimizer sgd(lr: 0.1)  batch 2  steps 4 }`);
    const x = [
      [1, 2],
      [-1, 0.5],
    ];
    const t = [1, -1];
    await net.fit({ x: x.flat(), t });
    let W = [0.5, 0.5];
    let S = [0.5, 0.5];
    let seen = [0, 0];
    let slowSeen = [0, 0];
    for (let step = 0; step < 4; step++) {
      // The student's new statistics are those that it uses.
      const now = seen.map((v, j) => 0.9 * v + 0.05 * ((x[0]?.[j] ?? 0) + (x[1]?.[j] ?? 0)));
      const g = [0, 0];
      x.forEach((row, i) => {
        const of = (w: readonly number[], mean: readonly number[]): number =>
          row.reduce((sum, v, j) => sum + (v - (mean[j] ?? 0)) * (w[j] ?? 0), 0);
        const z = of(W, now);
        const error = 2 * z - (t[i] ?? 0) - of(S, slowSeen);
        row.forEach((v, j) => (g[j] = (g[j] ?? 0) + error * (v - (now[j] ?? 0))));
      });
      S = S.map((v, j) => 0.8 * v + 0.2 * (W[j] ?? 0));
      slowSeen = slowSeen.map((v, j) => 0.8 * v + 0.2 * (seen[j] ?? 0));
      W = W.map((v, j) => v - 0.1 * (g[j] ?? 0));
      seen = now;
    }
    await expectClose(net, "online.W", W);
    await expectClose(net, "online.seen", seen);
    await expectClose(net, "slow.W", S);
    await expectClose(net, "slow.seen", slowSeen);
  });

  it("a state and a parameter start from others, whatever these are drawn from", async () => {
    const net = await load(`
      layer kept(x: [batch, n]): [batch, n] {
        weight W: [n, n] ~ normal(0, 1)
        state slow = 2 * W
        if training { slow <- 0.5 * slow + W }
        return x @ slow
      }
      model M {
        input x: [batch, 2]
        weight W: [2, 2] ~ glorot_uniform()
        state slow = W
        state count: [] = 3
        state double = 2 * count
        weight V: [2] = slow[0]
        output y = x @ slow + kept(x) + double * V
        loss mean(x @ W * V)
      }
      train M { optimizer sgd(lr: 0.1)  batch 1  steps 1 }`);
    const [W, V, inner] = [await net.read("W"), await net.read("V"), await net.read("kept_1.W")];
    await expectClose(net, "slow", [...W]);
    await expectClose(net, "V", [W[0] ?? 0, W[1] ?? 0]);
    await expectClose(net, "double", [6]);
    await expectClose(
      net,
      "kept_1.slow",
      [...inner].map((v) => 2 * v),
    );
    expect(new Set([...W, ...inner]).size).toBe(8);
    expect(V).toHaveLength(2);
  });
});

it("no optimizer trains what follows, and no selector of roles finds it", () => {
  const source = (line: string): string => `
    model M {
      input x: [batch, 2]
      shared online = dense(2)
      shared slow = dense(2)
      y = online(x)
      output z = slow(x)
      loss mean(y)
      regularize l2(0.1) on weights
      if training { slow.* <- 0.9 * slow.* + 0.1 * online.* }
    }
    train M { ${line} }`;
  for (const line of ["optimizer sgd(lr: 1)", "minimize mean on all with sgd(lr: 1)"]) {
    const { plan } = compileOne(source(line));
    expect(plan.parameters.map(({ name, role }) => `${name} ${role}`)).toEqual([
      "online.W weight",
      "online.b bias",
      "slow.W state",
      "slow.b state",
    ]);
  }
  expect(() => compileOne(source("optimizer sgd(lr: 1) on slow.*"))).toThrow("NN0501");
  expect(() => compileOne(source("minimize mean on slow.W with sgd(lr: 1)"))).toThrow("NN0501");
});
