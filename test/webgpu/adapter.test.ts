// A small WGSL kernel in; its numbers, computed over the software adapter in this process, out.

import { expect, it } from "vitest";
import {
  describeGpu,
  installNavigatorGpu,
  removeNavigatorGpu,
  softwareDevice,
  softwareGpu,
} from "../support/adapter.js";

const squares = `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&x)) { y[id.x] = x[id.x] * x[id.x] + 1.0; }
}`;

async function runSquares(device: GPUDevice, values: Float32Array<ArrayBuffer>) {
  const usage = { storage: 0x80, copyDestination: 0x8, copySource: 0x4, mapRead: 0x1 };
  const size = values.byteLength;
  const input = device.createBuffer({ size, usage: usage.storage | usage.copyDestination });
  const output = device.createBuffer({ size, usage: usage.storage | usage.copySource });
  const readable = device.createBuffer({ size, usage: usage.mapRead | usage.copyDestination });
  device.queue.writeBuffer(input, 0, values);
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module: device.createShaderModule({ code: squares }), entryPoint: "main" },
  });
  const entries = [input, output].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(Math.ceil(values.length / 64));
  pass.end();
  encoder.copyBufferToBuffer(output, 0, readable, 0, size);
  device.queue.submit([encoder.finish()]);
  await readable.mapAsync(usage.mapRead);
  const result = new Float32Array(readable.getMappedRange().slice(0));
  readable.unmap();
  return result;
}

describeGpu("the software adapter", () => {
  it("runs a compute shader", async () => {
    const device = await softwareDevice();
    const values = Float32Array.from({ length: 1000 }, (_, index) => index - 500);
    const result = await runSquares(device, values);
    expect([...result]).toEqual([...values].map((value) => value * value + 1));
    device.destroy();
  });

  it("is SwiftShader, with WebGPU's default limits", async () => {
    const adapter = await (await softwareGpu()).requestAdapter();
    expect(adapter?.info.architecture).toBe("swiftshader");
    const device = await softwareDevice();
    expect(device.limits.maxStorageBuffersPerShaderStage).toBe(8);
    device.destroy();
  });

  it("stands at navigator.gpu while installed", async () => {
    const gpu = await installNavigatorGpu();
    expect(navigator.gpu).toBe(gpu);
    removeNavigatorGpu();
    expect(navigator.gpu).toBeUndefined();
  });
});
