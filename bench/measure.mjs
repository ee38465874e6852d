// One contestant and one workload in (`node bench/measure.mjs jax-wasm w1 SECONDS BUNDLES`); one line of JSON out.

import { contestants } from "./contestants/index.mjs";
import { median } from "./statistics.mjs";
import { provideWebGpu } from "./webgpu.mjs";
import { workloads } from "./workloads.mjs";

const [contestant, workload, seconds, bundles] = process.argv.slice(2);
const report = console.log;
// Libraries that greet would spoil the line.
console.log = console.info = console.warn = console.error;

try {
  report(JSON.stringify(await measure()));
} catch (error) {
  report(JSON.stringify({ error: String(error?.message ?? error).slice(0, 300) }));
}
process.exit(0);

async function measure() {
  const { gpu, options, load } = contestants[contestant];
  const counters = gpu ? await provideWebGpu() : undefined;
  const module = await load(workload);
  if (module === undefined) return { error: "it cannot compute this" };
  const runner = await module.setup(workloads[workload], { ...options, bundles });
  const first = await timeSteps(runner, 1);
  const firstValue = await runner.value();
  counters?.reset();
  const counting = 2;
  const warm = await timeSteps(runner, counting);
  const { bytes, ...counts } = counters?.counts() ?? {};
  const perStep = Object.entries(counts).map(([name, count]) => [name, count / counting]);
  const chunks = await timeChunks(runner, warm.wall);
  const processor = chunks.map((chunk) => chunk.processor);
  return {
    wall: median(chunks.map((chunk) => chunk.wall)),
    processor: Math.min(...processor),
    processorMedian: median(processor),
    chunks: chunks.length,
    first: first.wall,
    firstValue,
    lastValue: await runner.value(),
    ...(counters && { perStep: Object.fromEntries(perStep), bytes }),
  };
}

/** Chunks of as many steps as take a third of the time given, ten at the most unless steps are short. */
async function timeChunks(runner, estimate) {
  const time = 1000 * Number(seconds);
  const most = Math.max(10, Math.floor(100 / estimate));
  const steps = Math.max(1, Math.min(most, Math.floor(time / 3 / estimate)));
  const end = performance.now() + time;
  const chunks = [];
  while (chunks.length < 3 || performance.now() < end) chunks.push(await timeSteps(runner, steps));
  return chunks;
}

/** Milliseconds of a step, on the wall and of all of the process's threads. */
async function timeSteps({ step, sync }, steps) {
  const start = performance.now();
  const before = process.cpuUsage();
  for (let count = 0; count < steps; count++) await step();
  await sync();
  const { user, system } = process.cpuUsage(before);
  return { wall: (performance.now() - start) / steps, processor: (user + system) / 1000 / steps };
}
