// A search and its trials in; one self-contained HTML page with their curves and a table of them all, out.
import { valueText } from "../numbers.js";
import { chart, escape, htmlPage, table } from "../page.js";
import type { Curve } from "../page.js";
import { settingText } from "../settings.js";
import { goalText } from "./goal.js";
import type { PreparedSearch } from "./prepare.js";
import { countsText, setArguments } from "./texts.js";
import { bestTrial, compareValues } from "./trials.js";
import type { Trial } from "./trials.js";

/** The best are drawn in colours, all others grey behind them. */
const coloured = 6;

const valueOf = ({ outcome }: Trial): number =>
  outcome?.kind === "finished" || outcome?.kind === "stopped" ? outcome.value : NaN;

function stateText({ outcome }: Trial): string {
  if (outcome === undefined) return "not finished";
  if (outcome.kind === "failed") return `failed: ${outcome.reason}`;
  return outcome.kind === "stopped" ? `stopped after epoch ${outcome.epoch}` : "finished";
}

export function searchPage(
  { model, file, search }: Pick<PreparedSearch, "model" | "file" | "search">,
  trials: readonly Trial[],
): string {
  const { goal, strategy, seed } = search;
  const best = bestTrial(goal, trials);
  const finished = trials
    .filter(({ outcome }) => outcome?.kind === "finished")
    .toSorted((a, b) => compareValues(goal, valueOf(a), valueOf(b)));
  const bright = new Set(finished.slice(0, coloured).map(({ number }) => number));
  const ordered = [...finished, ...trials.filter(({ outcome }) => outcome?.kind !== "finished")];
  const curves = ordered.map(({ number, values }): Curve => ({
    name: `trial ${number}`,
    isFaint: !bright.has(number),
    points: values.map(({ epoch, value }) => [epoch, value] as const),
  }));
  const names = search.parameters.map(({ name }) => name);
  // A column that says the same of each is only width: how many finished stands above.
  const saysStates = trials.some(({ outcome }) => outcome?.kind !== "finished");
  const rows = ordered.map((trial) => [
    String(trial.number),
    Number.isNaN(valueOf(trial)) ? "" : valueText(valueOf(trial)),
    ...names.map((name) => settingText(trial.set[name] ?? "")),
    ...(saysStates ? [stateText(trial)] : []),
  ]);
  const facts = [
    ["strategy", strategy],
    ["seed", String(seed)],
    [goal.sense, goalText(goal)],
    ["trials", countsText(trials)],
    ...(best === undefined
      ? []
      : [["the best", `trial ${best.number}: ${setArguments(best.set)}`]]),
  ];
  const body = `<h1>${escape(model)}</h1><p>${escape(file)}</p>
${table(["", ""], facts)}
<h2>Curves</h2>
${chart(goalText(goal), curves) || "<p>No epoch was finished.</p>"}
<h2>Trials</h2>
${table(["trial", goalText(goal), ...names, ...(saysStates ? [""] : [])], rows)}`;
  return htmlPage(`${model}: search report`, body);
}
