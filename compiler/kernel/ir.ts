// Takes no input, gives the types of kernel IR: typed statements over pure expressions, printed as WGSL and as JavaScript.
import type { Dim } from "../types/dimension.js";
import { dimKey } from "../types/dimension.js";
import type { ElementType, Origin } from "../types/graph.js";
import type { ScalarOp, ScalarType } from "../types/nest.js";
import type { reductionScalars } from "../scalars/reductions.js";

/** `remainder` is `modulo` where the dividend is known not to be negative. */
export type KernelOp = ScalarOp | "remainder";

/** Lanes of a wide value: what every vector unit at hand has, of 32 bits each. */
export const laneCount = 4;
export type Width = typeof laneCount;

/** Neighbouring invocations that may exchange values: a quad of WebGPU's subgroups. */
export const quadSize = 4;

/**
 * A pure expression; operands may be shared, and are then printed where they stand. One with a width has a value in each lane;
 * an operation with a width takes operands without one for the same in all lanes.
 */
export type Expression =
  | { readonly kind: "literal"; readonly type: ScalarType; readonly value: number }
  | {
      readonly kind: "variable";
      readonly type: ScalarType;
      readonly name: string;
      readonly width?: Width | undefined;
    }
  /** A word of the program's uniform buffer, by position in `Kernel.uniforms`. */
  | { readonly kind: "uniform"; readonly type: "index" | "u32" | "f32"; readonly uniform: number }
  | {
      readonly kind: "load";
      readonly type: ScalarType;
      readonly binding: number;
      /** Where it has a width: of the first of the elements, which lie side by side. */
      readonly index: Expression;
      readonly width?: Width | undefined;
      /** Elements from one lane to the next, where that is not 1. */
      readonly stride?: number;
      /** Of a quad all invocations load these same elements at once, so that each may load one lane for all. */
      readonly together?: true;
    }
  /** Reads an array of the kernel: in workgroup memory, on the CPU its own. */
  | {
      readonly kind: "shared";
      readonly type: ScalarType;
      readonly array: string;
      readonly index: Expression;
      readonly width?: Width | undefined;
    }
  /** `select` has the condition first; JavaScript evaluates only the chosen operand, WGSL both. */
  | {
      readonly kind: "op";
      readonly type: ScalarType;
      readonly op: KernelOp;
      readonly arguments: readonly Expression[];
      readonly width?: Width | undefined;
    }
  /** A wide value of one value for each lane. */
  | {
      readonly kind: "lanes";
      readonly type: ScalarType;
      readonly arguments: readonly Expression[];
      readonly width: Width;
    }
  /** One lane of a wide value. */
  | {
      readonly kind: "lane";
      readonly type: ScalarType;
      readonly of: Expression;
      readonly lane: number;
    }
  /** Of a subgroup: what a reduction makes of the value that each of its invocations has. */
  | {
      readonly kind: "across";
      readonly type: ScalarType;
      readonly combine: keyof typeof reductionScalars;
      readonly of: Expression;
      readonly width?: Width | undefined;
    }
  /** Of a subgroup: how many of its invocations come before the one that asks, and whether none does. */
  | { readonly kind: "rank"; readonly type: "index" }
  | { readonly kind: "isFirst"; readonly type: "bool" }
  | {
      readonly kind: "draw";
      readonly type: "f32" | "u32";
      readonly source: "uniform" | "bits";
      readonly stream: Expression;
      readonly index: Expression;
      readonly width?: Width | undefined;
    };

/** The width of an expression; undefined: a single value. */
export function widthOf(expression: Expression): Width | undefined {
  return "width" in expression ? expression.width : undefined;
}

/** An operation on operands of which some may be wide, and it is then. */
export function operate(
  type: ScalarType,
  op: KernelOp,
  operands: readonly Expression[],
): Expression {
  const wide = operands.some((operand) => widthOf(operand) !== undefined);
  return { kind: "op", type, op, arguments: operands, ...(wide && { width: laneCount }) };
}

