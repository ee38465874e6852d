// In: an analysed model; out: the same with all that a doctor watches: monitors in each stage, and, as outputs, what reaches its first layers and what losses compare predictions with.
import { topologicalOrder } from "../../compiler/graph/walk.js";
import { countsExamplesIn } from "../../compiler/graph/examples.js";
import type { Node } from "../../compiler/types/graph.js";
import { monitorNames } from "../../compiler/types/model.js";
import type { Named, TracedCall, TypedModel } from "../../compiler/types/model.js";

export interface Probe {
  readonly of: "input" | "target";
  /** The output that holds it, and the layer that it reaches, or the targets that it is made of. */
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
  const found = [...firstArguments(typed), ...comparedTargets(typed)];
  const outputs = found.map(({ where, value }, at): Named => ({
    name: probeName(at, where),
    value,
    place: typed.place,
  }));
  return {
    probes: found.map(({ of, where, value }, at) => {
      const last = value.shape.length > 1 ? value.shape.at(-1) : 1;
      const columns = typeof last === "number" ? last : 1;
      return { of, output: probeName(at, where), where, columns };
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

interface ProbedValue {
  readonly of: Probe["of"];
  readonly where: string;
  readonly value: Named["value"];
}

/** What layers with weights are given before any weight has touched it. */
function firstArguments({ inference, parameters }: TypedModel): ProbedValue[] {
  const trained = trainedOf(parameters);
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
  return [...found].map(([value, where]) => ({ of: "input", where, value }));
}

const trainedOf = (parameters: TypedModel["parameters"]): TypedModel["parameters"] =>
  parameters.filter(({ role }) => role !== "state" && role !== "fitted");

/** What losses bring together with predictions: made of real targets, and of no trained weight. */
function comparedTargets({ inference, inputs, parameters }: TypedModel): ProbedValue[] {
  const names = new Set(
    inputs.flatMap(({ name, role, type }) => (role === "target" && type === "f32" ? [name] : [])),
  );
  const trained = new Set(trainedOf(parameters).map(({ name }) => name));
  const order = topologicalOrder(inference.losses.map(({ value }) => value));
  const made = new Map<Node, ReadonlySet<string>>();
  const predicted = new Set<Node>();
  const found = new Map<Node, string>();
  for (const node of order) {
    const own =
      node.op === "input" && names.has(node.attributes.name) ? [node.attributes.name] : [];
    made.set(node, new Set([...own, ...node.inputs.flatMap((one) => [...(made.get(one) ?? [])])]));
    if (node.op === "stored" && trained.has(node.attributes.name)) predicted.add(node);
    if (!node.inputs.some((one) => predicted.has(one))) continue;
    predicted.add(node);
    for (const one of node.inputs) {
      const of = made.get(one) ?? new Set();
      if (of.size > 0 && !predicted.has(one) && one.type === "f32" && countsExamplesIn(one))
        found.set(one, [...of].join(", "));
    }
  }
  return [...found].map(([value, where]) => ({ of: "target", where, value }));
}
