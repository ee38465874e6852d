// A `search` block comes in; its candidates, strategy and goal, checked against the model's parameters, go out.
import type * as ast from "../../../grammar/ast.js";
import type { CompileTimeData, SearchDeclaration } from "../../types/model.js";
import type { Frame } from "../context.js";
import { textOf } from "../calls/arguments.js";
import { didYouMean, report } from "../report.js";
import {
  asInteger,
  asNumber,
  describe,
  isSpoilt,
  listItems,
  type Value,
} from "../values/values.js";

type Candidate = SearchDeclaration["parameters"][number];
const strategies = ["grid", "random", "bayesian"] as const;

/** How each distribution of a search is called. */
const spaces: Readonly<Record<string, { readonly least: number; readonly most: number }>> = {
  choice: { least: 1, most: 10_000 },
  uniform: { least: 2, most: 2 },
  log_uniform: { least: 2, most: 2 },
  randint: { least: 2, most: 2 },
};

export function analyzeSearch(
  frame: Frame,
  search: ast.SearchDeclaration,
  model: ast.ModelDeclaration,
): SearchDeclaration | undefined {
  const parameters: Candidate[] = [];
  let strategy: SearchDeclaration["strategy"] = "random";
  let trials: number | undefined;
  let minimize = "validation.loss";
  for (const line of search.lines) {
    if (line.kind === "CandidateLine") {
      const candidate = readCandidate(frame, line, model, parameters);
      if (candidate !== undefined) parameters.push(candidate);
    } else if (line.kind === "StrategyLine") strategy = readStrategy(frame, line.strategy);
    else if (line.kind === "SearchObjectiveLine") minimize = textOf(frame, line.value.span);
    else if (line.kind === "SettingLine") trials = readTrials(frame, line) ?? trials;
  }
  const { span } = search;
  const place = { file: frame.unit.source, span };
  checkGoal(frame, search, minimize);
  if (parameters.length === 0 && !search.lines.some(({ kind }) => kind === "CandidateLine")) {
    report(frame, "NN0513", search.model.span, {
      message: "this search varies nothing",
      hint: "add a line like `learning_rate ~ log_uniform(1e-4, 1e-1)`",
    });
  }
  return { place, parameters, strategy, trials, minimize };
}

function readStrategy(frame: Frame, word: ast.Identifier): SearchDeclaration["strategy"] {
  const found = strategies.find((strategy) => strategy === word.name);
  if (found !== undefined) return found;
  report(frame, "NN0513", word.span, {
    message: `there is no search strategy \`${word.name}\``,
    notes: [`the strategies: ${strategies.join(", ")}`],
    hint: didYouMean(word.name, strategies),
  });
  return "random";
}

function readTrials(frame: Frame, line: ast.SettingLine): number | undefined {
  const value = frame.run.evaluator.expression(line.value, frame);
  const trials = line.name === "trials" ? asInteger(value) : undefined;
  if (trials !== undefined && trials >= 1) return trials;
  if (isSpoilt(value)) return undefined;
  report(frame, "NN0513", line.name === "trials" ? line.value.span : line.nameSpan, {
    message:
      line.name === "trials"
        ? `\`trials\` is a whole number of at least 1, not ${describe(value)}`
        : `a \`search\` block has no setting \`${line.name}\``,
    hint:
      line.name === "trials"
        ? undefined
        : didYouMean(line.name, ["trials", "strategy", "minimize"]),
  });
  return undefined;
}

function checkGoal(frame: Frame, search: ast.SearchDeclaration, goal: string): void {
  const line = search.lines.find(({ kind }) => kind === "SearchObjectiveLine");
  if (line === undefined || /^(validation\.)?[A-Za-z_]\w*$/.test(goal)) return;
  report(frame, "NN0513", line.span, {
    message: "a search minimizes the validation loss or a metric",
    hint: "`minimize validation.loss`",
  });
}

function readCandidate(
  frame: Frame,
  line: ast.CandidateLine,
  model: ast.ModelDeclaration,
  before: readonly Candidate[],
): Candidate | undefined {
  const names = model.parameters.map(({ name }) => name);
  if (!names.includes(line.name)) {
    report(frame, "NN0513", line.nameSpan, {
      message: `${model.name} has no parameter \`${line.name}\` to search`,
      notes: [names.length === 0 ? "it has no parameters" : `its parameters: ${names.join(", ")}`],
      hint: didYouMean(line.name, names),
    });
    return undefined;
  }
  if (before.some(({ name }) => name === line.name)) {
    report(frame, "NN0513", line.nameSpan, { message: `\`${line.name}\` is searched twice` });
    return undefined;
  }
  return readSpace(frame, line);
}

function readSpace(frame: Frame, line: ast.CandidateLine): Candidate | undefined {
  const call = line.distribution;
  const word = call.kind === "Call" && call.callee.kind === "Name" ? call.callee.name : undefined;
  const space = word !== undefined && Object.hasOwn(spaces, word) ? spaces[word] : undefined;
  if (call.kind !== "Call" || word === undefined || space === undefined) {
    report(frame, "NN0513", call.span, {
      message: "what is searched is drawn from `choice`, `uniform`, `log_uniform` or `randint`",
      hint: didYouMean(word ?? "", Object.keys(spaces)),
    });
    return undefined;
  }
  const values = call.arguments.map(({ value }) => frame.run.evaluator.expression(value, frame));
  if (values.some(isSpoilt)) return undefined;
  const data = values.map(toData);
  const numeric = word === "choice" || values.every((value) => asNumber(value) !== undefined);
  const whole = data.every((item) => item !== undefined);
  const [low, high] = values.map(asNumber);
  const ordered = word === "choice" || (low !== undefined && high !== undefined && low < high);
  const positive = word !== "log_uniform" || (low ?? 0) > 0;
  if (
    !whole ||
    !numeric ||
    data.length < space.least ||
    data.length > space.most ||
    !ordered ||
    !positive
  ) {
    report(frame, "NN0513", call.span, {
      message:
        word === "choice"
          ? "`choice` lists one compile-time value at least"
          : `\`${word}\` goes from a ${word === "log_uniform" ? "positive " : ""}number to a larger one`,
      hint: word === "choice" ? "`choice(100, 1000)`" : `\`${word}(1, 10)\``,
    });
    return undefined;
  }
  return { name: line.name, distribution: word, values: data };
}

/** A value as plain data; undefined for tensors, functions and the like. */
function toData(value: Value): CompileTimeData | undefined {
  if (value.kind === "bool" || value.kind === "string") return value.value;
  const number = asNumber(value);
  if (number !== undefined) return number;
  const items = listItems(value)?.map(toData);
  return items?.every((item) => item !== undefined) === true ? items : undefined;
}
