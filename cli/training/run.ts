// In: a file and the options of `nnc train`; out: trained weights on disk, and the log and report asked for.
import type { EpochReport, History, TrainingNet } from "../../runtime/api.js";
import { giveMore, isNothingLeft, trainAnew } from "../../runtime/train/resume.js";
import { batchOf } from "../batches.js";
import type { TrainOptions } from "./options.js";
import { statOf, writeWhole } from "../data/atomic.js";
import { Failure } from "../failure.js";
import { counted, durationText } from "../numbers.js";
import { networkOf } from "../network.js";
import { networkPicture } from "../networkPicture.js";
import { quoted } from "../shell.js";
import type { Terminal } from "../terminal.js";
import { writeWeights } from "../weights.js";
import { fittedFailure, isOfFitted } from "./fitted.js";
import { runFolds } from "./folds.js";
import { watchInterrupt } from "./interrupt.js";
import { openLog } from "./log.js";
import type { RunLog } from "./log.js";
import type { Attempt } from "./attempt.js";
import { makeAttempts } from "./attempt.js";
import { checkpointFile, lengthOf, openRunNetwork, prepareRun, tellLoaded } from "./prepare.js";
import type { Run } from "./prepare.js";
import { makeProgress } from "./progress.js";
import { reportPage } from "./report.js";
import { followStages, stageText } from "./stages.js";
import { takeBoundary } from "./boundary.js";
import { boundaryFigure } from "./boundaryPicture.js";
import { takeSamples } from "./samples.js";
import { collectSteps } from "./steps.js";
import type { StepCurve } from "./steps.js";

interface Outcome {
  readonly epochs: readonly EpochReport[];
  readonly steps: StepCurve;
  readonly stopped: History["stopped"];
}

async function saveCheckpoint(
  { options, data }: Run,
  net: TrainingNet,
  attempt: Attempt,
): Promise<void> {
  if (options.checkpoint === undefined) return;
  const file = checkpointFile(options.checkpoint);
  const saved = await net.save({ optimizer: true });
  const write = (): void => {
    writeWeights(file, saved, data.vocabularies);
  };
  attempt(file, write, true);
}

async function fitStages(
  run: Run,
  net: TrainingNet,
  signal: AbortSignal,
  log: RunLog,
  attempt: Attempt,
): Promise<Outcome> {
  const { options, stages, data, terminal } = run;
  const progress = makeProgress(terminal, options.quiet === true);
  const epochs: EpochReport[] = [];
  const steps = collectSteps();
  const follow = followStages(stages, options, progress, { first: net.run?.stage });
  const tellResumed = resumedNote(run, net);
  const fitted = net.fit(batchOf(data.arrays), {
    ...(options.stage === undefined ? {} : { stage: options.stage }),
    ...(run.resumed ? { resume: true } : {}),
    ...lengthOf(options),
    signal,
    onStep: (report) => {
      tellResumed();
      steps.add(report);
      follow.onStep(report);
    },
    onEpoch: async (report) => {
      tellResumed();
      epochs.push(report);
      follow.onEpoch(report);
      log.epoch(report);
      await saveCheckpoint(run, net, attempt);
    },
    onStage: (report) => {
      tellResumed();
      follow.onStage(report);
      log.stage(report);
      const text = stageText(report, stages);
      if (text !== undefined) terminal.note(text);
    },
  });
  const { stopped } = await fitted.catch((error: unknown) => withoutOutput(run, error));
  progress.end();
  return { epochs, steps, stopped };
}

/**
 * A run that ended before its weights were written, though not before its last checkpoint, has these left to write. Throws
 * `error` where it is another, or where the weights are there, later than the checkpoint.
 */
function withoutOutput(
  { resumed, options: { checkpoint }, output, terminal }: Run,
  error: unknown,
): Pick<History, "stopped"> {
  if (!resumed || !isNothingLeft(error) || checkpoint === undefined) throw error;
  const saved = statOf(checkpointFile(checkpoint));
  const written = statOf(output);
  if (saved === undefined || (written !== undefined && written.mtimeMs >= saved.mtimeMs))
    throw error;
  terminal.note("the run was at its end, and its weights were not written yet");
  return { stopped: "finished" };
}

/** Says where a resumed run goes on, once it does: it may be refused. */
function resumedNote({ resumed, terminal }: Run, { run: position }: TrainingNet): () => void {
  let isDue = resumed && position !== undefined;
  return () => {
    if (!isDue || position === undefined) return;
    isDue = false;
    const { stage, epoch, step } = position;
    terminal.note(
      `going on in the stage ${stage} after ${counted(epoch, "epoch")} and ${counted(step, "step")}`,
    );
  };
}

