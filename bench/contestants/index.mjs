// Names in; contestants out: what each runs on, and the module that sets up a workload.

/** A folder's module of a workload; `undefined` where there is none. */
function modulesOf(folder, workloads) {
  return async (workload) => {
    const file = workload.replace(/^w4.*/, "w4").replace(/^p\d+/, "product");
    return workloads.includes(file) ? import(`./${folder}/${file}.mjs`) : undefined;
  };
}

const all = ["w1", "w2", "w3", "w4", "w5", "product"];
const predictions = ["w4", "product"];

/**
 * `gpu`: it finds WebGPU on `navigator`. `package`: what has to be installed, nothing of ours. `load` gives a module with
 * `setup(workload, options) → { step(), sync(), value() }`: a step is one update, or one prediction with its numbers read;
 * `sync` waits for the steps so far; `value` is the last loss, or the first number predicted.
 */
export const contestants = {
  "nnc-webgpu": { gpu: true, options: { backend: "webgpu" }, load: modulesOf("nnc", all) },
  "nnc-cpu": { options: { backend: "cpu" }, load: modulesOf("nnc", all) },
  "jax-webgpu": {
    gpu: true,
    package: "@jax-js/jax",
    options: { backend: "webgpu" },
    load: modulesOf("jax", all),
  },
  "jax-wasm": {
    package: "@jax-js/jax",
    options: { backend: "wasm" },
    load: modulesOf("jax", all),
  },
  "onnx-wasm": {
    package: "onnxruntime-web",
    options: {},
    load: modulesOf("onnx", predictions),
  },
  "tfjs-webgpu": {
    gpu: true,
    package: "@tensorflow/tfjs",
    options: { backend: "webgpu" },
    load: modulesOf("tfjs", all),
  },
  "tfjs-wasm": {
    package: "@tensorflow/tfjs",
    options: { backend: "wasm" },
    load: modulesOf("tfjs", all),
  },
};
