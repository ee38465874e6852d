// In: an analysed model; out: the same with all that a doctor watches: monitors in each stage, and what reaches its first layers as outputs.
import { topologicalOrder } from "../../compiler/graph/walk.js";
import { countsExamplesIn } from "../../compiler/graph/examples.js";
import { monitorNames } from "../../compiler/types/model.js";
import type { Named, TracedCall, TypedModel } from "../../compiler/types/model.js";

export interface Probe {
  /** The output that holds it, and the layer that it reaches. */
  readonly output: string;
  readonly where: string;
  /** Entries of the last axis: the columns of a table. */
  readonly columns: number;
}

export interface ProbedModel {
  readonly typed: TypedModel;
  readonly probes: readonly Probe[];
}

export function probed(typed: TypedModel): ProbedModel {
  const found = firstArguments(typed);
  const outputs = found.map(({ where, value }, at): Named => ({
    name: probeName(at, where),
    value,
    place: typed.place,
  }));
  return {
    probes: found.map(({ where, value }, at) => {
      const last = value.shape.length > 1 ? value.shape.at(-1) : 1;
      const columns = typeof last === "number" ? last : 1;
      return { output: probeName(at, where), where, columns };
    }),
    typed: {
      ...typed,
      inference: { ...typed.inference, outputs: [...typed.inference.outputs, ...outputs] },
      stages: typed.stages.map((stage) => ({ ...stage, monitor: monitorNames })),
    },
  };
}

/** A name that no program can give. */
const probeName = (at: number, where: string): string => `probe.${at}.${where}`;

interface FirstArgument {
  readonly where: string;
  readonly value: Named["value"];
}

/** What layers with weights are given before any weight has touched it. */
function firstArguments({ inference, parameters }: TypedModel): FirstArgument[] {
  const trained = parameters.filter(({ role }) => role !== "state" && role !== "fitted");
  const kept = new Set(parameters.flatMap(({ name, role }) => (role === "fitted" ? [name] : [])));
  const found = new Map<Named["value"], string>();
  const visit = (call: TracedCall): void => {
    if (call.repeated) return;
    const own = trained.some(({ name }) => name.startsWith(`${call.path}.`));
    if (call.kind !== "layer" || !own) return;
    const [value] = call.arguments;
    const isFirst =
      value !== undefined &&
      value.type === "f32" &&
      countsExamplesIn(value) &&
      topologicalOrder([value]).every(
        (node) => node.op !== "stored" || kept.has(node.attributes.name),
      );
    if (!isFirst) return;
    const inner = call.inner.filter(({ kind }) => kind === "layer");
    const before = found.size;
    inner.forEach(visit);
    if (found.size === before && !found.has(value)) found.set(value, call.path);
  };
  inference.calls.forEach(visit);
  return [...found].map(([value, where]) => ({ where, value }));
}
