// The `optimizer` and `minimize` lines of a block come in; its objectives, each parameter with one optimizer in each, go out.
import type * as ast from "../../../grammar/ast.js";
import { topologicalOrder } from "../../graph/walk.js";
import type { ObjectiveDeclaration } from "../../types/model.js";
import { optimizerInstance, readAlgorithm, traces } from "./algorithms.js";
import { report } from "../report.js";
import { listed, select } from "./selectors.js";
import type { StageRequest } from "./request.js";
import { describe, isPoison } from "../values/values.js";
import { didYouMean } from "../report.js";

/** An optimizer line: what it runs and which parameters it selects. */
interface Updater {
  readonly instance: ObjectiveDeclaration["updates"][number]["optimizer"];
  readonly names: ReadonlySet<string>;
  readonly spoilt: boolean;
}

/** Undefined when mistakes leave no objectives to speak of. */
export function analyzeObjectives(stage: StageRequest): ObjectiveDeclaration[] | undefined {
  const { train } = stage;
  const before = errors(stage);
  const updaters = train.lines.flatMap((line): Updater[] => {
    if (line.kind !== "OptimizerLine") return [];
    const found = readUpdater(stage, line.algorithm, line.selector);
    return found === undefined ? [] : [found];
  });
  const minimized = train.lines.filter((line) => line.kind === "MinimizeLine");
  const hasOptimizer = train.lines.some((line) => line.kind === "OptimizerLine");
  if (!hasOptimizer && minimized.length === 0) {
    report(stage.frame, "NN0511", train.model.span, {
      message: "this block has no optimizer",
      hint: "add one: `optimizer adam(lr: 1e-3)`",
    });
    return undefined;
  }
  const objectives =
    minimized.length === 0
      ? [wholeObjective(stage, updaters)]
      : minimized.map((line) => minimizeObjective(stage, line, updaters));
  if (errors(stage) > before) return undefined;
  for (const objective of objectives) checkReached(stage, objective);
  return errors(stage) > before ? undefined : uniqueNames(objectives);
}

