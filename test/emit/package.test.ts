// Bundles in; what lies around them in an app, module systems, type checkers and bundlers, taken through its paces, out.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, buildSync } from "esbuild";
import ts from "typescript";
import { afterAll, describe, expect, it } from "vitest";
import { compile } from "../../compiler/compile.js";
import { emit } from "../../compiler/emit/bundle.js";
import { writeSafetensors, type SafetensorsTensor } from "../../runtime/safetensors.js";
import type { EmitOptions } from "../../compiler/emit/bundle.js";
import { runProgram } from "../../cli/program.js";
import { recorder } from "../cli/terminals.js";
import { typeProblems } from "../support/typeProblems.js";

const root = join(import.meta.dirname, "../..");
const source = `
model First { input x: [batch, 2]  output y = x |> dense(1, name: "onlyInFirst")  loss y ^ 2 }
train First { optimizer sgd(lr: 0.1)  batch 2 }
model Second { input x: [batch, 2]  output y = x |> dense(1, name: "onlyInSecond")  loss y ^ 2 }
train Second { optimizer sgd(lr: 0.1)  batch 2 }
`;

const base = mkdtempSync(join(tmpdir(), "nnc-package-"));
afterAll(() => {
  rmSync(base, { recursive: true });
});

let folders = 0;
/** A folder as `npm init -y` makes it, with bundles of the two models below it. */
async function app(options: EmitOptions = {}, text = source): Promise<string> {
  const folder = join(base, String(folders++));
  mkdirSync(join(folder, "dist"), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "name": "app", "type": "commonjs" }');
  const files = await emit(compile(text, { file: "two.nn" }).models, options);
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, "dist", name), content);
  return folder;
}

const predicts = `
const { First, NnError } = await import("./dist/two.train.js");
const net = await First.load({ backend: "cpu", seed: 1 });
const { y } = await net.predict({ x: [[1, 2]] });
const error = await net.predict({ x: [[1, 2, 3]] }).catch((error) => error);
console.log(y.length, error instanceof NnError, error.code);
`;

