// Takes a built model and a stage, gives a fingerprint of all that its steps compute: what a run that goes on must have kept.
import type { BuiltModel, BuiltProgram } from "../build/types.js";
import { printGraph } from "../graph/print.js";
import type { StageDeclaration } from "../types/model.js";
import { fingerprint } from "./stageTerms.js";

/**
 * The model, losses, regularizers, updates, clips and projections as formulas, with the constants in them, and when the stage
 * ends. Metrics change no weight, and epochs, steps and the batch are compared as numbers: they are left out.
 */
export function stageFormulas({ programs, storages }: BuiltModel, stage: StageDeclaration): string {
  const { accumulate, dropLast, stopEarly, plateaus, dimensions, objectives } = stage;
  const repeats = objectives.map(({ name, repeat }) => [name, repeat]);
  const sizes = Object.entries(dimensions).filter(([name]) => name !== "batch");
  const constants = storages.map(({ name, initial, values }) => ({ name, initial, values }));
  const texts = [
    ...programs.filter((program) => program.stage === stage.name).map(updatesText),
    JSON.stringify({ accumulate, repeats, dropLast, stopEarly, plateaus, sizes, constants }),
  ];
  return fingerprint(texts.join("\n"));
}

function updatesText({ name, effects }: BuiltProgram): string {
  const roots = effects.flatMap((effect) =>
    effect.kind === "store"
      ? [{ name: `${effect.storage} ${effect.offset ?? 0}`, value: effect.value }]
      : [],
  );
  return [name, printGraph(roots)].join("\n");
}
