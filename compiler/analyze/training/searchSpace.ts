// A line of a `search` block that names a parameter comes in; the values that it may take, checked, go out.
import type * as ast from "../../../grammar/ast.js";
import type { CompileTimeData, SearchDeclaration, SearchSpace } from "../../types/model.js";
import { settingProblem } from "../bodies/modelParameters.js";
import { textOf } from "../calls/arguments.js";
import type { Frame } from "../context.js";
import { didYouMean, report } from "../report.js";
import {
  asInteger,
  asNumber,
  describe,
  isSpoilt,
  listItems,
  wholeOrFloat,
  type Value,
} from "../values/values.js";

type Strategy = SearchDeclaration["strategy"];
type Range = Extract<SearchSpace, { kind: "range" }>;

/** What the ranges are drawn by; the end of whole ones is not among them, as in draws of tensors. */
const ranges: Readonly<Record<string, Pick<Range, "log" | "whole"> & { readonly hint: string }>> = {
  uniform: { log: false, whole: false, hint: "uniform(0, 0.5)" },
  log_uniform: { log: true, whole: false, hint: "log_uniform(1e-4, 1e-1)" },
  randint: { log: false, whole: true, hint: "randint(1, 5)" },
  log_randint: { log: true, whole: true, hint: "log_randint(16, 1025)" },
};
const distributions = ["choice", ...Object.keys(ranges)];

/** More values of one parameter are no choice. */
const mostChoices = 10_000;

/** A line of the block with the parameter that it is about. */
export interface SpaceRequest {
  readonly frame: Frame;
  readonly line: ast.CandidateLine;
  readonly parameter: ast.Parameter;
  /** Undefined where it is a mistake: nothing is said of what it would have wanted. */
  readonly strategy: Strategy | undefined;
}

/** Undefined where it is a mistake, which is reported. */
export function readSpace(request: SpaceRequest): SearchSpace | undefined {
  const { frame, line } = request;
  const call = line.distribution;
  const word = call.kind === "Call" && call.callee.kind === "Name" ? call.callee.name : undefined;
  if (call.kind !== "Call" || word === undefined || !distributions.includes(word)) {
    report(frame, "NN0513", call.span, {
      message:
        "what is searched is drawn from `choice`, `uniform`, `log_uniform`, `randint` or `log_randint`",
      hint: didYouMean(word ?? "", distributions),
    });
    return undefined;
  }
  return word === "choice" ? readChoice(request, call) : readRange(request, call, word);
}

function readChoice(request: SpaceRequest, call: ast.CallExpression): SearchSpace | undefined {
  const { frame, line } = request;
  const named = call.arguments.find(({ name }) => name !== undefined);
  if (named !== undefined || call.arguments.length === 0 || call.arguments.length > mostChoices) {
    report(frame, "NN0513", named?.span ?? call.span, {
      message: `\`choice\` lists the values that \`${line.name}\` may take, from 1 to ${mostChoices}`,
      hint: "`choice(100, 1000)`",
    });
    return undefined;
  }
  const found: CompileTimeData[] = [];
  let whole = true;
  for (const { value: written } of call.arguments) {
    const value = frame.run.evaluator.expression(written, frame);
    const data = isSpoilt(value) ? undefined : readValue(request, value, written.span);
    if (data === undefined) whole = false;
    else if (found.some((other) => JSON.stringify(other) === JSON.stringify(data))) {
      report(frame, "NN0513", written.span, {
        message: `this choice lists ${describe(value)} twice`,
        hint: "leave one of them out",
      });
      whole = false;
    } else found.push(data);
  }
  return whole ? { kind: "choice", values: found } : undefined;
}

/** A value that the parameter can be set to, as plain data. */
function readValue(
  { frame, line, parameter }: SpaceRequest,
  value: Value,
  span: ast.Span,
): CompileTimeData | undefined {
  const data = toData(value);
  if (data === undefined) {
    report(frame, "NN0513", span, {
      message: `what is searched is a number, a truth value, a string or a list of these, not ${describe(value)}`,
      hint: 'search a string, and let the model choose by it: `if kind == "wide" { … }`',
    });
    return undefined;
  }
  const problem = settingProblem(frame, parameter, value);
  if (problem === undefined) return data;
  report(frame, "NN0513", span, {
    message: `\`${line.name}\` cannot be ${describe(value)}: ${problem}`,
    labels: [{ span: parameter.span, text: "declared here" }],
  });
  return undefined;
}

