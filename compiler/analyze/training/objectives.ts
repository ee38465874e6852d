// The `optimizer` and `minimize` lines of a block come in; its objectives, each parameter with one optimizer in each, go out.
import type * as ast from "../../../grammar/ast.js";
import type {
  ObjectiveDeclaration,
  OptimizerInstance,
  ParameterDeclaration,
} from "../../types/model.js";
import { optimizerInstance, readAlgorithm, traces } from "./algorithms.js";
import { didYouMean, report } from "../report.js";
import { checkMoves, type PlacedObjective } from "./moves.js";
import { listed, select } from "./selectors.js";
import type { StageRequest } from "./request.js";
import type { Algorithm } from "./template.js";
import { asInteger, describe, isPoison } from "../values/values.js";

/** An optimizer line: what it runs, unless that is a mistake, and which parameters it selects. */
interface Updater {
  readonly instance: OptimizerInstance | undefined;
  readonly names: ReadonlySet<string>;
  /** Whether it may select more than `names`. */
  readonly spoilt: boolean;
}

/** Undefined when mistakes leave no objectives to speak of. */
export function analyzeObjectives(stage: StageRequest): ObjectiveDeclaration[] | undefined {
  const { train } = stage;
  const lines = train.lines.flatMap((line) =>
    line.kind === "OptimizerLine" ? [readLine(stage, line.algorithm, line.selector)] : [],
  );
  const updaters = lines.map((line, at) => updaterOf(stage, line, lines.slice(at + 1)));
  const minimized = train.lines.filter((line) => line.kind === "MinimizeLine");
  if (updaters.length === 0 && minimized.length === 0) {
    if (!stage.understood || isElsewhere(stage)) return undefined;
    report(stage.frame, "NN0511", train.model.span, {
      message: "this block has no optimizer",
      hint: "add one: `optimizer adam(lr: 1e-3)`",
    });
    return undefined;
  }
  const objectives =
    minimized.length === 0
      ? [placed(wholeObjective(stage, updaters), train.model.span)]
      : minimized.map((line) => placed(minimizeObjective(stage, line, updaters), line.span));
  const known = objectives.filter((objective) => objective !== undefined);
  if (known.length < objectives.length) return undefined;
  checkMoves(stage, known);
  return uniqueNames(known.map(({ objective }) => objective));
}

/** Whether an optimizer stands where none may, which was told by the parser. */
function isElsewhere({ frame }: StageRequest): boolean {
  const { tree, source } = frame.unit;
  const parts: readonly (ast.Declaration | ast.Statement)[] = [
    ...tree.declarations,
    ...tree.declarations.flatMap((one) => (one.kind === "Model" ? one.block.statements : [])),
  ];
  return parts
    .filter(({ kind }) => kind === "SkippedStatement" || kind === "SkippedDeclaration")
    .some(({ span }) => source.text.startsWith("optimizer", span.start));
}

function placed(
  objective: ObjectiveDeclaration | undefined,
  span: ast.Span,
): PlacedObjective | undefined {
  return objective && { objective, span };
}

/** Two lines for the same loss are two objectives. */
function uniqueNames(objectives: readonly ObjectiveDeclaration[]): ObjectiveDeclaration[] {
  const seen = new Map<string, number>();
  return objectives.map((objective) => {
    const number = (seen.get(objective.name) ?? 0) + 1;
    seen.set(objective.name, number);
    return number === 1 ? objective : { ...objective, name: `${objective.name}_${number}` };
  });
}

function trainedNames(stage: StageRequest): string[] {
  return stage.parameters.items
    .filter(({ role }) => role !== "state" && role !== "fitted")
    .map(({ name }) => name);
}

/** An optimizer and what it selects, as written. */
interface Line {
  readonly algorithm: Algorithm | undefined;
  readonly names: ReadonlySet<string>;
  readonly spoilt: boolean;
}

function readLine(
  stage: StageRequest,
  expression: ast.Expression,
  selector: ast.Selector | undefined,
): Line {
  const { frame, parameters } = stage;
  const algorithm = readAlgorithm(frame, expression, "Optimizer");
  const { names, spoilt } =
    selector === undefined
      ? { names: trainedNames(stage), spoilt: false }
      : select(frame, selector, parameters);
  return { algorithm, names: new Set(names), spoilt };
}

/**
 * Traces an optimizer for every shape that it may update, so that its mistakes show now: not for what `later` lines take, or
 * what is frozen, unless that is all that it selects.
 */
function updaterOf(
  { parameters, frozen }: StageRequest,
  { algorithm, names, spoilt }: Line,
  later: readonly Line[],
): Updater {
  const selected = parameters.items.filter(({ name }) => names.has(name));
  const own = selected.filter(
    ({ name }) => !frozen.has(name) && !later.some((line) => line.names.has(name)),
  );
  return { instance: instanceFor(algorithm, own.length > 0 ? own : selected), names, spoilt };
}

function instanceFor(
  algorithm: Algorithm | undefined,
  selected: readonly ParameterDeclaration[],
): OptimizerInstance | undefined {
  if (algorithm === undefined) return undefined;
  const trace = traces(algorithm);
  const whole = selected.every(({ shape, name }) => trace(shape, name) !== undefined);
  return whole ? optimizerInstance(algorithm, trace) : undefined;
}

