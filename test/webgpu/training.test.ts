// Small models in; that WebGPU trains them as the CPU does, the same way each time, and goes on where it was cut off, out.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/index.js";
import { describeGpu } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";
import { generator } from "../support/sampleValues.js";

type Weights = Readonly<Record<string, readonly number[]>>;

async function weightsOf(net: TrainingNet): Promise<Weights> {
  const names = Object.keys(net.parameters);
  const values = await Promise.all(names.map(async (name) => [...(await net.read(name))]));
  return Object.fromEntries(names.map((name, at) => [name, values[at] ?? []]));
}

function expectNear(found: Weights, expected: Weights, tolerance: number): void {
  for (const [name, values] of Object.entries(expected)) {
    values.forEach((value, at) => {
      const room = tolerance * (1 + Math.abs(value));
      expect(Math.abs((found[name]?.[at] ?? NaN) - value), `${name} ${at}`).toBeLessThan(room);
    });
  }
}

/** Draws its data, and within training. */
const noisy = compileOne(`model Noisy {
  input x: [batch, 4] ~ uniform(-1, 1)
  input flip: [batch] ~ bernoulli(0.5)
  target y: [batch] = x[:, 0] * x[:, 1] + flip
  h = concat([x, reshape(flip, [batch, 1])], axis: 1)
    |> dense(8, activation: tanh)
    |> dropout(0.3)
    |> batch_norm()
    |> dense(1)
  output prediction = h[:, 0]
  loss mse(prediction, y)
}
train Noisy { optimizer adam(lr: 1e-2)  batch 13  steps 12  seed 3 }`);

/** Shows what was drawn: from the host's side, and as the mask of a dropout, which is the gradient here. */
const draws = compileOne(`model Draws {
  input coin: bool[batch, 5] ~ bernoulli(0.3)
  input odds: [batch, 5] ~ bernoulli(0.7)
  input unit: [batch, 5] ~ uniform(0, 1)
  input wide: [batch, 5] ~ uniform(-3, 5)
  input die: i32[batch, 5] ~ randint(-3, 1000)
  input face: category(6)[batch] ~ categorical([0, 0, 1, 0, 2, 0])
  weight w: [300] ~ uniform(-1, 1)
  weight mask: [300] = 0
  output coins = coin
  output likely = odds
  output units = unit
  output wides = wide
  output dice = die
  output faces = face
  loss sum(dropout(mask, 0.25)) + 0 * mean(unit)
}
train Draws { optimizer sgd(lr: 1)  batch 4  steps 2 }`);

const tinyLeNet = compileOne(`model TinyLeNet {
  input image: [batch, 12, 12, 1]
  target digit: category(4)[batch]
  logits = image
    |> random_shift(1)
    |> conv2d(4, kernel: 5, padding: "same", activation: relu)
    |> max_pool2d(2)
    |> conv2d(6, kernel: 3, activation: relu)
    |> max_pool2d(2)
    |> flatten()
    |> dropout(0.5)
    |> dense(4)
  output probability = softmax(logits)
  loss cross_entropy(logits, digit)
  regularize l2(1e-4) on weights
  metric accuracy(logits, digit)
}
train TinyLeNet { optimizer sgd(lr: 0.1, momentum: 0.9)  batch 8  epochs 1  seed 7 }`);

/** Bright quarters of noisy images: the class is the quarter. */
function quarters(count: number): { image: Float32Array; digit: number[] } {
  const next = generator(4);
  const digit = Array.from({ length: count }, (_, at) => at % 4);
  const image = Float32Array.from({ length: count * 144 }, (_, index) => {
    const [row, column] = [Math.floor((index % 144) / 12), index % 12];
    const quarter = (row < 6 ? 0 : 2) + (column < 6 ? 0 : 1);
    const bright = digit[Math.floor(index / 144)] === quarter ? 0.7 : 0;
    return bright + 0.3 * next();
  });
  return { image, digit };
}