/** A variable that holds an index. */
export function indexVariable(name: string): Expression {
  return { kind: "variable", type: "index", name };
}

/** The same value in every lane. */
export function splat(value: Expression): Expression {
  return {
    kind: "lanes",
    type: value.type,
    arguments: Array.from({ length: laneCount }, () => value),
    width: laneCount,
  };
}

/** The value that all lanes have, where a wide expression was made of one. */
export function splatted(expression: Expression): Expression | undefined {
  if (expression.kind !== "lanes") return undefined;
  const [first, ...others] = expression.arguments;
  return others.every((other) => other === first) ? first : undefined;
}

export type Statement =
  | { readonly kind: "let"; readonly name: string; readonly value: Expression }
  /** A mutable variable: an accumulator, or a value that a branch may replace. */
  | { readonly kind: "var"; readonly name: string; readonly value: Expression }
  | { readonly kind: "assign"; readonly name: string; readonly value: Expression }
  /** `for name = from; name < below; name += step`. */
  | {
      readonly kind: "for";
      readonly name: string;
      readonly from: Expression;
      readonly below: Expression;
      readonly step: number;
      readonly body: readonly Statement[];
    }
  | { readonly kind: "if"; readonly condition: Expression; readonly body: readonly Statement[] }
  /** A wide value goes to the elements from the index on. */
  | {
      readonly kind: "store";
      readonly binding: number;
      readonly index: Expression;
      readonly value: Expression;
    }
  | {
      readonly kind: "share";
      readonly array: string;
      readonly index: Expression;
      readonly value: Expression;
    }
  /** `for name = from; name > 0; name = name / 2`: the levels of a tree over the invocations of a workgroup, the steps of a search. */
  | {
      readonly kind: "halving";
      readonly name: string;
      readonly from: number;
      readonly body: readonly Statement[];
    }
  /** Of the invocations of a workgroup: what was stored before it in this memory is seen behind it. */
  | { readonly kind: "barrier"; readonly memory: "workgroup" | "storage" }
  /** As `for`, by a step that each subgroup may have its own of: all its invocations meet behind the loop. */
  | {
      readonly kind: "stride";
      readonly name: string;
      readonly from: Expression;
      readonly below: Expression;
      readonly by: Expression;
      readonly body: readonly Statement[];
    }
  /** The same in two ways: `body` on devices of which `way` is said. What either names is its own. */
  | {
      readonly kind: "either";
      readonly way: Way;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    };

/** How some devices compute what others do otherwise. */
export type Way =
  /** They have subgroups. */
  | "subgroups"
  /** Invocations that wait for each other cost them more than what these would share. */
  | "alone";

/** What a uniform word holds; `host` counts in `Schedule.host`. */
export type KernelUniform =
  | { readonly kind: "dim"; readonly dim: Dim }
  | { readonly kind: "host"; readonly index: number }
  | { readonly kind: "seed" | "counter" }
  /**
   * A word of the dispatch, not of the program: `index` counts in `LoopNest.arguments`. A value where all dispatches of the
   * kernel give the same.
   */
  | {
      readonly kind: "argument";
      readonly type: "index" | "u32";
      readonly index: number;
      readonly value?: number;
    };

/** Equal for equal uniforms alone. */
export function uniformKey(uniform: KernelUniform): string {
  if (uniform.kind === "dim") return `dim ${dimKey(uniform.dim)}`;
  return "index" in uniform ? `${uniform.kind} ${uniform.index}` : uniform.kind;
}

/** A buffer that the kernel sees; `buffer` counts in `Schedule.buffers`. */
export interface KernelBinding {
  readonly buffer: number;
  readonly type: ElementType;
  readonly written: boolean;
  /** Devices that have half precision store it so. */
  readonly half?: true;
  /** How many there are at least, where all that is ever read or written lies within. */
  readonly elements?: number;
  /** All of the slot is bound that the buffer lies in. */
  readonly whole?: boolean;
}

export interface SharedArray {
  readonly name: string;
  readonly type: ScalarType;
  /** Of each element. */
  readonly width?: Width | undefined;
  readonly length: number;
}

