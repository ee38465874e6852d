// Shaders in as a list on the standard input of deno, on whose WebGPU this runs; naga's complaint against each, or null, out as a list.

/* global Deno */

const shaders = await new Response(Deno.stdin.readable).json();
const adapter = await navigator.gpu.requestAdapter();
const device = await adapter?.requestDevice();

async function complaint(code) {
  device.pushErrorScope("validation");
  device.createShaderModule({ code });
  const error = await device.popErrorScope();
  return error === null ? null : error.message;
}

const complaints = [];
if (device) for (const code of shaders) complaints.push(await complaint(code));
console.log(JSON.stringify(device ? complaints : null));
