// Programs in; their bundles' files, imported and type-checked as an app would, out.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { emit } from "../../compiler/emit/bundle.js";
import type { EmitOptions } from "../../compiler/emit/bundle.js";
import { compile } from "../../compiler/compile.js";
import type { Model } from "../../runtime/api.js";
import type { InferenceNet, TrainingNet } from "../../runtime/api.js";
import { typeProblems } from "../support/typeProblems.js";

/** Two models whose names are those of globals and of the runtime's own types. */
const source = `
/// Keeps what it is given
model Map {
  /// two numbers; */ \`\${x}\`
  input constructor: [batch, 2]
  target wanted: [batch]
  h = constructor |> dense(3, activation: tanh) |> dense(1)
  output toString = h[:, 0]
  loss (toString - wanted) ^ 2
  metric closeness = abs(toString - wanted)
}
train Map { optimizer adam(lr: 0.05)  batch 8  epochs 30  seed 1 }

model Report {
  input x: [batch, 3] ~ uniform(0, 1)
  output total = sum(x, axis: -1)
}
`;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function compiled(text = source) {
  const { models, diagnostics } = compile(text, { file: "folder/two models.nn" });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return models;
}

async function written(options: EmitOptions): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "nnc-bundle-"));
  folders.push(folder);
  const files = await emit(compiled(), { file: "two.nn", ...options });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

async function imported(folder: string, file: string): Promise<Record<string, unknown>> {
  const module: unknown = await import(pathToFileURL(join(folder, file)).href);
  return module as Record<string, unknown>;
}

