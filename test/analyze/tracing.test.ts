// Models in; that both traces name parameters, draws and states alike, and keep what training alone has, out.
import { describe, expect, it } from "vitest";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import type { Node } from "../../compiler/types/graph.js";
import type { Named, Trace, TypedModel } from "../../compiler/types/model.js";
import { codesOf, modelOf } from "./support.js";

function leaves(values: readonly Named[], op: Node["op"]): string[] {
  const nodes = topologicalOrder(values.map(({ value }) => value));
  const names = nodes.flatMap((node): string[] => {
    if (node.op !== op) return [];
    if (node.op === "random") return [node.attributes.path];
    return node.op === "stored" || node.op === "input" ? [node.attributes.name] : [];
  });
  return [...new Set(names)].sort();
}

const all = (trace: Trace): readonly Named[] => [
  ...trace.outputs,
  ...trace.losses,
  ...trace.metrics,
];
const names = (model: TypedModel): string[] => model.parameters.map(({ name }) => name);

describe("instances", () => {
  it("are numbered alike in both traces, whatever training alone calls", () => {
    const model = modelOf(`model M {
      input x: [batch, 4]
      target y: [batch, 4]
      if training { z = x |> dense(4) } else { z = x }
      h = z |> dense(4)
      output h
      loss mse(h, y)
    }`);
    expect(names(model)).toEqual(["dense_1.W", "dense_1.b", "dense_2.W", "dense_2.b"]);
    expect(leaves(model.inference.outputs, "stored")).toEqual(["dense_2.W", "dense_2.b"]);
    expect(leaves(model.training.losses, "stored")).toEqual(names(model));
  });

  it("are shared by name, and named by the parameter that they were given for", () => {
    const model = modelOf(`
      layer twice(x: [batch, n], inner) = inner(inner(x))
      model M {
        input x: [batch, 4]
        shared net = dense(4)
        output a = net(net(x))
        output b = x |> twice(net)
        output c = x |> twice(dense(4, use_bias: false))
      }`);
    expect(names(model)).toEqual(["net.W", "net.b", "twice_2.inner.W", "twice_2.inner_2.W"]);
  });

  it("stand in local functions under the body that declares them", () => {
    const model = modelOf(`model M {
      input x: [batch, 4]
      fn block(v, k) = v |> dense(k)
      output y = x |> block(3) |> block(2)
    }`);
    expect(names(model)).toEqual(["dense_1.W", "dense_1.b", "dense_2.W", "dense_2.b"]);
  });

  it("get one weight for each turn of a for", () => {
    const model = modelOf(`layer tower(x: [batch, n]) {
      for i in range(3) { weight W: [n, n] ~ orthogonal()
        x = x @ W }
      return x
    }
    model M { input x: [batch, 4]
      output y = x |> tower() }`);
    expect(names(model)).toEqual(["tower_1.W", "tower_1.W_2", "tower_1.W_3"]);
  });
});

describe("draws", () => {
  const source = (metric: string): string => `model M {
    input x: [batch, 4]
    target y: [batch, 4]
    shared net = dense(4)
    h = net(x |> dropout(0.5)) |> dropout(0.1)
    code: [batch, 4] ~ normal(h, 1)
    output h
    ${metric}
    loss mse(code |> gaussian_noise(1), y)
  }`;

  it("have streams by the path of calls, in training alone where that is said", () => {
    const model = modelOf(source(""));
    expect(leaves(model.training.losses, "random")).toEqual([
      "code",
      "dropout/keep",
      "dropout_2/keep",
      "gaussian_noise/noise",
    ]);
    expect(leaves(all(model.inference), "random")).toEqual(["code"]);
  });

  it("are the same whatever metrics are added", () => {
    const plain = modelOf(source(""));
    const watched = modelOf(source("metric wild = mse(x |> dropout(0.9) |> gaussian_noise(2), y)"));
    const losses = (model: TypedModel): string[] => leaves(model.training.losses, "random");
    expect(losses(watched)).toEqual(losses(plain));
    expect(leaves(watched.training.metrics, "random")).toEqual([
      "metric wild/dropout/keep",
      "metric wild/gaussian_noise/noise",
    ]);
  });

  it("follow training: true and training: false through all calls below", () => {
    const model = modelOf(`layer noisy(x: [batch, n]) = x |> dropout(0.5)
    model M {
      input x: [batch, 4]
      target y: [batch, 4]
      output h = noisy(x, training: true)
      loss mse(noisy(x, training: false), y)
    }`);
    expect(leaves(model.inference.outputs, "random")).toEqual(["noisy_1/dropout/keep"]);
    expect(leaves(model.training.losses, "random")).toEqual([]);
  });

  it("initialise each parameter from a stream of its own", () => {
    const model = modelOf(
      "model M { input x: [batch, 4]\n output y = x |> dense(4, init: truncated_normal()) }",
    );
    const [W] = model.parameters;
    const initial = W?.initial;
    if (initial === undefined) throw new Error("no initial value");
    const streams = topologicalOrder([initial]).flatMap((node) =>
      node.op === "random" ? [node.attributes.path] : [],
    );
    expect(streams).toEqual(["init/dense_1.W/u"]);
  });
});