/**
 * On the GPU the variables `workgroupIndex`, `localIndex` (in the workgroup) and `invocation` (all i32) are given; on the
 * CPU the whole nest is in loops.
 */
export interface Kernel {
  readonly name: string;
  readonly target: "gpu" | "cpu";
  readonly workgroupSize: number;
  /** Workgroups in all; 1 on the CPU. */
  readonly workgroups: Dim;
  readonly bindings: readonly KernelBinding[];
  readonly uniforms: readonly KernelUniform[];
  readonly shared: readonly SharedArray[];
  readonly body: readonly Statement[];
  readonly origins: readonly Origin[];
  /** Estimated operations on floating-point numbers. */
  readonly flops: Dim;
}

/** The variables that a GPU kernel is given. */
export const builtins = ["workgroupIndex", "localIndex", "invocation"] as const;
export type GivenVariable = (typeof builtins)[number];

export function expressionChildren(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "op":
    case "lanes":
      return expression.arguments;
    case "lane":
    case "across":
      return [expression.of];
    case "load":
    case "shared":
      return [expression.index];
    case "draw":
      return [expression.stream, expression.index];
    case "literal":
    case "variable":
    case "uniform":
    case "rank":
    case "isFirst":
      return [];
  }
}

/** The expressions that a statement holds itself, its body's left out. */
export function statementExpressions(statement: Statement): readonly Expression[] {
  switch (statement.kind) {
    case "let":
    case "var":
    case "assign":
      return [statement.value];
    case "for":
      return [statement.from, statement.below];
    case "if":
      return [statement.condition];
    case "store":
    case "share":
      return [statement.index, statement.value];
    case "stride":
      return [statement.from, statement.below, statement.by];
    case "halving":
    case "barrier":
    case "either":
      return [];
  }
}

/** What a uniform of a kernel is called in its text: nothing else is called so. */
export function uniformName(kernel: Kernel, at: number): string {
  const uniform = kernel.uniforms[at];
  if (uniform?.kind === "argument") return `${uniform.type === "u32" ? "s" : "o"}${at + 1}`;
  const kind = uniform?.kind ?? "dim";
  return kind === "dim" ? `n${at + 1}` : kind === "host" ? `h${at + 1}` : kind;
}

/** The statements inside a statement, both ways of it where there are two. */
export function statementBody(statement: Statement): readonly Statement[] {
  if (statement.kind === "either") return [...statement.body, ...statement.otherwise];
  return "body" in statement ? statement.body : [];
}

/** Every expression of a body once, those within others included. */
function expressionsOf(body: readonly Statement[]): ReadonlySet<Expression> {
  const seen = new Set<Expression>();
  const visit = (expression: Expression): void => {
    if (seen.has(expression)) return;
    seen.add(expression);
    expressionChildren(expression).forEach(visit);
  };
  const walk = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      statementExpressions(statement).forEach(visit);
      walk(statementBody(statement));
    }
  };
  walk(body);
  return seen;
}

/** By body: nests alike share it, and merging asks for each of its uses. */
const usedBy = new WeakMap<readonly Statement[], ReadonlySet<GivenVariable>>();

/** Which of the given variables a body reads. */
export function usedBuiltins(body: readonly Statement[]): ReadonlySet<GivenVariable> {
  const known = usedBy.get(body);
  if (known) return known;
  const used = new Set<GivenVariable>();
  for (const expression of expressionsOf(body)) {
    if (!("name" in expression)) continue;
    const given = builtins.find((name) => expression.name === name);
    if (given !== undefined) used.add(given);
  }
  usedBy.set(body, used);
  return used;
}

/** How far apart the elements are that quads load together; none where they do not. */
export function quadStrides(body: readonly Statement[]): ReadonlySet<number> {
  const strides = new Set<number>();
  for (const expression of expressionsOf(body))
    if (expression.kind === "load" && expression.together) strides.add(expression.stride ?? 1);
  return strides;
}
