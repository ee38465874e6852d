// What was measured in; the figures that the project works towards out: each with what it must be, its aim and what it is.

import { qualityRuns } from "./quality/runs.mjs";
import { median } from "./statistics.mjs";

/** `value(results)` is undefined where something of it was not measured. `better`: which way. */
const figures = [
  ratio("w1", "webgpu", 2, 2.6),
  dispatches("w1", 10),
  ratio("w2", "webgpu", 4, 5),
  dispatches("w2", 14),
  ratio("w3", "webgpu", 4, 6),
  dispatches("w3", 24),
  ratio("w4b1", "webgpu", 1.5, 2.5),
  ratio("w4b256", "webgpu", 1.8, 2.5),
  dispatches("w4b1", 3),
  ratio("w5", "webgpu", 2.4, 3),
  dispatches("w5", 60),
  ratio("w1", "cpu", 1.5, 2),
  ratio("w2", "cpu", 20, 50),
  ratio("w3", "cpu", 1.5, 3),
  ratio("w4b1", "cpu", 1 / 1.5, 1, "onnx-wasm"),
  ratio("w4b256", "cpu", 1 / 1.5, 1, "onnx-wasm"),
  ratio("w5", "cpu", 1.5, 2.2),
  rate("p256", 25),
  rate("p1024", 20),
  firstPrediction("nnc-webgpu", 450, 300),
  firstPrediction("nnc-cpu", 250),
  compiling("dense200", "200 layers"),
  compiling("transformer24", "24 transformer blocks"),
  compiling("convolutions101", "101 convolutions"),
  growth(),
  size("inference", "w1.js", 10, 8),
  size("training", "w1.train.js", 20, 14),
  size("CPU part", "w1.cpu.js", 10),
  ...["w1", "w2", "w5"].map((program) => memoryRatio(program)),
  {
    name: "AlexNet, batch 64: peak memory",
    unit: "MB",
    better: "lower",
    must: 950,
    value: ({ memory }) => scaled(memory?.alexnet?.peak, 1e-6),
  },
];

export function judge(results) {
  return figures.flatMap(({ value, ...figure }) => {
    const measured = value(results);
    if (measured === undefined) return [];
    return [{ ...figure, measured, reached: reached(figure, measured) }];
  });
}

function reached({ better, must, aim }, measured) {
  const reaches = (bar) => (better === "higher" ? measured >= bar : measured <= bar);
  if (aim !== undefined && reaches(aim)) return "aim";
  return reaches(must) ? "must" : "no";
}

/** What trainings reached: a row for each figure, or one with `error` or `missing`. `reached` is "-" where nothing has to be. */
export function judgeQuality({ quality = {} }) {
  return Object.entries(quality).flatMap(([run, { measured, seconds, ...without }]) => {
    if (measured === undefined) return [{ run, ...without }];
    return qualityRuns[run].figures.map((figure, at) => ({
      run,
      ...figure,
      measured: measured[at],
      seconds,
      reached: figure.must === undefined ? "-" : reached(figure, measured[at]),
    }));
  });
}

/** Whether a training reached less than it must, or failed. What had no data is no miss. */
export function missedQuality(results) {
  return judgeQuality(results).some(
    ({ error, reached }) => error !== undefined || reached === "no",
  );
}

/** Process CPU time of a step, least of all rounds, in milliseconds. */
export function processorTime({ steps }, workload, contestant) {
  const rounds = steps?.[workload]?.[contestant]?.filter(({ error }) => error === undefined) ?? [];
  return rounds.length === 0 ? undefined : Math.min(...rounds.map(({ processor }) => processor));
}

/** How many times as fast as the peer, by process CPU time. */
function ratio(workload, backend, must, aim, given) {
  const peer = given ?? (backend === "cpu" ? "jax-wasm" : "jax-webgpu");
  return {
    name: `${workload}, ${backend}: speed beside ${peer}`,
    unit: "×",
    better: "higher",
    must,
    aim,
    value: (results) => {
      const ours = processorTime(results, workload, `nnc-${backend}`);
      return scaled(processorTime(results, workload, peer), ours && 1 / ours);
    },
  };
}

function dispatches(workload, must) {
  return {
    name: `${workload}, webgpu: dispatches`,
    unit: "",
    better: "lower",
    must,
    value: ({ steps }) => steps?.[workload]?.["nnc-webgpu"]?.[0]?.perStep?.dispatches,
  };
}

/** Operations over process CPU time: on one thread that is the time. */
function rate(workload, must) {
  return {
    name: `${workload}, cpu: one thread`,
    unit: "GFLOP/s",
    better: "higher",
    must,
    value: (results) => {
      const time = processorTime(results, workload, "nnc-cpu");
      return scaled(2 * Number(workload.slice(1)) ** 3, time && 1e-6 / time);
    },
  };
}

function firstPrediction(contestant, must, aim) {
  return {
    name: `first prediction of w1 in Chromium, ${contestant}`,
    unit: "ms",
    better: "lower",
    must,
    aim,
    value: (results) => medianOf(results.firstPrediction?.[contestant], "first"),
  };
}

function compiling(program, what) {
  return {
    name: `compile ${what}, source to plan`,
    unit: "s",
    better: "lower",
    must: 3,
    // On a busy machine time on the wall only grows.
    value: ({ compile }) => scaled(leastOf(compile?.[program], "wall"), 1e-3),
  };
}

function growth() {
  return {
    name: "compile 400 layers over 200 (n log n: 2.26)",
    unit: "×",
    better: "lower",
    must: (400 * Math.log(400)) / (200 * Math.log(200)),
    value: ({ compile }) => {
      const small = leastOf(compile?.dense200, "processor");
      return scaled(leastOf(compile?.dense400, "processor"), small && 1 / small);
    },
  };
}

function size(what, file, must, aim) {
  return {
    name: `bundle of w1, gzipped: ${what}`,
    unit: "kB",
    better: "lower",
    must,
    aim,
    value: ({ sizes }) => scaled(sizes?.[file]?.gzipped, 1e-3),
  };
}

function memoryRatio(program) {
  return {
    name: `${program}: peak memory over the liveness bound`,
    unit: "×",
    better: "lower",
    must: 1.05,
    value: ({ memory }) => {
      const { peak, bound } = memory?.[program] ?? {};
      return scaled(peak, bound && 1 / bound);
    },
  };
}

function scaled(value, factor) {
  return value === undefined || factor === undefined ? undefined : value * factor;
}

function numbersOf(rounds = [], field) {
  return rounds.map((round) => round[field]).filter((value) => value !== undefined);
}

export function medianOf(rounds, field) {
  const values = numbersOf(rounds, field);
  return values.length === 0 ? undefined : median(values);
}

function leastOf(rounds, field) {
  const values = numbersOf(rounds, field);
  return values.length === 0 ? undefined : Math.min(...values);
}