describeGpu("training on WebGPU", () => {
  it("gives the same weights for the same seed, bit for bit, and others for another", async () => {
    const run = async (seed: number): Promise<Weights> => {
      const net = await open(noisy, "webgpu", { seed });
      await net.fit();
      const weights = await weightsOf(net);
      net.destroy();
      return weights;
    };
    const first = await run(3);
    expect(await run(3)).toEqual(first);
    expect((await run(4))["dense_1.W"]).not.toEqual(first["dense_1.W"]);
  });

  it("goes on from a saved run to the very weights of one that was never cut off", async () => {
    const whole = await open(noisy, "webgpu");
    await whole.fit();
    const first = await open(noisy, "webgpu");
    const abort = new AbortController();
    const { stopped, steps } = await first.fit(
      {},
      {
        signal: abort.signal,
        onStep: ({ step }) => {
          if (step === 5) abort.abort();
        },
      },
    );
    expect(stopped).toBe("aborted");
    expect(steps).toBeLessThan(12);
    const bytes = await first.save({ optimizer: true });
    const second = await open(noisy, "webgpu", { weights: bytes });
    await second.fit({}, { resume: true });
    expect(await weightsOf(second)).toEqual(await weightsOf(whole));
    for (const net of [whole, first, second]) net.destroy();
  });

  it("follows the losses of the CPU", async () => {
    const data = quarters(80);
    const lossesOf = async (backend: "f32" | "webgpu"): Promise<number[]> => {
      const net = await open(tinyLeNet, backend);
      const losses: number[] = [];
      await net.fit(data, { onStep: ({ loss }) => losses.push(loss) });
      net.destroy();
      return losses;
    };
    const [cpu, gpu] = [await lossesOf("f32"), await lossesOf("webgpu")];
    expect(cpu).toHaveLength(10);
    cpu.forEach((loss, step) => {
      expect(Math.abs((gpu[step] ?? NaN) - loss), `step ${step}`).toBeLessThan(1e-3 * loss);
    });
  });
});

describeGpu("draws", () => {
  it("are the same on both backends, bit for bit", async () => {
    const [cpu, gpu] = [
      await open(draws, "f32", { seed: 9 }),
      await open(draws, "webgpu", { seed: 9 }),
    ];
    for (const seed of [1, 2]) {
      const own = await cpu.predict({}, { batch: 41, seed });
      expect(Object.keys(own)).toHaveLength(6);
      expect(await gpu.predict({}, { batch: 41, seed })).toEqual(own);
    }
    const drawn = await weightsOf(cpu);
    expect(await weightsOf(gpu)).toEqual(drawn);
    expect(new Set(drawn["w"]).size).toBeGreaterThan(290);
    for (const net of [cpu, gpu]) {
      await net.step();
      await net.step();
    }
    const masks = await weightsOf(cpu);
    expect(await weightsOf(gpu)).toEqual(masks);
    // 0, −4/3 or −8/3: kept in neither, one or both of the two steps, which drew anew.
    expect(new Set(masks["mask"]).size).toBe(3);
    for (const net of [cpu, gpu]) net.destroy();
  });
});

describe("movies.nn", () => {
  const path = join(import.meta.dirname, "../../examples/programs/movies.nn");
  const movies = compileOne(readFileSync(path, "utf8"), "movies.nn");
  /** I like what Mary likes more than John dislikes it. */
  const pairs = [1, 2, 3, 4, 5].flatMap((mary) => [1, 3, 5].map((john) => [mary, john] as const));
  const data = {
    ratings: pairs.flat(),
    liked: pairs.map(([mary, john]) => (2 * mary - john > 3.5 ? 1 : 0)),
  };
  const run = async (backend: "f32" | "webgpu"): Promise<Weights> => {
    const net = await open(movies, backend);
    await net.fit(data, { epochs: 150 });
    const { metrics } = await net.evaluate(data);
    expect(metrics["binary_accuracy"]).toBe(1);
    const { liking } = await net.predict({ ratings: [5, 1, 1, 5] });
    expect(liking?.[0]).toBeGreaterThan(0.9);
    expect(liking?.[1]).toBeLessThan(0.1);
    const weights = await weightsOf(net);
    net.destroy();
    return weights;
  };
  it("learns separable tastes on the CPU", async () => {
    await run("f32");
  });
  describeGpu("on WebGPU", () => {
    it("comes to the same weights", async () => {
      expectNear(await run("webgpu"), await run("f32"), 1e-4);
    });
  });
});
