// The `search` block of a model comes in; its candidates, strategy and goal, checked against the model, go out.
import type * as ast from "../../../grammar/ast.js";
import type {
  SearchDeclaration,
  SearchedParameter,
  SearchGoal,
  StageDeclaration,
} from "../../types/model.js";
import type { Found, Frame } from "../context.js";
import { didYouMean, report } from "../report.js";
import { asInteger, describe, isSpoilt } from "../values/values.js";
import { gridSize } from "./searchGrid.js";
import { readSpace } from "./searchSpace.js";

type Strategy = SearchDeclaration["strategy"];
const strategies = ["grid", "random", "bayesian"] as const;

/** More trials than anyone waits for: a grid of more points is a slip. */
const mostTrials = 100_000;
const standardTrials = 20;

/** The numbers that a block sets, from the least to the largest that each takes. */
const settings: Readonly<Record<string, readonly [number, number]>> = {
  trials: [1, mostTrials],
  seed: [0, 2 ** 32 - 1],
  median_stopping: [1, 2 ** 31 - 1],
};

export interface SearchRequest {
  readonly frame: Frame;
  readonly searches: readonly ast.SearchDeclaration[];
  readonly model: ast.ModelDeclaration;
  readonly stages: Found<StageDeclaration>;
  /** Names of losses and metrics. */
  readonly scores: Found<string>;
}

/** One search, or none; what is a mistake is reported and left out. */
export function analyzeSearches(request: SearchRequest): SearchDeclaration[] {
  const [search, second] = request.searches;
  if (search === undefined) return [];
  if (second !== undefined) {
    report(request.frame, "NN0513", second.model.span, {
      message: `${request.model.name} has a \`search\` already`,
      labels: [{ span: search.model.span, text: "here" }],
      hint: "a model has one: search all of its parameters together, or keep the other in a file of its own",
    });
  }
  return [analyzeSearch(request, search)];
}

function analyzeSearch(request: SearchRequest, search: ast.SearchDeclaration): SearchDeclaration {
  const { frame } = request;
  const strategy = readStrategy(frame, search);
  const parameters = readCandidates(request, search, strategy);
  const numbers = readNumbers(frame, search);
  const goal = readGoal(request, search);
  checkHeldOut(request, search);
  return {
    place: { file: frame.unit.source, span: search.span },
    parameters,
    strategy: strategy ?? "random",
    trials: countTrials(frame, search, { strategy, parameters, said: numbers.get("trials") }),
    seed: numbers.get("seed") ?? 0,
    goal,
    medianStopping: numbers.get("median_stopping"),
  };
}

type LineOf<Kind> = Extract<ast.SearchLine, { kind: Kind }>;

function linesOf<Kind extends ast.SearchLine["kind"]>(
  { lines }: ast.SearchDeclaration,
  kind: Kind,
): readonly LineOf<Kind>[] {
  return lines.filter((line): line is LineOf<Kind> => line.kind === kind);
}

/** What stands once in a block; a second one is told of. */
function only<Line extends { readonly span: ast.Span }>(
  frame: Frame,
  [line, second]: readonly Line[],
  word: string,
): Line | undefined {
  if (line !== undefined && second !== undefined) {
    report(frame, "NN0513", second.span, {
      message: `a search has one ${word}`,
      labels: [{ span: line.span, text: "said here" }],
      hint: "keep one of the two lines",
    });
  }
  return line;
}

/** Undefined where it is a mistake. */
function readStrategy(frame: Frame, search: ast.SearchDeclaration): Strategy | undefined {
  const word = only(frame, linesOf(search, "StrategyLine"), "strategy")?.strategy;
  if (word === undefined) return "random";
  const found = strategies.find((strategy) => strategy === word.name);
  if (found !== undefined) return found;
  report(frame, "NN0513", word.span, {
    message: `there is no search strategy \`${word.name}\``,
    notes: [`the strategies: ${strategies.join(", ")}`],
    hint: didYouMean(word.name, strategies),
  });
  return undefined;
}

function readCandidates(
  { frame, model }: SearchRequest,
  search: ast.SearchDeclaration,
  strategy: Strategy | undefined,
): SearchedParameter[] {
  const lines = linesOf(search, "CandidateLine");
  const known = model.parameters.map(({ name }) => name);
  const seen = new Map<string, ast.Span>();
  const found: SearchedParameter[] = [];
  for (const line of lines) {
    const parameter = model.parameters.find(({ name }) => name === line.name);
    const before = seen.get(line.name);
    seen.set(line.name, line.nameSpan);
    if (parameter === undefined) {
      report(frame, "NN0513", line.nameSpan, {
        message: `${model.name} has no parameter \`${line.name}\` to search`,
        notes: [
          known.length === 0 ? "it has no parameters" : `its parameters: ${known.join(", ")}`,
        ],
        hint:
          known.length === 0
            ? `write it where the model begins: \`model ${model.name}(${line.name} = …) {\``
            : didYouMean(line.name, known),
      });
    } else if (before !== undefined) {
      report(frame, "NN0513", line.nameSpan, {
        message: `\`${line.name}\` is searched twice`,
        labels: [{ span: before, text: "here" }],
        hint: "keep one of the two lines",
      });
    } else {
      const space = readSpace({ frame, line, parameter, strategy });
      if (space !== undefined) found.push({ name: line.name, space });
    }
  }
  if (lines.length === 0 && linesOf(search, "SkippedLine").length === 0) {
    report(frame, "NN0513", search.model.span, {
      message: "this search varies nothing",
      hint: "add a line like `learning_rate ~ log_uniform(1e-4, 1e-1)`",
    });
  }
  return found;
}

