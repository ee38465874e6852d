// Takes a compiled model and the name of a stage, gives what that stage made of it, as text that people read.
import { javascriptText } from "./emit/plan.js";
import type { Planned } from "./emit/plan.js";
import { parse } from "../grammar/parse.js";
import { printAst } from "../grammar/printAst.js";
import type { CompiledModel } from "./compile.js";
import { printGraph } from "./graph/print.js";
import { passesText } from "./passesText.js";
import type { AdapterKernels, TargetName } from "./kernel/targets.js";
import { adapterNames, kindNames, targetNames, targets } from "./kernel/targets.js";
import type { Kernel } from "./kernel/ir.js";
import { printKernel } from "./kernel/print.js";
import { printSchedule } from "./schedule/print.js";
import type { Effect } from "./types/graph.js";
import type { Named } from "./types/model.js";

export const stageNames = [
  "ast",
  "graph",
  "passes",
  "gradient",
  "schedule",
  "kernels",
  "wgsl",
  "js",
] as const;
export type StageName = (typeof stageNames)[number];

export function stageText(model: CompiledModel, stage: StageName): string {
  switch (stage) {
    case "ast":
      return printAst(parse(model.file).file);
    case "graph":
      return graphText(model);
    case "passes":
      return passesText(model);
    case "gradient":
      return gradientText(model);
    case "schedule":
      return model.training.schedules.map(printSchedule).join("\n");
    case "kernels":
      return kernelsText(model.training.planned);
    case "wgsl":
      return model.plan.kernels
        .filter(({ wgsl }) => wgsl !== "")
        .map(({ name, wgsl }) => `// ${name}\n${wgsl}`)
        .join("\n");
    case "js":
      return javascriptText(model.training.planned.kernels, "f32");
  }
}

/** Those of nests, then those that run several of these side by side. */
function kernelsText({ kernels, merged }: Planned): string {
  const single = kernels.map((kernel) => [
    `${kernel.plan.name}: ${kernel.comment}`,
    ...textsOf(targetNames, kernel),
  ]);
  const together = merged.map((kernel) => [
    `${kernel.plan.name}: ${kernel.comment}`,
    kernel.members.join(" beside "),
    ...textsOf(adapterNames, kernel),
  ]);
  return [...single, ...together].map((lines) => lines.join("\n")).join("\n\n");
}

/** Where it runs and the kernel, for each; a kind of adapter's only where it is another than for any. */
function textsOf<T extends TargetName>(
  names: readonly T[],
  kernels: AdapterKernels & Readonly<Record<T, Kernel>>,
): readonly string[] {
  const any = printKernel(kernels.gpu);
  return names.flatMap((name) => {
    const own = printKernel(kernels[name]);
    const isSame = kindNames.some((kind) => kind === name) && own === any;
    return isSame ? [] : [targets[name].title, own];
  });
}

/** The body as it was traced: with inference semantics, then with training semantics. */
function graphText({ name, typed }: CompiledModel): string {
  return (["inference", "training"] as const)
    .map((kind) => {
      const trace = typed[kind];
      const roots = [
        ...prefixed("output", trace.outputs),
        ...prefixed("loss", trace.losses),
        ...prefixed("penalty", trace.penalties),
        ...prefixed("metric", trace.metrics),
        ...prefixed("state", trace.stateUpdates),
      ];
      return `${name}, ${kind}\n${printGraph(roots)}`;
    })
    .join("\n\n");
}

function prefixed(prefix: string, list: readonly Named[]): Named[] {
  return list.map((one) => ({ ...one, name: `${prefix} ${one.name}` }));
}

/** Each training step as one optimized graph: forward, backward, updates, metrics. */
function gradientText({ training }: CompiledModel): string {
  return training.built.programs
    .filter((program) => program.kind === "step")
    .map(({ name, effects }) => `${name}\n${printGraph(effects.map(effectRoot))}`)
    .join("\n\n");
}

function effectRoot(effect: Effect): { name: string; value: Effect["value"] } {
  const { value } = effect;
  if (effect.kind === "result") return { name: `result ${effect.name}`, value };
  const offset = effect.offset === undefined ? "" : ` from ${effect.offset}`;
  return { name: `store ${effect.storage}${offset}`, value };
}
