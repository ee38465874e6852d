// A program's values so far in; statements that make one more of them, of a shape that is known, out.

import type { Random } from "../grammar/random.js";

/** A name of the program, of f32; the first axis of its shape is `batch`. */
export interface Value {
  readonly name: string;
  readonly shape: readonly (number | "batch" | "time")[];
}

/** What stands written so far. */
export interface Writing {
  readonly random: Random;
  readonly values: Value[];
  readonly lines: string[];
  /** Names are numbered through. */
  readonly fresh: (prefix: string) => string;
  /** A name that no lines follow which train it: of an input of classes, `[batch]` and `[batch, 4]`. */
  readonly classes: { readonly one: string; readonly several: string; readonly count: number };
}

/** Undefined where nothing suits it. */
export type Move = (writing: Writing) => Value | undefined;

const activations = ["tanh", "sigmoid", "relu", "gelu", "softplus", "elu", "silu", "softsign"];

/** Later ones more often, so that chains grow. */
function some({ random, values }: Writing, suits: (value: Value) => boolean): Value | undefined {
  const found = values.filter(suits);
  return found[Math.floor(found.length * Math.sqrt(random.next()))];
}

const isRow = ({ shape }: Value): boolean => shape.length === 2;
const isSequence = ({ shape }: Value): boolean =>
  shape.length === 3 && typeof shape[2] === "number";
const isImage = ({ shape }: Value): boolean => shape.length === 4;
const width = ({ shape }: Value): number => Number(shape.at(-1));

function shapeText({ shape }: Value): string {
  return `[${shape.join(", ")}]`;
}

/** Some bindings state their type, which holds what is thought here to what the compiler finds. */
function bind(writing: Writing, shape: Value["shape"], text: string): Value {
  const value = { name: writing.fresh("v"), shape };
  const type = writing.random.next() < 0.5 ? `: ${shapeText(value)}` : "";
  writing.lines.push(`${value.name}${type} = ${text}`);
  writing.values.push(value);
  return value;
}

/** What keeps a shape, whatever it is, and does not grow without end. */
const elementwise: readonly ((x: string, random: Random) => string)[] = [
  (x) => `tanh(${x})`,
  (x) => `sin(${x}) + 0.5 * cos(2 * ${x})`,
  (x) => `-abs(${x})`,
  (x) => `sqrt(${x} ^ 2 + 0.1)`,
  (x) => `log(1 + exp(${x}))`,
  (x) => `exp(-${x} ^ 2)`,
  (x) => `1 / (1 + ${x} ^ 2)`,
  (x) => `erf(${x})`,
  (x) => `log1p(abs(${x}))`,
  (x) => `atan2(${x}, 1.5)`,
  (x) => `min(max(${x}, -0.9), 0.8)`,
  (x) => `if ${x} > 0.1234567 then ${x} else 0.3 * ${x} - 0.05`,
  (x) => `${x} |> softmax() |> log_softmax()`,
  (x) => `softmax(${x}, axis: -1) * 2 - 1`,
  (x) => `stop_gradient(${x}) * 0.5 + ${x}`,
  (x) => `flip(${x}, axis: -1)`,
  (x) => `cumsum(${x}, axis: -1) / 4`,
  (x) => `sort(${x})`,
  (x) => `halved(${x}, by: 3)`,
  (x) => `(${x} - mean(${x}, axis: -1, keep: true)) * 0.5`,
  (x) => `${x} * (0.5 + f32(${x} > 0.3456789))`,
  (x, random) => `${random.pick(activations)}(${x})`,
  (x) => `(${x} * 1.5) % 1.7`,
];

const pointwise: Move = (writing) => {
  const x = some(writing, () => true);
  if (x === undefined) return undefined;
  return bind(writing, x.shape, writing.random.pick(elementwise)(x.name, writing.random));
};

const together: Move = (writing) => {
  const x = some(writing, () => true);
  const y = x && some(writing, ({ shape }) => shape.join() === x.shape.join());
  if (x === undefined || y === undefined) return undefined;
  const [a, b] = [x.name, y.name];
  const text = writing.random.pick([
    `${a} + ${b}`,
    `tanh(${a}) * ${b}`,
    `${a} - 0.5 * ${b}`,
    `max(${a}, ${b})`,
    `${a} / (1 + abs(${b}))`,
    `if ${a} < ${b} + 0.0123456 then ${b} else ${a}`,
  ]);
  return bind(writing, x.shape, text);
};

const normalized: Move = (writing) => {
  const x = some(writing, () => true);
  if (x === undefined) return undefined;
  const text = writing.random.pick([
    "layer_norm()",
    "batch_norm()",
    "rms_norm()",
    "dropout(rate: 0.3)",
    "gaussian_noise(0.1)",
    "prelu()",
    `residual(dense(${width(x)}, activation: tanh))`,
  ]);
  return bind(writing, x.shape, `${x.name} |> ${text}`);
};

