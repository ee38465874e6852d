// The `stop_early` line of a `train` block comes in; for how long it waits, and what for, goes out.
import type * as ast from "../../../grammar/ast.js";
import type { ObjectiveDeclaration, StopEarly } from "../../types/model.js";
import { didYouMean, report } from "../report.js";
import { asInteger, describe, isPoison } from "../values/values.js";
import type { StageRequest } from "./request.js";

const usualPatience = 5;
const names = ["patience", "on", "rising"] as const;

/** `stop_early(patience: 5)`, or `stop_early(on: accuracy)`: losses are to fall, metrics to rise unless told. */
export function readStopEarly(
  request: StageRequest,
  objectives: readonly ObjectiveDeclaration[] | undefined,
): StopEarly | undefined {
  let found: StopEarly | undefined;
  for (const line of request.train.lines) {
    if (line.kind !== "StopEarlyLine") continue;
    found = { patience: usualPatience };
    for (const argument of line.arguments) {
      const name = argument.name ?? "patience";
      const known = names.find((one) => one === name);
      if (known === undefined) {
        report(request.frame, "NN0204", argument.nameSpan ?? argument.span, {
          message: `\`stop_early\` has no parameter \`${name}\``,
          hint: "`stop_early(patience: 5)`",
        });
      } else found = { ...found, ...read(request, objectives, known, argument.value) };
    }
    if (found.on !== undefined)
      found = { ...found, rising: found.rising ?? isMetric(request, found.on) };
  }
  return found;
}

const isMetric = ({ inference }: StageRequest, name: string): boolean =>
  inference.metrics.has(name);

function read(
  request: StageRequest,
  objectives: readonly ObjectiveDeclaration[] | undefined,
  name: (typeof names)[number],
  value: ast.Expression,
): Partial<StopEarly> {
  if (name === "on") return readScore(request, objectives, value);
  const { frame } = request;
  const given = frame.run.evaluator.expression(value, frame);
  if (isPoison(given)) return {};
  if (name === "rising") {
    if (given.kind === "bool") return { rising: given.value };
    report(frame, "NN0506", value.span, {
      message: `whether what is watched is better when larger is \`true\` or \`false\`, not ${describe(given)}`,
    });
    return {};
  }
  const patience = asInteger(given);
  if (patience !== undefined && patience >= 1) return { patience };
  report(frame, "NN0506", value.span, {
    message: `the patience is a whole number of epochs of at least 1, not ${describe(given)}`,
  });
  return {};
}

/** A loss that the stage minimises, or a metric; `loss` is the sum of the losses. */
function readScore(
  { frame, inference, state }: StageRequest,
  objectives: readonly ObjectiveDeclaration[] | undefined,
  value: ast.Expression,
): Partial<StopEarly> {
  if (objectives === undefined || state.unknown.has("losses")) return {};
  const losses = objectives.flatMap((objective) => objective.losses);
  const scores = [...losses, ...inference.metrics.keys()];
  const name = value.kind === "Name" ? value.name : undefined;
  if (name !== undefined && scores.includes(name)) return { on: name };
  if (name === "loss") return {};
  report(frame, "NN0506", value.span, {
    message: "`stop_early` goes by a loss of this stage or by a metric, by its name",
    notes: [`there are: ${["loss", ...scores.filter((one) => one !== "loss")].join(", ")}`],
    hint: name === undefined ? "`stop_early(on: accuracy)`" : didYouMean(name, scores),
  });
  return {};
}
