// A bundle in; trained with several threads in headless Chromium, on pages that may share memory and on one that may not, out.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emit } from "../../compiler/index.js";
import { describeGpu } from "../support/adapter.js";
import { launchBrowser, openPage, serveFolder, type FileServer } from "../support/browser.js";
import { compileOne } from "../support/compiled.js";

const source = `
model M {
  input x: [batch, 61]
  target y: category(10)[batch]
  logits = x |> dense(37, activation: relu) |> dropout(0.3) |> dense(10)
  output logits
  loss cross_entropy(logits, y)
}
train M { optimizer adam(lr: 1e-3)  batch 32  epochs 1  seed 1 }`;

const script = `
  import { M } from "/m.train.js";
  // Any call takes as long as makes it worth several threads.
  let now = 0;
  performance.now = () => (now += 0.06);
  const run = async (threads) => {
    let woken = 0;
    const { notify } = Atomics;
    Atomics.notify = (...given) => { woken++; return notify(...given); };
    const net = await M.load({ backend: "cpu", seed: 3, threads });
    const x = Float32Array.from({ length: 16 * 61 }, (_, at) => ((at * 7919) % 101) / 101 - 0.5);
    const y = Uint32Array.from({ length: 16 }, (_, at) => at % 10);
    for (let step = 0; step < 6; step++) await net.step({ x, y });
    const { logits } = await net.predict({ x });
    const told = { threads: net.threads, reason: net.backendReason, woken: woken > 0 };
    net.destroy();
    Atomics.notify = notify;
    return { ...told, words: [...new Uint32Array(logits.buffer)] };
  };`;
const page = `<!doctype html><link rel="icon" href="data:,"><title>threads</title>
<script type="module">${script}
  window.run = run;
</script>`;
/** Works in a worker of its own, which has the bundle beside threads of the bundle's. */
const workerPage = `<!doctype html><link rel="icon" href="data:,"><title>threads</title>
<script type="module">
  window.run = (threads) => new Promise((resolve) => {
    const worker = new Worker("/worker.js", { type: "module" });
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage(threads);
  });
</script>`;

interface Told {
  readonly threads: number;
  readonly reason: string;
  readonly woken: boolean;
  readonly words: readonly number[];
}

describeGpu("threads in Chromium", () => {
  let browser: Browser;
  let isolated: FileServer;
  let open: FileServer;
  const folder = mkdtempSync(join(tmpdir(), "nnc-threads-page-"));

  beforeAll(async () => {
    const files = await emit(compileOne(source, "m.nn"), { minify: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    const receive = "onmessage = async ({ data }) => postMessage(await run(data));";
    const pages = { "/": page, "/worker.html": workerPage, "/worker.js": `${script}\n${receive}` };
    const headers = {
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    };
    [browser, isolated, open] = await Promise.all([
      launchBrowser(),
      serveFolder(folder, pages, {}, headers),
      serveFolder(folder, pages),
    ]);
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([isolated.close(), open.close()]);
    rmSync(folder, { recursive: true });
  });

  async function run(server: FileServer, path: string, threads: number): Promise<Told> {
    const { page: opened, problems } = await openPage(browser, server.url + path);
    const told: Told = await opened.evaluate(
      (wish) => (globalThis as unknown as { run: (wish: number) => Promise<Told> }).run(wish),
      threads,
    );
    expect(problems).toEqual([]);
    await opened.close();
    return told;
  }

  it("give the same bits, 1 = 2 = 4, on a page and in a worker of its own", async () => {
    const one = await run(isolated, "", 1);
    expect(one).toMatchObject({ threads: 1, reason: "the CPU was asked for", woken: false });
    for (const path of ["", "worker.html"])
      for (const threads of [2, 4])
        expect(await run(isolated, path, threads)).toEqual({ ...one, threads, woken: true });
  });

  it("are one on a page that is not cross-origin isolated, with the same numbers", async () => {
    const one = await run(isolated, "", 1);
    const reason = "the CPU was asked for; one thread: the page is not cross-origin isolated";
    expect(await run(open, "", 4)).toEqual({ ...one, reason });
  });
});