function readNumbers(frame: Frame, search: ast.SearchDeclaration): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  const seen = new Map<string, ast.Span>();
  for (const line of linesOf(search, "SettingLine")) {
    const before = seen.get(line.name);
    seen.set(line.name, line.nameSpan);
    if (before !== undefined) {
      report(frame, "NN0513", line.nameSpan, {
        message: `\`${line.name}\` is set twice`,
        labels: [{ span: before, text: "set here" }],
        hint: "keep one of the two lines",
      });
      continue;
    }
    const value = readNumber(frame, line);
    if (value !== undefined) numbers.set(line.name, value);
  }
  return numbers;
}

function readNumber(frame: Frame, line: ast.SettingLine): number | undefined {
  const value = frame.run.evaluator.expression(line.value, frame);
  const range = Object.hasOwn(settings, line.name) ? settings[line.name] : undefined;
  if (range === undefined) {
    const known = [...Object.keys(settings), "strategy", "minimize", "maximize"];
    report(frame, "NN0513", line.nameSpan, {
      message: `a \`search\` block has no setting \`${line.name}\``,
      notes: [`what it has: ${known.join(", ")}, and a line for each parameter that is searched`],
      hint: didYouMean(line.name, known),
    });
    return undefined;
  }
  const [least, most] = range;
  const number = asInteger(value);
  if (number !== undefined && number >= least && number <= most) return number;
  if (isSpoilt(value)) return undefined;
  const notes =
    line.name === "median_stopping"
      ? [
          "from that epoch on, trials end whose value is worse than the median of the others' at the same epoch",
        ]
      : [];
  report(frame, "NN0513", line.value.span, {
    message: `\`${line.name}\` is a whole number from ${least} to ${most}, not ${describe(value)}`,
    notes,
  });
  return undefined;
}

/** A grid has the trials that it has; other strategies try as many as they are told. */
function countTrials(
  frame: Frame,
  search: ast.SearchDeclaration,
  {
    strategy,
    parameters,
    said,
  }: {
    readonly strategy: Strategy | undefined;
    readonly parameters: readonly SearchedParameter[];
    readonly said: number | undefined;
  },
): number {
  if (strategy !== "grid") return said ?? standardTrials;
  const size = gridSize(parameters);
  const line = linesOf(search, "SettingLine").find(({ name }) => name === "trials");
  if (line !== undefined && said !== undefined && parameters.length > 0) {
    report(frame, "NN0513", line.span, {
      message: `a grid tries each of its points, ${size} here`,
      hint: "leave the line out, or write `strategy random` to try some",
    });
  } else if (size > mostTrials) {
    report(frame, "NN0513", search.model.span, {
      message: `this grid has ${size.toLocaleString("en-US")} points, more than ${mostTrials.toLocaleString("en-US")}`,
      hint: "give the ranges fewer `points`, or write `strategy bayesian` and `trials 100`",
    });
  }
  return size;
}

/** `validation.loss`, or the name of a loss or metric, with `validation.` before it or without. */
function readGoal(
  { frame, scores, model }: SearchRequest,
  search: ast.SearchDeclaration,
): SearchGoal {
  const line = only(frame, linesOf(search, "SearchObjectiveLine"), "goal");
  if (line === undefined) return { sense: "minimize", name: "loss" };
  const { sense, value } = line;
  const written =
    value.kind === "Name"
      ? value
      : value.kind === "Member" &&
          value.object.kind === "Name" &&
          value.object.name === "validation"
        ? value
        : undefined;
  if (written === undefined) {
    report(frame, "NN0513", value.span, {
      message: `a search ${sense}s the validation loss, or a loss or metric by its name`,
      hint: `\`${sense === "minimize" ? "minimize validation.loss" : "maximize accuracy"}\``,
    });
    return { sense, name: "loss" };
  }
  const known = [...new Set(["loss", ...scores.items])];
  if (scores.whole && !known.includes(written.name)) {
    report(frame, "NN0513", written.kind === "Member" ? written.nameSpan : written.span, {
      message: `${model.name} has no loss or metric \`${written.name}\``,
      notes: [`it has ${known.join(", ")}`],
      hint: didYouMean(written.name, known) ?? "add a line like `metric accuracy(logits, label)`",
    });
  }
  return { sense, name: written.name };
}

/** Trials are compared by what the last stage says of rows that are held out. */
function checkHeldOut(
  { frame, model, stages }: SearchRequest,
  search: ast.SearchDeclaration,
): void {
  if (!stages.whole) return;
  const last = stages.items.at(-1);
  if (last === undefined) {
    report(frame, "NN0513", search.model.span, {
      message: `${model.name} has no \`train\` block, which each trial would run`,
      hint: `add \`train ${model.name} { optimizer adam(lr: 1e-3)  epochs 10  validation 0.1 }\``,
    });
  } else if (last.validation === 0) {
    report(frame, "NN0513", search.model.span, {
      message:
        "trials are compared by rows that are held out, and this model's training holds none out",
      labels: [{ span: last.place.span, text: "without a validation share" }],
      hint: "add `validation 0.1` to it, to hold out a tenth of the training set",
    });
  }
}
