// An empty page in headless Chromium in; the numbers of a compute shader that the page ran out.

import { afterAll, beforeAll, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { describeGpu } from "../support/adapter.js";
import { launchBrowser, openPage, serveFolder, type FileServer } from "../support/browser.js";

describeGpu("headless Chromium", () => {
  let browser: Browser;
  let server: FileServer;

  beforeAll(async () => {
    browser = await launchBrowser();
    const html = "<!doctype html><link rel='icon' href='data:,'><title>adapter</title>";
    server = await serveFolder(import.meta.dirname, { "/": html });
  });

  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  it("gives a page navigator.gpu, which runs a compute shader", async () => {
    const { page, problems } = await openPage(browser, server.url);
    const result = await page.evaluate(async () => {
      const adapter = await navigator.gpu.requestAdapter();
      if (!adapter) return "no adapter";
      const device = await adapter.requestDevice();
      const code = `
        @group(0) @binding(0) var<storage, read_write> y: array<u32>;
        @compute @workgroup_size(8) fn main(@builtin(global_invocation_id) id: vec3u) {
          y[id.x] = id.x * id.x;
        }`;
      const pipeline = await device.createComputePipelineAsync({
        layout: "auto",
        compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
      });
      const usage = GPUBufferUsage;
      const buffer = device.createBuffer({ size: 32, usage: usage.STORAGE | usage.COPY_SRC });
      const copy = device.createBuffer({ size: 32, usage: usage.MAP_READ | usage.COPY_DST });
      const layout = pipeline.getBindGroupLayout(0);
      const entries = [{ binding: 0, resource: { buffer } }];
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
      pass.dispatchWorkgroups(1);
      pass.end();
      encoder.copyBufferToBuffer(buffer, 0, copy, 0, 32);
      device.queue.submit([encoder.finish()]);
      await copy.mapAsync(GPUMapMode.READ);
      return [...new Uint32Array(copy.getMappedRange())];
    });
    expect(result).toEqual([0, 1, 4, 9, 16, 25, 36, 49]);
    expect(problems).toEqual([]);
    await page.close();
  });
});
