// In: a WebGPU device; out: the most that it was seen to do.
import { bestRound } from "./ceilings.js";
import type { Ceilings, Work } from "./ceilings.js";

const copiedBytes = 32 << 20;
const vectorBytes = 16;
const workgroup = 128;
const invocations = 16_384;
const chains = 8;
const steps = 256;
const operations = invocations * chains * steps * 4 * 2;
const storage = 128;

const copy = `
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> target_: array<vec4f>;
@compute @workgroup_size(${workgroup}) fn main(@builtin(global_invocation_id) id: vec3u) {
  target_[id.x] = source[id.x];
}`;

const names = Array.from({ length: chains }, (_, at) => `a${at}`);

/** Factor and term are loaded, so that no compiler knows the result. */
const multiplyAdd = `
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> target_: array<vec4f>;
@compute @workgroup_size(${workgroup}) fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = source[id.x];
  ${names.map((name, at) => `var ${name} = x + ${at}.0;`).join("\n  ")}
  for (var step = 0u; step < ${steps}u; step++) {
    ${names.map((name) => `${name} = ${name} * x + x;`).join("\n    ")}
  }
  target_[id.x] = ${names.join(" + ")};
}`;

export async function measureGpuCeilings(device: GPUDevice): Promise<Ceilings> {
  const buffers = [0, 1].map(() => device.createBuffer({ size: copiedBytes, usage: storage }));
  try {
    const round = async (code: string, count: number): Promise<number> =>
      bestRound(await dispatching(device, code, buffers, count / workgroup));
    const multiplied = await round(multiplyAdd, invocations);
    const copied = await round(copy, copiedBytes / vectorBytes);
    return {
      gigaflops: operations / multiplied / 1e6,
      gigabytes: (2 * copiedBytes) / copied / 1e6,
    };
  } finally {
    for (const buffer of buffers) buffer.destroy();
  }
}

/** A round is a dispatch; all of a call are one submission, which is waited for. */
async function dispatching(
  device: GPUDevice,
  code: string,
  buffers: readonly GPUBuffer[],
  workgroups: number,
): Promise<Work> {
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  return async (rounds) => {
    const start = performance.now();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let round = 0; round < rounds; round++) pass.dispatchWorkgroups(workgroups);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - start;
  };
}
