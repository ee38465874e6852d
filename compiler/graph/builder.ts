// Ops, operands and attributes in; checked, immutable nodes out.

import { dimEqual, shapeEqual, shapeText } from "../types/dimension.js";
import { isAlwaysNegative } from "../types/bounds.js";
import type { Dim } from "../types/dimension.js";
import type {
  ElementType,
  Node,
  NodeOf,
  OpAttributes,
  OpName,
  Origin,
  Shape,
  TensorType,
} from "../types/graph.js";
import { binaryNames, reductionNames, unaryNames } from "../types/opNames.js";
import type { BinaryName, ReductionName, UnaryName } from "../types/opNames.js";
import { indices, inputAt } from "../ops/broadcast.js";
import type { GraphBuilder, LeafName } from "../ops/builder.js";
import { GraphError, isProblem, problem } from "../ops/problem.js";
import type { ShapeProblem } from "../ops/problem.js";
import { ruleOf } from "../ops/table.js";
import { isWhole } from "../ops/views.js";

/** The most elements that a tensor may have: indices are 32-bit integers. */
export const maximumElements = 2 ** 31 - 1;

type Core = Pick<GraphBuilder, "tryNode" | "node" | "leaf" | "tryLeaf" | "over">;

/** Shared by all views (`at`) of a builder: the next id, and the views made so far. */
interface Counter {
  next: number;
  readonly views: Map<Origin | undefined, GraphBuilder>;
}

/** Where nodes come from that are made without saying so: read anew for each node. */
export interface Site {
  readonly origin: Origin | undefined;
}

/** A builder whose first node bears `firstId`, and whose nodes bear the origin that `site` has at the time. */
export function createBuilder(firstId = 0, site: Site = { origin: undefined }): GraphBuilder {
  return newView({ next: firstId, views: new Map() }, site);
}

function viewOf(counter: Counter, origin: Origin | undefined): GraphBuilder {
  const known = counter.views.get(origin);
  if (known !== undefined) return known;
  const view = newView(counter, { origin });
  counter.views.set(origin, view);
  return view;
}

/** Views have their methods in common: programs have thousands of origins. */
function newView(counter: Counter, site: Site): GraphBuilder {
  return Object.assign(Object.create(methodTable) as Methods, {
    ...coreOf(counter, site),
    at: (other: Origin | undefined) => viewOf(counter, other),
  });
}

/** The type of a node by the op table, its extents and its size checked. */
export function typeOfNode<K extends OpName>(
  op: K,
  inputs: readonly Node[],
  attributes: OpAttributes[K],
  declared: TensorType | undefined,
): TensorType | ShapeProblem {
  const type = ruleOf(op).shape({ inputs, attributes, declared });
  return isProblem(type) ? type : (sizeProblem(type.shape) ?? type);
}

function sizeProblem(shape: Shape): ShapeProblem | undefined {
  let elements = 1;
  for (const extent of shape) {
    const isKnown = typeof extent === "number";
    if (isKnown ? !Number.isInteger(extent) || extent < 1 : isAlwaysNegative(extent)) {
      const axis = shape.indexOf(extent);
      return problem("shape", `axis ${axis} of ${shapeText(shape)} would have no elements`, {
        expected: "axes of at least 1",
        found: shapeText(shape),
      });
    }
    if (isKnown) elements *= extent;
  }
  if (elements <= maximumElements) return undefined;
  return problem("limit", `a tensor of shape ${shapeText(shape)} is too large`, {
    expected: `at most ${maximumElements} elements`,
    found: `${elements} elements`,
  });
}

