// Takes a stage and one of its objectives, gives its optimizers with what the source sets them to, in words for a message.
import type { ObjectiveDeclaration, StageDeclaration } from "../types/model.js";

/** For people alone: whether a run computes the same, its formulas tell. */
export function optimizerSettings(
  { clipNorm, clipValue }: StageDeclaration,
  objective: ObjectiveDeclaration | undefined,
): string[] {
  const updates = objective?.updates ?? [];
  const clips = [
    ...(clipNorm === undefined ? [] : [`clip_norm ${clipNorm}`]),
    ...(clipValue === undefined ? [] : [`clip_value ${clipValue}`]),
  ];
  return updates.map(({ optimizer, parameters }) => {
    const rest = updates.length > 1 ? ` on ${parameters.length} parameters` : "";
    return [`${optimizer.settings}${rest}`, ...clips].join(" ");
  });
}
