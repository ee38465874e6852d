// The bundle of movies.nn in; trained and asked on a page in headless Chromium, on WebGPU and on the CPU, out.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emit } from "../../compiler/index.js";
import { describeGpu } from "../support/adapter.js";
import { launchBrowser, openPage, serveFolder, type FileServer } from "../support/browser.js";
import { compileOne } from "../support/compiled.js";

/** I like what Mary likes more than John dislikes it. */
const pairs = [1, 2, 3, 4, 5].flatMap((mary) => [1, 3, 5].map((john) => [mary, john] as const));
const data = {
  ratings: pairs.flat(),
  liked: pairs.map(([mary, john]) => (2 * mary - john > 3.5 ? 1 : 0)),
};

/** The app: trains, asks the trained net, and asks a net of the inference bundle with the weights that were saved. */
const page = (policy = ""): string => `<!doctype html>${policy}
<link rel="icon" href="data:,"><title>movies</title>
<script type="module">
  import { Movies as Trained } from "/movies.train.js";
  import { Movies } from "/movies.js";
  const data = ${JSON.stringify(data)};
  let pipelines = 0;
  const create = globalThis.GPUDevice?.prototype.createComputePipelineAsync;
  if (create) GPUDevice.prototype.createComputePipelineAsync = function (descriptor) {
    pipelines++;
    return create.call(this, descriptor);
  };
  window.count = async () => {
    const counts = [];
    const net = await Trained.load({ backend: "webgpu" });
    for (const call of ["step", "predict", "predict", "evaluate", "evaluate"]) {
      counts.push(pipelines);
      await net[call](call === "predict" ? { ratings: data.ratings } : data);
    }
    net.destroy();
    return [...counts, pipelines];
  };
  window.run = async (backend) => {
    const net = await Trained.load({ backend });
    const losses = [];
    await net.fit(data, { epochs: 150, onEpoch: ({ loss }) => losses.push(loss) });
    const { metrics } = await net.evaluate(data);
    const { liking } = await net.predict({ ratings: data.ratings });
    const weights = await net.save();
    const asked = await Movies.load({ backend, weights });
    const again = await asked.predict({ ratings: data.ratings });
    const result = {
      backends: [net.backend, asked.backend],
      machines: [net.machine, asked.machine],
      reason: asked.backendReason,
      losses,
      accuracy: metrics.binary_accuracy,
      liking: [...liking],
      again: [...again.liking],
    };
    net.destroy();
    asked.destroy();
    return result;
  };
</script>`;

interface Result {
  readonly backends: readonly string[];
  readonly machines: readonly string[];
  readonly reason: string;
  readonly losses: readonly number[];
  readonly accuracy: number;
  readonly liking: readonly number[];
  readonly again: readonly number[];
}

/** A page that says which scripts it runs. */
function restricted(scripts: string): string {
  return page(
    `<meta http-equiv="Content-Security-Policy" content="script-src 'self' 'unsafe-inline' ${scripts}">`,
  );
}

describeGpu("the bundle of movies.nn in Chromium", () => {
  let browser: Browser;
  const servers: FileServer[] = [];
  const likings = new Map<string, readonly number[]>();

  async function serve(minify: boolean): Promise<string> {
    const path = join(import.meta.dirname, "../../examples/programs/movies.nn");
    const model = compileOne(readFileSync(path, "utf8"), "movies.nn");
    const files = await emit(model, { minify });
    const texts = Object.entries(files).map(([name, text]) => [`/${name}`, text] as const);
    const server = await serveFolder(import.meta.dirname, {
      "/": page(),
      "/refusing.html": restricted(""),
      "/allowing.html": restricted("'wasm-unsafe-eval'"),
      ...Object.fromEntries(texts),
    });
    servers.push(server);
    return server.url;
  }

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    for (const server of servers) await server.close();
  });

  it.each([
    ["webgpu", false],
    ["cpu", false],
    ["cpu", true],
    ["webgpu", true],
  ] as const)("learns on %s, minified %s", async (backend, minify) => {
    const { page: tab, problems } = await openPage(browser, await serve(minify));
    await tab.waitForFunction("window.run !== undefined");
    const result: Result = await tab.evaluate(`run(${JSON.stringify(backend)})`);
    expect(problems).toEqual([]);
    expect(result.backends).toEqual([backend, backend]);
    const machine = backend === "cpu" ? "wasm" : "webgpu";
    expect(result.machines).toEqual([machine, machine]);
    expect(result.losses).toHaveLength(150);
    expect(result.losses.at(-1)).toBeLessThan(0.3 * (result.losses[0] ?? 0));
    expect(result.accuracy).toBe(1);
    expect(result.liking.map((value) => (value > 0.5 ? 1 : 0))).toEqual(data.liked);
    expect(result.again).toEqual(result.liking);
    likings.set(backend, result.liking);
    await tab.close();
  });

  it.each([
    [
      "refusing",
      "javascript",
      /^the CPU was asked for; WebAssembly .* not to be had: CompileError/,
    ],
    ["allowing", "wasm", /^the CPU was asked for$/],
  ])("learns on a page with a policy %s WebAssembly, in %s", async (path, machine, reason) => {
    const { page: tab } = await openPage(browser, `${await serve(true)}${path}.html`);
    await tab.waitForFunction("window.run !== undefined");
    const result: Result = await tab.evaluate(`run("cpu")`);
    expect(result.machines).toEqual([machine, machine]);
    expect(result.reason).toMatch(reason);
    expect(result.liking.map((value) => (value > 0.5 ? 1 : 0))).toEqual(data.liked);
    expect(result.again).toEqual(result.liking);
    await tab.close();
  });

  it("compiles kernels when they are first needed", async () => {
    const { page: tab } = await openPage(browser, await serve(true));
    await tab.waitForFunction("window.run !== undefined");
    const [loaded = 0, stepped = 0, predicted = 0, again, evaluated = 0, last] =
      await tab.evaluate<number[]>("count()");
    expect(loaded).toBeGreaterThan(0);
    expect(stepped).toBe(loaded);
    expect(predicted).toBeGreaterThan(stepped);
    expect(again).toBe(predicted);
    expect(evaluated).toBeGreaterThan(predicted);
    expect(last).toBe(evaluated);
    await tab.close();
  });

  it("comes to the same predictions on both backends", () => {
    const [cpu = [], gpu = []] = [likings.get("cpu"), likings.get("webgpu")];
    expect(cpu).toHaveLength(pairs.length);
    cpu.forEach((value, at) => {
      expect(Math.abs((gpu[at] ?? NaN) - value)).toBeLessThan(1e-4);
    });
  });
});
