// Bundles whose nets compute with several threads in; the same bits for any number of them, and what is told where one is lost, out.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Model, TrainingLoadOptions, TrainingNet } from "../../runtime/api.js";
import { emit } from "../../compiler/index.js";
import { compileOne } from "../support/compiled.js";

type Trained = Model<TrainingNet, TrainingLoadOptions>;

const folder = mkdtempSync(join(tmpdir(), "nnc-threads-"));

afterAll(() => {
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Writes a bundle of its own for each name; gives the file of the training module. */
async function bundleOf(
  name: string,
  source: string,
  minify = false,
  into = join(folder, minify ? `${name}.min` : name),
): Promise<string> {
  const files = await emit(compileOne(source, `${name}.nn`), { minify });
  mkdirSync(into);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(into, file), text);
  return join(into, `${name}.train.js`);
}

async function modelOf(file: string): Promise<Trained> {
  const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { M: Trained };
  return module.M;
}

/** Any call takes as long as makes it worth several threads. */
function slowly(): void {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => (now += 0.06));
}

const programs: Readonly<Record<string, string>> = {
  mlp: `
    model M {
      input x: [batch, 61]
      target y: category(10)[batch]
      logits = x |> dense(37, activation: relu) |> dropout(0.3) |> dense(10)
      output logits
      loss cross_entropy(logits, y)
    }
    train M { optimizer adam(lr: 1e-3)  batch 32  epochs 1  seed 1 }`,
  convolution: `
    model M {
      input x: [batch, 12, 12, 3]
      target y: category(10)[batch]
      logits = x |> conv2d(8, kernel: 3) |> max_pool2d(2) |> flatten() |> dense(10)
      output logits
      loss cross_entropy(logits, y)
    }
    train M { optimizer sgd(lr: 0.01, momentum: 0.9)  batch 16  epochs 1  seed 1 }`,
  recurrence: `
    model M {
      input x: [batch, time, 5]
      target y: category(4)[batch]
      states = x |> lstm(24)
      logits = states[:, -1] |> dense(4)
      output logits
      loss cross_entropy(logits, y)
    }
    train M { optimizer adam(lr: 1e-2)  batch 16  epochs 1  seed 1 }`,
};

const rows = 16;
const made = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, at) => ((at * 7919) % 101) / 101 - 0.5);
const labels = (most: number): Uint32Array =>
  Uint32Array.from({ length: rows }, (_, at) => (at * 5) % most);
const data: Readonly<Record<string, Record<string, unknown>>> = {
  mlp: { x: made(rows * 61), y: labels(10) },
  convolution: { x: made(rows * 12 * 12 * 3), y: labels(10) },
  recurrence: { x: { data: made(rows * 7 * 5), shape: [rows, 7, 5] }, y: labels(4) },
};

/** All words of a trained net and of what it predicts. */
async function wordsOf(model: Trained, batch: Record<string, unknown>, threads: number) {
  const notify = vi.spyOn(Atomics, "notify");
  const net = await model.load({ backend: "cpu", seed: 3, threads });
  expect([net.threads, net.machine, net.backendReason]).toEqual([
    ...[threads, "wasm", "the CPU was asked for"],
  ]);
  for (let step = 0; step < 6; step++) await net.step(batch as never);
  const predicted = Object.values(await net.predict({ x: batch["x"] } as never));
  const read = Object.keys(net.parameters).map((name) => net.read(name));
  const values = [...predicted, ...(await Promise.all(read))];
  net.destroy();
  expect(notify.mock.calls.length > 0).toBe(threads > 1);
  notify.mockRestore();
  return values.map((each) => [...new Uint32Array((each as Float32Array).slice().buffer)]);
}

