// In: train blocks that differ in one setting; out: that a run on one is not gone on with on another.
import { expect, test } from "vitest";
import { compileOne, open } from "../support/compiled.js";

const x = Float32Array.from({ length: 12 }, (_, at) => at / 12);
const batch = { data: x, shape: [12] };
const data = { x: batch, t: batch };

interface Variant {
  readonly name?: string;
  readonly rate?: string;
  readonly optimizer?: string;
  readonly more?: string;
  readonly penalty?: string;
  readonly loss?: string;
  readonly metric?: string;
}

function source({
  name = "M",
  rate = "0.1",
  optimizer = "sgd(lr: rate, momentum: 0.9)",
  more = "clip_norm 5",
  penalty = "1e-3",
  loss = "(x * w + b - t) ^ 2",
  metric = "mean(abs(t))",
}: Variant): string {
  return `const rate = ${rate}
model ${name} {
  input x: [batch]
  target t: [batch]
  weight w: [] = 0
  bias b: [] = 0
  loss ${loss}
  metric size = ${metric}
  regularize l2(${penalty}) on weights
}
train ${name} {
  optimizer ${optimizer}
  batch 4
  validation 0.25
  ${more}
}`;
}

async function cutOff(variant: Variant): Promise<Uint8Array> {
  const net = await open(compileOne(source(variant)), "f64");
  const stop = new AbortController();
  await net.fit(data, {
    epochs: 3,
    signal: stop.signal,
    onStep: ({ step }) => {
      if (step === 2) stop.abort();
    },
  });
  return net.save({ optimizer: true });
}

async function answer(weights: Uint8Array, variant: Variant): Promise<string> {
  const net = await open(compileOne(source(variant)), "f64", { weights });
  return net.fit(data, { resume: true, epochs: 3 }).then(
    () => "goes on",
    (error: unknown) => String(error),
  );
}

const plateau = (factor: number): Variant => ({
  optimizer: `sgd(lr: plateau(factor: ${factor}, patience: 2), momentum: 0.9)`,
});

test.each<[string, Variant, Variant, string]>([
  ["the rate", { optimizer: "sgd(lr: 0.1)" }, { optimizer: "sgd(lr: 0.2)" }, "sgd(lr: 0.2)"],
  ["a name's value", {}, { rate: "0.2" }, "sgd(lr: 0.2, momentum: 0.9)"],
  ["momentum", {}, { optimizer: "sgd(lr: rate, momentum: 0.8)" }, "momentum: 0.8"],
  ["a default", {}, { optimizer: "sgd(lr: rate, momentum: 0.9, nesterov: true)" }, "nesterov"],
  ["a schedule", {}, { optimizer: "sgd(lr: cosine(rate), momentum: 0.9)" }, "cosine(rate)"],
  [
    "a name in a schedule",
    { optimizer: "sgd(lr: cosine(rate), momentum: 0.9)" },
    { optimizer: "sgd(lr: cosine(rate), momentum: 0.9)", rate: "0.2" },
    "what the stages compute",
  ],
  ["a plateau", plateau(0.5), plateau(0.25), "factor: 0.25"],
  ["the norm of the clip", {}, { more: "clip_norm 4" }, "clip_norm 4"],
  ["a clip of entries", {}, { more: "clip_norm 5\n  clip_value 1" }, "clip_value 1"],
  ["no clip", {}, { more: "" }, "the optimizer: it had"],
  ["the weights' decay", {}, { penalty: "1e-2" }, "what the stages compute"],
  ["what is frozen", {}, { more: "clip_norm 5\n  freeze b" }, "optimizer"],
  ["the loss", {}, { loss: "abs(x * w + b - t)" }, "what the stages compute"],
  ["a constant of the loss", {}, { loss: "2 * (x * w + b - t) ^ 2" }, "what the stages compute"],
  ["an activation", {}, { loss: "(tanh(x * w + b) - t) ^ 2" }, "what the stages compute"],
  ["what is left out of an epoch", {}, { more: "clip_norm 5\n  drop_last true" }, "drop_last"],
  ["when it stops", {}, { more: "clip_norm 5\n  stop_early(patience: 3)" }, "stop_early"],
  ["the model", {}, { name: "Other" }, "the model: it had M, this call has Other"],
])("a run does not go on with other settings: %s", async (_, before, now, text) => {
  const weights = await cutOff(before);
  expect(await answer(weights, before)).toBe("goes on");
  expect(await answer(weights, now)).toContain(text);
});

test.each<[string, Variant, Variant]>([
  ["a default", {}, { optimizer: "sgd(lr: rate, momentum: 0.9, nesterov: false)" }],
  ["a number", { optimizer: "sgd(lr: cosine(0.1))" }, { optimizer: "sgd(lr: cosine(1e-1))" }],
  ["a metric", {}, { metric: "mean(t ^ 2)" }],
])("a run goes on with what computes the same, written otherwise: %s", async (_, before, now) => {
  expect(await answer(await cutOff(before), now)).toBe("goes on");
});
