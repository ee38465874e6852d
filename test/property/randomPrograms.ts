// A seed in; the text of a program without a mistake, of a model and how it is trained, out.

import { randomFrom } from "../grammar/random.js";
import type { Random } from "../grammar/random.js";
import { moves } from "./programMoves.js";
import type { Value, Writing } from "./programMoves.js";

/** What programs may call that is theirs. */
const parts = `fn halved(x, by = 2) = (x - shift) / by where shift = 0.25
fn two_of(p, h, k) {
  next = tanh(p + h * k)
  return next, 0.5 * k + 0.1 * next
}
fn first_of(pair) {
  values, _ = pair
  return values
}
layer own(x: [...rest, n], units: int, activation = tanh): [...rest, units] {
  weight W: [n, units] ~ glorot_uniform()
  bias b: [units] = 0.1
  return activation(x @ W + b)
}
`;

/** Rates are small: what is compared is how steps come out, not where training leads. */
const optimizers = [
  "sgd(lr: 0.05)",
  "sgd(lr: 0.02, momentum: 0.9, nesterov: true)",
  "sgd(lr: cosine(peak: 0.05))",
  "sgd(lr: 0.05 * warmup(3))",
  "adam(lr: 0.01, epsilon: 0.1)",
  "rmsprop(lr: 0.01, epsilon: 0.1)",
  "adamw(lr: 0.01, epsilon: 0.1, weight_decay: 0.01)",
];

const settings = ["clip_norm 1.5", "clip_value 0.2", "accumulate 2"];
const constraints = [
  "regularize l2(1e-3) on weights",
  "regularize l1(1e-3) on weights",
  "regularize elastic_net(1e-3, 1e-3) on weights",
  "project max_norm(2) on weights",
];

interface Ends {
  readonly input: string;
  readonly loss: string;
  readonly metric?: string;
}

/** What a row of so many numbers may be trained to be. */
function endsOf({ name, shape }: Value, random: Random): Ends {
  const n = Number(shape.at(-1));
  const numbers = `target wanted: [batch, ${n}]`;
  const classes = `target wanted: category(${n})[batch]`;
  const truth = `target wanted: [batch, ${n}]`;
  return random.pick([
    {
      input: numbers,
      loss: `mse(${name}, wanted)`,
      metric: `mean_absolute_error(${name}, wanted)`,
    },
    { input: numbers, loss: `huber(${name}, wanted, delta: 0.5)` },
    {
      input: numbers,
      loss: `fit = 0.5 * mse(${name}, wanted) + 0.1 * mean(${name} ^ 2, axis: 1)[:, new]`,
    },
    {
      input: classes,
      loss: `cross_entropy(${name}, wanted)`,
      // Rounded: the mean of normalized values is 0 but for rounding, whose largest is another one on each device.
      metric: `accuracy(round(100 * ${name}), wanted)`,
    },
    { input: classes, loss: `cross_entropy(${name}, wanted, label_smoothing: 0.1)` },
    { input: truth, loss: `binary_cross_entropy(${name}, wanted)` },
  ]);
}

/** Whatever it is, as a row. */
function asRow({ name, shape }: Value): Value {
  const n = shape.at(-1) ?? 1;
  const middle = shape.slice(1, -1).map((_, at) => at + 1);
  if (middle.length === 0) return { name, shape };
  return { name: `mean(${name}, axis: [${middle.join(", ")}])`, shape: ["batch", n] };
}

export function randomProgram(seed: number): string {
  const random = randomFrom(seed);
  const time = random.pick([4, 4, "time" as const]);
  let count = 0;
  const writing: Writing = {
    random,
    values: [
      { name: "x", shape: ["batch", 3 + random.below(3)] },
      { name: "s", shape: ["batch", time, 2 + random.below(3)] },
      { name: "image", shape: ["batch", 5, 5, 1 + random.below(2)] },
    ],
    lines: [],
    fresh: (prefix) => `${prefix}${++count}`,
    classes: { one: "kind", several: "kinds", count: 5 },
  };
  const inputs = writing.values.map(({ name, shape }) => `input ${name}: [${shape.join(", ")}]`);
  const steps = 3 + random.below(6);
  for (let made = 0, tries = 0; made < steps && tries < 40; tries++) {
    if (random.pick(moves)(writing) !== undefined) made++;
  }
  const made = writing.values.slice(3);
  const last = made.at(-1) ?? { name: "x", shape: ["batch", 3] };
  const row = asRow(last);
  const n = Number(row.shape.at(-1));
  const head: Value = { name: "head", shape: ["batch", Math.max(2, n)] };
  writing.lines.push(`head = ${row.name} |> dense(${Math.max(2, n)})`);
  const ends = endsOf(head, random);
  const outputs = made.filter(() => random.next() < 0.4).map(({ name }) => `output ${name}`);
  const body = [
    ...inputs,
    "input kind: category(5)[batch]",
    "input kinds: category(5)[batch, 4]",
    ends.input,
    ...writing.lines,
    ...new Set([...outputs, "output head"]),
    `loss ${ends.loss}`,
    ...(ends.metric !== undefined && random.next() < 0.5 ? [`metric ${ends.metric}`] : []),
    ...(random.next() < 0.4 ? [random.pick(constraints)] : []),
  ];
  const training = [
    `optimizer ${random.pick(optimizers)}`,
    ...(random.next() < 0.4 ? [random.pick(settings)] : []),
    ...(random.next() < 0.1 ? ["ensemble 2"] : []),
  ].join("  ");
  return `${parts}
model Random(width = 3) {
  ${body.join("\n  ")}
}
train Random { ${training}  batch 3  steps 4  seed 1 }
`;
}
