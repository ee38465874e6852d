// Takes a compiled model, gives what each pass over its graphs did, before derivatives are taken and after, as text that people read.
import { trainedExtents } from "./emit/modelPlan.js";
import { build } from "./build/index.js";
import type { CompiledModel } from "./compile.js";
import { createBuilder } from "./graph/builder.js";
import { printGraph } from "./graph/print.js";
import { topologicalOrder } from "./graph/walk.js";
import { passes, passesBeforeDerivatives, prepareForDerivative } from "./optimize/index.js";
import type { Pass, PassTrace } from "./optimize/index.js";
import type { Named } from "./types/model.js";

/** Above the ids of analysis. */
const firstId = 2 ** 30;

/**
 * The losses and penalties of training after every pass that comes before their derivatives, and each training step, whose
 * derivatives are nodes like all others, as it gets smaller.
 */
export function passesText(model: CompiledModel): string {
  return [
    `${model.name}, before derivatives`,
    listText(passesBeforeDerivatives),
    ...beforeText(model),
    `${model.name}, after derivatives`,
    listText(passes),
    ...afterText(model),
  ].join("\n\n");
}

function listText(list: readonly Pass[]): string {
  return list.map(({ name, doc }) => `${name}: ${doc}`).join("\n");
}

function beforeText({ typed }: CompiledModel): string[] {
  const named: Named[] = [...typed.training.losses, ...typed.training.penalties];
  const parts: string[] = [];
  const roots = named.map(({ value }) => value);
  prepareForDerivative(createBuilder(firstId), roots, new Set(), (trace) => {
    const changed = named.map(({ name }, n) => ({ name, value: trace.roots[n] ?? roots[n] }));
    const shown = changed.flatMap(({ name, value }) =>
      value === undefined ? [] : [{ name, value }],
    );
    parts.push(`${trace.pass}: ${sizeText(trace)}\n${printGraph(shown)}`);
  });
  return parts.length > 0 ? parts : ["nothing changed"];
}

/** Sizes after every pass: the last graph is the stage `gradient`. */
function afterText({ typed }: CompiledModel): string[] {
  const programs = new Map<string, string[]>();
  build(typed, {
    estimates: trainedExtents(typed),
    entry: "training",
    onPass: ({ name, kind }, trace) => {
      if (kind !== "step") return;
      const lines = programs.get(name) ?? [name];
      lines.push(`  round ${trace.round + 1}, ${trace.pass}: ${sizeText(trace)}`);
      programs.set(name, lines);
    },
  });
  return [...programs.values()].map((lines) => lines.join("\n"));
}

function sizeText({ roots }: PassTrace): string {
  return `${topologicalOrder(roots).length} nodes`;
}
