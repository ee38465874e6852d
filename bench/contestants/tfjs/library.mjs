// A backend's name in; TensorFlow.js on that backend out.

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

export async function openTensorFlow(backend) {
  // Its WebGPU registers itself only where there is a window.
  globalThis.window ??= globalThis;
  const tf = await import("@tensorflow/tfjs");
  if (backend === "webgpu") await import("@tensorflow/tfjs-backend-webgpu");
  if (backend === "wasm") {
    const name = "@tensorflow/tfjs-backend-wasm";
    const { setWasmPaths } = await import(name);
    setWasmPaths(`${dirname(fileURLToPath(import.meta.resolve(name)))}/`);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no ${backend} here`);
  await tf.ready();
  if (tf.getBackend() !== backend) throw new Error(`it fell back to ${tf.getBackend()}`);
  return tf;
}
