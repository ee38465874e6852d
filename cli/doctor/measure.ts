// In: a model with probes and its data; out: numbers of short runs, each from first weights of its own, of which findings are made.
import type { EpochReport, TrainingNet } from "../../runtime/api.js";
import type { PlanStage } from "../../runtime/plan.js";
import { batchOf } from "../batches.js";
import type { Batch } from "../batches.js";
import type { BoundArray, BoundData } from "../data/bind.js";
import { permutation, pickRows } from "../training/folds.js";
import { activationStates } from "./activations.js";
import type { ActivationState } from "./activations.js";
import type { UnseenRows } from "./chance.js";
import { gainOf } from "./firstWeights.js";
import type { FirstWeight } from "./firstWeights.js";
import type { FewExamples } from "./fitting.js";
import type { Probe } from "./probes.js";
import { scaleOf } from "./scale.js";
import type { InputScale } from "./scale.js";
import { ratiosOfWeights, unreachedWeights } from "./updates.js";
import type { UpdateRatios } from "./updates.js";
import type { FirstGradient } from "./vanishing.js";

export interface Patient {
  /** A net with first weights. */
  readonly open: () => Promise<TrainingNet>;
  readonly stage: PlanStage;
  readonly probes: readonly Probe[];
  readonly targets: ReadonlySet<string>;
  /** Names of trained parameters that are not biases. */
  readonly weights: readonly string[];
  readonly data: BoundData;
  readonly seed: number;
}

export interface Measurements {
  readonly scales: readonly InputScale[];
  /** Of what losses compare predictions with. */
  readonly targetScales: readonly InputScale[];
  readonly activations: readonly ActivationState[];
  readonly firstWeights: readonly FirstWeight[];
  readonly firstGradients: readonly FirstGradient[];
  readonly ratios: UpdateRatios;
  readonly unreached: readonly string[];
  /** Losses of epochs, where every input is drawn; else none. */
  readonly drawn: readonly number[];
  /** Undefined where every input is drawn. */
  readonly few: FewExamples | undefined;
  /** Undefined of too few examples to hold some out, and without targets. */
  readonly unseen: UnseenRows | undefined;
}

const sizes = { start: 256, few: 50, fewSteps: 400, shortSteps: 300, short: 2000, unseen: 500 };
/** A share of the examples, and never fewer than tell anything. */
const held = { share: 0.2, least: 20 } as const;
/** Chance is the mean over so many, and what is a matter of luck shows by how unlike they are. */
const pairings = 8;
const millisecondsPerRun = 30_000;

type Arrays = ReadonlyMap<string, BoundArray>;

const rowsOf = (arrays: Arrays, rows: Uint32Array): Map<string, BoundArray> =>
  new Map([...arrays].map(([name, array]) => [name, pickRows(array, rows)]));

/** The same examples, each with the target of another: what all agree on is left, and nothing else. */
function pairedAnew(
  arrays: Arrays,
  targets: ReadonlySet<string>,
  examples: number,
  seed: number,
): Batch {
  const order = permutation(examples, seed + 1);
  return batchOf(
    new Map(
      [...arrays].map(([name, array]) => [
        name,
        targets.has(name) ? pickRows(array, order) : array,
      ]),
    ),
  );
}

async function withNet<Result>(
  { open }: Patient,
  use: (net: TrainingNet) => Promise<Result>,
): Promise<Result> {
  const net = await open();
  try {
    return await use(net);
  } finally {
    net.destroy();
  }
}

type AtStart = Pick<
  Measurements,
  "scales" | "targetScales" | "activations" | "firstWeights" | "firstGradients"
>;

/** Before training: what reaches first layers and losses, what activations make of it, and what comes back. */
async function atStart(patient: Patient): Promise<AtStart> {
  const { data, stage, seed } = patient;
  const { arrays, examples } = data;
  const first = { stage: stage.name, progress: 0 };
  return withNet(patient, async (net) => {
    const firstWeights = await firstWeightsOf(net, patient);
    const scales: InputScale[] = [];
    const targetScales: InputScale[] = [];
    if (examples === undefined) await net.step(undefined, first);
    else {
      await net.prepare(batchOf(arrays));
      const some = rowsOf(arrays, permutation(examples, seed).slice(0, sizes.start));
      for (const probe of patient.probes) {
        const scale = await probedScale(net, patient, some, probe);
        if (scale !== undefined) (probe.of === "target" ? targetScales : scales).push(scale);
      }
      const batches = Array.from({ length: stage.accumulate }, () => batchOf(some));
      for (const batch of batches) await net.step(batch, first);
    }
    const { monitors } = await net.report();
    const firstGradients = patient.weights.flatMap((name) => {
      const norm = monitors[`gradient_norm.${name}`];
      return norm === undefined || norm === 0 ? [] : [{ name, norm }];
    });
    const activations = activationStates(monitors);
    return { scales, targetScales, activations, firstWeights, firstGradients };
  });
}

async function firstWeightsOf(net: TrainingNet, { weights }: Patient): Promise<FirstWeight[]> {
  const found: FirstWeight[] = [];
  for (const name of weights) {
    const shape = net.parameters[name]?.shape ?? [];
    // What has no inputs, as a scale of each unit, has no gain.
    if (shape.length > 1) found.push({ name, gain: gainOf(await net.read(name), shape) });
  }
  return found;
}