describe("states", () => {
  it("take the values of two calls in order", () => {
    const model = modelOf(`model M {
      input x: [batch, 4]
      target y: [batch, 4]
      shared norm = batch_norm()
      output h = norm(norm(x))
      loss mse(h, y)
    }`);
    const updates = model.training.stateUpdates.filter(({ name }) => name === "norm.running_mean");
    expect(updates).toHaveLength(2);
    const [first, second] = updates;
    if (first === undefined || second === undefined) throw new Error("two updates");
    expect(topologicalOrder([second.value])).toContain(first.value);
    expect(model.inference.stateUpdates).toEqual([]);
  });

  it("are not written by calls that nothing needs, nor with training: false", () => {
    const source = (use: string): string => `model M {
      input x: [batch, 4]
      target y: [batch, 4]
      shared norm = batch_norm()
      unused = norm(x)
      output h = x |> dense(4)
      loss mse(h + ${use}, y)
    }`;
    const writes = (use: string): number => modelOf(source(use)).training.stateUpdates.length;
    expect(writes("0")).toBe(0);
    expect(writes("norm(x)")).toBe(2);
    expect(writes("norm(x, training: false)")).toBe(0);
  });

  it("of the model itself are always written", () => {
    const model = modelOf(`model M {
      input x: [batch, 4]
      state seen: [] = 0
      if training { seen <- seen + 1 }
      output y = x
      loss mean(x)
    }`);
    expect(model.training.stateUpdates.map(({ name }) => name)).toEqual(["seen"]);
  });
});

describe("mistakes", () => {
  it("are found once each, all in one run", () => {
    expect(
      codesOf(`model M {
        input x: [batch, 4]
        a = x @ zeros([3, 3])
        for i in range(5) { b = x + unknown }
        c = a + b + relu(a)
        output y = x |> dense()
        output z = c
      }
      train M { optimizer adam(lr: oops) }`),
    ).toEqual(["NN0301", "NN0201", "NN0202", "NN0508", "NN0201"]);
  });

  it("point into the user's file when a body of the library finds them", () => {
    const found = codesOf(
      "model M { input x: [batch, 3, 3, 1]\n output y = x |> conv2d(4, kernel: 5) }",
    );
    expect(found).toEqual(["NN0301"]);
  });
});

describe("scans", () => {
  it("are nodes whose bodies are closed", () => {
    const model = modelOf(`model M {
      input x: [batch, time, 4]
      weight U: [4, 4] ~ orthogonal()
      scaled = U * 2
      output y = scan p in x along 1, reverse: true {
        carry h: [batch, 4] = 0
        keep: [batch, 4] ~ bernoulli(0.5)
        h <- tanh(p + h @ scaled) * keep
        yield h
      }
    }`);
    const [output] = model.inference.outputs;
    if (output === undefined) throw new Error("no output");
    const scan = topologicalOrder([output.value]).find((node) => node.op === "scan");
    if (scan?.op !== "scan") throw new Error("no scan");
    const { carries, slices, constants, bound, nextCarries, yields, reverse } = scan.attributes;
    expect([carries, slices, constants, bound.length, reverse]).toEqual([1, 1, 1, 4, true]);
    const inner = topologicalOrder([...nextCarries, ...yields]).filter(
      (node) => node.inputs.length === 0 && node.op !== "constant",
    );
    expect(new Set(inner.map(({ op }) => op))).toEqual(new Set(["bound", "random"]));
    expect(inner.every((node) => node.op !== "bound" || bound.includes(node))).toBe(true);
    expect(output.value.shape.length).toBe(3);
  });
});
