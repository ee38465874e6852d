// Models with `train` and `search` blocks in; their stages, objectives and updates out.
import { describe, expect, it } from "vitest";
import { printGraph } from "../../compiler/graph/print.js";
import type { StageDeclaration } from "../../compiler/types/model.js";
import { check, codesOf, modelOf } from "./support.js";

const body = `
  input x: [batch, 4]
  target y: [batch, 2]
  h = x |> dense(3, name: "trunk") |> batch_norm()
  z = h |> dense(2, name: "head")
  output z
  loss fit = mse(z, y)
  loss small = mean(h ^ 2)`;

function stageOf(lines: string): StageDeclaration {
  const [stage] = modelOf(`model M {${body}\n}\ntrain M {\n${lines}\n}`).stages;
  if (stage === undefined) throw new Error("no stage");
  return stage;
}

function updates(stage: StageDeclaration): Record<string, readonly string[]>[] {
  return stage.objectives.map((objective) =>
    Object.fromEntries(
      objective.updates.map(({ optimizer, parameters }) => [optimizer.name, parameters]),
    ),
  );
}

describe("stages", () => {
  it("have defaults", () => {
    const stage = stageOf("optimizer adam()");
    expect(stage).toMatchObject({
      name: "train",
      dimensions: { batch: 32 },
      epochs: 10,
      steps: undefined,
      seed: 0,
      validation: 0,
      dropLast: false,
      accumulate: 1,
      ensemble: 1,
      frozen: [],
    });
    expect(stage.objectives.map(({ name, losses }) => [name, losses])).toEqual([
      ["loss", ["fit", "small"]],
    ]);
  });

  it("give each parameter to the last line that selects it", () => {
    const stage = stageOf(
      "optimizer adam()\n optimizer sgd(lr: 0.1) on biases, head.W\n freeze trunk.*",
    );
    expect(updates(stage)).toEqual([
      {
        adam: ["batch_norm_1.scale", "batch_norm_1.shift"],
        sgd: ["head.W", "head.b"],
      },
    ]);
    expect(stage.frozen).toEqual(["trunk.W", "trunk.b"]);
  });

  it("minimize in turns", () => {
    const stage = stageOf(
      "minimize fit on head.* with sgd(lr: 0.1) repeat 2\n minimize fit, small on all with adam()",
    );
    expect(stage.objectives.map(({ name, repeat }) => [name, repeat])).toEqual([
      ["fit", 2],
      ["fit_small", undefined],
    ]);
    expect(updates(stage)[0]).toEqual({ sgd: ["head.W", "head.b"] });
  });

  it("select by stars, of which each stands for one name or more, or for letters of a name", () => {
    const layers = `
      layer inner(x: [batch, n]): [batch, n] { shared base = dense(n)  param gain: [n] = 1  return gain * base(x) }
      layer outer(x: [batch, n]): [batch, n] { return x |> inner() |> inner() |> dense(n, name: "base") }`;
    const model = `
      model M { input x: [batch, 2]  target y: [batch, 2]
        h = x |> outer(name: "block_1") |> outer(name: "block_2") |> dense(2, name: "base")
        output h  loss mse(h, y) }`;
    const frozen = (selector: string): readonly string[] | undefined =>
      modelOf(`${layers}${model}train M { optimizer sgd(lr: 1)  freeze ${selector} }`).stages[0]
        ?.frozen;
    const block = (path: string): string[] => [`block_1.${path}`, `block_2.${path}`];
    expect(frozen("*.gain")).toEqual([
      ...["block_1.inner_1.gain", "block_1.inner_2.gain"],
      ...["block_2.inner_1.gain", "block_2.inner_2.gain"],
    ]);
    expect(frozen("*.inner_1.*.W")).toEqual(block("inner_1.base.W"));
    expect(frozen("*_2.inner_*.base.biases")).toEqual([
      "block_2.inner_1.base.b",
      "block_2.inner_2.base.b",
    ]);
    expect(frozen("block*.base.W")).toEqual(block("base.W"));
    expect(frozen("*.base.*")).toHaveLength(12);
    expect(frozen("*.base.*, base.*")).toHaveLength(14);
    expect(frozen("*.params")).toHaveLength(4);
  });

  it("freeze states with their layer", () => {
    expect(stageOf("optimizer adam()\n freeze batch_norm_1.*").frozen).toEqual([
      "batch_norm_1.scale",
      "batch_norm_1.shift",
      "batch_norm_1.running_mean",
      "batch_norm_1.running_variance",
    ]);
  });

  it("know their plateaus by the order of the lines", () => {
    const stage = stageOf(
      "optimizer sgd(lr: plateau(factor: 0.5, patience: 2) * 0.1)\n optimizer sgd(lr: plateau(factor: 0.1, patience: 3)) on biases\n validation 0.1",
    );
    expect(stage.plateaus).toEqual([
      { factor: 0.5, patience: 2 },
      { factor: 0.1, patience: 3 },
    ]);
  });
});

