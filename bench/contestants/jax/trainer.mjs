// A loss over named weights in; jitted training steps by jax-js out.

import { firstWeights } from "../../workloads.mjs";
import { createCycle } from "../cycle.mjs";
import { openJax } from "./library.mjs";

/** `lossOf(jax, weights, x, y)`; shapes are those of a batch. */
export async function setupTraining(workload, backend, { network, lossOf, optimizer, x, y }) {
  const jax = await openJax(backend);
  const { numpy, jit, valueAndGrad, blockUntilReady } = jax;
  const array = (values, shape) => numpy.array(values).reshape(shape);
  const first = firstWeights(network);
  const names = Object.keys(first);
  const named = (weights) => Object.fromEntries(names.map((name, at) => [name, weights[at]]));
  let weights = names.map((name) => array(first[name].data, first[name].shape));
  let state = optimizer.start(
    jax,
    names.map((name) => first[name].shape),
  );
  const lossAndGradients = valueAndGrad((list, ...batch) => lossOf(jax, named(list), ...batch));
  const update = jit((list, before, ...batch) => {
    const [loss, gradients] = lossAndGradients(
      list.map((one) => one.ref),
      ...batch,
    );
    return [loss, ...optimizer.update(jax, list, gradients, before)];
  });
  const batches = workload.batches().map((batch) => [array(batch.x, x), array(batch.y, y)]);
  for (const batch of batches) await blockUntilReady(batch);
  const nextBatch = createCycle(batches);
  let last;
  const step = () => {
    last?.dispose();
    const batch = nextBatch().map((one) => one.ref);
    [last, weights, state] = update(weights, state, ...batch);
  };
  const value = async () => (await last.ref.data())[0];
  return { step, sync: value, value };
}

export function adam(rate) {
  return {
    start: ({ numpy }, shapes) => ({
      means: shapes.map((shape) => numpy.zeros(shape)),
      squares: shapes.map((shape) => numpy.zeros(shape)),
      first: numpy.array([1]).reshape([]),
      second: numpy.array([1]).reshape([]),
    }),
    update: ({ numpy }, weights, gradients, state) => {
      const first = state.first.mul(0.9);
      const second = state.second.mul(0.999);
      const means = [];
      const squares = [];
      const updated = weights.map((weight, at) => {
        const mean = state.means[at].mul(0.9).add(gradients[at].ref.mul(0.1));
        const square = state.squares[at].mul(0.999).add(numpy.square(gradients[at]).mul(0.001));
        means.push(mean.ref);
        squares.push(square.ref);
        const scaled = square.div(numpy.subtract(1, second.ref));
        const step = mean
          .div(numpy.subtract(1, first.ref))
          .div(numpy.sqrt(scaled).add(1e-8))
          .mul(rate);
        return weight.sub(step);
      });
      return [updated, { means, squares, first, second }];
    },
  };
}

export function momentum(rate, factor) {
  return {
    start: ({ numpy }, shapes) => ({ means: shapes.map((shape) => numpy.zeros(shape)) }),
    update: (_jax, weights, gradients, state) => {
      const means = [];
      const updated = weights.map((weight, at) => {
        const mean = state.means[at].mul(factor).add(gradients[at]);
        means.push(mean.ref);
        return weight.sub(mean.mul(rate));
      });
      return [updated, { means }];
    },
  };
}

/** The mean over `count` examples. */
export function crossEntropy({ nn }, logits, y, count) {
  return nn
    .logSoftmax(logits, -1)
    .mul(y)
    .sum()
    .mul(-1 / count);
}
