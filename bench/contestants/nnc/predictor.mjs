// A predicting workload in; its predictions by our own bundle out.

import { createCycle } from "../cycle.mjs";
import { importModel } from "./bundles.mjs";
import { weightsFile } from "./weights.mjs";

export async function setupPrediction(program, output, workload, { backend, bundles }) {
  const model = await importModel(bundles, program, "inference");
  const net = await model.load({ backend, weights: weightsFile(program) });
  const nextBatch = createCycle(workload.batches());
  let values;
  return {
    step: async () => {
      ({ [output]: values } = await net.predict({ x: nextBatch().x }));
    },
    sync: async () => undefined,
    value: async () => values[0],
  };
}
