// Programs and the memory that a step may take in; that it takes less where values are computed again, and trains to the same bits, out.
import { describe, expect, it } from "vitest";
import type { CompiledModel, CompileOptions } from "../../compiler/index.js";
import { compileOne, open } from "../support/compiled.js";
import { drawnData } from "../support/drawnData.js";
import { placedBytes } from "../../compiler/schedule/memory.js";
import { temporaryBytes } from "../support/temporaryBytes.js";

const deepNet = `
model Net {
  input x: [batch, 32]
  target y: category(5)[batch]
  h = x
  for i in range(8) { h = h |> dense(64) |> layer_norm() |> dropout(0.2) |> gelu() }
  logits = h |> dense(5)
  output logits
  loss cross_entropy(logits, y)
}
train Net { optimizer adam(lr: 0.01)  batch 256  epochs 1 }
`;

const convolutions = `
model Net {
  input x: [batch, 12, 12, 2]
  target y: category(5)[batch]
  h = x |> conv2d(8, kernel: 3, padding: "same") |> batch_norm() |> relu()
  g = h |> conv2d(8, kernel: 3, padding: "same", activation: tanh) |> local_response_norm()
  logits = (h + g) |> max_pool2d(2) |> flatten() |> dropout(0.5) |> dense(5)
  output logits
  loss cross_entropy(logits, y)
}
train Net { optimizer sgd(lr: 0.05, momentum: 0.9)  batch 16  epochs 1 }
`;

const transformer = `
model Net {
  input x: category(16)[batch, 12]
  target y: category(16)[batch, 12]
  h = embedding(x, 16, 16)
  for i in range(3) { h = h |> transformer_block(heads: 2) }
  logits = h |> dense(16)
  output logits
  loss cross_entropy(logits, y)
}
train Net { optimizer adam(lr: 0.01)  batch 32  epochs 1 }
`;

const recurrent = `
model Net {
  input x: [batch, 6, 4]
  target y: [batch, 3]
  h = x |> dense(16, activation: tanh) |> lstm(8)
  output o = mean(h, axis: 1) |> dense(3)
  loss mean((o - y) ^ 2)
}
train Net { optimizer sgd(lr: 0.05)  batch 8  epochs 1 }
`;

const wide = `
model Net {
  input x: [batch, 8]
  target y: category(5)[batch]
  logits = x |> dense(64, activation: gelu) |> dense(64, activation: gelu) |> dense(64, activation: gelu) |> dense(5)
  output logits
  loss cross_entropy(logits, y)
}
train Net { optimizer sgd(lr: 0.05)  batch 512  epochs 1 }
`;

const wideAroundLoop = `
model Net {
  input x: [batch, 8]
  target y: category(5)[batch]
  h = x |> dense(64, activation: gelu) |> dense(64, activation: gelu) |> dense(64, activation: gelu)
  s = h |> dense(32) |> reshape([batch, 4, 8]) |> lstm(4)
  logits = s[:, -1] |> dense(64, activation: gelu) |> dense(5)
  output logits
  loss cross_entropy(logits, y)
}
train Net { optimizer sgd(lr: 0.05)  batch 512  epochs 1 }
`;

async function trained(model: CompiledModel): Promise<Record<string, number[]>> {
  const net = await open(model, "f64", { seed: 5 });
  const batch = model.plan.dimensions.find(({ name }) => name === "batch")?.trained ?? 1;
  for (let step = 0; step < 3; step++) await net.step(drawnData(model.plan, { batch }));
  const values: Record<string, number[]> = {};
  for (const { name } of model.plan.parameters) values[name] = [...(await net.read(name))];
  net.destroy();
  return values;
}

describe.each([
  ["a deep net with draws", deepNet, 0.7],
  ["convolutions", convolutions, 0.95],
  ["a transformer", transformer, 0.8],
  ["a loop in time", recurrent, 1],
  ["wide layers with gelu", wide, 0.75],
  ["wide layers around a loop in time", wideAroundLoop, 0.7],
])("%s", (_, source, share) => {
  const kept = compileOne(source);
  const again = compileOne(source, "test.nn", { recompute: 1 });

  it("takes less", () => {
    expect(temporaryBytes(again) / temporaryBytes(kept)).toBeLessThanOrEqual(share);
  });

  it("trains to the same numbers", async () => {
    const [found, expected] = [await trained(again), await trained(kept)];
    for (const [name, values] of Object.entries(expected))
      values.forEach((value, at) => {
        expect(found[name]?.[at], name).toBeCloseTo(value, 9);
      });
  });
});

/** What a step takes at its peak as buffers are placed, beside parameters and data. */
function placed(source: string, options: CompileOptions = {}): number {
  const { training } = compileOne(source, "test.nn", options);
  const sizes = Object.fromEntries(
    training.plan.dimensions.map(({ name, trained: size }) => [name, size]),
  );
  const steps = training.schedules.filter(({ name }) => name.startsWith("step."));
  return Math.max(...steps.map(({ slots }) => placedBytes(slots, sizes)));
}

describe.each([
  ["silu", 3],
  ["silu", 6],
  ["gelu", 4],
  ["gelu", 8],
])("a residual chain with %s, %i times", (activation, times) => {
  const source = `
model Net {
  input x: [batch, 30]
  target y: [batch, 30]
  h = x
  for i in range(${times}) { h = h + (h |> dense(30, activation: ${activation})) }
  output o = h
  loss mse(h, y)
}
train Net { optimizer sgd(lr: 0.01)  batch 33 }
`;
  const data = 4 * (2 * 30 * 33 + times * 31 * 30);
  const kept = placed(source);
  const least = placed(source, { recompute: 1 });

  it("takes less where it has less room, and fits wherever what is found fits", () => {
    expect(least / kept).toBeLessThan(0.8);
    for (const share of [0.95, 0.85, 0.75, 0.65, 0.5]) {
      const room = least + Math.round(share * (kept - least));
      expect(placed(source, { recompute: data + room }), `in ${room}`).toBeLessThanOrEqual(room);
    }
    const tight = placed(source, { recompute: data + least });
    expect(tight).toBe(least);
    expect(placed(source, { recompute: data + least - 1 })).toBe(least);
  });
});

it("is less for each program of a step, and never more for less room", () => {
  const source = transformer
    .replace("range(3)", "range(1)")
    .replace("epochs", "accumulate 2  epochs");
  const bytesOf = (options: CompileOptions): number[] => {
    const model = compileOne(source, "test.nn", options);
    return ["step", "gather"].map((kind) => temporaryBytes(model, kind));
  };
  const kept = bytesOf({});
  let before = kept;
  for (const recompute of [1e9, 1]) {
    const now = bytesOf({ recompute });
    now.forEach((bytes, at) => {
      expect(bytes, `in ${recompute}`).toBeLessThanOrEqual(before[at] ?? 0);
    });
    before = now;
  }
  before.forEach((bytes, at) => {
    expect(bytes / (kept[at] ?? 0)).toBeLessThanOrEqual(0.85);
  });
});

it("what fits is kept", () => {
  const kept = compileOne(deepNet);
  const fitting = compileOne(deepNet, "test.nn", { recompute: 1e9 });
  expect(fitting.plan).toEqual(kept.plan);
});