/** Whatever is minimised depends on a parameter that is trained for it; else nothing would ever change. */
function checkReached(stage: StageRequest, { losses, updates }: ObjectiveDeclaration): void {
  const trained = new Set(updates.flatMap(({ parameters }) => parameters));
  if (trained.size === 0) return; // an optimizer that is not understood, or all frozen
  const minimised = [
    ...stage.training.losses.filter(({ name }) => losses.includes(name)),
    ...stage.training.penalties,
  ];
  const nodes = topologicalOrder(minimised.map(({ value }) => value));
  if (nodes.some((node) => node.op === "stored" && trained.has(node.attributes.name))) return;
  const names = listed(losses.map((name) => `\`${name}\``));
  report(stage.frame, "NN0515", stage.train.model.span, {
    message: `no trained parameter changes ${names}: there is nothing to learn`,
    notes: [`trained for it: ${listed([...trained].map((name) => `\`${name}\``))}`],
    hint: "does the loss use what the layers compute, or is something frozen that should learn?",
  });
}

function errors(stage: StageRequest): number {
  return stage.frame.run.diagnostics.filter(({ severity }) => severity === "error").length;
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
  return stage.parameters
    .filter(({ role }) => role !== "state" && role !== "fitted")
    .map(({ name }) => name);
}

/** Reads an optimizer and traces it for every shape that it may update, so that its mistakes show now. */
function readUpdater(
  stage: StageRequest,
  expression: ast.Expression,
  selector: ast.Selector | undefined,
): Updater | undefined {
  const { frame, parameters } = stage;
  const algorithm = readAlgorithm(frame, expression, "Optimizer");
  const selection =
    selector === undefined
      ? { names: trainedNames(stage), spoilt: false }
      : select(frame, selector, parameters);
  if (algorithm === undefined) return undefined;
  const trace = traces(algorithm);
  const names = new Set(selection.names);
  for (const { name, shape } of parameters) {
    if (names.has(name) && trace(shape) === undefined) return undefined;
  }
  return { instance: optimizerInstance(algorithm, trace), names, spoilt: selection.spoilt };
}

/** Each parameter goes to the last line that selects it. */
function assign(
  stage: StageRequest,
  names: readonly string[],
  updaters: readonly Updater[],
): ObjectiveDeclaration["updates"] {
  const reversed = updaters.toReversed();
  const owner = new Map<string, Updater>();
  for (const name of names) {
    if (stage.frozen.has(name)) continue;
    const found = reversed.find((updater) => updater.names.has(name));
    if (found !== undefined) owner.set(name, found);
  }
  return updaters
    .map((updater) => ({
      optimizer: updater.instance,
      parameters: names.filter((name) => owner.get(name) === updater),
    }))
    .filter(({ parameters }) => parameters.length > 0);
}

function wholeObjective(stage: StageRequest, updaters: readonly Updater[]): ObjectiveDeclaration {
  const names = trainedNames(stage);
  if (!updaters.some(({ spoilt }) => spoilt)) checkSelected(stage, names, updaters);
  return {
    name: "loss",
    losses: [...stage.training.lossNames],
    updates: assign(stage, names, updaters),
    repeat: undefined,
  };
}

function checkSelected(
  stage: StageRequest,
  names: readonly string[],
  updaters: readonly Updater[],
): void {
  if (updaters.length === 0) return;
  const left = names.filter(
    (name) => !stage.frozen.has(name) && !updaters.some((updater) => updater.names.has(name)),
  );
  if (left.length === 0) return;
  report(stage.frame, "NN0510", stage.train.model.span, {
    message: `no optimizer selects ${listed(left.map((name) => `\`${name}\``))}, and nothing freezes ${left.length === 1 ? "it" : "them"}`,
    hint: "add an `optimizer` line without `on`, or `freeze` what shall stay as it is",
  });
}

function minimizeObjective(
  stage: StageRequest,
  line: ast.MinimizeLine,
  updaters: readonly Updater[],
): ObjectiveDeclaration {
  const { frame } = stage;
  const losses = line.losses.map(({ name }) => name);
  const known = stage.training.lossNames;
  for (const { name, span } of line.losses) {
    if (known.has(name)) continue;
    report(frame, "NN0512", span, {
      message: `${stage.train.model.name} has no loss \`${name}\``,
      notes: [`its losses: ${[...known].join(", ")}`],
      hint: didYouMean(name, known),
    });
  }
  const names =
    line.selector === undefined
      ? trainedNames(stage)
      : select(frame, line.selector, stage.parameters).names;
  const own = ownUpdaters(stage, line, updaters);
  const updates = own === undefined ? [] : assign(stage, names, own);
  if (own !== undefined) checkMinimized(stage, line, names, own);
  return { name: losses.join("_"), losses, updates, repeat: repeatOf(stage, line) };
}

function ownUpdaters(
  stage: StageRequest,
  line: ast.MinimizeLine,
  updaters: readonly Updater[],
): readonly Updater[] | undefined {
  if (line.algorithm === undefined) return updaters;
  const found = readUpdater(stage, line.algorithm, line.selector);
  return found === undefined ? undefined : [found];
}

function checkMinimized(
  stage: StageRequest,
  line: ast.MinimizeLine,
  names: readonly string[],
  updaters: readonly Updater[],
): void {
  const left = names.filter(
    (name) => !stage.frozen.has(name) && !updaters.some((updater) => updater.names.has(name)),
  );
  if (left.length === 0 || updaters.some(({ spoilt }) => spoilt)) return;
  const missing = updaters.length === 0;
  report(stage.frame, missing ? "NN0511" : "NN0510", line.span, {
    message: missing
      ? "this `minimize` line has no optimizer"
      : `no optimizer selects ${listed(left.map((name) => `\`${name}\``))}`,
    hint: "`minimize … with adam(lr: 1e-3)`, or an `optimizer` line for the whole block",
  });
}

function repeatOf(stage: StageRequest, line: ast.MinimizeLine): number | undefined {
  if (line.repeat === undefined) return undefined;
  const value = stage.frame.run.evaluator.expression(line.repeat, stage.frame);
  if (value.kind === "int" && value.value >= 1) return value.value;
  if (!isPoison(value)) {
    report(stage.frame, "NN0506", line.repeat.span, {
      message: `a line is repeated a whole number of times, at least once, not ${describe(value)}`,
    });
  }
  return undefined;
}