function readRange(
  request: SpaceRequest,
  call: ast.CallExpression,
  word: string,
): SearchSpace | undefined {
  const { frame, strategy } = request;
  const shape = ranges[word];
  if (shape === undefined) return undefined;
  const { log, whole, hint } = shape;
  const bounds = call.arguments.filter(({ name }) => name === undefined);
  const named = call.arguments.filter(({ name }) => name !== undefined);
  const other = named.find(({ name }) => name !== "points") ?? named[1];
  if (other !== undefined) {
    report(frame, "NN0513", other.span, {
      message: `\`${word}\` takes two bounds, and in a grid \`points\``,
      hint: `\`${hint}\``,
    });
    return undefined;
  }
  const values = bounds.map(({ value }) => frame.run.evaluator.expression(value, frame));
  if (values.some(isSpoilt)) return undefined;
  const [low, end] = values.map(whole ? asInteger : asNumber);
  const high = end === undefined || !whole ? end : end - 1;
  const fits = low !== undefined && high !== undefined && values.length === 2;
  if (!fits || (whole ? high < low : high <= low) || (log && low <= 0)) {
    report(frame, "NN0513", call.span, {
      message: `\`${word}\` goes from a ${log ? "positive " : ""}${whole ? "whole " : ""}number to a larger one${whole ? ", which is not among those tried" : ""}`,
      hint: `\`${hint}\``,
    });
    return undefined;
  }
  const range: Range = { kind: "range", low, high, log, whole, points: undefined };
  if (!canBe(request, range, call)) return undefined;
  return readPoints({ frame, strategy, call, word, argument: named[0] }, range);
}

/** Whether the parameter takes numbers of the range: an `int` takes whole ones alone. */
function canBe(
  { frame, line, parameter }: SpaceRequest,
  { low, high, log, whole }: Range,
  call: ast.CallExpression,
): boolean {
  const inside = whole ? low : (low + high) / 2;
  const value = whole ? wholeOrFloat(inside) : ({ kind: "float", value: inside } as const);
  const problem = settingProblem(frame, parameter, value);
  if (problem === undefined) return true;
  const { type } = parameter;
  const isInt = type?.kind === "ScalarType" && type.name === "int" && !whole;
  report(frame, "NN0513", call.span, {
    message: `\`${line.name}\` cannot be ${isInt ? "a fraction" : "a number"}: ${problem}`,
    labels: [{ span: parameter.span, text: "declared here" }],
    hint: isInt
      ? `\`${log ? "log_randint" : "randint"}(${Math.ceil(low)}, ${Math.floor(high) + 1})\` draws whole numbers`
      : undefined,
  });
  return false;
}

interface PointsRequest extends Pick<SpaceRequest, "frame" | "strategy"> {
  readonly call: ast.CallExpression;
  readonly word: string;
  readonly argument: ast.Argument | undefined;
}

/** A grid needs to know at how many values of a range it looks; other strategies look at all of it. */
function readPoints(
  { frame, strategy, call, word, argument }: PointsRequest,
  range: Range,
): Range | undefined {
  const bounds = call.arguments
    .filter(({ name }) => name === undefined)
    .map(({ span }) => textOf(frame, span));
  const written = `\`${word}(${bounds.join(", ")}, points: 5)\``;
  if (argument === undefined) {
    if (strategy !== "grid" || range.whole) return range;
    report(frame, "NN0513", call.span, {
      message: `a grid tries each value, and \`${word}\` has no end of them`,
      hint: `say how many, from one end to the other: ${written}, or list them: \`choice(…)\``,
    });
    return undefined;
  }
  const value = frame.run.evaluator.expression(argument.value, frame);
  if (isSpoilt(value)) return undefined;
  const points = asInteger(value);
  const most = range.whole ? Math.min(mostChoices, range.high - range.low + 1) : mostChoices;
  if (strategy !== undefined && strategy !== "grid") {
    report(frame, "NN0513", argument.span, {
      message: `\`points\` says where a grid looks; the strategy \`${strategy}\` looks everywhere between the bounds`,
      hint: "leave it out, or write `strategy grid`",
    });
    return undefined;
  }
  if (points === undefined || points < 2 || points > most) {
    report(frame, "NN0513", argument.value.span, {
      message: `\`points\` is a whole number from 2 to ${most}, not ${describe(value)}`,
    });
    return undefined;
  }
  return { ...range, points };
}

/** A value as plain data; undefined for tensors, functions and the like. */
function toData(value: Value): CompileTimeData | undefined {
  if (value.kind === "bool" || value.kind === "string") return value.value;
  const number = asNumber(value);
  if (number !== undefined) return number;
  const items = listItems(value)?.map(toData);
  return items?.every((item) => item !== undefined) === true ? items : undefined;
}
