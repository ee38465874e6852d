// A training workload in; its steps by our own bundle out.

import { createCycle } from "../cycle.mjs";
import { importModel } from "./bundles.mjs";
import { weightsFile } from "./weights.mjs";

/** `arrange` gives the inputs of the program from a batch. */
export async function setupTraining(program, workload, { backend, bundles }, arrange) {
  const model = await importModel(bundles, program, "training");
  const net = await model.load({ backend, weights: weightsFile(program) });
  const nextBatch = createCycle(workload.batches().map(arrange));
  return {
    // All steps are timed alike, as the first of a run.
    step: () => net.step(nextBatch(), { progress: 0 }),
    sync: () => net.report(),
    value: async () => (await net.report()).loss,
  };
}
