/** Nodes of a graph and the values of its leaves come in; their values in double precision, by the reference's loops, go out. */

import { evaluateDim, type Dim } from "../../compiler/types/dimension.js";
import type { Node, NodeOf } from "../../compiler/types/graph.js";
import { type Tensor, reference, scalarFunctions } from "./reference.js";
import { tensorOf, type Tensors } from "./records.js";

export interface Leaves {
  readonly inputs?: Tensors;
  readonly stored?: Tensors;
  readonly placeholders?: Tensors;
  readonly hostScalars?: Readonly<Record<string, number>>;
  readonly dimensions: Readonly<Record<string, number>>;
  /** Numbers between 0 and 1 for draws. */
  readonly random?: () => number;
}

/** The values of some nodes, each node of their graph computed once. */
export function interpret(nodes: readonly Node[], leaves: Leaves): readonly Tensor[] {
  const walk = new Walk(leaves, new Map());
  return nodes.map((node) => walk.value(node));
}

/** Values by node: a scan's body walks anew for each step, over the values from outside. */
class Walk {
  private readonly scans = new Map<Node, readonly Tensor[]>();

  constructor(
    private readonly leaves: Leaves,
    private readonly known: Map<Node, Tensor>,
  ) {}

  value(node: Node): Tensor {
    const found = this.known.get(node);
    if (found !== undefined) return found;
    const made = node.op === "result" ? this.result(node) : this.compute(node);
    this.known.set(node, made);
    return made;
  }

  private dim(dim: Dim): number {
    return evaluateDim(dim, this.leaves.dimensions);
  }

  private dims(dims: readonly Dim[]): number[] {
    return dims.map((dim) => this.dim(dim));
  }

  private leaf(node: Node): Tensor | undefined {
    const shape = this.dims(node.shape);
    const { inputs = {}, stored = {}, placeholders = {}, hostScalars = {} } = this.leaves;
    switch (node.op) {
      case "constant": {
        const { values } = node.attributes;
        const given: Tensor =
          values.length === 1 ? { data: values, shape: [] } : { data: values, shape };
        return reference.broadcast([given], { shape });
      }
      case "iota":
        return reference.iota([], { shape, axis: node.attributes.axis });
      case "dimension":
        return { data: [this.dim(node.attributes.dim)], shape: [] };
      case "hostScalar":
        return { data: [hostScalars[node.attributes.name] ?? NaN], shape: [] };
      case "input":
        return tensorOf(inputs, node.attributes.name);
      case "stored":
        return tensorOf(stored, node.attributes.name);
      case "placeholder":
        return tensorOf(placeholders, node.attributes.name);
      case "random":
        return this.drawn(node, shape);
      default:
        return undefined;
    }
  }

  private drawn(node: NodeOf<"random">, shape: readonly number[]): Tensor {
    const { random } = this.leaves;
    if (random === undefined) throw new Error("a draw, but no random numbers");
    const scale = node.attributes.source === "bits" ? 2 ** 32 : 1;
    const count = shape.reduce((product, extent) => product * extent, 1);
    const entry = () => (scale === 1 ? random() : Math.floor(random() * scale));
    return { shape, data: Array.from({ length: count }, entry) };
  }

  private compute(node: Node): Tensor {
    const leaf = this.leaf(node);
    if (leaf !== undefined) return leaf;
    const x = node.inputs.map((input) => this.value(input));
    if (node.op in scalarFunctions) return reference[node.op as keyof typeof scalarFunctions](x);
    return this.view(node, x) ?? this.reduced(node, x);
  }

  private view(node: Node, x: readonly Tensor[]): Tensor | undefined {
    switch (node.op) {
      case "cast":
      case "transpose":
      case "flip":
      case "concat":
      case "window":
        return reference[node.op](x, node.attributes as never);
      case "reshape":
      case "broadcast":
        return reference[node.op](x, { shape: this.dims(node.attributes.shape) });
      case "slice": {
        const { starts, counts, steps } = node.attributes;
        return reference.slice(x, { starts: this.dims(starts), counts: this.dims(counts), steps });
      }
      case "pad": {
        const { before, after, interior, value } = node.attributes;
        const edges = { before: this.dims(before), after: this.dims(after) };
        return reference.pad(x, { ...edges, interior, value });
      }
      case "fold":
        return reference.fold(x, {
          ...node.attributes,
          extents: this.dims(node.attributes.extents),
        });
      default:
        return undefined;
    }
  }

  private reduced(node: Node, x: readonly Tensor[]): Tensor {
    switch (node.op) {
      case "sum":
      case "prod":
      case "max":
      case "min":
      case "any":
      case "all":
        return reference[node.op](x, { axes: node.attributes.axes });
      case "argmax":
      case "argmin":
        return reference[node.op](x, node.attributes);
      case "cumsum":
        return reference.cumsum(x, node.attributes);
      case "take":
        return reference.take(x, node.attributes);
      case "scatterAdd":
        return reference.scatterAdd(x, {
          ...node.attributes,
          extent: this.dim(node.attributes.extent),
        });
      case "contract":
        return this.contracted(node, x);
      default:
        throw new Error(`the interpreter has no value for ${node.op}`);
    }
  }

  private contracted(node: NodeOf<"contract">, x: readonly Tensor[]): Tensor {
    const { extents, outputRank, left, right } = node.attributes;
    const fixed = (maps: typeof left) =>
      maps.map((map) => ({ ...map, offset: this.dim(map.offset) }));
    return reference.contract(x, {
      ...{ outputRank, extents: this.dims(extents) },
      ...{ left: fixed(left), right: fixed(right) },
    });
  }

  private result(node: NodeOf<"result">): Tensor {
    const [scan] = node.inputs;
    if (scan?.op !== "scan") throw new Error("a result stands behind a scan");
    let results = this.scans.get(scan);
    if (results === undefined) {
      results = this.scanned(scan);
      this.scans.set(scan, results);
    }
    const found = results[node.attributes.index];
    if (found === undefined) throw new Error("the scan has no such result");
    return found;
  }

  /** Last carries, then the yields of all steps, stacked in front. */
  private scanned(scan: NodeOf<"scan">): readonly Tensor[] {
    const { bound, nextCarries, yields, carries, slices, reverse } = scan.attributes;
    const length = this.dim(scan.attributes.length);
    const given = scan.inputs.map((input) => this.value(input));
    let state = given.slice(0, carries);
    const outputs = yields.map(() => new Array<Tensor>(length));
    for (let turn = 0; turn < length; turn += 1) {
      const step = reverse ? length - 1 - turn : turn;
      const index: Tensor = { data: [step], shape: [] };
      const sliced = given
        .slice(carries, carries + slices)
        .map((x) => reference.take([x, index], { axis: 0 }));
      const values = [...state, ...sliced, ...given.slice(carries + slices), index];
      const walk = new Walk(this.leaves, new Map());
      bound.forEach((leaf, i) => {
        const value = values[i];
        if (value !== undefined) walk.known.set(leaf, value);
      });
      state = nextCarries.map((carry) => walk.value(carry));
      yields.forEach((entry, i) => {
        const list = outputs[i];
        if (list !== undefined) list[step] = walk.value(entry);
      });
    }
    return [...state, ...outputs.map((list) => reference.stack(list, { axis: 0 }))];
  }
}
