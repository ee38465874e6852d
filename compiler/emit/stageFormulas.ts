// Takes a built model and a stage, gives a fingerprint of all that its steps compute: what a run that goes on must have kept.
import type { BuiltModel, BuiltProgram } from "../build/types.js";
import { printGraph } from "../graph/print.js";
import { streamOf } from "../schedule/stream.js";
import type { StageDeclaration } from "../types/model.js";

/**
 * The model, losses, regularizers, updates, clips and projections as formulas, with the constants in them, and when the stage
 * ends. Metrics change no weight, and epochs, steps and the batch are compared as numbers: they are left out.
 */
export function stageFormulas({ programs, storages }: BuiltModel, stage: StageDeclaration): string {
  const { dropLast, stopEarly, plateaus, dimensions } = stage;
  const sizes = Object.entries(dimensions).filter(([name]) => name !== "batch");
  const constants = storages.map(({ name, initial, values }) => ({ name, initial, values }));
  const texts = [
    ...programs.filter((program) => program.stage === stage.name).map(updatesText),
    JSON.stringify({ dropLast, stopEarly, plateaus, sizes, constants }),
  ];
  return streamOf(texts.join("\n")).toString(16).padStart(8, "0");
}

function updatesText({ name, effects }: BuiltProgram): string {
  const roots = effects.flatMap((effect) =>
    effect.kind === "store"
      ? [{ name: `${effect.storage} ${effect.offset ?? 0}`, value: effect.value }]
      : [],
  );
  return [name, printGraph(roots)].join("\n");
}