async function probedScale(
  net: TrainingNet,
  { targets }: Patient,
  some: Arrays,
  { of, output, where, columns }: Probe,
): Promise<InputScale | undefined> {
  const given = [...some].filter(([name]) => of === "target" || !targets.has(name));
  const values = (await net.predict(batchOf(new Map(given)), { outputs: [output], seed: 0 }))[
    output
  ];
  return values === undefined || values.length === 0 ? undefined : scaleOf(where, values, columns);
}

interface ShortRun {
  readonly epochs: readonly EpochReport[];
  readonly steps: number;
  readonly failure: "not finite" | undefined;
}

/** Ends after so many steps, or so long a time; validates on what it trains on, so that nothing is held out. */
async function fitShort(
  net: TrainingNet,
  { stage }: Patient,
  batch: Batch | undefined,
  { steps, examples }: { readonly steps: number; readonly examples: number | undefined },
): Promise<ShortRun> {
  const epochs: EpochReport[] = [];
  const ended = new AbortController();
  const started = performance.now();
  let taken = 0;
  const usual = stage.dimensions["batch"] ?? 32;
  let failure: ShortRun["failure"];
  try {
    await net.fit(batch, {
      stage: stage.name,
      steps,
      ...(batch === undefined || examples === undefined
        ? {}
        : { validation: batch, batch: Math.min(usual, examples) }),
      signal: ended.signal,
      onStep: () => {
        taken++;
        if (performance.now() - started > millisecondsPerRun) ended.abort();
      },
      onEpoch: (report) => void epochs.push(report),
    });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "not-finite")) throw error;
    failure = "not finite";
  }
  return { epochs, steps: taken, failure };
}

async function onFew(
  patient: Patient,
  examples: number,
): Promise<Pick<Measurements, "ratios" | "unreached"> & { few: FewExamples }> {
  const { data, stage, targets, seed, weights } = patient;
  const rows = permutation(examples, seed).slice(0, sizes.few);
  const arrays = rowsOf(data.arrays, rows);
  const batch = batchOf(arrays);
  return withNet(patient, async (net) => {
    await net.prepare(batchOf(data.arrays));
    const lossOf = async (of: Batch): Promise<number> =>
      (await net.evaluate(of, { stage: stage.name })).loss;
    const before = await lossOf(batch);
    const run = await fitShort(net, patient, batch, {
      steps: sizes.fewSteps,
      examples: rows.length,
    });
    const isWhole = run.failure === undefined;
    const after = isWhole ? await lossOf(batch) : NaN;
    const paired = isWhole && targets.size > 0;
    const shuffled = paired
      ? await lossOf(pairedAnew(arrays, targets, rows.length, seed))
      : undefined;
    const { steps, failure } = run;
    const monitors = run.epochs.map((epoch) => epoch.monitors);
    return {
      few: { examples: rows.length, steps, before, after, shuffled, failure },
      ratios: ratiosOfWeights(monitors, weights),
      unreached: unreachedWeights(monitors, weights),
    };
  });
}

async function onUnseen(patient: Patient, examples: number): Promise<UnseenRows | undefined> {
  const { data, stage, targets, seed } = patient;
  const all = permutation(examples, seed).slice(0, sizes.short);
  const count = Math.min(sizes.unseen, Math.floor(held.share * all.length));
  if (count < held.least || targets.size === 0) return undefined;
  const unseen = rowsOf(data.arrays, all.slice(0, count));
  const seen = batchOf(rowsOf(data.arrays, all.slice(count)));
  return withNet(patient, async (net) => {
    await net.prepare(batchOf(data.arrays));
    const wishes = { steps: sizes.shortSteps, examples: all.length - count };
    const { steps, failure } = await fitShort(net, patient, seen, wishes);
    if (failure !== undefined) return undefined;
    const name = stage.name;
    const { loss } = await net.evaluate(batchOf(unseen), { stage: name });
    const shuffled: number[] = [];
    for (let pairing = 0; pairing < pairings; pairing++) {
      const other = pairedAnew(unseen, targets, count, seed + pairing);
      shuffled.push((await net.evaluate(other, { stage: name })).loss);
    }
    const trained = batchOf(rowsOf(data.arrays, all.slice(count, 2 * count)));
    const { loss: seenLoss } = await net.evaluate(trained, { stage: name });
    return { examples: count, steps, loss, shuffled, seen: seenLoss };
  });
}

export async function measure(
  patient: Patient,
  tell: (what: string) => void,
): Promise<Measurements> {
  tell("looking at the start");
  const start = await atStart(patient);
  const { examples } = patient.data;
  if (examples === undefined) {
    tell("training on what is drawn");
    const { epochs } = await withNet(patient, (net) =>
      fitShort(net, patient, undefined, { steps: sizes.shortSteps, examples }),
    );
    const monitors = epochs.map((epoch) => epoch.monitors);
    return {
      ...start,
      ratios: ratiosOfWeights(monitors, patient.weights),
      unreached: unreachedWeights(monitors, patient.weights),
      drawn: epochs.map(({ loss }) => loss),
      few: undefined,
      unseen: undefined,
    };
  }
  tell(`training on ${Math.min(sizes.few, examples)} examples`);
  const few = await onFew(patient, examples);
  tell("training for a short while, and looking at rows held out");
  return { ...start, ...few, drawn: [], unseen: await onUnseen(patient, examples) };
}
