// An ONNX file in; predictions by ONNX Runtime's WebAssembly on one thread, whose numbers are read, out.

import { createCycle } from "../cycle.mjs";

export async function setupPrediction(workload, file, shape) {
  const onnx = await import("onnxruntime-web");
  onnx.env.wasm.numThreads = 1;
  onnx.env.logLevel = "error";
  const session = await onnx.InferenceSession.create(file, { executionProviders: ["wasm"] });
  const nextBatch = createCycle(workload.batches());
  let values;
  return {
    step: async () => {
      const { y } = await session.run({ x: new onnx.Tensor("float32", nextBatch().x, shape) });
      values = await y.getData();
      y.dispose();
    },
    sync: async () => undefined,
    value: async () => values[0],
  };
}
