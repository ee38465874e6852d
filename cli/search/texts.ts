// Trials in; what is said of them on a terminal and in JSON, out.
import type { SearchGoal } from "../../compiler/types/model.js";
import { counted, durationText, tableText, valueText } from "../numbers.js";
import type { Settings } from "../options.js";
import { settingText } from "../settings.js";
import { quoted } from "../shell.js";
import { goalText } from "./goal.js";
import { bestTrial, compareValues } from "./trials.js";
import type { Trial } from "./trials.js";

/** As many as a table shows; `--json` has all. */
const shownTrials = 10;

/** `rate=0.01 hidden=[256,128]`. */
function settingsText(set: Settings): string {
  return Object.entries(set)
    .map(([name, value]) => `${name}=${settingText(value)}`)
    .join(" ");
}

/** What to give to `nnc train`: `--set rate=0.01 --set 'hidden=[256,128]'`. */
export function setArguments(set: Settings): string {
  return Object.entries(set)
    .map(([name, value]) => `--set ${quoted(`${name}=${settingText(value)}`)}`)
    .join(" ");
}

/** The line of a trial that has ended; `isBest` of all so far. */
export function trialLine(
  goal: SearchGoal,
  trials: number,
  { number, set, outcome }: Trial,
  isBest: boolean,
): string {
  const head = `trial ${number}/${trials}`;
  const tail = settingsText(set);
  switch (outcome?.kind) {
    case "finished": {
      const value = `${goalText(goal)} ${valueText(outcome.value)}`;
      return [
        head,
        value,
        tail,
        durationText(outcome.seconds),
        ...(isBest ? ["the best so far"] : []),
      ].join("  ");
    }
    case "stopped":
      return [
        head,
        `stopped after epoch ${outcome.epoch}: ${goalText(goal)} ${valueText(outcome.value)}, the others' median ${valueText(outcome.median)}`,
        tail,
      ].join("  ");
    case "failed":
      return [head, `failed: ${outcome.reason}`, tail].join("  ");
    case undefined:
      return [head, tail].join("  ");
  }
}

function isFinished(trial: Trial): boolean {
  return trial.outcome?.kind === "finished";
}

/** How many ended in which way. */
export function countsText(trials: readonly Trial[]): string {
  const count = (kind: string): number =>
    trials.filter(({ outcome }) => outcome?.kind === kind).length;
  const parts = [
    `${counted(count("finished"), "trial")} finished`,
    ...(count("stopped") > 0 ? [`${count("stopped")} stopped by the median`] : []),
    ...(count("failed") > 0 ? [`${count("failed")} failed`] : []),
  ];
  return parts.join(", ");
}

/** The best of those that finished, best first, a column for each parameter. */
export function trialTable(goal: SearchGoal, trials: readonly Trial[]): string {
  const finished = trials
    .filter(isFinished)
    .toSorted((a, b) => compareValues(goal, valueOf(a), valueOf(b)));
  const names = Object.keys(finished[0]?.set ?? {});
  const rows = finished
    .slice(0, shownTrials)
    .map((trial) => [
      String(trial.number),
      valueText(valueOf(trial)),
      ...names.map((name) => settingText(trial.set[name] ?? "")),
      trial.outcome?.kind === "finished" ? String(trial.outcome.epochs) : "",
      durationText(trial.outcome?.seconds ?? 0),
    ]);
  const head = ["trial", goalText(goal), ...names, "epochs", "time"];
  const rest = finished.length - rows.length;
  const more = rest > 0 ? `\nand ${rest} more (--json lists all)` : "";
  return `${tableText([head, ...rows], 0)}${more}`;
}

function valueOf({ outcome }: Trial): number {
  return outcome?.kind === "finished" ? outcome.value : NaN;
}

/** The value of `--json`. */
export function searchJson(
  {
    model,
    strategy,
    seed,
    goal,
  }: {
    readonly model: string;
    readonly strategy: string;
    readonly seed: number;
    readonly goal: SearchGoal;
  },
  trials: readonly Trial[],
): object {
  const best = bestTrial(goal, trials);
  return {
    model,
    strategy,
    seed,
    goal: { [goal.sense]: goalText(goal) },
    best:
      best === undefined ? null : { trial: best.number, value: best.outcome.value, set: best.set },
    trials: trials.map(({ number, set, values, outcome }) => {
      const { kind = "unfinished", ...more } = outcome ?? {};
      return {
        trial: number,
        set,
        state: kind,
        ...more,
        epochValues: values.map(({ value }) => value),
      };
    }),
  };
}