function coreOf(counter: Counter, site: Site): Core {
  const make = <K extends OpName>(
    op: K,
    inputs: readonly Node[],
    attributes: OpAttributes[K],
    declared: TensorType | undefined,
    own: Origin | undefined,
  ): Node | ShapeProblem => {
    const type = typeOfNode(op, inputs, attributes, declared);
    if (isProblem(type)) return type;
    const id = counter.next++;
    const node: NodeOf<K> = {
      id,
      op,
      inputs,
      attributes,
      type: type.type,
      shape: type.shape,
      origin: own ?? site.origin,
    };
    return node as Node;
  };
  return {
    tryNode: (op, inputs, attributes, own) => make(op, inputs, attributes, undefined, own),
    node: (op, inputs, attributes) => sure(make(op, inputs, attributes, undefined, undefined)),
    tryLeaf: (op, type, attributes) => make(op, [], attributes, type, undefined),
    leaf: (op, type, attributes) => sure(make(op, [], attributes, type, undefined)),
    over: (node, inputs) => ({ ...node, id: counter.next++, inputs }),
  };
}

function sure(node: Node | ShapeProblem): Node {
  if (isProblem(node)) throw new GraphError(node);
  return node;
}

function splat(core: Core, value: number, type: ElementType, shape: Shape = []): Node {
  return core.leaf("constant", { type, shape }, { values: [value] });
}

function methods<K extends string, M>(names: readonly K[], method: (name: K) => M): Record<K, M> {
  return Object.fromEntries(names.map((name) => [name, method(name)])) as Record<K, M>;
}

const unaryMethods: Pick<GraphBuilder, UnaryName> = methods(
  unaryNames,
  (op) =>
    function (this: Core, x: Node): Node {
      return this.node(op, [x], {});
    },
);

const binaryMethods: Pick<GraphBuilder, BinaryName> = methods(
  binaryNames,
  (op) =>
    function (this: Core, left: Node | number, right: Node | number): Node {
      const type =
        typeof left !== "number" ? left.type : typeof right !== "number" ? right.type : "f32";
      return this.node(op, [operand(this, left, type), operand(this, right, type)], {});
    },
);

function operand(core: Core, value: Node | number, type: ElementType): Node {
  return typeof value === "number" ? splat(core, value, type) : value;
}

const reductionMethods: Pick<GraphBuilder, ReductionName> = methods(
  reductionNames,
  (op) =>
    function (this: Core, x: Node, axes?: readonly number[], keep = false): Node {
      const over = axes ?? indices(x.shape.length);
      const reduced = over.length === 0 ? x : this.node(op, [x], { axes: over });
      if (!keep) return reduced;
      const shape = x.shape.map((extent, axis) => (over.includes(axis) ? 1 : extent));
      return reshape(this, reduced, shape);
    },
);

type LeafMethods = Pick<
  GraphBuilder,
  | "constant"
  | "zerosLike"
  | "iota"
  | "dimension"
  | "hostScalar"
  | "input"
  | "stored"
  | "placeholder"
  | "random"
>;

/** A leaf of a type alone, whatever else the given one has. */
function leaf<K extends LeafName>(
  core: Core,
  op: K,
  { type, shape }: TensorType,
  attributes: OpAttributes[K],
): Node {
  return core.leaf(op, { type, shape }, attributes);
}

const leafMethods: LeafMethods & ThisType<Core> = {
  constant(values, shape, type = "f32") {
    const list = typeof values === "number" ? [values] : values;
    const filled = shape ?? (typeof values === "number" ? [] : [list.length]);
    return leaf(this, "constant", { type, shape: filled }, { values: list });
  },
  zerosLike(like) {
    return splat(this, 0, like.type, like.shape);
  },
  iota(shape, axis) {
    return leaf(this, "iota", { type: "i32", shape }, { axis });
  },
  dimension(dim) {
    return typeof dim === "number"
      ? splat(this, dim, "i32")
      : leaf(this, "dimension", { type: "i32", shape: [] }, { dim });
  },
  hostScalar(name) {
    return leaf(this, "hostScalar", { type: "f32", shape: [] }, { name });
  },
  input(name, type) {
    return leaf(this, "input", type, { name });
  },
  stored(name, type) {
    return leaf(this, "stored", type, { name });
  },
  placeholder(name, type) {
    return leaf(this, "placeholder", type, { name });
  },
  random(path, source, shape) {
    return leaf(
      this,
      "random",
      { type: source === "uniform" ? "f32" : "u32", shape },
      { path, source },
    );
  },
};

