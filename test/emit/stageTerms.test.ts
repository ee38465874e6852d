// In: models and train blocks that differ in one setting; out: that a run on one is not gone on with on another, and why.
import { expect, test } from "vitest";
import { termRules } from "../../compiler/emit/stageTerms.js";
import { compileOne, open } from "../support/compiled.js";

const x = Float32Array.from({ length: 12 }, (_, at) => at / 12);
const batch = { data: x, shape: [12] };
const data = { x: batch, t: batch };

interface Variant {
  readonly name?: string;
  readonly rate?: string;
  readonly optimizer?: string;
  readonly batch?: string;
  readonly more?: string;
  readonly penalty?: string;
  readonly body?: string;
  readonly loss?: string;
  readonly metric?: string;
}

function source({
  name = "M",
  rate = "0.1",
  optimizer = "sgd(lr: rate, momentum: 0.9)",
  batch = "batch 4",
  more = "clip_norm 5",
  penalty = "l2(1e-3) on weights",
  body = "",
  loss = "(x * w + b - t) ^ 2",
  metric = "mean(abs(t))",
}: Variant): string {
  return `const rate = ${rate}
model ${name} {
  input x: [batch]
  target t: [batch]
  weight w: [] = 0
  bias b: [] = 0
  ${body}
  loss ${loss}
  metric size = ${metric}
  ${penalty === "" ? "" : `regularize ${penalty}`}
}
train ${name} {
  ${optimizer === "" ? "" : `optimizer ${optimizer}`}
  ${batch}
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

const minimize = (repeat: string): Variant => ({
  loss: "square = (x * w + b - t) ^ 2",
  optimizer: "",
  more: `minimize square on all with sgd(lr: 0.1) ${repeat}`,
});

/** What the message says of the one setting that differs. */
const cases: readonly (readonly [string, Variant, Variant, string])[] = [
  ["the rate", { optimizer: "sgd(lr: 0.1)" }, { optimizer: "sgd(lr: 0.2)" }, "sgd(lr: 0.2)"],
  ["a name's value", {}, { rate: "0.2" }, "the optimizer: it had sgd(lr: 0.1, momentum: 0.9)"],
  ["momentum", {}, { optimizer: "sgd(lr: rate, momentum: 0.8)" }, "momentum: 0.8"],
  ["a default", {}, { optimizer: "sgd(lr: rate, momentum: 0.9, nesterov: true)" }, "nesterov"],
  ["another state", {}, { optimizer: "adam(lr: rate)" }, "this call has adam(lr: 0.1)"],
  ["a schedule", {}, { optimizer: "sgd(lr: cosine(rate), momentum: 0.9)" }, "cosine(rate)"],
  [
    "a name in a schedule",
    { optimizer: "sgd(lr: cosine(rate), momentum: 0.9)" },
    { optimizer: "sgd(lr: cosine(rate), momentum: 0.9)", rate: "0.2" },
    "the optimizer: sgd(lr: cosine(rate), momentum: 0.9) computes something else",
  ],
  ["a plateau's factor", plateau(0.5), plateau(0.25), "its plateaus: it had factor: 0.5, patience"],
  ["the norm of the clip", {}, { more: "clip_norm 4" }, "`clip_norm`: it had 5, this call has 4"],
  [
    "a clip of entries",
    {},
    { more: "clip_norm 5\n  clip_value 1" },
    "`clip_value`: it had none, this call has 1",
  ],
  [
    "a scale of the loss",
    { loss: "f32(f16(x) * w + b - t) ^ 2" },
    { loss: "f32(f16(x) * w + b - t) ^ 2", more: "clip_norm 5\n  loss_scale 1024" },
    "`loss_scale`: it had none, this call has 1024",
  ],
  ["no clip", {}, { more: "" }, "`clip_norm`: it had 5, this call has none"],
  [
    "a regularizer's number",
    {},
    { penalty: "l2(1e-2) on weights" },
    "the regularizers: it had l2(strength: 0.001) on weights, this call has l2(strength: 0.01) on weights",
  ],
  [
    "a regularizer's name",
    { penalty: "l2(rate) on weights", optimizer: "sgd(lr: 0.1)" },
    { penalty: "l2(rate) on weights", optimizer: "sgd(lr: 0.1)", rate: "0.2" },
    "it had l2(strength: 0.1) on weights, this call has l2(strength: 0.2) on weights",
  ],
  [
    "what is regularized",
    {},
    { penalty: "l2(1e-3) on all" },
    "this call has l2(strength: 0.001) on all",
  ],
  ["no regularizer", {}, { penalty: "" }, "this call has none"],
  [
    "a regularizer of its own",
    { penalty: "rate * w ^ 2", optimizer: "sgd(lr: 0.1)" },
    { penalty: "rate * w ^ 2", optimizer: "sgd(lr: 0.1)", rate: "0.2" },
    "the regularizers: rate * w ^ 2 computes something else",
  ],
  [
    "a projection",
    {},
    { body: "project non_negative on weights" },
    "the projections: it had none, this call has non_negative() on weights",
  ],
  [
    "a projection's number",
    { body: "weight W: [2, 2] = 1\n  project max_norm(3) on W" },
    { body: "weight W: [2, 2] = 1\n  project max_norm(2) on W" },
    "it had max_norm(limit: 3) on W, this call has max_norm(limit: 2) on W",
  ],
  ["what is frozen", {}, { more: "clip_norm 5\n  freeze b" }, "what is frozen: it had none"],
  [
    "what is frozen no more",
    { more: "clip_norm 5\n  freeze b" },
    {},
    "what is frozen: it had b, this call has none",
  ],
  [
    "batches joined",
    {},
    { more: "clip_norm 5\n  accumulate 2" },
    "`accumulate`: it had 1, this call has 2",
  ],
  [
    "fewer batches joined",
    { more: "accumulate 3" },
    { more: "accumulate 2" },
    "`accumulate`: it had 3, this call has 2",
  ],
  ["batches joined no more", { more: "accumulate 3" }, { more: "" }, "it had 3, this call has 1"],
  ["the loss", {}, { loss: "abs(x * w + b - t)" }, "the losses: it had (x * w + b - t) ^ 2"],
  [
    "a constant of the loss",
    {},
    { loss: "2 * (x * w + b - t) ^ 2" },
    "this call has 2 * (x * w + b - t) ^ 2",
  ],
  [
    "the model behind the loss",
    { body: "y = x * w", loss: "(y - t) ^ 2" },
    { body: "y = tanh(x) * w", loss: "(y - t) ^ 2" },
    "the losses: (y - t) ^ 2 computes something else",
  ],
  ["repetitions", minimize("repeat 1"), minimize("repeat 2"), "it had square repeat 1, this call"],
  [
    "what is left out of an epoch",
    {},
    { more: "clip_norm 5\n  drop_last true" },
    "`drop_last`: it had false, this call has true",
  ],
  [
    "when it stops",
    { more: "stop_early(patience: 2)" },
    { more: "stop_early(patience: 3)" },
    "`stop_early`: it had patience: 2, this call has patience: 3",
  ],
  ["the model", {}, { name: "Other" }, "the model: it had M, this call has Other"],
];

test.each(cases)("a run does not go on with other settings: %s", async (_, before, now, text) => {
  const weights = await cutOff(before);
  expect(await answer(weights, before)).toBe("goes on");
  const message = await answer(weights, now);
  expect(message).toContain(text);
  expect(message).toContain("give what it had, or leave `resume` out");
});

test("what is frozen is told alone, not with what follows from it", async () => {
  const more = "clip_norm 5";
  const body =
    "weight W: [2, 2] = 1\n  project max_norm(3) on W\n  project non_negative on weights";
  const lines = async (frozen: string): Promise<readonly string[]> => {
    const now = { body, more: `${more}\n  freeze ${frozen}` };
    const message = await answer(await cutOff({ body, more }), now);
    return message.split("\n").filter((line) => line.startsWith("  "));
  };
  expect(await lines("W")).toEqual(["  what is frozen: it had none, this call has W"]);
  expect(await lines("b")).toEqual(["  what is frozen: it had none, this call has b"]);
  const both = { body, more: `${more}\n  freeze W`, optimizer: "sgd(lr: 0.2, momentum: 0.9)" };
  const message = await answer(await cutOff({ body, more }), both);
  expect(message).toContain(
    "the optimizer: it had sgd(lr: 0.1, momentum: 0.9), this call has sgd(lr: 0.2",
  );
  expect(message).toContain("what is frozen: it had none, this call has W");
});

test("each setting of a stage that a run must keep is told of by a case", () => {
  // No model here has another free dimension; ensembles are not compiled.
  const elsewhere = ["the sizes it is trained with", "`ensemble`"];
  const told = termRules.map(({ name }) => name).filter((name) => !elsewhere.includes(name));
  const differs = (name: string): boolean =>
    cases.some(([, before, now]) => {
      const [a, b] = [before, now].map(
        (variant) => compileOne(source(variant)).plan.stages[0]?.terms,
      );
      const words = (terms: typeof a): unknown => terms?.find((term) => term.name === name);
      return JSON.stringify(words(a)) !== JSON.stringify(words(b));
    });
  expect(told.filter((name) => !differs(name))).toEqual([]);
});

test.each<[string, Variant, Variant]>([
  ["a default", {}, { optimizer: "sgd(lr: rate, momentum: 0.9, nesterov: false)" }],
  ["a number", { optimizer: "sgd(lr: cosine(0.1))" }, { optimizer: "sgd(lr: cosine(1e-1))" }],
  ["a metric", {}, { metric: "mean(t ^ 2)" }],
])("a run goes on with what computes the same, written otherwise: %s", async (_, before, now) => {
  expect(await answer(await cutOff(before), now)).toBe("goes on");
});
