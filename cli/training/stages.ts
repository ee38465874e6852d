// In: the stages of a run and its progress line; out: callbacks for one fit of them all, which begin and end the line of each stage, and what its end is told as.
import type { FitOptions, StageReport } from "../../runtime/api.js";
import type { PlanStage } from "../../runtime/plan.js";
import type { TrainOptions } from "./options.js";
import { valueText } from "../numbers.js";
import type { Progress } from "./progress.js";

export type StageCallbacks = Required<Pick<FitOptions, "onStep" | "onEpoch" | "onStage">>;

export interface StageLines {
  /** How a stage is called in its line. */
  readonly label?: (stage: string) => string;
  /** Lines of this run in all. */
  readonly count?: number;
  /** The stage that a resumed run goes on with. */
  readonly first?: string | undefined;
}

/** Begins the line of the first stage at once, and that of each other when the one before it has ended. */
export function followStages(
  stages: readonly PlanStage[],
  options: Pick<TrainOptions, "epochs" | "steps">,
  progress: Progress,
  { label = (stage) => stage, count = stages.length, first }: StageLines = {},
): StageCallbacks {
  const begin = (stage: PlanStage | undefined): void => {
    if (stage === undefined) return;
    const epochs = options.epochs ?? (options.steps === undefined ? stage.epochs : undefined);
    progress.begin({ stage: label(stage.name), stages: count, epochs });
  };
  begin(stages.find(({ name }) => name === first) ?? stages[0]);
  return {
    onStep: progress.step,
    onEpoch: progress.epoch,
    onStage: ({ stage, stopped }) => {
      progress.end();
      if (stopped === "aborted") return;
      begin(stages[stages.findIndex(({ name }) => name === stage) + 1]);
    },
  };
}

/** What there is to say of a stage's end: that it came early, and whose weights the net has. */
export function stageText(report: StageReport, stages: readonly PlanStage[]): string | undefined {
  const { stopped, epoch, best, weights } = report;
  const early = stopped === "early" ? `stopped early after epoch ${epoch}` : undefined;
  if (weights === "last" || best === undefined || best.epoch + 1 >= epoch) return early;
  const on = stages.find(({ name }) => name === report.stage)?.stopEarly?.on;
  const by = on === undefined ? "" : ` by ${on}`;
  const back = `the weights of epoch ${best.epoch + 1}, the best${by} (validation loss ${valueText(best.loss)}), were put back`;
  return early === undefined ? back : `${early}: ${back}`;
}