const pointwiseMethods: Pick<GraphBuilder, "cast" | "select"> & ThisType<Core> = {
  cast(x, to) {
    return x.type === to ? x : this.node("cast", [x], { to });
  },
  select(condition, then, otherwise) {
    const type =
      typeof then !== "number" ? then.type : typeof otherwise !== "number" ? otherwise.type : "f32";
    const branches = [operand(this, then, type), operand(this, otherwise, type)];
    return this.node("select", [condition, ...branches], {});
  },
};

function reshape(core: Core, x: Node, shape: Shape): Node {
  return shapeEqual(x.shape, shape) ? x : core.node("reshape", [x], { shape });
}

type ViewMethods = Pick<
  GraphBuilder,
  "reshape" | "transpose" | "broadcast" | "slice" | "pad" | "flip" | "window" | "fold" | "concat"
>;

const viewMethods: ViewMethods & ThisType<Core> = {
  reshape(x, shape) {
    return reshape(this, x, shape);
  },
  transpose(x, permutation) {
    return permutation.length === x.shape.length && permutation.every((axis, n) => axis === n)
      ? x
      : this.node("transpose", [x], { permutation });
  },
  broadcast(x, shape) {
    return shapeEqual(x.shape, shape) ? x : this.node("broadcast", [x], { shape });
  },
  slice(x, starts, counts, steps) {
    return isWhole(x, starts, counts)
      ? x
      : this.node("slice", [x], { starts, counts, steps: steps ?? counts.map(() => 1) });
  },
  pad(x, before, after, options = {}) {
    const interior = options.interior ?? before.map(() => 0);
    const nothing = [...before, ...after].every(isZero) && interior.every(isZero);
    if (nothing) return x;
    return this.node("pad", [x], { before, after, interior, value: options.value ?? 0 });
  },
  flip(x, axes) {
    return axes.length === 0 ? x : this.node("flip", [x], { axes });
  },
  window(x, attributes) {
    return this.node("window", [x], attributes);
  },
  fold(x, attributes, extents) {
    return this.node("fold", [x], { ...attributes, extents });
  },
  concat(parts, axis) {
    return parts.length === 1 ? inputAt(parts, 0) : this.node("concat", parts, { axis });
  },
};

function isZero(dim: Dim): boolean {
  return dimEqual(dim, 0);
}

type OtherMethods = Pick<
  GraphBuilder,
  | "argmax"
  | "argmin"
  | "leading"
  | "cumsum"
  | "take"
  | "scatterAdd"
  | "segmentSum"
  | "contract"
  | "scan"
  | "result"
>;

const otherMethods: OtherMethods & ThisType<Core> = {
  argmax(x, axis) {
    return this.node("argmax", [x], { axis });
  },
  argmin(x, axis) {
    return this.node("argmin", [x], { axis });
  },
  leading(x, axis) {
    return this.node("leading", [x], { axis });
  },
  cumsum(x, axis, reverse = false) {
    return this.node("cumsum", [x], { axis, reverse });
  },
  take(x, indices, axis, batchAxes = 0) {
    return this.node("take", [x, indices], { axis, batchAxes });
  },
  scatterAdd(updates, indices, axis, extent, batchAxes = 0) {
    return this.node("scatterAdd", [updates, indices], { axis, batchAxes, extent });
  },
  segmentSum(updates, order, starts, attributes) {
    return this.node("segmentSum", [updates, order, starts], attributes);
  },
  contract(left, right, attributes) {
    return this.node("contract", [left, right], attributes);
  },
  scan(inputs, attributes) {
    return this.node("scan", inputs, attributes);
  },
  result(scan, index) {
    return this.node("result", [scan], { index });
  },
};

type Methods = Omit<GraphBuilder, keyof Core | "at">;

const methodTable: Methods = {
  ...unaryMethods,
  ...binaryMethods,
  ...reductionMethods,
  ...leafMethods,
  ...pointwiseMethods,
  ...viewMethods,
  ...otherMethods,
};