const dense: Move = (writing) => {
  const { random } = writing;
  const x = some(writing, () => true);
  if (x === undefined) return undefined;
  const units = 2 + random.below(4);
  const shape = [...x.shape.slice(0, -1), units];
  const options = random.pick([
    "",
    `, activation: ${random.pick(activations)}`,
    ", use_bias: false",
    ", init: he_normal()",
    ", activation: leaky_relu(slope: 0.1)",
    ", reparametrize: weight_norm()",
  ]);
  const text = random.pick([
    `${x.name} |> dense(${units}${options})`,
    `dense(${x.name}, ${units}${options})`,
    `${x.name} |> own(${units})`,
  ]);
  return bind(writing, shape, text);
};

/** A parameter of the model's own. */
const product: Move = (writing) => {
  const { random, lines, fresh } = writing;
  const x = some(writing, isRow);
  if (x === undefined) return undefined;
  const [name, units] = [fresh("W"), 2 + random.below(4)];
  lines.push(`weight ${name}: [${width(x)}, ${units}] ~ normal(0, 0.4)`);
  const text = random.pick([
    `${x.name} @ ${name}`,
    `sum(${x.name}[:, :, new] * ${name}, axis: 1)`,
    `transpose(transpose(${name}, [1, 0]) @ transpose(${x.name}, [1, 0]), [1, 0])`,
  ]);
  return bind(writing, ["batch", units], text);
};

const columns: Move = (writing) => {
  const { random } = writing;
  const x = some(writing, (value) => isRow(value) && width(value) > 2);
  const y = some(writing, isRow);
  if (x === undefined || y === undefined) return undefined;
  const n = width(x);
  return random.pick([
    () => bind(writing, ["batch", n - 1], `${x.name}[:, 1:]`),
    () => bind(writing, ["batch", n - 1], `${x.name}[:, :-1] - ${x.name}[:, 1:]`),
    () => bind(writing, ["batch", n + width(y)], `concat([${x.name}, ${y.name}], axis: 1)`),
    () => bind(writing, ["batch", Math.ceil(n / 2)], `${x.name}[:, ::2]`),
    () => bind(writing, ["batch", n + 2], `pad(${x.name}, [[0, 0], [1, 1]])`),
    () => bind(writing, ["batch", n + 2], `pad(${x.name}, [[0, 0], [1, 1]], mode: "reflect")`),
    () => bind(writing, ["batch", n, 2], `stack([${x.name}, 2 * ${x.name}], axis: -1)`),
    () => bind(writing, ["batch", 2], `top_k(${x.name}, 2) |> first_of()`),
    () => bind(writing, ["batch", n], `take(${x.name}, [${n - 1}, ${range(n - 1)}], axis: 1)`),
    () => bind(writing, ["batch", n], `${x.name} + mean(${y.name}, axis: 1)[:, new]`),
  ])();
};

function range(end: number): string {
  return Array.from({ length: end }, (_, at) => at).join(", ");
}

const looked: Move = (writing) => {
  const { random, classes } = writing;
  const units = 2 + random.below(3);
  return random.pick([
    () =>
      bind(writing, ["batch", units], `${classes.one} |> embedding(${classes.count}, ${units})`),
    () =>
      bind(
        writing,
        ["batch", 4, units],
        `${classes.several} |> embedding(${classes.count}, ${units})`,
      ),
    () => bind(writing, ["batch", classes.count], `one_hot(${classes.one}, ${classes.count})`),
  ])();
};

const recurrence: Move = (writing) => {
  const { random, fresh, lines, values } = writing;
  const x = some(writing, isSequence);
  if (x === undefined) return undefined;
  const [units, time] = [2 + random.below(3), x.shape[1] ?? 1];
  const n = width(x);
  const reverse = random.pick(["", ", reverse: true"]);
  const scan = (carry: string, body: string, last: string): Value => {
    const value = { name: fresh("v"), shape: ["batch", time, n] as const };
    lines.push(
      `${value.name} = scan p in ${x.name} along 1${reverse} {\n    ${carry}\n    ${body}\n    yield ${last}\n  }`,
    );
    values.push(value);
    return value;
  };
  const start = `carry h: [batch, ${n}] = 0`;
  return random.pick([
    () => bind(writing, ["batch", time, units], `${x.name} |> gru(${units}${reverse})`),
    () => bind(writing, ["batch", time, units], `${x.name} |> lstm(${units}${reverse})`),
    () => bind(writing, ["batch", time, units], `${x.name} |> rnn(${units})`),
    () => bind(writing, ["batch", time, 2 * units], `${x.name} |> bidirectional(gru(${units}))`),
    () => scan(start, "h <- tanh(p + 0.5 * h)", "h"),
    () => scan(start, `h <- tanh((h |> dense(${n})) + p)`, "h * p"),
    () => scan(start, "h <- if p > h + 0.0234567 then 0.9 * p else h", "p - h"),
    () => scan(start, "h <- 0.7 * h + 0.3 * sin(p)", `h + sum(p, axis: 1, keep: true) / ${n}`),
    () => scan(`${start}\n    carry k: [batch, ${n}] = 0.5`, "h, k <- two_of(p, h, k)", "h - k"),
  ])();
};

