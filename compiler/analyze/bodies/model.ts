// A model declaration and its train and search blocks come in; the typed model, its body traced for inference and for training, goes out.
import type * as ast from "../../../grammar/ast.js";
import { reachableNodes } from "../values/graphs.js";
import type { Node } from "../../types/graph.js";
import type {
  FittedValue,
  Named,
  ParameterDeclaration,
  Trace,
  TypedModel,
} from "../../types/model.js";
import { statementLimit } from "../budget.js";
import type { Frame, ModelState, Run, Score, TraceState, Unit } from "../context.js";
import { fileFrame, newActivation } from "../frames.js";
import { newScope, type Scope } from "../values/scope.js";
import { bindModelParameters } from "./modelParameters.js";
import { parametersOf } from "../training/selectors.js";
import { resolveProjections } from "../training/projections.js";
import { analyzeSearches } from "../training/search.js";
import { warnSlips } from "./slips.js";
import { followedIn } from "./follow.js";
import { carriedOf, checkCarried } from "./carried.js";
import { closeInitials } from "./initials.js";
import { noteUnrun } from "./unknown.js";
import { analyzeStages } from "../training/train.js";

/** One model with the blocks of its file that name it. */
export interface ModelSource {
  readonly unit: Unit;
  readonly declaration: ast.ModelDeclaration;
  readonly trains: readonly ast.TrainDeclaration[];
  /** Whether each `train` block of the file is read and names a model. */
  readonly allTrains: boolean;
  readonly searches: readonly ast.SearchDeclaration[];
}

/** Undefined where mistakes leave it without a part; what is left of others is not for use. */
export function analyzeModel(run: Run, source: ModelSource): TypedModel | undefined {
  const { declaration, unit } = source;
  const state = newState(declaration.name);
  const before = run.diagnostics.length;
  const parameters = bindModelParameters(run, unit, declaration);
  // The training trace runs first: what it alone contains takes part in numbering.
  const training = traceBody(run, source, state, parameters, true);
  const inference = traceBody(run, source, state, parameters, false);
  closeInitials(run, state);
  if (run.budget.exhausted) noteUnrun(state);
  const declared = parametersOf(state);
  const frame = trainFrame(run, unit, parameters);
  warnSlips(declaration, frame);
  const projections = resolveProjections(training, declared);
  const stages = analyzeStages({
    frame,
    trains: { items: source.trains, whole: source.allTrains },
    parameters: declared,
    training,
    inference,
    state,
    projections,
  });
  const searches = analyzeSearches({
    frame,
    searches: source.searches,
    model: declaration,
    stages: {
      items: stages,
      whole: source.allTrains && stages.length === source.trains.length,
    },
    scores: {
      items: [...training.losses.keys(), ...training.metrics.keys()],
      whole: !state.unknown.has("losses"),
    },
  });
  // A mistake in the model may be why nothing hands a state on.
  const mistakes = run.diagnostics.slice(before).some(({ severity }) => severity === "error");
  if (!mistakes) checkCarried(frame, state, stages);
  const traces = { training: finish(training), inference: finish(inference) };
  if (traces.training === undefined || traces.inference === undefined) return undefined;
  return {
    name: declaration.name,
    doc: declaration.doc,
    place: placeOf(unit, declaration.nameSpan),
    freeDimensions: freeDimensionsOf(state),
    inputs: [...state.inputs.values()].map(({ declaration }) => {
      const end = state.ranges.get(declaration.name);
      const masked = state.masked.has(declaration.name);
      const range = end === undefined ? undefined : ([0, end] as const);
      return { ...declaration, masked, range, bounds: state.bounds.get(declaration.name) };
    }),
    parameters: declared.items,
    carried: carriedOf(state),
    inference: traces.inference,
    training: traces.training,
    fitted: fittedOf(declared.items, inference, training),
    stages,
    searches,
  };
}

