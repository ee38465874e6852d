// Takes nothing, gives the state of a kernel under construction: scopes that are still open, names, bindings, uniforms.
import type { ScalarType } from "../types/nest.js";
import type { Expression, KernelUniform, SharedArray, Statement } from "./ir.js";
import { widthOf } from "./ir.js";
import type { Pack, ReductionGroup } from "./group.js";
import type { SharedLoad } from "./quads.js";
import type {
  LoadValue,
  ReductionLoop,
  ReductionValue,
  KernelValue,
  ValueTable,
  VariableValue,
} from "./value.js";
import { dependsOn } from "./value.js";

/** A block whose statements are being written; it joins its parent when it is closed. */
export interface BlockScope {
  readonly parent: BlockScope | undefined;
  readonly depth: number;
  readonly statements: Statement[];
  /** What has been computed here, by what it is called. */
  readonly names: Map<KernelValue, Expression>;
  /** Conditions that hold in this block. */
  readonly known: Set<KernelValue>;
  /** Of a quad some invocations may come here without the others. */
  readonly apart: boolean;
  /** What alone is computed here, where this is a branch of a guard. */
  readonly branchOf: KernelValue | undefined;
}

export interface Emission {
  readonly values: ValueTable;
  readonly target: "gpu" | "cpu";
  /** In what sums are kept: JavaScript's numbers are in double precision, whatever buffers hold. */
  readonly accumulates: "f32" | "f64";
  readonly workgroupSize: number;
  /** How many accumulators may meet by subgroups, where the device has them. */
  readonly subgroups: number;
  /** The depth of the scope in which a loop variable lives; absent while its loop is not open. */
  readonly depths: Map<VariableValue, number>;
  /** How many values use a value: what is used twice gets a name. */
  readonly uses: ReadonlyMap<KernelValue, number>;
  readonly groups: ReadonlyMap<ReductionValue, ReductionGroup>;
  readonly packs: ReadonlyMap<ReductionValue, Pack>;
  /** Where quads load together: the variables that tell the invocations of a quad apart, and the loads that belong to one of several elements. */
  readonly quads:
    | {
        readonly members: ReadonlySet<VariableValue>;
        readonly loads: ReadonlyMap<LoadValue, SharedLoad>;
      }
    | undefined;
  /** Lanes that need what is being written; absent: all. The others may load no more than a buffer's first element. */
  readonly mask?: Extract<Expression, { kind: "variable" }>;
  readonly bindingOf: (buffer: number) => number;
  readonly uniformOf: (uniform: KernelUniform) => number;
  readonly fresh: (prefix: string) => string;
  readonly shared: SharedArray[];
  /** Writes the loops of a reduction's group into `home` and names their results there. */
  readonly reduce: (
    emission: Emission,
    reduction: ReductionValue,
    home: BlockScope,
    minimum: number,
  ) => void;
}

export function openScope(parent?: BlockScope, branchOf?: KernelValue, apart = false): BlockScope {
  return {
    parent,
    apart: apart || (parent?.apart ?? false),
    depth: parent ? parent.depth + 1 : 0,
    statements: [],
    names: new Map(),
    known: new Set(),
    branchOf,
  };
}

/** Whether the invocations of a quad may find these differently. */
export function differInQuad({ quads }: Emission, ...values: readonly KernelValue[]): boolean {
  return quads !== undefined && values.some((value) => dependsOn(value, quads.members));
}

/** What is computed in the innermost branch around a scope; undefined where there is none. */
export function branchAround(scope: BlockScope): KernelValue | undefined {
  for (let at: BlockScope | undefined = scope; at; at = at.parent) {
    if (at.branchOf) return at.branchOf;
  }
  return undefined;
}

export function scopeAt(scope: BlockScope, depth: number): BlockScope {
  let at = scope;
  while (at.depth > depth) {
    if (!at.parent) throw new Error(`there is no scope at depth ${depth}`);
    at = at.parent;
  }
  return at;
}

export function lookUp(scope: BlockScope, value: KernelValue): Expression | undefined {
  for (let at: BlockScope | undefined = scope; at; at = at.parent) {
    const named = at.names.get(value);
    if (named) return named;
  }
  return undefined;
}

/** The depth from which on a condition is known to hold. */
export function knownDepth(scope: BlockScope, condition: KernelValue): number | undefined {
  for (let at: BlockScope | undefined = scope; at; at = at.parent) {
    if (at.known.has(condition)) return at.depth;
  }
  return undefined;
}

/** The depth of the innermost loop that a value depends on, ∞ where one is not open yet. */
export function levelOf(emission: Emission, value: KernelValue): number {
  let level = 0;
  for (const variable of value.free) {
    level = Math.max(level, emission.depths.get(variable) ?? Infinity);
  }
  return level;
}

export function nameValue(
  emission: Emission,
  scope: BlockScope,
  value: KernelValue,
  named: Expression,
): Expression {
  const name = emission.fresh(prefixOf(value));
  scope.statements.push({ kind: "let", name, value: named });
  const variable: Expression = {
    ...{ kind: "variable", type: value.type, name },
    width: widthOf(named),
  };
  scope.names.set(value, variable);
  return variable;
}

function prefixOf(value: KernelValue): string {
  if (value.kind === "load") return "x";
  const prefixes: Readonly<Record<ScalarType, string>> = {
    f32: "v",
    index: "j", // "i" is what loops over axes are called
    i32: "d", // "i32" would hide the type
    u32: "w", // likewise
    bool: "c",
  };
  return prefixes[value.type];
}

/** A loop whose body is a scope that has been written. */
export function loopStatement(
  loop: ReductionLoop,
  from: Expression,
  below: Expression,
  body: BlockScope,
): Statement {
  const { variable, step } = loop;
  return { kind: "for", name: variable.name, from, below, step, body: body.statements };
}
