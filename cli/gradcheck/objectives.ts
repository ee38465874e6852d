// In: a typed model; out: the same model with each objective of training, and its gradients, as outputs.
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { meanOfAll } from "../../compiler/build/reduce.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { substitute } from "../../compiler/graph/substitute.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import { ruleOf } from "../../compiler/ops/table.js";
import { scalarOperation } from "../../compiler/scalars/table.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import type { Node } from "../../compiler/types/graph.js";
import type { InputDeclaration, Named, TypedModel } from "../../compiler/types/model.js";

export interface CheckedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** The output that holds the derivative of the objective with respect to it. */
  readonly gradient: string;
}

export interface CheckedObjective {
  readonly stage: string;
  readonly name: string;
  /** The output that holds the objective. */
  readonly value: string;
  readonly parameters: readonly CheckedParameter[];
  /** The output that counts where the value is held and the derivative is not: logarithms of negative numbers. */
  readonly outside: string | undefined;
}

export interface CheckedModel {
  readonly typed: TypedModel;
  readonly objectives: readonly CheckedObjective[];
  /** Parameters that stand under `stop_gradient`: the inputs that hold them at the base point. */
  readonly held: ReadonlyMap<string, string>;
}

interface Objective {
  readonly stage: string;
  readonly name: string;
  readonly losses: readonly string[];
  readonly parameters: readonly string[];
}

/** Those of the train blocks, each once; a model without any has one of all its losses. */
function objectivesOf({ stages, training, parameters }: TypedModel): Objective[] {
  const found = stages.flatMap((stage) =>
    stage.objectives.map(({ name, losses, updates }) => ({
      stage: stage.name,
      name,
      losses,
      parameters: updates.flatMap((update) => [...update.parameters]),
    })),
  );
  if (found.length > 0 || training.losses.length === 0) return found;
  const trained = parameters.filter(({ role }) => role !== "state" && role !== "fitted");
  return [
    {
      stage: "",
      name: "loss",
      losses: training.losses.map(({ name }) => name),
      parameters: trained.map(({ name }) => name),
    },
  ];
}

function storedLeaves(root: Node): Node[] {
  return topologicalOrder([root]).filter((node) => node.op === "stored");
}

function nameOfStored(node: Node): string {
  return node.op === "stored" ? node.attributes.name : "";
}

function heldName(parameter: string): string {
  return `held.${parameter}`;
}

/**
 * Everything under `stop_gradient` computed from parameters held at the base point. States over the batch stay as they
 * are: no parameter moves what they start from.
 */
function holdStopped(
  b: GraphBuilder,
  root: Node,
  held: Map<string, Node>,
  { carried }: TypedModel,
): Node {
  const stopped = topologicalOrder([root]).filter((node) => node.op === "stopGradient");
  if (stopped.length === 0) return root;
  const replacements = new Map<Node, Node>();
  const states = new Set(carried.map(({ name }) => name));
  for (const leaf of stopped.flatMap(storedLeaves)) {
    const name = nameOfStored(leaf);
    if (states.has(name)) continue;
    const input = held.get(name) ?? b.input(heldName(name), leaf);
    held.set(name, input);
    replacements.set(leaf, input);
  }
  const copies = substitute(b, stopped, replacements);
  const outer = new Map(stopped.map((node, at) => [node, copies[at] ?? node]));
  return substitute(b, [root], outer)[0] ?? root;
}

function goalOf(b: GraphBuilder, typed: TypedModel, objective: Objective): Node {
  const { losses, penalties } = typed.training;
  const trained = new Set(objective.parameters);
  const terms = [
    ...losses
      .filter(({ name }) => objective.losses.includes(name))
      .map(({ value }) => meanOfAll(b, value)),
    ...penalties
      .map(({ value }) => value)
      .filter((value) => storedLeaves(value).some((leaf) => trained.has(nameOfStored(leaf)))),
  ];
  return terms.reduce((sum, term) => b.add(sum, term), b.constant(0));
}

/** How many operands lie where an operation's value is held while its derivative goes on. */
function countOutside(b: GraphBuilder, goal: Node): Node | undefined {
  const counts = topologicalOrder([goal]).flatMap((node) => {
    const { lowering } = ruleOf(node.op);
    const [operand] = node.inputs;
    if (lowering.kind !== "pointwise" || operand === undefined) return [];
    const bound = scalarOperation(lowering.op)?.heldBelow;
    if (bound === undefined) return [];
    const axes = operand.shape.map((_, axis) => axis);
    return [b.sum(b.cast(b.less(operand, bound), "f32"), axes)];
  });
  const [first, ...others] = counts;
  return first === undefined ? undefined : others.reduce((sum, one) => b.add(sum, one), first);
}

function named(name: string, value: Node, typed: TypedModel): Named {
  return { name, value, place: typed.place };
}

function heldInput(name: string, leaf: Node, typed: TypedModel): InputDeclaration {
  return {
    name: heldName(name),
    role: "input",
    type: leaf.type,
    categories: undefined,
    range: undefined,
    shape: leaf.shape,
    missing: undefined,
    masked: false,
    source: { kind: "given" },
    doc: undefined,
    place: typed.place,
  };
}

/**
 * The objective as training sees it (dropout and batch statistics included), as an output of the model's
 * inference, where the same seed gives the same draws.
 */
export function checkedModel(typed: TypedModel): CheckedModel {
  const b = createBuilder();
  const held = new Map<string, Node>();
  const outputs: Named[] = [];
  const shapes = new Map(typed.parameters.map(({ name, shape }) => [name, shape]));
  const objectives = objectivesOf(typed).map((objective, at): CheckedObjective => {
    const goal = goalOf(b, typed, objective);
    const leaves = new Map(storedLeaves(goal).map((leaf) => [nameOfStored(leaf), leaf]));
    const names = objective.parameters.filter((name) => leaves.has(name));
    const gradients = differentiate(
      b,
      goal,
      names.flatMap((name) => leaves.get(name) ?? []),
    );
    const value = `value.${at}`;
    outputs.push(named(value, holdStopped(b, goal, held, typed), typed));
    const parameters = names.map((name, index) => {
      const gradient = `gradient.${at}.${name}`;
      outputs.push(named(gradient, gradients[index] ?? goal, typed));
      return { name, shape: shapes.get(name) ?? [], gradient };
    });
    const count = countOutside(b, goal);
    const outside = count === undefined ? undefined : `outside.${at}`;
    if (count !== undefined) outputs.push(named(`outside.${at}`, count, typed));
    return { stage: objective.stage, name: objective.name, value, parameters, outside };
  });
  const nothing = {
    penalties: [],
    metrics: [],
    stateUpdates: [],
    losses: [],
    rangeChecks: [],
    calls: [],
  };
  const inputs = [...held].map(([name, leaf]) => heldInput(name, leaf, typed));
  return {
    objectives,
    held: new Map([...held.keys()].map((name) => [name, heldName(name)])),
    typed: {
      ...typed,
      stages: [],
      inputs: [...typed.inputs, ...inputs],
      inference: { ...nothing, outputs },
      training: { ...nothing, outputs },
    },
  };
}