function placeOf(unit: Unit, span: ast.Span): TypedModel["place"] {
  return { file: unit.source, span };
}

function newState(name: string): ModelState {
  return {
    name,
    ordinals: new Map(),
    counts: new Map(),
    drawPaths: new Map(),
    claims: new Map(),
    parameters: new Map(),
    carried: new Map(),
    inputs: new Map(),
    masked: new Set(),
    ranges: new Map(),
    bounds: new Map(),
    freeDimensions: new Set(),
    unknown: new Set(),
    boundNames: new Map(),
  };
}

function freeDimensionsOf(state: ModelState): string[] {
  const names = [...state.freeDimensions];
  return names.includes("batch") ? ["batch", ...names.filter((name) => name !== "batch")] : names;
}

function trainFrame(run: Run, unit: Unit, parameters: Scope): Frame {
  const scope = newScope(parameters);
  return { ...fileFrame(run, unit), scope, body: "train", training: true, scheduled: true };
}

function traceBody(
  run: Run,
  source: ModelSource,
  state: ModelState,
  parameters: Scope,
  training: boolean,
): TraceState {
  const trace: TraceState = {
    model: state,
    training,
    outputs: [],
    losses: new Map(),
    penalties: [],
    metrics: new Map(),
    updates: [],
    states: new Map(),
    fitted: new Map(),
    followed: followedIn(source.declaration.block),
    follows: [],
    later: [],
    projections: [],
    rangeChecks: [],
    calls: [],
  };
  const scope = newScope(parameters.parent);
  for (const [name, binding] of parameters.names) scope.names.set(name, binding);
  const frame: Frame = {
    ...fileFrame(run, source.unit),
    trace,
    scope,
    body: "model",
    instance: { path: "" },
    activation: newActivation(),
    training,
    scheduled: training,
  };
  run.budget.statements = statementLimit;
  run.evaluator.block(source.declaration.block, frame);
  for (const complete of [...trace.follows, ...trace.later]) complete();
  return trace;
}

/** State writes of calls that nothing needs are left out: those calls are not made. Undefined where a score is a mistake. */
function finish(trace: TraceState): Trace | undefined {
  const { outputs, rangeChecks, calls } = trace;
  const losses = [...trace.losses.values()].filter(isKnown);
  const penalties = trace.penalties.filter(isKnown);
  const metrics = [...trace.metrics.values()].filter(isKnown);
  if (losses.length + penalties.length + metrics.length < scoreCount(trace)) return undefined;
  const own = trace.updates.filter(({ owner }) => owner === undefined);
  // Outside of training steps nothing moves on but what passes from batch to batch, in whatever is computed of them.
  const told = trace.training ? [] : outputs;
  const scores: readonly Named[] = [...losses, ...penalties, ...metrics, ...own, ...told];
  const needed = reachableNodes(scores.map(({ value }) => value));
  const stateUpdates = trace.updates
    .filter(({ owner }) => owner === undefined || owner.results.some((node) => needed.has(node)))
    .map(({ name, value, place, pace }) => ({ name, value, place, pace }));
  return { outputs, losses, penalties, metrics, stateUpdates, rangeChecks, calls };
}

const isKnown = <Kind extends Score>(score: Kind): score is Kind & { readonly value: Node } =>
  score.value !== undefined;

const scoreCount = ({ losses, penalties, metrics }: TraceState): number =>
  losses.size + penalties.length + metrics.size;

/** Fitted values come from the inference trace; one that stands in training steps alone, from there. */
function fittedOf(
  declared: readonly ParameterDeclaration[],
  inference: TraceState,
  training: TraceState,
): FittedValue[] {
  return declared.flatMap(({ name, role }): FittedValue[] => {
    const value: Node | undefined = inference.fitted.get(name) ?? training.fitted.get(name);
    return role !== "fitted" || value === undefined ? [] : [{ parameter: name, value }];
  });
}
