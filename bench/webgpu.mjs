// Node.js in; WebGPU on `navigator` as browsers have it, and counts of what a contestant does with it, out.

/** What is counted, and the calls that count. */
const counted = {
  dispatches: [
    ["GPUComputePassEncoder", "dispatchWorkgroups"],
    ["GPUComputePassEncoder", "dispatchWorkgroupsIndirect"],
  ],
  submissions: [["GPUQueue", "submit"]],
  writes: [["GPUQueue", "writeBuffer"]],
  copies: [["GPUCommandEncoder", "copyBufferToBuffer"]],
  reads: [["GPUBuffer", "mapAsync"]],
  pipelines: [
    ["GPUDevice", "createComputePipeline"],
    ["GPUDevice", "createComputePipelineAsync"],
  ],
};

/** Gives the counters: `counts()` since the last `reset()`, bytes of buffers alive at the most included. */
export async function provideWebGpu() {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const known = globalThis.navigator;
  const navigator = {
    gpu: create([]),
    userAgent: known?.userAgent ?? "node",
    hardwareConcurrency: known?.hardwareConcurrency ?? 2,
    language: "en",
    platform: process.platform,
    vendor: "",
  };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  return countCalls();
}

function countCalls() {
  const calls = Object.fromEntries(Object.keys(counted).map((name) => [name, 0]));
  for (const [name, methods] of Object.entries(counted)) {
    for (const [type, method] of methods) {
      observe(type, method, () => {
        calls[name]++;
      });
    }
  }
  const memory = countBytes();
  return {
    counts: () => ({ ...calls, bytes: memory.peak }),
    reset: () => {
      for (const name of Object.keys(calls)) calls[name] = 0;
      memory.peak = memory.live;
    },
  };
}

/** Calls `seen` with what a method gives, before its caller has it. */
function observe(type, method, seen) {
  const { prototype } = globalThis[type];
  const original = prototype[method];
  prototype[method] = function (...rest) {
    const result = original.apply(this, rest);
    seen(result, this, rest);
    return result;
  };
}

function countBytes() {
  const memory = { live: 0, peak: 0 };
  const sizes = new WeakMap();
  observe("GPUDevice", "createBuffer", (buffer, _device, [{ size }]) => {
    sizes.set(buffer, size);
    memory.live += size;
    memory.peak = Math.max(memory.peak, memory.live);
  });
  observe("GPUBuffer", "destroy", (_result, buffer) => {
    memory.live -= sizes.get(buffer) ?? 0;
    sizes.delete(buffer);
  });
  return memory;
}
