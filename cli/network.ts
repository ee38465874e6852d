// In: the calls of a model's trace; out: the boxes of a picture of the network, and what flows between them.
import { inputOfLeaf } from "../compiler/missing.js";
import { shapeText } from "../compiler/types/dimension.js";
import type { Node } from "../compiler/types/graph.js";
import type { ParameterDeclaration, TracedCall, TypedModel } from "../compiler/types/model.js";

export interface NetworkBox {
  readonly kind: "input" | "target" | "layer" | "function" | "output" | "loss";
  readonly title: string;
  /** What it is, where the title does not say: the layer, and the functions chosen for it. */
  readonly detail: string;
  /** `[batch, 24, 24, 8]`, of each result. */
  readonly shape: string;
  /** Trained numbers of a layer's instance; 0 of others. */
  readonly parameters: number;
  /** The paths of the program's own layers around it, outermost first. */
  readonly within: readonly string[];
}

export interface Network {
  readonly boxes: readonly NetworkBox[];
  /** From box to box, by position. */
  readonly flows: readonly (readonly [number, number])[];
}

/** As the net has it: of an ensemble with all members. */
export type NetworkParameter = Pick<ParameterDeclaration, "name" | "role" | "shape">;

/** More boxes than these are no picture: then layers of the program are not opened. */
const mostBoxes = 300;

interface Placed {
  readonly call: TracedCall;
  readonly within: readonly string[];
}

/**
 * Layers that the program declares are opened, those of the library are boxes, as are functions. Only what outputs and losses are
 * made of is shown.
 */
export function networkOf(typed: TypedModel, parameters: readonly NetworkParameter[]): Network {
  const { calls } = typed.inference;
  const opened = calls.flatMap((call) => open(call, []));
  const placed = opened.length <= mostBoxes ? opened : calls.map((call) => ({ call, within: [] }));
  return connect(typed, placed, parameters);
}

function open(call: TracedCall, within: readonly string[]): Placed[] {
  const isOpen =
    call.kind === "layer" &&
    call.own &&
    call.inner.length > 0 &&
    !call.inner.some(({ repeated }) => repeated);
  if (!isOpen) return [{ call, within }];
  return call.inner.flatMap((inner) => open(inner, [...within, call.path]));
}

interface Item {
  readonly box: NetworkBox;
  readonly reads: readonly Node[];
}

function connect(
  typed: TypedModel,
  placed: readonly Placed[],
  parameters: readonly NetworkParameter[],
): Network {
  const items: Item[] = [];
  /** By what each value was made: the first that gives it, since others hand it on. */
  const makers = new Map<Node, number>();
  for (const one of placed) {
    const { arguments: given, results } = one.call;
    const made = results.filter((node) => !makers.has(node) && !given.includes(node));
    if (given.length === 0 || made.length === 0) continue;
    for (const node of made) makers.set(node, items.length);
    items.push({ box: boxOf(parameters, one), reads: given });
  }
  const inputs = new Map<string, number>();
  for (const { name, role, shape } of typed.inputs) {
    inputs.set(name, items.length);
    items.push({ box: endBox(role, name, shapeText(shape)), reads: [] });
  }
  const { outputs, losses } = typed.inference;
  const ends = items.length;
  for (const { name, value } of outputs)
    items.push({ box: endBox("output", name, shapeText(value.shape)), reads: [value] });
  for (const { name, value } of losses)
    items.push({ box: endBox("loss", name, ""), reads: [value] });
  const sources = items.map(({ reads }) => sourcesOf(reads, makers, inputs));
  return shown(items, sources, ends);
}

/** The boxes that values come from, through whatever stands between them. */
function sourcesOf(
  reads: readonly Node[],
  makers: ReadonlyMap<Node, number>,
  inputs: ReadonlyMap<string, number>,
): number[] {
  const found = new Set<number>();
  const met = new Set<Node>(reads);
  for (const node of met) {
    const from =
      makers.get(node) ??
      (node.op === "input" ? inputs.get(inputOfLeaf(node.attributes.name)) : undefined);
    if (from === undefined) for (const input of node.inputs) met.add(input);
    else found.add(from);
  }
  return [...found];
}

function shown(
  items: readonly Item[],
  sources: readonly (readonly number[])[],
  ends: number,
): Network {
  const kept = new Set([...items.keys()].slice(ends));
  for (const at of kept) for (const source of sources[at] ?? []) kept.add(source);
  const order = [...items.keys()].filter((at) => kept.has(at));
  const positions = new Map(order.map((at, position) => [at, position]));
  return {
    boxes: order.flatMap((at) => items[at]?.box ?? []),
    flows: order.flatMap((at, position) =>
      (sources[at] ?? []).map((source) => [positions.get(source) ?? 0, position] as const),
    ),
  };
}

const endBox = (kind: NetworkBox["kind"], title: string, shape: string): NetworkBox => ({
  kind,
  title,
  detail: "",
  shape,
  parameters: 0,
  within: [],
});

function boxOf(parameters: readonly NetworkParameter[], { call, within }: Placed): NetworkBox {
  const { kind, name, path, results } = call;
  const isLayer = kind === "layer";
  const last = path.slice(path.lastIndexOf(".") + 1);
  const title = isLayer ? last : name;
  const chosen = isLayer ? chosenIn(call) : [];
  const what = isLayer && !title.startsWith(name) ? [name] : [];
  const own = parameters.filter((one) => isLayer && one.name.startsWith(`${path}.`));
  return {
    kind,
    title,
    detail: [...what, ...chosen].join(", "),
    shape: results.map(({ shape }) => shapeText(shape)).join(", "),
    parameters: own
      .filter(({ role }) => role !== "state" && role !== "fitted")
      .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0),
    within,
  };
}

/** The functions that were given to a layer and do something: its activation. */
function chosenIn({ inner }: TracedCall): string[] {
  const names = inner.flatMap((call) => {
    const [argument] = call.arguments;
    const isChosen = call.chosen && call.results[0] !== argument;
    return isChosen && !call.own ? [call.name] : [];
  });
  return [...new Set(names)];
}