describe("threads", () => {
  let file = "";
  let net: TrainingNet | undefined;
  const started: Worker[] = [];
  const library = process.getBuiltinModule("node:worker_threads");
  const { Worker: Original } = library;

  beforeAll(async () => {
    file = await bundleOf("mlp", programs["mlp"] ?? "");
    // What a net starts is seen.
    library.Worker = class extends Original {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        super(...given);
        started.push(this);
      }
    };
  });
  afterAll(() => {
    library.Worker = Original;
  });
  afterEach(() => {
    net?.destroy();
    started.length = 0;
  });

  it.each(["mlp", "convolution", "recurrence"])(
    "give the same bits of %s, 1 = 2 = 4",
    async (name) => {
      const own = name === "mlp" ? file : await bundleOf(name, programs[name] ?? "");
      const model = await modelOf(own);
      slowly();
      const one = await wordsOf(model, data[name] ?? {}, 1);
      expect(one.flat().some((word) => word !== 0)).toBe(true);
      for (const threads of [2, 4])
        expect(await wordsOf(model, data[name] ?? {}, threads)).toEqual(one);
    },
  );

  it("are told of, and end with the net", async () => {
    net = await (await modelOf(file)).load({ backend: "cpu", seed: 1, threads: 3 });
    expect(started.length).toBe(2);
    const ended = started.map((worker) => new Promise((resolve) => worker.once("exit", resolve)));
    net.destroy();
    await Promise.all(ended);
  });

  it("that are lost end calls with an error, and others take their place", async () => {
    slowly();
    const { x = [] } = data["mlp"] ?? {};
    net = await (await modelOf(file)).load({ backend: "cpu", seed: 1, threads: 2 });
    const before = await net.predict({ x } as never);
    await started[0]?.terminate();
    await expect(net.predict({ x } as never)).rejects.toMatchObject({
      code: "device-lost",
      message: expect.stringMatching(/a thread of the CPU is lost: it ended with code 1/) as string,
    });
    await net.restore();
    expect(started.length).toBe(2);
    expect(await net.predict({ x } as never)).toEqual(before);
  });

  it("are one where others do not start, and the net says so", async () => {
    const { Worker: seen } = library;
    library.Worker = function none() {
      throw new Error("no threads here");
    } as never;
    net = await (await modelOf(file)).load({ backend: "cpu", seed: 1, threads: 2 });
    library.Worker = seen;
    expect([net.threads, net.backendReason]).toEqual([
      1,
      "the CPU was asked for; one thread: Error: no threads here",
    ]);
    await net.predict({ x: made(61) });
  });

  it.each([
    ["threads", /one thread: what starts others is not to be had: .*mlp\.train\.threads\.js/],
    ["thread", /one thread: others do not start: .*mlp\.train\.thread\.js/],
  ])("are one where *.%s.js is not there, and the net says so", async (missing, reason) => {
    const own = await bundleOf(
      "mlp",
      programs["mlp"] ?? "",
      false,
      join(folder, `without ${missing}`),
    );
    rmSync(own.replace(/js$/, `${missing}.js`));
    net = await (await modelOf(own)).load({ backend: "cpu", seed: 1, threads: 2 });
    expect([net.threads, net.machine]).toEqual([1, "wasm"]);
    expect(net.backendReason).toMatch(reason);
    await net.predict({ x: made(61) });
  });

  it("never run what an app does that is one file with its bundle", async () => {
    const app = `
      import { M } from ${JSON.stringify(file)};
      console.log("started");
      const net = await M.load({ backend: "cpu", seed: 1, threads: 3 });
      await net.predict({ x: new Float32Array(61) });
      console.log(net.threads, /thread\\.js/.test(net.backendReason));`;
    const whole = join(folder, "whole.mjs");
    const given = { contents: app, resolveDir: folder };
    await build({ stdin: given, bundle: true, format: "esm", platform: "node", outfile: whole });
    const said = (): string =>
      execFileSync(process.execPath, [whole], { encoding: "utf8", timeout: 60_000 });
    expect(said().split("\n")).toEqual(["started", "1 true", ""]);
    copyFileSync(file.replace(/js$/, "thread.js"), join(folder, "mlp.train.thread.js"));
    expect(said().split("\n")).toEqual(["started", "3 false", ""]);
  });

  it("run for bundles that import the runtime, too", async () => {
    const files = await emit(compileOne(programs["mlp"] ?? "", "mlp.nn"), {
      externalRuntime: true,
    });
    const into = join(folder, "external");
    mkdirSync(join(into, "node_modules"), { recursive: true });
    symlinkSync(process.cwd(), join(into, "node_modules/nnc"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(into, name), text);
    const script = `
      const { M } = await import(${JSON.stringify(pathToFileURL(join(into, "mlp.train.js")).href)});
      const net = await M.load({ backend: "cpu", seed: 1, threads: 2 });
      await net.predict({ x: new Float32Array(61) });
      console.log(net.threads, net.backendReason);`;
    const given = ["--input-type=module", "--eval", script];
    const said = execFileSync(process.execPath, given, { encoding: "utf8", timeout: 60_000 });
    expect(said.trim()).toBe("2 the CPU was asked for");
  });

  it("are one where pages may not share memory, and the net says so", async () => {
    vi.stubGlobal("crossOriginIsolated", false);
    net = await (await modelOf(file)).load({ backend: "cpu", seed: 1, threads: 2 });
    vi.unstubAllGlobals();
    expect([net.threads, net.backendReason, started.length]).toEqual([
      1,
      "the CPU was asked for; one thread: the page is not cross-origin isolated",
      0,
    ]);
  });

  it("are whole numbers up to a bound, or auto", async () => {
    const model = await modelOf(file);
    for (const threads of [0, 1.5, -1, "many", null, 65, 1e9])
      await expect(model.load({ backend: "cpu", threads } as never)).rejects.toThrow(
        'threads is a whole number from 1 to 64, or "auto"',
      );
    expect(started).toEqual([]);
    net = await model.load({ backend: "cpu", threads: "auto" });
    expect(net.threads).toBeGreaterThan(0);
  });

  it.each([false, true])(
    "let a process end that has nothing else to do (minified: %s)",
    async (minify) => {
      const own = minify ? await bundleOf("mlp", programs["mlp"] ?? "", true) : file;
      const script = `
      const { M } = await import(${JSON.stringify(pathToFileURL(own).href)});
      const net = await M.load({ backend: "cpu", seed: 1, threads: 2 });
      const { logits } = await net.predict({ x: new Float32Array(61) });
      console.log(net.threads, logits.length);`;
      const given = ["--input-type=module", "--eval", script];
      const said = execFileSync(process.execPath, given, { encoding: "utf8", timeout: 60_000 });
      expect(said.trim()).toBe("2 10");
    },
  );
});
