// Declared types in; the records of ops without operands out: constants, indices, data, storages and draws.

import { dimEqual, elementCount, shapeText } from "../types/dimension.js";
import type { ElementType, TensorType } from "../types/graph.js";
import type { LeafName } from "./builder.js";
import { anyNode, wantAxis } from "./broadcast.js";
import { problem } from "./problem.js";
import type { ShapeProblem } from "./problem.js";
import { notDifferentiable } from "./rule.js";
import type { LeafSource, OpRule, OpTable, ShapeRequest } from "./rule.js";

interface LeafSpecification<K extends LeafName> {
  readonly doc: string;
  readonly source: LeafSource;
  readonly check: (request: ShapeRequest<K>, declared: TensorType) => ShapeProblem | undefined;
}

function leaf<K extends LeafName>(specification: LeafSpecification<K>): OpRule<K> {
  return {
    family: "leaf",
    doc: specification.doc,
    shape: (request) => {
      const { declared } = request;
      if (declared === undefined) return problem("type", "a leaf is declared with a type");
      return specification.check(request, declared) ?? declared;
    },
    vjp: notDifferentiable("a leaf has no operands"),
    // Nothing is lifted in a leaf: all members see the same values.
    lift: ({ b, node, extent }) => b.broadcast(anyNode(node), [extent, ...node.shape]),
    lowering: { kind: "leaf", source: specification.source },
  };
}

const anything = (): undefined => undefined;

function wantDeclared(
  declared: TensorType,
  type: ElementType,
  what: string,
): ShapeProblem | undefined {
  if (declared.type === type) return undefined;
  return problem("type", `${what} is ${type}`, { expected: type, found: declared.type });
}

function wantScalar(declared: TensorType, what: string): ShapeProblem | undefined {
  if (declared.shape.length === 0) return undefined;
  return problem("shape", `${what} is a single number`, {
    expected: "[]",
    found: shapeText(declared.shape),
  });
}

/** The largest finite f32. */
export const largestReal = 3.4028234663852886e38;

/** Whether the nearest f32 is finite: a literal of any other cannot be written in a shader. Many write the largest as 3.4028235e38. */
export function fitsReal(value: number): boolean {
  return Number.isFinite(Math.fround(value));
}

export const leaves: Pick<OpTable, LeafName> = {
  constant: leaf({
    doc: "Numbers known while compiling, in row-major order; one value fills the shape.",
    source: "given",
    check: ({ attributes: { values } }, declared) => {
      const beyond = values.find((value) => !fitsReal(value));
      if (beyond !== undefined) {
        return problem("argument", `${beyond} is not a number that 32 bits hold`, {
          expected: "a finite number of at most 3.4e38",
          found: String(beyond),
        });
      }
      if (values.length === 1 || dimEqual(elementCount(declared.shape), values.length)) {
        return undefined;
      }
      return problem("shape", `${values.length} numbers do not fill ${shapeText(declared.shape)}`);
    },
  }),
  iota: leaf({
    doc: "The index along one axis, as i32.",
    source: "place",
    check: ({ attributes: { axis } }, declared) =>
      wantDeclared(declared, "i32", "an index") ?? wantAxis(axis, declared.shape, "iota"),
  }),
  dimension: leaf({
    doc: "The live value of a dimension, as an i32 scalar.",
    source: "given",
    check: (_, declared) =>
      wantDeclared(declared, "i32", "a dimension") ?? wantScalar(declared, "a dimension"),
  }),
  hostScalar: leaf({
    doc: "A scalar that the host computes in double precision once a run, given as f32.",
    source: "given",
    check: (_, declared) =>
      wantDeclared(declared, "f32", "a host scalar") ?? wantScalar(declared, "a host scalar"),
  }),
  input: leaf({ doc: "Given data.", source: "memory", check: anything }),
  stored: leaf({
    doc: "The value of a storage before the program runs.",
    source: "memory",
    check: anything,
  }),
  bound: leaf({ doc: "A parameter of a scan's body.", source: "place", check: anything }),
  placeholder: leaf({
    doc: "A value that stands in a template, replaced before scheduling.",
    source: "memory",
    check: anything,
  }),
  random: leaf({
    doc: "Draws: `uniform` is f32 in (0, 1), `bits` are u32; equal paths draw equal values.",
    source: "draw",
    check: ({ attributes: { source } }, declared) =>
      wantDeclared(declared, source === "uniform" ? "f32" : "u32", `a draw of ${source}`),
  }),
};
