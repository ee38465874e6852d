// Takes a compiled model and the name of a stage, gives what that stage made of it, as text that people read.
import { javascriptText } from "./emit/plan.js";
import type { Planned } from "./emit/plan.js";
import { parse } from "../grammar/parse.js";
import { printAst } from "../grammar/printAst.js";
import type { CompiledModel } from "./compile.js";
import { printGraph } from "./graph/print.js";
import { passesText } from "./passesText.js";
import type { AdapterKernels } from "./kernel/index.js";
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
  const single = kernels.map(({ plan, comment, cpu, wasm, ...adapters }) => [
    `${plan.name}: ${comment}`,
    ...adapterTexts(adapters),
    "on the CPU, in JavaScript",
    printKernel(cpu),
    "on the CPU, in WebAssembly",
    printKernel(wasm),
  ]);
  const together = merged.map(({ plan, comment, members, ...adapters }) => [
    `${plan.name}: ${comment}`,
    members.join(" beside "),
    ...adapterTexts(adapters),
  ]);
  return [...single, ...together].map((lines) => lines.join("\n")).join("\n\n");
}

function adapterTexts({ gpu, software }: AdapterKernels): readonly string[] {
  const [any, own] = [gpu, software].map(printKernel);
  const shown = ["on the GPU", any ?? ""];
  return any === own ? shown : [...shown, "on an adapter in software", own ?? ""];
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
