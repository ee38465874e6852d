// A bundle with kernels for adapters in software in; what it computes in headless Chromium, whose invocations load in quads, out.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emit } from "../../compiler/index.js";
import { describeGpu } from "../support/adapter.js";
import { launchBrowser, openPage, serveFolder, type FileServer } from "../support/browser.js";
import { compileOne } from "../support/compiled.js";

const source = `
model Net {
  input x: [batch, 64]
  output y = x |> dense(64, activation: gelu) |> dense(32)
  loss mean(y ^ 2)
}
train Net { optimizer sgd(lr: 0.1) }
`;

const page = `<!doctype html><link rel="icon" href="data:,"><title>software</title>
<script type="module">
  import { Net } from "/net.train.js";
  const x = Float32Array.from({ length: 9 * 64 }, (_, at) => Math.sin(at));
  const shaders = [];
  const create = GPUDevice.prototype.createShaderModule;
  GPUDevice.prototype.createShaderModule = function (descriptor) {
    shaders.push(descriptor.code);
    return create.call(this, descriptor);
  };
  window.run = async (backend) => {
    const net = await Net.load({ backend, seed: 1 });
    await net.step({ x });
    const { y } = await net.predict({ x });
    const result = { backend: net.backend, y: [...y] };
    net.destroy();
    return { ...result, quads: shaders.filter((code) => code.includes("quadBroadcast(")).length };
  };
</script>`;

interface Result {
  readonly backend: string;
  readonly y: readonly number[];
  readonly quads: number;
}

describeGpu("a bundle for adapters in software, in Chromium", () => {
  let browser: Browser;
  const servers: FileServer[] = [];
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    for (const server of servers) await server.close();
  });

  it.each([false, true])(
    "loads in quads and computes as the CPU does, minified %s",
    async (minify) => {
      const files = await emit(compileOne(source, "net.nn"), { minify, software: true });
      const texts = Object.entries(files).map(([name, text]) => [`/${name}`, text] as const);
      const server = await serveFolder(import.meta.dirname, {
        "/": page,
        ...Object.fromEntries(texts),
      });
      servers.push(server);
      const { page: tab, problems } = await openPage(browser, server.url);
      await tab.waitForFunction("window.run !== undefined");
      const onGpu: Result = await tab.evaluate(`run("webgpu")`);
      const onCpu: Result = await tab.evaluate(`run("cpu")`);
      expect(problems).toEqual([]);
      expect([onGpu.backend, onCpu.backend]).toEqual(["webgpu", "cpu"]);
      expect(onGpu.quads).toBeGreaterThan(0);
      expect(onGpu.y).toHaveLength(9 * 32);
      onGpu.y.forEach((value, at) => {
        expect(value).toBeCloseTo(onCpu.y[at] ?? NaN, 4);
      });
      await tab.close();
    },
  );
});
