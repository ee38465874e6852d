// A tensor of integers comes in; the inputs whose values it holds unchanged, and the range of everything else in it, go out.
import { topologicalOrder } from "../../graph/walk.js";
import { movementOf } from "../../ops/movement.js";
import { ruleOf } from "../../ops/table.js";
import { intervalOf, rangeOfType } from "../../scalars/bounds.js";
import {
  anything,
  common,
  exactly,
  hullOf,
  indicesBelow,
  nothing,
  type Interval,
} from "../../scalars/intervals.js";
import type { Node } from "../../types/graph.js";
import type { ScalarOp } from "../../types/nest.js";
import { limitsOf } from "./guards.js";

/** What of a tensor's entries comes from where: the interval is that of all but the inputs' entries. */
export interface Entries extends Interval {
  /** Given inputs whose values arrive as they are. */
  readonly inputs: ReadonlySet<string>;
}

/** What is known of an input: how many classes it has, and whether its values are given. */
export interface InputSource {
  readonly categories: number | undefined;
  readonly source: { readonly kind: "given" | "drawn" | "computed" };
}

const noInputs: ReadonlySet<string> = new Set();
const computed = (interval: Interval): Entries => ({ ...interval, inputs: noInputs });
const unknown = computed(anything);

type SourceOf = (name: string) => InputSource | undefined;

/** Entries of integers, followed back through what moves them as they are, and through what is known to bound them. */
export function entriesOf(root: Node, sourceOf: SourceOf): Entries {
  const steps = new Map<Node, Step>();
  const stepOf = (node: Node): Step => {
    const step = steps.get(node) ?? stepAt(node, sourceOf);
    steps.set(node, step);
    return step;
  };
  const known = new Map<Node, Entries>();
  for (const node of topologicalOrder([root], (one) => stepOf(one).operands)) {
    const { operands, entries } = stepOf(node);
    const own = entries(operands.map((operand) => known.get(operand) ?? unknown));
    known.set(node, node.type === "u32" ? wrapped(own) : own);
  }
  return known.get(root) ?? unknown;
}

/** A negative number is a large one as u32. */
function wrapped({ low, high, inputs }: Entries): Entries {
  return low >= 0 ? { low, high, inputs } : { ...rangeOfType("u32"), inputs };
}

/** The operands that a node's entries depend on, and what theirs make of its own. */
interface Step {
  readonly operands: readonly Node[];
  readonly entries: (parts: readonly Entries[]) => Entries;
}

function stepAt(node: Node, sourceOf: SourceOf): Step {
  if (node.type === "f32") return leaf(unknown);
  const moved = movementOf(node);
  if (moved !== undefined) {
    const fill = moved.fill === undefined ? [] : [computed(exactly(moved.fill))];
    return { operands: moved.operands, entries: (parts) => joined([...parts, ...fill]) };
  }
  switch (node.op) {
    case "constant":
      return leaf(computed(hullOf(node.attributes.values.map(exactly))));
    case "iota":
      return leaf(computed(indicesBelow(node.shape[node.attributes.axis])));
    case "argmax":
    case "argmin":
      return leaf(computed(indicesBelow(node.inputs[0]?.shape[node.attributes.axis])));
    case "input":
      return leaf(ofInput(node.attributes.name, sourceOf(node.attributes.name)));
    case "cast":
      return node.inputs[0]?.type === "f32"
        ? leaf(unknown)
        : { operands: node.inputs, entries: joined };
    case "select":
      return chosen(node);
    default: {
      const { lowering } = ruleOf(node.op);
      return lowering.kind === "pointwise" ? arithmetic(node, lowering.op) : leaf(unknown);
    }
  }
}

const leaf = (entries: Entries): Step => ({ operands: [], entries: () => entries });

/** Each of the two under what the condition says of it: `if t < n then t else 0`. */
function chosen({ inputs: [condition, ...choices] }: Node): Step {
  return {
    operands: choices,
    entries: (parts) =>
      computed(
        hullOf(
          choices.map((choice, at) => {
            const own = common(closed(parts[at] ?? unknown), rangeOfType(choice.type));
            return condition === undefined
              ? own
              : common(own, limitsOf(condition, choice, at === 0));
          }),
        ),
      ),
  };
}

function arithmetic(node: Node, op: ScalarOp): Step {
  const types = { operands: node.inputs[0]?.type ?? node.type, result: node.type };
  return {
    operands: types.operands === "f32" ? [] : node.inputs,
    entries: (parts) => computed(intervalOf(op, types, parts.map(closed))),
  };
}

/** An input of classes is checked by them; what a model computes or draws is nothing that a host could check. */
function ofInput(name: string, source: InputSource | undefined): Entries {
  const given = { ...nothing, inputs: new Set([name]) };
  if (source === undefined || source.categories !== undefined) return given;
  return source.source.kind === "given" ? given : { ...anything, inputs: given.inputs };
}

/** Behind arithmetic and choices an input's values are no longer its own: a guard may have changed them. */
function closed(entries: Entries): Interval {
  return entries.inputs.size === 0 ? entries : anything;
}

function joined(parts: readonly Entries[]): Entries {
  return { ...hullOf(parts), inputs: new Set(parts.flatMap(({ inputs }) => [...inputs])) };
}