/** A run that cannot go on, as the runtime says why, with what to do on this command. */
function resumeFailure({ resumed, weights, file }: Run, error: unknown): unknown {
  if (!resumed || weights === undefined || !hasCode(error, "option")) return error;
  const instead = `train anew: leave --resume out to begin with new weights, or give --weights ${quoted(weights.file)} -o NEW.safetensors in its place to begin with these`;
  return new Failure(
    1,
    "resume",
    error.message.replace(trainAnew, instead).replace(giveMore, "more --epochs or --steps"),
    {
      file: weights.file,
      hint: `what a run is on comes from ${file}, --set, --stage, --seed, --data and --rows; how long it is, --epochs and --steps say`,
    },
  );
}

/** The command as it was given, to be given again: it starts from what this run has written. */
export function resumeCommand(args: readonly string[]): string {
  const kept = args.filter(
    (argument, at) =>
      argument !== "--resume" && !argument.startsWith("--weights") && args[at - 1] !== "--weights",
  );
  return ["nnc", ...kept.map(quoted), "--resume"].join(" ");
}

async function writeReport(
  run: Run,
  net: TrainingNet,
  { epochs, steps }: Pick<Outcome, "epochs" | "steps">,
  seconds: number,
): Promise<void> {
  const { options, model, file, data, terminal } = run;
  if (options.report === undefined) return;
  const parameters = Object.entries(net.parameters).map(([name, { role, shape }]) => ({
    name,
    role,
    shape,
  }));
  const facts: [string, string][] = [
    ["backend", `${net.backend} (${net.backendReason})`],
    ["examples", data.examples === undefined ? "drawn" : String(data.examples)],
    ["stages", run.stages.map(({ name }) => name).join(", ")],
    ["seed", String(options.seed ?? run.stages[0]?.seed ?? 0)],
    ["time", durationText(seconds)],
  ];
  const { name, plan, typed } = model;
  const samples = await takeSamples(net, plan, data);
  const boundary = await takeBoundary(net, plan, data);
  const page = reportPage({
    model: name,
    file,
    facts,
    epochs,
    steps: steps.curve(),
    parameters,
    samples,
    network: networkPicture(name, networkOf(typed, parameters)),
    boundary: boundary && boundaryFigure(boundary),
  });
  writeWhole(options.report, page);
  terminal.note(`wrote ${options.report}`);
}

/** Of a run that is to go on, all of it, whatever is to be kept at its end. */
async function saveWeights(run: Run, net: TrainingNet, isUnfinished: boolean): Promise<void> {
  const isPart = !isUnfinished && run.options.save === "trained";
  const saved = await net.save(isPart ? { only: "trained" } : { optimizer: isUnfinished });
  writeWeights(run.output, saved, run.data.vocabularies);
  run.terminal.note(`wrote ${run.output}${isPart ? ", what no stage freezes" : ""}`);
}

/** A loss that is not finite: the runtime has put the last good weights back. */
function isNotFinite(error: unknown): boolean {
  return hasCode(error, "not-finite");
}

function hasCode(error: unknown, code: string): error is Error {
  return error instanceof Error && "code" in error && error.code === code;
}

async function trainOnce(run: Run): Promise<void> {
  const { options, terminal, model, stages, data } = run;
  const net = await openRunNetwork(run, options.seed);
  tellLoaded(run, net);
  const { attempt, throwFirst } = makeAttempts(terminal);
  const log = openLog(options.log, run.resumed, attempt);
  const { backend } = net;
  log.write({
    kind: "start",
    model: model.name,
    stages: stages.map(({ name }) => name),
    backend,
    examples: data.examples,
    ...(run.resumed && net.run !== undefined ? { resumed: net.run } : {}),
  });
  const started = performance.now();
  const interrupt = watchInterrupt(terminal);
  try {
    const outcome = await fitStages(run, net, interrupt.signal, log, attempt);
    const { stopped } = outcome;
    const seconds = (performance.now() - started) / 1000;
    await saveWeights(run, net, stopped === "aborted");
    if (stopped === "aborted")
      terminal.note(`stopped; go on with: ${resumeCommand(process.argv.slice(2))}`);
    await writeReport(run, net, outcome, seconds);
    log.write({ kind: "end", stopped, seconds });
    interrupt.throwIfInterrupted();
    throwFirst();
  } catch (error) {
    if (isNotFinite(error) && !isOfFitted(error)) await saveWeights(run, net, false);
    throw resumeFailure(run, error);
  } finally {
    interrupt.release();
    net.destroy();
  }
}

export async function runTrain(
  file: string,
  options: TrainOptions,
  terminal: Terminal,
): Promise<void> {
  const run = await prepareRun(file, options, terminal);
  try {
    if (options.folds === undefined) await trainOnce(run);
    else await runFolds(run, options.folds);
  } catch (error) {
    throw fittedFailure(run.data, error) ?? error;
  }
}