describe("optimizers", () => {
  const updateText = (line: string): string => {
    const update = stageOf(`optimizer ${line}`).objectives[0]?.updates[0];
    const template = update?.optimizer.update([5]);
    if (template === undefined) throw new Error("no update");
    const states = template.states.map(({ name, next }) => ({ name, value: next }));
    return printGraph([{ name: "w", value: template.weight }, ...states]);
  };

  it("are traced for any shape over placeholders", () => {
    expect(updateText("sgd(lr: 0.1)")).toBe(
      [
        '%0: f32[5] = multiply(0.1, placeholder "g")',
        '%1: f32[5] = subtract(placeholder "w", %0)',
        "w = %1",
      ].join("\n"),
    );
  });

  it("take schedules as arguments", () => {
    expect(updateText("sgd(lr: ramp(from: 1, to: 2, steps: 10))")).toContain('hostScalar "step"');
    expect(updateText("sgd(lr: 1, momentum: ramp(0.5, 0.9, 10), nesterov: true)")).toContain(
      'placeholder "state.m"',
    );
    expect(updateText("adam(lr: cosine(1e-3))")).toContain('hostScalar "progress"');
  });
});

describe("searches", () => {
  const searchOf = (lines: string) =>
    modelOf(`model M(width = 3, rate = 0.1, kind = "a") {
      input x: [batch, 4]
      output y = x |> dense(width)
      loss mean(y * rate)
      metric error = mean(y)
    }
    train M { optimizer sgd(lr: 1)  validation 0.5 }
    search M { ${lines} }`).searches[0];

  it("hold candidates as plain data", () => {
    const lines = `width ~ choice(3, 4)  rate ~ log_uniform(1e-3, 1, points: 5)  kind ~ choice("a", "b")
      strategy grid  minimize validation.error`;
    expect(searchOf(lines)).toMatchObject({
      parameters: [
        { name: "width", space: { kind: "choice", values: [3, 4] } },
        { name: "rate", space: { kind: "range", low: 1e-3, high: 1, log: true, points: 5 } },
        { name: "kind", space: { kind: "choice", values: ["a", "b"] } },
      ],
      strategy: "grid",
      trials: 20,
      seed: 0,
      goal: { sense: "minimize", name: "error" },
      medianStopping: undefined,
    });
  });
  it("draw whole numbers below the end, and have standards", () => {
    const range = { kind: "range", low: 2, high: 8, whole: true, points: undefined };
    expect(
      searchOf("width ~ randint(2, 9)  seed 7  median_stopping 2  maximize error"),
    ).toMatchObject({
      parameters: [{ name: "width", space: { ...range, log: false } }],
      strategy: "random",
      seed: 7,
      goal: { sense: "maximize", name: "error" },
      medianStopping: 2,
    });
    expect(searchOf("width ~ log_randint(2, 9)  trials 3")).toMatchObject({
      parameters: [{ name: "width", space: { ...range, log: true } }],
      trials: 3,
      goal: { sense: "minimize", name: "loss" },
    });
    // Each whole number is a point of a grid.
    expect(searchOf("width ~ randint(2, 9)  strategy grid")).toMatchObject({ trials: 7 });
  });
});

