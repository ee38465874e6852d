// The memory of temporaries in; a layout in which none overlap, near the least that any takes, at every size, out.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { livenessBound } from "../../compiler/schedule/memory.js";
import { bytesOf, layOut } from "../../runtime/layout.js";
import type { Layout } from "../../runtime/layout.js";
import type { Plan, PlanBuffer, PlanProgram, PlanSlot } from "../../runtime/plan.js";
import { compileOne } from "../support/compiled.js";

const programs = join(import.meta.dirname, "../../examples/programs");
const example = (name: string): string => readFileSync(join(programs, name), "utf8");

const residual = (depth: number): string => `model Residual {
  input x: [batch, 24]
  target y: [batch]
  h = dense(x, 48)
  for i in range(${depth}) { h = h + (h |> layer_norm() |> dense(48, activation: gelu)) }
  output out = sum(dense(h, 1), axis: 1)
  loss mse(out, y)
}
train Residual { optimizer adam(lr: 1e-3) batch 32 epochs 1 }`;

const residualImages = `model Images {
  input x: [batch, 16, 16, 3]
  target y: category(10)[batch]
  h = conv2d(x, 8, kernel: 3, padding: "same")
  for i in range(5) { h = h + (h |> batch_norm() |> conv2d(8, kernel: 3, padding: "same", activation: relu)) }
  output out = h |> mean(axis: [1, 2]) |> dense(10)
  loss cross_entropy(out, y)
}
train Images { optimizer sgd(lr: 0.1, momentum: 0.9) batch 32 epochs 1 }`;

const models: Readonly<Record<string, string>> = {
  lenet: example("lenet.nn"),
  AlexNet: example("alexnet.nn").replace("batch 128", "batch 64"),
  "a transformer of 6 blocks": example("transformer.nn").replace("depth = 2", "depth = 6"),
  "residual layers": residual(20),
  "residual convolutions": residualImages,
};

const plans = new Map<string, Plan>();
function planOf(name: string): Plan {
  const plan = plans.get(name) ?? compileOne(models[name] ?? "").plan;
  plans.set(name, plan);
  return plan;
}

function trainedOf(plan: Plan): Record<string, number> {
  return Object.fromEntries(plan.dimensions.map(({ name, trained }) => [name, trained]));
}

/** The first and the last dispatch that touch each slot; of a result, the number of all. */
function livesOf({ slots, dispatches, results }: PlanProgram): { first: number; last: number }[] {
  const lives = slots.map(() => ({ first: Infinity, last: -1 }));
  const touch = (buffer: PlanBuffer, at: number): void => {
    const life = buffer.kind === "slot" ? lives[buffer.slot] : undefined;
    if (life === undefined) return;
    life.first = Math.min(life.first, at);
    life.last = Math.max(life.last, at);
  };
  dispatches.forEach(({ buffers }, at) => {
    for (const buffer of buffers) touch(buffer, at);
  });
  for (const { buffer } of results) touch(buffer, dispatches.length);
  return lives;
}

/** Pairs that live at the same time and lie over each other, and offsets that no binding may have. */
function overlaps(
  lives: readonly { readonly first: number; readonly last: number }[],
  { sizes, offsets }: Layout,
): string[] {
  return lives.flatMap(({ first, last }, a) => {
    const [from = NaN, size = NaN] = [offsets[a], sizes[a]];
    const others = lives.flatMap((other, b) => {
      const [start = NaN, length = NaN] = [offsets[b], sizes[b]];
      const together = a < b && other.first <= last && first <= other.last;
      return together && !(start >= from + size || from >= start + length) ? [`${a} and ${b}`] : [];
    });
    return from % 256 === 0 ? others : [...others, `${a} at ${from}`];
  });
}

/** Bindings of 2^27 bytes, as WebGPU promises, where they do: whoever runs what takes more mostly has much more. */
function segmentFor({ requiredLimits }: Plan, sizes: readonly number[]): number {
  const least = Math.max(...sizes, ...Object.values(requiredLimits));
  return least <= 2 ** 27 ? 2 ** 27 : Infinity;
}

describe.each(Object.keys(models))("%s", (name) => {
  it.each([1, undefined, 3] as const)("takes what lives at once, batch %s", (times) => {
    const plan = planOf(name);
    const { batch = 1, ...others } = trainedOf(plan);
    const dimensions = { ...others, batch: times === 1 ? 1 : batch * (times ?? 1) };
    for (const program of plan.programs) {
      const { slots } = program;
      if (slots.length === 0) continue;
      const lives = livesOf(program);
      const whole = layOut(slots, dimensions, Infinity);
      const layout = layOut(slots, dimensions, segmentFor(plan, whole.sizes));
      expect(overlaps(lives, layout), program.name).toEqual([]);
      const excess = bytesOf(layout) / livenessBound(lives, layout.sizes);
      expect(excess, program.name).toBeLessThanOrEqual(1.05);
    }
  });
});

it("no temporary lies across the end of a buffer", () => {
  const slots: PlanSlot[] = [[700], [300, 0], [600, 1], [512, 2]];
  const { sizes, offsets } = layOut(slots, {}, 1024);
  expect(sizes).toEqual([768, 512, 768, 512]);
  expect(offsets).toEqual([0, 1024, 2048, 3072]);
});

it("a layout serves all that is smaller, and grows to hold both", () => {
  const slots: PlanSlot[] = [[["*", 4, "batch"]], [["*", 4, "time"], 0]];
  const large = layOut(slots, { batch: 1000, time: 10 }, Infinity);
  expect(layOut(slots, { batch: 900, time: 10 }, Infinity, large)).toBe(large);
  const grown = layOut(slots, { batch: 10, time: 1000 }, Infinity, large);
  expect(grown).toEqual({ sizes: [4096, 4096], offsets: [0, 4096] });
});