describe("a bundle in an app", () => {
  it("imports in a folder whose package.json says commonjs, and exports its errors", async () => {
    for (const minify of [false, true]) {
      const folder = await app({ minify });
      writeFileSync(join(folder, "app.mjs"), predicts);
      const out = execFileSync(process.execPath, ["app.mjs"], { cwd: folder, encoding: "utf8" });
      expect(out.trim()).toBe("1 true shape");
      writeFileSync(join(folder, "app.cjs"), `(async () => {${predicts}})();`);
      const common = execFileSync(process.execPath, ["app.cjs"], { cwd: folder, encoding: "utf8" });
      expect(common.trim()).toBe("1 true shape");
    }
  }, 60_000);

  it("a package.json of the user's is not written over by nnc compile", async () => {
    const folder = join(base, "kept");
    mkdirSync(folder);
    writeFileSync(join(folder, "m.nn"), "model A { input x: [batch]  output y = x }\n");
    const own = '{ "name": "mine" }';
    writeFileSync(join(folder, "package.json"), own);
    const terminal = recorder();
    const args = ["compile", join(folder, "m.nn"), "-o", folder];
    expect(await runProgram(args, { terminal, version: "0" })).toBe(0);
    expect(ts.sys.readFile(join(folder, "package.json"))).toBe(own);
    expect(terminal.notes.join("\n")).toContain('does not say "type": "module"');
    const fresh = recorder();
    const dist = ["compile", join(folder, "m.nn"), "-o", join(folder, "dist")];
    expect(await runProgram(dist, { terminal: fresh, version: "0" })).toBe(0);
    expect(ts.sys.readFile(join(folder, "dist", "package.json"))).toContain('"module"');
    expect(fresh.notes).toEqual([]);
  }, 60_000);

  it("a model may bear the name of the errors, of a global or of a part of the runtime", async () => {
    const names = ["NnError", "Map", "nnc", "defineModel", "load"];
    const text = names.map((name) => `model ${name} { input x: [batch]  output y = x * 2 }`);
    for (const minify of [false, true]) {
      const folder = await app({ minify, entry: "inference" }, text.join("\n"));
      writeFileSync(
        join(folder, "app.mjs"),
        `const models = await import("./dist/two.js");
for (const name of ${JSON.stringify(names)}) {
  const net = await models[name].load({ backend: "cpu", seed: 0 });
  console.log(name, (await net.predict({ x: [2] })).y[0]);
}`,
      );
      const out = execFileSync(process.execPath, ["app.mjs"], { cwd: folder, encoding: "utf8" });
      expect(out.trim().split("\n")).toEqual(names.map((name) => `${name} 4`));
    }
  }, 60_000);

  it("tells Deno where its types are, carries the licence, and nothing that only inspect reads", async () => {
    for (const minify of [false, true]) {
      const files = await emit(compile(source, { file: "two.nn" }).models, { minify });
      for (const name of ["two", "two.train"]) {
        const text = files[`${name}.js`] ?? "";
        expect(text.startsWith(`/* @ts-self-types="./${name}.d.ts" */\n`)).toBe(true);
        for (const part of [text, files[`${name}.cpu.js`] ?? ""])
          expect(part).toMatch(/\/\*! nnc [\d.]+ runtime, MIT, \(c\) 2026 The nnc authors \*\//);
        expect(text).not.toMatch(/\bflops\b|\bmodel1\b|\bplan1\b/);
        expect(files[`${name}.d.ts`]).not.toMatch(/\bmodel1\b/);
      }
      expect(JSON.stringify(files["two.plan.json"])).toContain("flops");
    }
  }, 60_000);
});

/** Weights of First, as `save` of a trained net gives them. */
const weights = writeSafetensors(
  new Map([
    ["onlyInFirst.W", floats([2, 1], 10, 1)],
    ["onlyInFirst.b", floats([1], 0.5)],
  ]),
);

function floats(shape: readonly number[], ...values: readonly number[]): SafetensorsTensor {
  return { dtype: "F32", shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

/** What it answers to [1, 2], in a process whose `fetch` reads no files, as Node's. */
function answers(folder: string, lines: string): string {
  const text = `${lines}
const { y } = await net.predict({ x: [[1, 2]] });
console.log(net.backend, ...y);`;
  writeFileSync(join(folder, "app.mjs"), text);
  return execFileSync(process.execPath, ["app.mjs"], { cwd: folder, encoding: "utf8" }).trim();
}

/** The same in CommonJS, as esbuild makes it. */
function scriptAnswers(folder: string, lines: string): string {
  const contents = `async function main() { ${lines.replace(/^import .*$/m, "")}
const { y } = await net.predict({ x: [[1, 2]] });
console.log(net.backend, ...y); } main();`;
  const [head = ""] = /^import .*$/m.exec(lines) ?? [];
  const outfile = join(folder, "app.cjs");
  const stdin = { contents: `${head}\n${contents}`, resolveDir: folder };
  const options = { bundle: true, format: "cjs", platform: "node", logLevel: "silent" } as const;
  buildSync({ stdin, outfile, ...options });
  return execFileSync(process.execPath, [outfile], { encoding: "utf8" }).trim();
}

describe("weights compiled in", () => {
  it.each([
    [false, false],
    [true, false],
    [false, true],
  ])(
    "are what a net begins with (minify %s, external %s)",
    async (minify, external) => {
      const folder = join(base, String(folders++));
      mkdirSync(join(folder, "node_modules"), { recursive: true });
      symlinkSync(root, join(folder, "node_modules/nnc"));
      writeFileSync(join(folder, "two.nn"), source);
      writeFileSync(join(folder, "w.safetensors"), weights);
      const flags = [...(minify ? ["--minify"] : []), ...(external ? ["--external-runtime"] : [])];
      const files = ["--weights", join(folder, "w.safetensors"), "-o", join(folder, "dist")];
      const args = ["compile", join(folder, "two.nn"), ...files, ...flags];
      expect(await runProgram(args, { terminal: recorder(), version: "0" })).toBe(0);
      const load = 'const net = await First.load({ backend: "cpu" });';
      for (const file of ["two.js", "two.train.js"]) {
        const taken = `import { First } from "./dist/${file}";`;
        expect(answers(folder, `${taken} ${load}`)).toBe("cpu 12.5");
      }
      // A seed leaves them, unless it is said that there are to be none.
      const seeded = (options: string): string =>
        answers(
          folder,
          `import { First } from "./dist/two.train.js"; const net = await First.load({ backend: "cpu", seed: 1, ${options} });`,
        );
      expect(seeded("")).toBe("cpu 12.5");
      expect(seeded("weights: false")).not.toBe("cpu 12.5");
      // Those that are given go before; the other model has none.
      const other = `
import { First, Second } from "./dist/two.js";
const zeros = await First.load({ backend: "cpu" });
const error = await Second.load({ backend: "cpu" }).catch((error) => error);
console.log(error.code, zeros.loaded.matched.length);
const given = await First.load({ backend: "cpu", weights: "https://localhost:1/none" }).catch((error) => error);
console.log(given.message.includes("localhost:1/none"));
const net = zeros;`;
      expect(answers(folder, other)).toBe("weights 2\ntrue\ncpu 12.5");
      // A script of CommonJS knows no address: none are begun with in their place, and those given are taken.
      const why =
        "weights two.safetensors cannot be fetched: this script knows no address of its own (import.meta.url), beside which it would lie; give load({ weights }) the file's, or weights: false for none";
      for (const file of ["two.js", "two.train.js"]) {
        const lines = `import { First } from "./dist/${file}";
const load = (options) => First.load({ backend: "cpu", ...options });
for (const options of [{}, { seed: 1 }]) await load(options).catch(({ code, message }) => console.log(code, message));
const net = await load({ weights: new URL("./w.safetensors", "file://" + __dirname + "/") });`;
        expect(scriptAnswers(folder, lines)).toBe(`${why}\n${why}\ncpu 12.5`);
        // Nothing lies beside a module that is a `data:`, from where the library is not found either.
        const inside = `import { readFileSync } from "node:fs";
const module = "data:text/javascript;base64," + readFileSync("dist/${file}", "base64");
const { First, NnError } = await import(module);
const told = (error) => console.log(error instanceof NnError && error.code, error.message);
for (const options of [{}, { seed: 1 }]) await First.load({ backend: "cpu", ...options }).catch(told);
const net = await (await import("./dist/${file}")).First.load({ backend: "cpu" });`;
        if (!external) expect(answers(folder, inside)).toBe(`${why}\n${why}\ncpu 12.5`);
      }
      const bundle = await bundled(folder, 'import { First } from "./dist/two.js"; First.load();');
      expect(bundle).toMatch(/new URL\("\.\/two\.safetensors",\s*import\.meta\.url\)/);
    },
    60_000,
  );
});

describe("the CPU's module", () => {
  it("may be given, so that nothing is imported at run time, as service workers must", async () => {
    for (const minify of [false, true]) {
      const folder = await app({ minify });
      const dist = join(folder, "dist");
      for (const file of ["two.js", "two.train.js"]) {
        const text = ts.sys.readFile(join(dist, file)) ?? "";
        const without = text.replaceAll(/\bimport\("/g, 'fails("');
        expect(without).not.toBe(text);
        writeFileSync(
          join(dist, file),
          `${without}\nfunction fails() { throw new Error("import"); }`,
        );
      }
      const lines = (entry: string, cpu: string): string => `
import { First } from "./dist/${entry}.js";
import * as kernels from "./dist/${entry}.cpu.js";
const open = (cpu) => First.load({ cpu, seed: 1 });
for (const wrong of [undefined, {}])
  console.log(await open(wrong).then((net) => net.predict({ x: [[1, 2]] })).catch((error) => \`\${error.code}: \${error.message}\`));
const net = await open(${cpu});
for (const [name, { shape }] of Object.entries(net.parameters)) await net.write(name, shape[0] === 2 ? [[1], [2]] : [3]);`;
      for (const entry of ["two", "two.train"])
        expect(answers(folder, lines(entry, "kernels"))).toBe(
          [
            "option: give *.cpu.js to load({ cpu }): Error: import",
            "option: give *.cpu.js to load({ cpu })",
            "cpu 8",
          ].join("\n"),
        );
    }
  }, 60_000);
});

it("a file that is fetched later and is not there is told as an error of the bundle's own", async () => {
  for (const minify of [false, true]) {
    const folder = await app({ minify, software: true });
    for (const entry of ["two", "two.train"]) {
      for (const part of ["scalar", "tune"]) rmSync(join(folder, `dist/${entry}.${part}.js`));
      const lines = `import { First, NnError } from "./dist/${entry}.js";
globalThis.WebAssembly = undefined;
const limits = new Proxy({}, { get: () => Infinity });
const device = { createBuffer() {}, limits, features: new Set(), lost: new Promise(() => {}), destroy() {} };
const refused = (options) => First.load({ seed: 1, ...options }).catch((error) => error instanceof NnError && error.code + ": " + error.message);
for (const options of [{ backend: "cpu" }, { backend: "webgpu", tune: true, device }]) console.log(await refused(options));`;
      writeFileSync(join(folder, "app.mjs"), lines);
      const told = execFileSync(process.execPath, ["app.mjs"], { cwd: folder, encoding: "utf8" });
      const [scalar, tune] = told.split("\n");
      expect(scalar).toMatch(/^option: .*\*\.scalar\.js, which is to be served beside/);
      expect(tune).toMatch(/^option: load\(\{ tune \}\) takes \.\/two\..*which is to be served/);
    }
  }
}, 60_000);

async function bundled(folder: string, entry: string): Promise<string> {
  writeFileSync(join(folder, "entry.js"), entry);
  const result = await build({
    entryPoints: [join(folder, "entry.js")],
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    splitting: true,
    outdir: join(folder, "out"),
    logLevel: "silent",
  });
  // What is fetched when the CPU is used is a file of its own.
  return result.outputFiles.find(({ path }) => path.endsWith("entry.js"))?.text ?? "";
}

describe("a bundle in a bundler", () => {
  it("a model that the app does not use is dropped, and so is the runtime with the last one", async () => {
    for (const minify of [false, true])
      for (const externalRuntime of [false, true]) {
        const folder = await app({ minify, externalRuntime });
        mkdirSync(join(folder, "node_modules"));
        symlinkSync(root, join(folder, "node_modules/nnc"));
        const one = await bundled(
          folder,
          'import { First } from "./dist/two.js"; console.log(First);',
        );
        expect(one).toContain("onlyInFirst");
        expect(one).not.toContain("onlyInSecond");
        const none = await bundled(
          folder,
          'import { First } from "./dist/two.js"; console.log(1);',
        );
        expect(none.length).toBeLessThan(300);
      }
  }, 60_000);

  it("an external runtime takes less than two embedded ones", async () => {
    const sizes: number[] = [];
    for (const externalRuntime of [true, false]) {
      const folder = await app({ minify: true, externalRuntime, entry: "inference" });
      mkdirSync(join(folder, "node_modules"));
      symlinkSync(root, join(folder, "node_modules/nnc"));
      writeFileSync(
        join(folder, "dist/other.js"),
        ts.sys.readFile(join(folder, "dist/two.js")) ?? "",
      );
      const text = await bundled(
        folder,
        'import * as a from "./dist/two.js"; import * as b from "./dist/other.js"; console.log(a.First, b.Second);',
      );
      sizes.push(text.length);
    }
    const [external = 0, embedded = 0] = sizes;
    expect(external).toBeLessThan(embedded);
  }, 60_000);
});

describe("a bundle's types", () => {
  const common = `import { First, NnError, type TrainingNet } from "./dist/two.train.js";
const net = await First.load({ seed: 7 });
const file = await net.save();
const gpu = await net.predict({ x: [1, 2] }, { as: "gpu" });
const unknown: unknown = undefined;
if (unknown instanceof NnError && unknown.code === "shape") unknown.message;
// @ts-expect-error it needs x
const nothing = () => net.predict();
// @ts-expect-error it needs x, whatever is wished for
const wished = () => net.predict(undefined, { outputs: ["y"] });
const general: TrainingNet = net;
const whatever = () => general.predict();
// @ts-expect-error no such code
if (unknown instanceof NnError && unknown.code === "nonsense") unknown.message;
`;
  it("hold without the platform's, and fit them where they are", async () => {
    const folder = await app();
    expect(
      typeProblems(folder, `${common}gpu.y.destroy(); file.buffer;\n`, {
        lib: ["lib.es2022.d.ts"],
      }),
    ).toEqual([]);
    expect(
      typeProblems(
        folder,
        `${common}new Blob([file]); await fetch("/", { method: "POST", body: file });
const buffer: GPUBuffer = gpu.y; await buffer.mapAsync(1);\n`,
        {
          lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
          typeRoots: [join(root, "node_modules/@webgpu")],
          types: [join(root, "node_modules/@webgpu/types")],
        },
      ),
    ).toEqual([]);
  }, 60_000);
});

it("the package's own types hold without the platform's too", async () => {
  const folder = await app({ externalRuntime: true });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/nnc"));
  const text = `import { compile, emit } from "nnc";
import { load, loadInference, NnError, type TrainingNet } from "nnc/runtime";
import { First } from "./dist/two.train.js";
const { models } = compile("model A {}");
const [model] = models;
void emit(models);
if (model) void loadInference(model.plan);
const net: TrainingNet = model ? await load(model) : await First.load({ seed: 1, weights: new Uint8Array(8) });
void net.predict({ x: [1, 2] });
void NnError;
`;
  const dom = ["lib.es2022.d.ts", "lib.dom.d.ts"];
  for (const lib of [["lib.es2022.d.ts"], dom])
    expect(typeProblems(folder, text, { lib, skipLibCheck: false })).toEqual([]);
  const given = `import { First } from "./dist/two.train.js";
await First.load({ weights: new URL("https://localhost") });
await First.load({ weights: await fetch("/") });
const net = await First.load({ weights: new Blob([]) });
await net.fit({ x: [1, 2] }, { signal: new AbortController().signal });
`;
  expect(typeProblems(folder, given, { lib: dom })).toEqual([]);
}, 60_000);