describe("settings from outside", () => {
  const source =
    "model M(width = 3, layers = [4]) { input x: [batch, 4]\n for n in layers { x2 = x |> dense(n) }\n output y = x2 |> dense(width) }";
  it("change parameters of the model", () => {
    const shapes = (set: Record<string, number | readonly number[]>): string =>
      modelOf(source, { set })
        .parameters.map(({ shape }) => shape.join("x"))
        .join(" ");
    expect(shapes({})).toBe("4x4 4 4x3 3");
    expect(shapes({ width: 5, layers: [7] })).toBe("4x7 7 7x5 5");
  });

  it("fit the parameters' kinds, and exist", () => {
    expect(codesOf(source, { set: { width: "wide" } })).toEqual(["NN0415"]);
    expect(codesOf(source, { set: { widht: 3 } })).toEqual(["NN0612"]);
    expect(codesOf(source, { model: "N" })).toEqual(["NN0611"]);
  });
});

describe("imports", () => {
  const files: Readonly<Record<string, string>> = {
    "models/blocks.nn":
      'import { double } from "./parts/more.nn"\nlayer block(x: [batch, n]) = double(x) |> dense(n)',
    "models/parts/more.nn": "fn double(x) = 2 * x",
    "outside.nn": "fn out(x) = x",
  };
  const options = { readImport: (path: string): string | undefined => files[path] };
  const program = (path: string, name: string): string =>
    `import { ${name} } from "${path}"\nmodel M { input x: [batch, 4]\n output y = x |> ${name}() }`;

  it("are relative to the file that imports", () => {
    const text = program("./blocks.nn", "block");
    const { models, diagnostics } = check(text, { ...options, name: "models/main.nn" });
    expect(diagnostics).toEqual([]);
    expect(models[0]?.parameters.map(({ name }) => name)).toEqual([
      "block_1.dense_1.W",
      "block_1.dense_1.b",
    ]);
  });

  it("stay under the root", () => {
    const text = program("../outside.nn", "out");
    const codes = (root?: string): string[] =>
      check(text, { ...options, name: "models/main.nn", root }).diagnostics.map(({ code }) => code);
    expect(codes()).toEqual(["NN0608"]);
    expect(codes(".")).toEqual([]);
  });
});

describe("training that changes nothing", () => {
  const codes = (text: string, lines: string): readonly string[] =>
    check(`model M {\n${text}\n}\ntrain M {\n${lines}\n}`).diagnostics.map(({ code }) => code);
  it("is warned of: all is frozen, or there are no weights", () => {
    expect(codes(body, "optimizer adam()\nfreeze all")).toEqual(["NN0516"]);
    expect(codes("input x: [batch]\nloss x ^ 2", "optimizer adam()")).toEqual(["NN0516"]);
    expect(codes(body, "minimize fit with adam()\nfreeze all")).toEqual(["NN0516"]);
  });
  it("is none where a state is gathered or a value fitted, or something is left to learn", () => {
    expect(codes(body, "optimizer adam()\nfreeze params, weights, biases")).toEqual([]);
    const fitted = "input x: [batch]\nfitted m: [] = mean(x)\nloss (x - m) ^ 2";
    expect(codes(fitted, "optimizer adam()")).toEqual([]);
    expect(codes(body, "optimizer adam()\nfreeze trunk.*")).toEqual([]);
  });
});

describe("a loss without a derivative", () => {
  const severityOf = (optimizer: string): string | undefined => {
    const text = `
      optimizer kick() { state t: [] = 0
        t <- t + 1
        w <- if t > 1 then w - 1 else w - g }
      optimizer normed() { w <- w - g / max(sqrt(sum(g ^ 2)), 1e-6) * abs(w) }
      model M { input x: [batch]
        weight a: [2] = 1
        loss mean(x) * sign(sum(a)) }
      train M { optimizer ${optimizer} }`;
    return check(text).diagnostics.find(({ code }) => code === "NN0515")?.severity;
  };

  it.each([
    "sgd(lr: 0.1)",
    "sgd(lr: 0.1, momentum: 0.9)",
    "sgd(lr: cosine(1, 10), momentum: 0.9, nesterov: true)",
    "adagrad()",
    "rmsprop(momentum: 0.9)",
    "adadelta()",
    "adam()",
    "adamw(weight_decay: 0)",
    "nadam()",
    "lion()",
    "normed()",
  ])("is an error with %s, which then changes nothing", (optimizer) => {
    expect(severityOf(optimizer)).toBe("error");
  });

  it.each(["adamw()", "lion(weight_decay: 0.1)", "kick()"])(
    "is a warning with %s, which moves the weights all the same",
    (optimizer) => {
      expect(severityOf(optimizer)).toBe("warning");
    },
  );
});