describe("the bundle's files", () => {
  it("are those of the entry that is asked for, named after the source", async () => {
    const both = Object.keys(await emit(compiled()));
    expect(both).toEqual(
      ["", ".train"]
        .flatMap((entry) =>
          ["js", "cpu.js", "scalar.js", "cpu.d.ts", "threads.js", "thread.js", "d.ts", "wgsl"].map(
            (ending) => `two models${entry}.${ending}`,
          ),
        )
        .concat("two models.plan.json", "package.json"),
    );
    const inference = Object.keys(await emit(compiled(), { entry: "inference" }));
    expect(inference.filter((name) => name.includes("train"))).toEqual([]);
  });

  it("keep apart what not all need where they are small", async () => {
    const names = Object.keys(await emit(compiled(), { minify: true }));
    expect(names.filter((name) => /(words|more)\.js$/.test(name))).toEqual([
      "two models.words.js",
      "two models.more.js",
      "two models.train.words.js",
      "two models.train.more.js",
    ]);
    const external = Object.keys(await emit(compiled(), { minify: true, externalRuntime: true }));
    expect(external.filter((name) => /(words|more)\.js$/.test(name))).toEqual([]);
  });

  it("are the same bytes each time", async () => {
    expect(await emit(compiled())).toEqual(await emit(compiled()));
  });

  it("import nothing and run no text as code", async () => {
    for (const minify of [false, true]) {
      for (const [name, text] of Object.entries(await emit(compiled(), { minify }))) {
        if (!name.endsWith(".js")) continue;
        expect(text).not.toMatch(/^\s*import[\s{"'*]/m);
        expect(text).not.toMatch(/\beval\(|\bnew Function\b/);
      }
    }
  });

  it("tell which source lines each shader computes", async () => {
    const files = await emit(compiled(), { file: "two.nn" });
    const shaders = files["two.wgsl"] ?? "";
    const heads = shaders.split("\n").filter((line) => line.startsWith("// Map, k"));
    expect(heads.length).toBeGreaterThan(0);
    expect(shaders).toContain("two models.nn:8");
  });
});

describe.each([[false], [true]])("the modules, minify %s", (minify) => {
  it("predict on the CPU", async () => {
    const module = await imported(await written({ minify }), "two.js");
    const net = await (module["Map"] as Model<InferenceNet>).load({ backend: "cpu", seed: 1 });
    const { parameters } = net;
    for (const [name, { shape }] of Object.entries(parameters))
      await net.write(name, new Float32Array(shape.reduce((all, axis) => all * axis, 1)));
    expect([net.backend, net.machine]).toEqual(["cpu", "wasm"]);
    const result = await net.predict({ constructor: new Float32Array(6) });
    expect(Object.entries(result)).toEqual([["toString", new Float32Array(3)]]);
    net.destroy();
    const drawn = await (module["Report"] as Model<InferenceNet>).load({ backend: "cpu" });
    const { total } = await drawn.predict({}, { batch: 4, seed: 5 });
    expect(total?.length).toBe(4);
    drawn.destroy();
  });

  it("train on the CPU", async () => {
    const module = await imported(await written({ minify }), "two.train.js");
    const net = await (module["Map"] as Model<TrainingNet>).load({ backend: "cpu", seed: 2 });
    expect(net.machine).toBe("wasm");
    const data = {
      constructor: Float32Array.from({ length: 128 }, (_, index) => Math.sin(index)),
      wanted: Float32Array.from({ length: 64 }, (_, index) => Math.sin(2 * index) / 2),
    };
    const { epochs } = await net.fit(data);
    expect(epochs.length).toBe(30);
    expect(epochs.at(-1)?.loss).toBeLessThan(0.2 * (epochs[0]?.loss ?? 0));
    net.destroy();
  });
});

it("declarations compile without the DOM and name what the model has", async () => {
  const folder = await written({});
  const text = `import { Map as Model } from "./two.train.js";
import { Map as Small, Report } from "./two.js";
const net = await Model.load({ seed: 7 });
const history = await net.fit({ constructor: [[1, 2]], wanted: [3] }, { epochs: 2 });
const closeness: number | undefined = history.epochs[0]?.metrics.closeness;
const small = await Small.load();
const { toString }: { toString: Float32Array } = await small.predict({ constructor: [1, 2] });
await (await Report.load()).predict({}, { outputs: ["total"] });
await small.read("dense_1.W");
// @ts-expect-error an input that is missing
await small.predict({});
// @ts-expect-error a parameter that does not exist
await small.read("dense_9.W");
// @ts-expect-error training is not in this module
small.fit;
export { closeness, toString };
`;
  expect(typeProblems(folder, text)).toEqual([]);
});

it("declarations tell what is given out as it is, and take what is taken", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nnc-types-"));
  folders.push(folder);
  const files = await emit(
    compiled(`
model Two {
  input x: [batch, 2]
  target t: [batch]
  output y = (x |> dense(1))[:, 0]
  output z = y * 2
  loss (y - t) ^ 2
  metric fit = r2(y, t)
  metric off = abs(y - t)
}
train Two { optimizer sgd(0.1)  batch 8  epochs 2  seed 1 }
`),
    { file: "two.nn" },
  );
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const text = `import { Two, type TensorInput, type OutputBuffer, type ModelTypes, type TrainingNet } from "./two.train.js";
const net = await Two.load({ seed: 7 });
const all = await net.predict({ x: [new Float32Array(2), [1, 2]] });
const both: readonly Float32Array[] = [all.y, all.z];
const one = await net.predict({ x: [1, 2] }, { outputs: ["y"] });
const y: Float32Array = one.y;
// @ts-expect-error it was not asked for
one.z;
const gpu = await net.predict({ x: [1, 2] }, { outputs: ["z"], as: "gpu", batch: 1 });
const z: OutputBuffer = gpu.z;
// @ts-expect-error it was not asked for
gpu.y;
const every = await net.predict({ x: [1, 2] }, { as: "gpu" });
every.y.destroy(), every.z.destroy();
// @ts-expect-error there is no such output
await net.predict({ x: [1, 2] }, { outputs: ["w"] });
const { epochs: [epoch] } = await net.fit({ x: [1, 2], t: [3] }, {
  onStep: ({ metrics }) => metrics.off.toFixed(2),
});
const off: number | undefined = epoch?.metrics.off;
const fit: number | undefined = epoch?.metrics.fit;
// @ts-expect-error there is none where an epoch has several batches
epoch?.metrics.fit.toFixed(2);
const whole: number = (await net.evaluate({ x: [1, 2], t: [3] })).metrics.fit;
await net.write("dense_1.W", [[1], [2]]);
declare const buffer: OutputBuffer;
const input: TensorInput = buffer;
await net.predict({ x: buffer });
// @ts-expect-error numbers alone
await net.write("dense_1.W", buffer);
// @ts-expect-error numbers alone
await net.write("dense_1.W", { data: buffer, shape: [2, 1] });
const general: TrainingNet = net;
export { both, y, z, off, fit, whole, input, general };
`;
  expect(typeProblems(folder, text)).toEqual([]);
});

it("with an external runtime the modules import it", async () => {
  const files = await emit(compiled(), { externalRuntime: true, file: "two.nn" });
  expect(files["two.js"]).toContain(
    'import { loadInference as load, NnError } from "nnc/runtime";',
  );
  expect(files["two.train.js"]).toContain('import { load, NnError } from "nnc/runtime";');
  expect(files["two.cpu.js"]).not.toContain("createCpuBackend");
  expect((files["two.js"] ?? "").length).toBeLessThan(20_000);
});

describe("what cannot be asked for is refused:", () => {
  const asked = async (options: unknown): Promise<string> => {
    const answer = await emit(compiled(), options as EmitOptions).catch(String);
    return typeof answer === "string" ? answer : "files";
  };
  it.each([
    [{ entry: "infernce" }, '"inference", "training" or "both", not "infernce"'],
    [{ minify: "yes" }, 'minify is true or false, not "yes"'],
    [{ weights: null }, "weights is an object of file names by model, not null"],
    [{ file: 5 }, "file is a string, not 5"],
    [{ minified: true }, "emit has no option minified; there are file, entry"],
    [{ entry: undefined }, "files"],
  ])("emit's options %j", async (options, text) => {
    expect(await asked(options)).toContain(text);
  });

  it("what is no text or no model", async () => {
    for (const wrong of [undefined, null, 5])
      expect(() => compile(wrong as never)).toThrow("the source is the text of a .nn file");
    for (const wrong of [undefined, null, {}, ["model"], "model"])
      await expect(emit(wrong as never)).rejects.toThrow("emit takes what compile gives");
  });
});
