// Takes a stage and one of its objectives, gives its optimizers with all that they are set to, in a line each.
import { printGraph } from "../graph/print.js";
import type { NamedRoot } from "../graph/print.js";
import { streamOf } from "../schedule/stream.js";
import type { Shape } from "../types/graph.js";
import type { ObjectiveDeclaration, StageDeclaration, TypedModel } from "../types/model.js";

type Update = ObjectiveDeclaration["updates"][number];

/**
 * What a run that goes on must have kept. The text is for people; behind it stands a hash of the formulas, which tells of
 * what the text does not show: a name's value, a default, an optimizer's body.
 */
export function optimizerSettings(
  typed: TypedModel,
  stage: StageDeclaration,
  objective: ObjectiveDeclaration | undefined,
): string[] {
  const updates = objective?.updates ?? [];
  const { clipNorm, clipValue } = stage;
  const clips = [
    ...(clipNorm === undefined ? [] : [`clip_norm ${clipNorm}`]),
    ...(clipValue === undefined ? [] : [`clip_value ${clipValue}`]),
  ];
  const shared = [...clips, ...penaltyLines(typed), ...projectionLines(typed, stage)].join("\n");
  return updates.map((update) => {
    const formulas = [updateLines(typed, update), JSON.stringify(stage.plateaus), shared];
    const hash = streamOf(formulas.join("\n")).toString(16).padStart(8, "0");
    const rest = updates.length > 1 ? ` on ${update.parameters.length} parameters` : "";
    return [`${update.optimizer.settings}${rest}`, ...clips].join(" ") + ` (${hash})`;
  });
}

function shapeOf({ parameters }: TypedModel, name: string | undefined): Shape {
  return parameters.find((parameter) => parameter.name === name)?.shape ?? [];
}

/** Templates of one line differ by the shape alone, which weights that fit have kept. */
function updateLines(typed: TypedModel, { optimizer, parameters }: Update): string {
  const { states, weight } = optimizer.update(shapeOf(typed, parameters[0]));
  const roots: NamedRoot[] = [
    ...states.map(({ name, initial, next }) => ({ name: `${name} from ${initial}`, value: next })),
    { name: "w", value: weight },
  ];
  return [parameters.join(), printGraph(roots)].join("\n");
}

function penaltyLines({ training }: TypedModel): string[] {
  return training.penalties.length === 0 ? [] : [printGraph(training.penalties)];
}

function projectionLines(typed: TypedModel, { projections }: StageDeclaration): string[] {
  return projections.map(({ parameters, apply }) =>
    printGraph([{ name: parameters.join(), value: apply(shapeOf(typed, parameters[0])) }]),
  );
}
