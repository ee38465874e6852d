// Seeds in; their random programs compiled, verified at every level and run, and what does not agree with unfused double precision out.

import { verifyGraph } from "../../compiler/graph/verify.js";
import { targetNames } from "../../compiler/kernel/targets.js";
import { verifyKernel } from "../../compiler/kernel/verify.js";
import { cpuModuleText } from "../../compiler/emit/plan.js";
import { withoutVariants } from "../../compiler/emit/variants.js";
import { verifySchedule } from "../../compiler/schedule/verify.js";
import { load } from "../../runtime/index.js";
import type { TrainingNet } from "../../runtime/index.js";
import { modelOf } from "../analyze/support.js";
import { softwareDevice } from "../support/adapter.js";
import { importText } from "../support/compiled.js";
import { drawnData } from "../support/drawnData.js";
import type { DrawnTensor } from "../support/drawnData.js";
import { variantOf } from "../support/variants.js";
import type { Variant } from "../support/variants.js";
import { randomProgram } from "./randomPrograms.js";

const sizes = { batch: 3, time: 5 };
const hosts = ["f64", "f32"] as const;
const adapters = ["software", "any adapter"] as const;
type Place = (typeof hosts)[number] | (typeof adapters)[number];

/** A line for each program that is not what it means, with its text; none where all is well. `onGpu`: shaders run too. */
export async function programProblems(
  seeds: readonly number[],
  { onGpu = false }: { readonly onGpu?: boolean } = {},
): Promise<string[]> {
  const problems: string[] = [];
  for (const seed of seeds) {
    const text = randomProgram(seed);
    const found = await problemOf(text, onGpu).catch((error: unknown) => String(error));
    if (found !== undefined) problems.push(`program ${seed}: ${found}\n${text}`);
  }
  return problems;
}

async function problemOf(text: string, onGpu: boolean): Promise<string | undefined> {
  const typed = modelOf(text);
  const [usual, plain] = [variantOf(typed), variantOf(typed, { fuse: false, merge: false })];
  const broken = [...faultsOf(usual), ...faultsOf(plain)];
  if (broken.length > 0) return broken.join("; ");
  const expected = await outcomeOf(plain, "f64");
  for (const place of [...hosts, ...(onGpu ? adapters : [])]) {
    const wrong = disagreement(await outcomeOf(usual, place), expected, place);
    if (wrong !== undefined) return `on ${place}: ${wrong}`;
  }
  return undefined;
}

/** What the verifiers of all levels say. */
function faultsOf({ built, schedules, planned }: Variant): readonly string[] {
  return [
    ...built.programs.flatMap(({ effects }) => verifyGraph(effects.map(({ value }) => value))),
    ...schedules.flatMap((schedule) => verifySchedule(schedule)),
    ...planned.kernels.flatMap((kernel) =>
      targetNames.flatMap((target) => verifyKernel(kernel[target])),
    ),
    ...planned.merged.flatMap(({ gpu, software }) =>
      [gpu, software].flatMap((kernel) => verifyKernel(kernel)),
    ),
  ];
}

type Outcome = ReadonlyMap<string, readonly number[]>;

/** A net, and what frees it: thousands of devices are more than fits the memory, and a net leaves the one that it was given alone. */
async function open(
  { plan, planned }: Variant,
  place: Place,
): Promise<{ readonly net: TrainingNet; readonly close: () => void }> {
  if (place === "software" || place === "any adapter") {
    const own = place === "software" ? plan : withoutVariants(plan);
    const device = await softwareDevice();
    const net = await load(own, { backend: "webgpu", device, seed: 5 });
    const close = (): void => {
      net.destroy();
      device.destroy();
    };
    return { net, close };
  }
  const text = cpuModuleText(planned.kernels, place);
  const net = await load(plan, {
    ...{ backend: "cpu", precision: place === "f64" ? 64 : 32, seed: 5 },
    cpu: () => importText(text),
  });
  return {
    net,
    close: () => {
      net.destroy();
    },
  };
}

/** Predictions, two steps and what they tell, the parameters behind them, and predictions again. */
async function outcomeOf(variant: Variant, place: Place): Promise<Outcome> {
  const { plan } = variant;
  const { net, close } = await open(variant, place);
  const outcome = new Map<string, readonly number[]>();
  const inputs = drawnData(plan, sizes, ["input"]);
  const predict = async (when: string): Promise<void> => {
    const outputs: Readonly<Record<string, ArrayLike<number>>> = await net.predict(inputs);
    for (const [name, value] of Object.entries(outputs))
      outcome.set(`${name} ${when}`, Array.from(value));
  };
  await predict("first");
  const batches = Array<Record<string, DrawnTensor>>(plan.stages[0]?.accumulate ?? 1).fill(
    drawnData(plan, sizes),
  );
  for (let turn = 0; turn < 2; turn++) {
    await net.step(batches, { epoch: 0 });
    const { loss, penalty, metrics } = await net.report();
    outcome.set(`step ${turn}`, [loss, penalty, ...Object.values(metrics)]);
  }
  for (const { name } of plan.parameters) outcome.set(name, Array.from(await net.read(name)));
  await predict("behind training");
  close();
  return outcome;
}

/** Errors are weighed by the largest number. */
function disagreement(found: Outcome, expected: Outcome, place: Place): string | undefined {
  const tolerance = place === "f64" ? 1e-7 : 5e-3;
  for (const [name, values] of expected) {
    const own = found.get(name) ?? [];
    if (own.length !== values.length) return `${name} has ${own.length} numbers`;
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const at = values.findIndex(
      (value, n) => !(Math.abs((own[n] ?? NaN) - value) <= tolerance * scale),
    );
    if (at >= 0) return `${name}[${at}] is ${own[at] ?? NaN} instead of ${values[at] ?? NaN}`;
  }
  return undefined;
}
