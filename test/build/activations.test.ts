// Models of which activations are watched in; which of their calls count as such, and what share of each is saturated or dead, out.
import { describe, expect, it } from "vitest";
import { activationsOf } from "../../compiler/build/activations.js";
import { check } from "../../compiler/compile.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { compileOne, open } from "../support/compiled.js";

const watching = (body: string, lines = ""): string => `${body}
train M { optimizer sgd(lr: 0)  batch 4  epochs 1  monitor saturation, dead_units  ${lines} }`;

async function monitorsOf(
  source: string,
  batch: Record<string, number[]>,
  backend: "f64" | "f32" = "f64",
): Promise<Record<string, number>> {
  const net = await open(compileOne(source), backend, { seed: 1 });
  await net.step(batch);
  const { monitors } = await net.report();
  net.destroy();
  return { ...monitors };
}

const given = { x: [0, 1, 0, 1], y: [0, 0, 0, 0] };

/** One weight of 1 for each of the units, whose biases are given. */
const column = (z: string): string => `
model M {
  input x: [batch]
  target y: [batch]
  ${z}
  loss (sum(h, axis: 1) - y) ^ 2
}`;

describe("what is monitored of an activation", () => {
  it("is the share of units that pass nothing on for any example, and of entries that do not", async () => {
    // Of eight units two are below 0 for both values of x, one for x = 0 alone, which is every other example.
    const source = column(`
  bias b: [8] = [-10, -2, -0.5, 1, 1, 1, 1, 1]
  z = x[:, new] + b
  h = z |> relu()`);
    const found = await monitorsOf(watching(source), given);
    expect(found).toEqual({ "saturation.relu": (2 + 0.5) / 8, "dead_units.relu": 2 / 8 });
  });

  it("is how far its entries lie from their mean over the examples, in single precision too", async () => {
    // Of 0, 1, 0, 1 each is 1/2 from the mean; times 2 and times 1e-30.
    const source = column(`
  param scale: [2] = [2, 1e-30]
  h = relu(x[:, new] * scale)`);
    const asked = source + "train M { optimizer sgd(lr: 0)  batch 4  epochs 1  monitor spread }";
    expect((await monitorsOf(asked, given))["spread.relu"]).toBeCloseTo((1 + 5e-31) / 2, 12);
    const tiny = asked.replace("[2, 1e-30]", "[1e-30, 1e-30]");
    expect((await monitorsOf(tiny, given, "f32"))["spread.relu"]).toBeCloseTo(5e-31, 35);
  });

  it("counts as saturated what has a derivative below a thousandth: where tanh is within 5e-4 of its bounds", async () => {
    // 1 - tanh² is 1.8e-4 at 5, 9.866e-4 at 4.15 and 1.004e-3 at 4.14: at x = 0 one entry of four, at x = 1 three.
    const source = column(`
  param scale: [4] = [0, 5, 4.15, 4.14]
  bias b: [4] = [5, 0, 0, 0]
  h = tanh(x[:, new] * scale + b)`);
    const found = await monitorsOf(watching(source), given);
    expect(found["saturation.tanh"]).toBeCloseTo((1 + 3) / 8, 12);
    expect(found["dead_units.tanh"]).toBe(0);
  });

  it("is of channels in images, over all places", async () => {
    const source = `
model M {
  input image: [batch, 3, 3, 2]
  target y: [batch]
  h = relu(image)
  loss (mean(h |> conv2d(1, kernel: 3), except: 0) - y) ^ 2
}`;
    // Of the second channel one place of one example is above 0, of the first none.
    const image = Array.from({ length: 2 * 18 }, (_, at) => (at === 3 ? 1 : -1));
    const found = await monitorsOf(watching(source), { image, y: [0, 0] });
    expect(found).toEqual({ "saturation.relu": 35 / 36, "dead_units.relu": 1 / 2 });
  });

  it("is of each member's units in an ensemble, and the mean over all", async () => {
    const source = column(`
  bias b: [64] ~ uniform(-1, 1)
  h = relu(x[:, new] + b)`);
    const net = await open(compileOne(watching(source, "ensemble 3")), "f64", { seed: 1 });
    const biases = [...(await net.read("b"))];
    net.destroy();
    const found = await monitorsOf(watching(source, "ensemble 3"), { x: [0, 0, 0, 0], y: given.y });
    const dead = biases.filter((b) => b <= 0).length / biases.length;
    expect(biases).toHaveLength(192);
    expect(found["dead_units.relu"]).toBeCloseTo(dead, 12);
    expect(found["saturation.relu"]).toBeCloseTo(dead, 12);
  });
});

function namesOf(source: string): string[] {
  const [typed] = check(source).models;
  if (typed === undefined) throw new Error("the source has mistakes");
  return activationsOf(createBuilder(2 ** 30), typed).map(({ name }) => name);
}

it("activations are calls that the program chose, elementwise in one tensor of examples, and not linear", () => {
  const source = `
fn twice(x) = tanh(tanh(x))
layer block(x: [...rest, n], units: int, activation = relu): [...rest, units] {
  h = x |> dense(units, activation: activation) |> layer_norm()
  return sigmoid(h) * dense(h, units)
}
model M {
  input x: [batch, 3]
  target y: [batch]
  param rho: [4] = 1
  width = log(1 + exp(rho))
  h = x
    |> dense(4)
    |> dropout(0.1)
    |> twice()
    |> block(4, activation: leaky_relu(slope: 0.1))
    |> block(4)
    |> dense(4, activation: prelu)
  never = h |> elu()
  h = (h * width)[:, :, new] |> gru(4)
  h = h[:, -1] |> softmax() |> silu()
  output value = (h |> silu() |> dense(1))[:, 0]
  loss mean(abs(value - y))
  regularize 0.01 * mean(exp(h))
  metric mean(sqrt(abs(value)))
}`;
  expect(namesOf(source)).toEqual([
    "twice",
    "block_1.dense_1.leaky_relu",
    "block_1.sigmoid",
    "block_2.dense_1.relu",
    "block_2.sigmoid",
    "dense_2.activation",
    "elu",
    "silu",
    "silu_2",
  ]);
});

it("each line of a step tells of the activations that lead to what it minimises", async () => {
  const body = `
model M {
  input x: [batch, 3]
  target y: [batch]
  first = x |> dense(4, activation: tanh, name: "first")
  second = x |> dense(4, activation: relu, name: "second")
  loss a = mean((sum(first, axis: 1) - y) ^ 2)
  loss b = mean((sum(second, axis: 1) - y) ^ 2)
}
train M {
  minimize a on first.* with sgd(lr: 0)
  minimize b on second.* with sgd(lr: 0)
  batch 4  epochs 1  monitor dead_units
}`;
  const x = { x: Array.from({ length: 12 }, (_, at) => Math.sin(at)), y: given.y };
  const found = await monitorsOf(body, x);
  expect(Object.keys(found).sort()).toEqual(["dead_units.first.tanh", "dead_units.second.relu"]);
});

it("an epoch tells of its last whole batch, not of a smaller one behind it", async () => {
  const source = watching(column("bias b: [2] = [-0.5, 1]\n  h = relu(x[:, new] + b)"));
  const net = await open(compileOne(source), "f64", { seed: 1 });
  // In five examples of which two are 1, one batch of four has a 1, the last of one may have none.
  const { epochs } = await net.fit({ x: [1, 1, 0, 0, 1], y: [0, 0, 0, 0, 0] }, { epochs: 6 });
  net.destroy();
  expect(epochs.map(({ monitors }) => monitors["dead_units.relu"])).toEqual([0, 0, 0, 0, 0, 0]);
});