const sequence: Move = (writing) => {
  const { random } = writing;
  const x = some(writing, isSequence);
  if (x === undefined) return undefined;
  const [n, time] = [width(x), x.shape[1] ?? 1];
  const moves = [
    () => bind(writing, ["batch", n], `${x.name}[:, -1]`),
    () => bind(writing, ["batch", n], `mean(${x.name}, axis: 1)`),
    () => bind(writing, ["batch", n], `max(${x.name}, axis: 1)`),
    () => bind(writing, x.shape, `${x.name} |> positional_encoding()`),
    () => bind(writing, x.shape, `attention(${x.name}, ${x.name}, tanh(${x.name}), causal: true)`),
    () => bind(writing, x.shape, `cumsum(${x.name}, axis: 1, reverse: true) / 4`),
    () => bind(writing, ["batch", time, 3], `${x.name} |> conv1d(3, kernel: 3, padding: "same")`),
    () => bind(writing, x.shape, `softmax(${x.name}, axis: 1) * ${x.name}`),
  ];
  if (n % 2 === 0) {
    moves.push(() => bind(writing, x.shape, `${x.name} |> multi_head_attention(heads: 2)`));
  }
  if (typeof time === "number") {
    moves.push(() => bind(writing, ["batch", n * time], `flatten(${x.name})`));
  }
  return random.pick(moves)();
};

const image: Move = (writing) => {
  const { random } = writing;
  const x = some(writing, isImage);
  if (x === undefined) return undefined;
  const [, height, breadth, n] = x.shape.map(Number) as [number, number, number, number];
  const moves = [
    () =>
      bind(
        writing,
        ["batch", height, breadth, 2],
        `${x.name} |> conv2d(2, kernel: 3, padding: "same")`,
      ),
    () =>
      bind(
        writing,
        ["batch", height, breadth, n],
        `${x.name} |> depthwise_conv2d(kernel: 3, padding: "same")`,
      ),
    () => bind(writing, ["batch", n], `${x.name} |> global_mean_pool()`),
    () => bind(writing, ["batch", height * breadth * n], `flatten(${x.name})`),
    () => bind(writing, x.shape, `${x.name} |> group_norm(groups: 1)`),
  ];
  if (height > 3) {
    const half = Math.floor(height / 2);
    moves.push(
      () =>
        bind(
          writing,
          ["batch", height - 2, breadth - 2, 3],
          `${x.name} |> conv2d(3, kernel: 3, activation: tanh)`,
        ),
      () => bind(writing, ["batch", half, half, n], `${x.name} |> max_pool2d(2)`),
      () => bind(writing, ["batch", half, half, n], `${x.name} |> mean_pool2d(2)`),
    );
  }
  return random.pick(moves)();
};

/** Loops and choices that are unrolled while compiling, and values of training alone. */
const structure: Move = (writing) => {
  const { random, lines, values, fresh } = writing;
  const x = some(writing, isRow);
  if (x === undefined) return undefined;
  const n = width(x);
  const value = { name: fresh("v"), shape: x.shape };
  const body = random.pick([
    `for i in range(2) {\n    ${value.name} = ${value.name} |> dense(${n}, activation: tanh)\n  }`,
    `for k in [0.5, -0.25] {\n    ${value.name} = ${value.name} + k * sin(${x.name})\n  }`,
    `if width > ${random.below(6)} {\n    ${value.name} = 0.5 * ${value.name}\n  } else {\n    ${value.name} = ${value.name} |> dense(${n})\n  }`,
    `if training {\n    ${value.name} = ${value.name} * 0.9\n  }`,
  ]);
  lines.push(`${value.name} = ${x.name}`, body);
  values.push(value);
  return value;
};

/** Of what an input goes into; differentiated again by training. */
const derivative: Move = (writing) => {
  const { random } = writing;
  const [input] = writing.values;
  const x = some(writing, isRow);
  if (input === undefined || x === undefined || x === input) return undefined;
  const share = writing.fresh("d");
  writing.lines.push(`${share} = 0.1 * sum(tanh(${input.name}), axis: 1)`);
  const taken = `tanh(${x.name}) * (1 + ${share}[:, new])`;
  return bind(
    writing,
    input.shape,
    random.pick([
      `tanh(grad(${taken}, ${input.name}))`,
      `tanh(grad(sum((${taken}) ^ 2), ${input.name}))`,
    ]),
  );
};

/** More often what is plain. */
export const moves: readonly Move[] = [
  ...[pointwise, pointwise, pointwise, together, together],
  ...[dense, dense, product, normalized, columns, columns],
  ...[recurrence, recurrence, sequence, sequence, image, image],
  ...[structure, looked, derivative],
];
