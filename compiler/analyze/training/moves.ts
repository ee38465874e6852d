// The objectives of a block come in; what its training cannot change, because no gradient or nothing at all moves it, is told.
import type * as ast from "../../../grammar/ast.js";
import { derivativeReaches } from "../../autodiff/influence.js";
import { topologicalOrder } from "../../graph/walk.js";
import type { Node } from "../../types/graph.js";
import type { ObjectiveDeclaration } from "../../types/model.js";
import { report } from "../report.js";
import type { StageRequest } from "./request.js";
import { restsWithoutGradient } from "./rest.js";
import { listed } from "./selectors.js";

/** An objective, and where the block says it. */
export interface PlacedObjective {
  readonly objective: ObjectiveDeclaration;
  readonly span: ast.Span;
}

type Reach = "reached" | "without a derivative" | "not reached";

/**
 * A line whose losses have no derivative by what is trained for them learns nothing: an error where nothing else that the
 * block does changes anything either, such as a decay of the weights, another line or a state.
 */
export function checkMoves(stage: StageRequest, placed: readonly PlacedObjective[]): void {
  if (!stage.parameters.whole) return;
  const objectives = placed.map(({ objective }) => objective);
  if (objectives.every((objective) => trainedBy(objective).size === 0)) {
    warnNothing(stage);
    return;
  }
  const reaches = new Map(objectives.map((objective) => [objective, reachOf(stage, objective)]));
  const isLearning = (objective: ObjectiveDeclaration): boolean =>
    (reaches.get(objective) ?? "reached") === "reached";
  // What moves anyhow takes tracing the updates again, and is asked only where there is something to tell.
  if (objectives.every(isLearning)) return;
  const learning = objectives.filter((objective) => reaches.get(objective) === "reached");
  const moving = [
    ...learning.map(({ losses }) => `what is trained for ${quoted(losses)}`),
    ...movingAnyhow(stage, objectives),
  ];
  for (const { objective, span } of placed) {
    const reach = reaches.get(objective);
    if (reach === undefined || reach === "reached") continue;
    reportReach(stage, { objective, span }, reach, moving);
  }
}

function trainedBy({ updates }: ObjectiveDeclaration): ReadonlySet<string> {
  return new Set(updates.flatMap(({ parameters }) => parameters));
}

/** Undefined where there is nothing to say: nothing is trained, or a loss is a mistake that may have been meant to depend on anything. */
function reachOf(stage: StageRequest, objective: ObjectiveDeclaration): Reach | undefined {
  const { training } = stage;
  const trained = trainedBy(objective);
  const scores = [
    ...objective.losses.map((name) => training.losses.get(name)),
    ...training.penalties,
  ];
  const values = scores.flatMap((score) => (score?.value === undefined ? [] : [score.value]));
  if (trained.size === 0 || values.length < scores.length) return undefined;
  const isTrained = (node: Node): boolean =>
    node.op === "stored" && trained.has(node.attributes.name);
  if ([...derivativeReaches(values)].some(isTrained)) return "reached";
  return topologicalOrder(values).some(isTrained) ? "without a derivative" : "not reached";
}

/** What changes in a step whatever the losses are, in words. */
function movingAnyhow(
  { parameters, frozen, projections }: StageRequest,
  objectives: readonly ObjectiveDeclaration[],
): readonly string[] {
  const shapes = new Map(parameters.items.map(({ name, shape }) => [name, shape]));
  const updates = objectives.flatMap((objective) => objective.updates);
  const decaying = updates.filter(({ optimizer, parameters: names }) =>
    names.some((name) => {
      const shape = shapes.get(name);
      return shape !== undefined && !restsWithoutGradient(optimizer.update(shape));
    }),
  );
  const projected = projections.filter(({ parameters: names }) =>
    names.some((name) => !frozen.has(name)),
  );
  return [
    ...decaying.map(({ optimizer }) => `what \`${optimizer.settings}\` moves without a gradient`),
    ...projected.map(({ settings }) => `what \`project ${settings}\` moves`),
    ...gathered(parameters.items, frozen).map((name) => `\`${name}\``),
  ];
}

function gathered(
  items: StageRequest["parameters"]["items"],
  frozen: ReadonlySet<string>,
): readonly string[] {
  return items
    .filter(({ name, role }) => role === "fitted" || (role === "state" && !frozen.has(name)))
    .map(({ name }) => name);
}

function reportReach(
  stage: StageRequest,
  { objective, span }: PlacedObjective,
  reach: Exclude<Reach, "reached">,
  moving: readonly string[],
): void {
  const losses = quoted(objective.losses);
  const isDependent = reach === "without a derivative";
  const what = isDependent
    ? `the derivative of ${losses} by every trained parameter is zero`
    : `no trained parameter changes ${losses}`;
  report(stage.frame, "NN0515", span, {
    severity: moving.length > 0 ? "warning" : "error",
    message: `${what}: there is nothing to learn`,
    notes: [
      `trained for it: ${quoted([...trainedBy(objective)])}`,
      ...(isDependent
        ? [
            "`stop_gradient`, `round`, `floor`, `sign`, `argmax`, comparisons, and casts to integers pass no derivative",
          ]
        : []),
      ...(moving.length > 0 ? [`what changes all the same: ${listed(moving)}`] : []),
    ],
    hint: isDependent
      ? "take the loss of what stands before these, as `cross_entropy` does of logits"
      : "does the loss use what the layers compute, or is something frozen that should learn?",
  });
}

const quoted = (names: readonly string[]): string => listed(names.map((name) => `\`${name}\``));

/** Legal, as when a block is only to gather a state; but most who write it forgot that all is frozen. */
function warnNothing({ frame, train, parameters, frozen, understood }: StageRequest): void {
  if (!understood || gathered(parameters.items, frozen).length > 0) return;
  const learnt = parameters.items.filter(({ role }) => role !== "state" && role !== "fitted");
  const bare = learnt.length === 0;
  report(frame, "NN0516", train.model.span, {
    severity: "warning",
    message: bare
      ? `${train.model.name} has no weights: training changes nothing`
      : "every parameter that is to be trained is frozen: training changes nothing",
    hint: bare
      ? "`weight W: [n, m] ~ glorot_uniform()`, or a layer like `dense(10)`, gives it some"
      : "take what shall learn out of the `freeze` lines",
  });
}
