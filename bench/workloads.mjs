// Seeds in; what every contestant computes out: shapes, settings, synthetic data that can be learned, first weights.

import { createUniform, drawNormals } from "./random.mjs";

/** Batches that a contestant goes through again and again. */
const batchCount = 4;

const network = "MLP 784-256-128-10";

/** `kind`: a training step, or a prediction whose numbers are read. `operations`: floating-point operations of either. */
export const workloads = {
  w1: {
    title: `${network}, cross-entropy, Adam, batch 128`,
    kind: "train",
    batch: 128,
    rate: 1e-3,
    operations: 128 * (4 * 784 * 256 + 6 * (256 * 128 + 128 * 10)),
    batches: () => prototypeBatches(128, 784, 10, 1),
  },
  w2: {
    title: "CNN 28 × 28, c5 × 8, p2, c5 × 16, p2, d10, cross-entropy, SGD with momentum, batch 64",
    kind: "train",
    batch: 64,
    rate: 0.01,
    momentum: 0.9,
    operations:
      6 * 64 * (24 * 24 * 8 * 25 + 8 * 8 * 16 * 25 * 8 + 2560) - 2 * 64 * 24 * 24 * 8 * 25,
    batches: () => prototypeBatches(64, 784, 10, 2),
  },
  w3: {
    title: "LSTM 32 → 128 over 32 steps, dense 32 on the last, cross-entropy, Adam, batch 32",
    kind: "train",
    batch: 32,
    time: 32,
    features: 32,
    units: 128,
    classes: 32,
    rate: 1e-3,
    operations: 32 * 32 * (4 * 32 * 512 + 6 * 128 * 512) + 6 * 32 * 128 * 32,
    batches: recurrentBatches,
  },
  w4b1: prediction(1, 4),
  w4b256: prediction(256, 5),
  w5: {
    title:
      "transformer, 2 layers, 64 wide, 4 heads, 64 tokens of 64, cross-entropy, Adam, batch 16",
    kind: "train",
    batch: 16,
    time: 64,
    width: 64,
    heads: 4,
    vocabulary: 64,
    layers: 2,
    rate: 1e-3,
    operations: 6 * 16 * 64 * (2 * (12 * 64 * 64 + 2 * 64 * 64) + 2 * 64 * 64),
    batches: tokenBatches,
  },
  p256: product(256),
  p1024: product(1024),
};

function prediction(batch, seed) {
  return {
    title: `${network}, prediction with its read, batch ${batch}`,
    kind: "predict",
    batch,
    operations: 2 * batch * (784 * 256 + 256 * 128 + 1280),
    batches: () => prototypeBatches(batch, 784, 10, seed),
  };
}

/** The matrix is a batch of as many rows; the weight is square. */
function product(size) {
  return {
    title: `product of two matrices ${size} × ${size}, with its read`,
    kind: "predict",
    batch: size,
    size,
    operations: 2 * size ** 3,
    batches: () => [6, 7].map((seed) => ({ x: drawNormals(size * size, 1, seed) })),
  };
}

function oneHot(classes, count) {
  const values = new Float32Array(classes.length * count);
  classes.forEach((one, index) => {
    values[index * count + one] = 1;
  });
  return values;
}

function eachBatch(make) {
  return Array.from({ length: batchCount }, (_, index) => make(index));
}

/** Each example is the prototype of its class and noise. */
function prototypeBatches(batch, length, classCount, seed) {
  const prototypes = drawNormals(classCount * length, 0.5, seed);
  const uniform = createUniform(seed + 1);
  return eachBatch((index) => {
    const x = drawNormals(batch * length, 1, seed + 10 + index);
    const classes = Array.from({ length: batch }, () => Math.floor(uniform() * classCount));
    classes.forEach((one, example) => {
      for (let at = 0; at < length; at++) x[example * length + at] += prototypes[one * length + at];
    });
    return { x, classes, y: oneHot(classes, classCount) };
  });
}

/** [time, batch, features]: noise, and 1 more in the feature of the class. */
function recurrentBatches() {
  const uniform = createUniform(7);
  return eachBatch((index) => {
    const x = drawNormals(32 * 32 * 32, 0.5, 70 + index);
    const classes = Array.from({ length: 32 }, () => Math.floor(uniform() * 32));
    classes.forEach((one, example) => {
      for (let time = 0; time < 32; time++) x[(time * 32 + example) * 32 + one] += 1;
    });
    return { x, classes, y: oneHot(classes, 32) };
  });
}

/** Each token follows from the one before it by a fixed rule, but for one in ten. */
function tokenBatches() {
  const uniform = createUniform(9);
  return eachBatch(() => {
    const tokens = [];
    const next = [];
    for (let example = 0; example < 16; example++) {
      let token = Math.floor(uniform() * 64);
      for (let time = 0; time < 64; time++) {
        tokens.push(token);
        token = uniform() < 0.1 ? Math.floor(uniform() * 64) : (token * 5 + 3) % 64;
        next.push(token);
      }
    }
    return { x: oneHot(tokens, 64), tokens, classes: next, y: oneHot(next, 64) };
  });
}

/** What the networks start from: name, shape, and the deviation of normal numbers, or a constant. */
const tables = {
  mlp: [
    ["w1", [784, 256], 0.05],
    ["b1", [256], { constant: 0 }],
    ["w2", [256, 128], 0.09],
    ["b2", [128], { constant: 0 }],
    ["w3", [128, 10], 0.12],
    ["b3", [10], { constant: 0 }],
  ],
  // Kernels: output channels, input channels, height, width.
  cnn: [
    ["k1", [8, 1, 5, 5], 0.28],
    ["c1", [8], { constant: 0 }],
    ["k2", [16, 8, 5, 5], 0.1],
    ["c2", [16], { constant: 0 }],
    ["w", [256, 10], 0.08],
    ["b", [10], { constant: 0 }],
  ],
  lstm: [
    ["wx", [32, 512], 0.08],
    ["wh", [128, 512], 0.08],
    ["b", [512], { constant: 0 }],
    ["wo", [128, 32], 0.1],
    ["bo", [32], { constant: 0 }],
  ],
  transformer: [
    ["emb", [64, 64], 0.1],
    ["pos", [64, 64], 0.1],
    ...[0, 1].flatMap(blockTable),
    ["gf", [64], { constant: 1 }],
    ["nf", [64], { constant: 0 }],
    ["head", [64, 64], 0.1],
  ],
  p256: [["w", [256, 256], 0.06]],
  p1024: [["w", [1024, 1024], 0.03]],
};

function blockTable(layer) {
  return [
    [`g1${layer}`, [64], { constant: 1 }],
    [`n1${layer}`, [64], { constant: 0 }],
    [`qkv${layer}`, [64, 192], 0.1],
    [`o${layer}`, [64, 64], 0.1],
    [`g2${layer}`, [64], { constant: 1 }],
    [`n2${layer}`, [64], { constant: 0 }],
    [`up${layer}`, [64, 256], 0.1],
    [`ub${layer}`, [256], { constant: 0 }],
    [`dn${layer}`, [256, 64], 0.06],
    [`db${layer}`, [64], { constant: 0 }],
  ];
}

/** The first weights of a network: name → shape and numbers, the same for every contestant. */
export function firstWeights(network) {
  const entries = tables[network].map(([name, shape, start], index) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const data =
      typeof start === "number"
        ? drawNormals(size, start, 1000 + index)
        : new Float32Array(size).fill(start.constant);
    return [name, { shape, data }];
  });
  return Object.fromEntries(entries);
}
