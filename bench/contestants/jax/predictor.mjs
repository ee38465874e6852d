// A function of weights and an input in; jitted predictions by jax-js, whose numbers are read, out.

import { firstWeights } from "../../workloads.mjs";
import { createCycle } from "../cycle.mjs";
import { openJax } from "./library.mjs";

export async function setupPrediction(workload, backend, { network, shape, outputOf }) {
  const predict = await createPredictor(await openJax(backend), { network, shape, outputOf });
  const nextBatch = createCycle(workload.batches());
  let values;
  return {
    step: async () => {
      values = await predict(nextBatch().x);
    },
    sync: async () => undefined,
    value: async () => values[0],
  };
}

export async function createPredictor(jax, { network, shape, outputOf }) {
  const { numpy, jit } = jax;
  const entries = Object.entries(firstWeights(network));
  const weights = entries.map(([, one]) => numpy.array(one.data).reshape(one.shape));
  const apply = jit((list, x) => {
    const named = Object.fromEntries(entries.map(([name], at) => [name, list[at]]));
    return outputOf(jax, named, x);
  });
  return (x) => {
    const list = weights.map((one) => one.ref);
    return apply(list, numpy.array(x).reshape(shape)).data();
  };
}