/** Each parameter goes to the last line that selects it; undefined where one of the lines is a mistake. */
function assign(
  stage: StageRequest,
  names: readonly string[],
  updaters: readonly Updater[],
): ObjectiveDeclaration["updates"] | undefined {
  const reversed = updaters.toReversed();
  const owner = new Map<string, Updater>();
  for (const name of names) {
    if (stage.frozen.has(name)) continue;
    const found = reversed.find((updater) => updater.names.has(name));
    if (found !== undefined) owner.set(name, found);
  }
  const updates: ObjectiveDeclaration["updates"][number][] = [];
  for (const updater of updaters) {
    const { instance, spoilt } = updater;
    if (instance === undefined || spoilt) return undefined;
    const parameters = names.filter((name) => owner.get(name) === updater);
    if (parameters.length > 0) updates.push({ optimizer: instance, parameters });
  }
  return updates;
}

/** All losses at once; undefined where a line that updates is a mistake. */
function wholeObjective(
  stage: StageRequest,
  updaters: readonly Updater[],
): ObjectiveDeclaration | undefined {
  const names = trainedNames(stage);
  const left = unselected(stage, names, updaters);
  if (updaters.length > 0 && left.length > 0) reportUnselected(stage, left);
  const updates = assign(stage, names, updaters);
  const losses = [...stage.training.losses.keys()];
  return updates === undefined ? undefined : { name: "loss", losses, updates, repeat: undefined };
}

/** What none of them selects and nothing freezes; nothing where a mistake may select it. */
function unselected(
  stage: StageRequest,
  names: readonly string[],
  updaters: readonly Updater[],
): readonly string[] {
  const whole = stage.understood && stage.parameters.whole;
  if (!whole || updaters.some(({ spoilt }) => spoilt)) return [];
  return names.filter(
    (name) => !stage.frozen.has(name) && !updaters.some((updater) => updater.names.has(name)),
  );
}

function reportUnselected(stage: StageRequest, left: readonly string[]): void {
  report(stage.frame, "NN0510", stage.train.model.span, {
    message: `no optimizer selects ${listed(left.map((name) => `\`${name}\``))}, and nothing freezes ${left.length === 1 ? "it" : "them"}`,
    hint: "add an `optimizer` line without `on`, or `freeze` what shall stay as it is",
  });
}

function minimizeObjective(
  stage: StageRequest,
  line: ast.MinimizeLine,
  updaters: readonly Updater[],
): ObjectiveDeclaration | undefined {
  const losses = lossesOf(stage, line);
  const selection =
    line.selector === undefined
      ? { names: trainedNames(stage), spoilt: false }
      : select(stage.frame, line.selector, stage.parameters);
  const own =
    line.algorithm === undefined
      ? updaters
      : [updaterOf(stage, readLine(stage, line.algorithm, line.selector), [])];
  const told = !selection.spoilt && reportsUnminimized(stage, line, selection.names, own);
  const updates = told ? undefined : assign(stage, selection.names, own);
  const repeat = repeatOf(stage, line);
  if (losses === undefined || selection.spoilt || updates === undefined || repeat === "wrong") {
    return undefined;
  }
  return { name: losses.join("_"), losses, updates, repeat };
}

/** The names that a line minimizes; undefined where one is a mistake. */
function lossesOf(stage: StageRequest, line: ast.MinimizeLine): readonly string[] | undefined {
  const known = [...stage.training.losses.keys()];
  const unknown = line.losses.filter(({ name }) => !known.includes(name));
  for (const { name, span } of stage.state.unknown.has("losses") ? [] : unknown) {
    report(stage.frame, "NN0512", span, {
      message: `${stage.train.model.name} has no loss \`${name}\``,
      notes: [`its losses: ${known.join(", ")}`],
      hint: didYouMean(name, known),
    });
  }
  return unknown.length > 0 ? undefined : line.losses.map(({ name }) => name);
}

/** Whether what a line selects is updated by no optimizer, which is told here alone. */
function reportsUnminimized(
  stage: StageRequest,
  line: ast.MinimizeLine,
  names: readonly string[],
  updaters: readonly Updater[],
): boolean {
  const left = unselected(stage, names, updaters);
  if (left.length === 0) return false;
  const missing = updaters.length === 0;
  report(stage.frame, missing ? "NN0511" : "NN0510", line.span, {
    message: missing
      ? "this `minimize` line has no optimizer"
      : `no optimizer selects ${listed(left.map((name) => `\`${name}\``))}`,
    hint: "`minimize … with adam(lr: 1e-3)`, or an `optimizer` line for the whole block",
  });
  return true;
}

function repeatOf(stage: StageRequest, line: ast.MinimizeLine): number | undefined | "wrong" {
  if (line.repeat === undefined) return undefined;
  const value = stage.frame.run.evaluator.expression(line.repeat, stage.frame);
  const repeat = asInteger(value);
  if (repeat !== undefined && repeat >= 1) return repeat;
  if (!isPoison(value)) {
    report(stage.frame, "NN0506", line.repeat.span, {
      message: `a line is repeated a whole number of times, at least once, not ${describe(value)}`,
    });
  }
  return "wrong";
}
