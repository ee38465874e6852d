// A trial and a place for it in a pool in; the trial run and its outcome taken up, out.
import type { SearchDeclaration } from "../../compiler/types/model.js";
import { Failure } from "../failure.js";
import { valueText } from "../numbers.js";
import type { Terminal } from "../terminal.js";
import { goalText } from "./goal.js";
import { medianAgainst } from "./median.js";
import type { TrialJob } from "./messages.js";
import type { JobResult, Place } from "./pool.js";
import type { TrialSchedule } from "./schedule.js";
import { trialLine } from "./texts.js";
import { bestTrial, lossOf } from "./trials.js";
import type { Outcome, Trial } from "./trials.js";

export interface TrialContext {
  readonly search: SearchDeclaration;
  readonly job: TrialJob;
  readonly trials: TrialSchedule;
  readonly terminal: Terminal;
  readonly isQuiet: boolean;
  /** Where the weights of the best trial are kept. */
  readonly weights: string | undefined;
  /** Says once on what trials are computed. */
  readonly tellBackend: (backend: string) => void;
  /** One after the other: which trial is the best is decided before the next is compared. */
  readonly inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** False where the pool was ended meanwhile. Throws Failure where no trial can be run. */
export async function runTrial(
  context: TrialContext,
  place: Place,
  trial: Trial,
): Promise<boolean> {
  const { search, job, trials, terminal, isQuiet, tellBackend } = context;
  const { goal, medianStopping } = search;
  const started = performance.now();
  const seconds = (): number => Math.round(performance.now() - started) / 1000;
  const stopped: {
    at?: Pick<Extract<Outcome, { kind: "stopped" }>, "epoch" | "value" | "median">;
  } = {};
  const set = { ...job.options.set, ...trial.set };
  const result = await place.run(
    { ...job, options: { ...job.options, set } },
    {
      onOpened: tellBackend,
      onEpoch: (epoch, value) => {
        trials.report(trial, { epoch, value });
        if (terminal.live && !isQuiet)
          terminal.update(
            `trial ${trial.number}/${search.trials}  epoch ${epoch}  ${goalText(goal)} ${valueText(value)}  ${soFarText(context)}`,
          );
        const median = medianAgainst(goal, medianStopping, trial, { epoch, value }, trials.all());
        if (median !== undefined) stopped.at = { epoch, value, median };
        return median !== undefined;
      },
    },
  );
  if (result.kind === "cut") return false;
  if (result.kind === "impossible")
    throw new Failure(result.code === "changed" ? 1 : 3, result.code, result.message, {
      hint:
        result.code === "changed"
          ? "its earlier trials say nothing of the program that it is now: begin anew, or put the file back and give the command again"
          : undefined,
    });
  if (result.kind === "trained" && lossOf(goal, result.value) !== Infinity) {
    await context.inTurn(() => takeUp(context, trial, result, seconds));
    return true;
  }
  const outcome: Outcome =
    result.kind === "stopped" && stopped.at !== undefined
      ? { kind: "stopped", ...stopped.at, seconds: seconds() }
      : { kind: "failed", reason: reasonOf(context, result), seconds: seconds() };
  tell(context, trials.end(trial, outcome), false);
  // Its process goes on to the next.
  if (result.kind === "trained") await result.keep(undefined);
  return true;
}

function reasonOf({ search }: TrialContext, result: JobResult): string {
  if (result.kind === "failed") return result.reason;
  return `${goalText(search.goal)} is no number`;
}

/** The best so far keeps its weights, and only then counts as finished: what a journal says of them is so. */
async function takeUp(
  context: TrialContext,
  trial: Trial,
  { value, epochs, preparing, keep }: Extract<JobResult, { kind: "trained" }>,
  seconds: () => number,
): Promise<void> {
  const { search, trials, terminal, weights } = context;
  const { goal } = search;
  const others = trials.all().filter(({ number }) => number !== trial.number);
  const best = bestTrial(goal, others);
  const isBest = best === undefined || lossOf(goal, value) < lossOf(goal, best.outcome.value);
  const file = isBest ? weights : undefined;
  const problem = await keep(file);
  if (file !== undefined && problem !== undefined)
    terminal.note(`${file}: the weights of trial ${trial.number} were not written: ${problem}`);
  const kept = file !== undefined && problem === undefined ? { weights: file } : {};
  const rounded = Math.round(preparing * 1000) / 1000;
  const outcome = { value, epochs, seconds: seconds(), preparing: rounded, ...kept };
  tell(context, trials.end(trial, { kind: "finished", ...outcome }), isBest);
}

function tell({ search, terminal, isQuiet }: TrialContext, trial: Trial, isBest: boolean): void {
  if (!isQuiet) terminal.note(trialLine(search.goal, search.trials, trial, isBest));
}

function soFarText({ search, trials }: TrialContext): string {
  const best = bestTrial(search.goal, trials.all());
  const running = trials.all().filter(({ outcome }) => outcome === undefined).length;
  const parts = [
    ...(running > 1 ? [`${running} under way`] : []),
    ...(best === undefined
      ? []
      : [`best ${valueText(best.outcome.value)} of trial ${best.number}`]),
  ];
  return parts.length === 0 ? "" : `(${parts.join(", ")})`;
}
