// Takes parts, gives interned values: the expressions of a kernel while it is being mapped, equal where they are identical.
import type { Dim } from "../types/dimension.js";
import type { Combine, ScalarOp, ScalarType } from "../types/nest.js";
import type { KernelUniform } from "./ir.js";
import { laneCount, uniformKey } from "./ir.js";
import type { TermOver } from "../types/polynomial.js";

interface Common {
  readonly id: number;
  /** The variables that it depends on. */
  readonly free: ReadonlySet<VariableValue>;
  /** Holds a load, which may be out of bounds where a guard does not hold. */
  readonly loads: boolean;
}

export interface LiteralValue extends Common {
  readonly kind: "literal";
  readonly type: ScalarType;
  readonly value: number;
}
/** A loop variable or an index that the machine gives; it runs from 0 to `extent` − 1. */
export interface VariableValue extends Common {
  readonly kind: "variable";
  readonly type: "index";
  readonly name: string;
  readonly extent: KernelValue | undefined;
}
export interface UniformValue extends Common {
  readonly kind: "uniform";
  readonly type: "index" | "u32" | "f32";
  readonly uniform: KernelUniform;
}
export interface LoadValue extends Common {
  readonly kind: "load";
  readonly type: ScalarType;
  readonly buffer: number;
  readonly index: KernelValue;
}
export interface OpValue extends Common {
  readonly kind: "op";
  readonly type: ScalarType;
  readonly op: ScalarOp;
  readonly arguments: readonly KernelValue[];
}
/** constant + Σ coefficient · Π factors: the canonical form of i32 sums and products. */
export interface PolynomialValue extends Common {
  readonly kind: "polynomial";
  readonly type: "index";
  readonly constant: number;
  readonly terms: readonly Term[];
}
/** None of its factors is a literal or a polynomial; their keys are their ids. */
export type Term = TermOver<KernelValue>;
export interface GuardValue extends Common {
  readonly kind: "guard";
  readonly type: ScalarType;
  readonly condition: KernelValue;
  readonly value: KernelValue;
  readonly otherwise: KernelValue;
}
export interface ReductionLoop {
  readonly variable: VariableValue;
  readonly from: KernelValue;
  readonly below: KernelValue;
  readonly step: number;
  /** It never has more iterations than these. */
  readonly most?: number;
  /** What the invocations of a workgroup put into its memory before each iteration, for all of them to read. */
  readonly staging?: readonly StagedArray[];
}
/** An array of wide elements in workgroup memory. */
export interface StagedArray {
  readonly name: string;
  readonly type: ScalarType;
  readonly length: number;
  /** The element that an invocation fills, and with what. */
  readonly index: KernelValue;
  readonly value: KernelValue;
  /** Where it fills several, or some fill none. */
  readonly loop: ReductionLoop | undefined;
}
export interface ReductionValue extends Common {
  readonly kind: "reduction";
  readonly type: ScalarType;
  readonly combine: Combine;
  /** Invocations of a workgroup share the loop, and then combine what each found. */
  readonly cooperative: boolean;
  readonly loops: readonly ReductionLoop[];
  /** Each lane takes its own terms, and what they come to is combined in the end. */
  readonly lanes: VariableValue | undefined;
  readonly value: KernelValue;
  /** What argmax and argmin give: the index along the axis. */
  readonly index: KernelValue | undefined;
  /** How many terms count on average, where that is fewer than its loops have. */
  readonly terms: Dim | undefined;
  /** The reduction of the nest that this is one point of: points share one loop. */
  readonly family: object;
  /** Where alone what it comes to is wanted; absent: anywhere. */
  readonly where?: KernelValue | undefined;
  /** The same of an invocation that shares nothing with others of its workgroup; absent: this does not either, or it has to. */
  readonly alone?: ReductionValue;
}
/** A wide value of one value for each lane. */
export interface LanesValue extends Common {
  readonly kind: "lanes";
  readonly type: ScalarType;
  readonly arguments: readonly KernelValue[];
}
/** A wide element of an array in workgroup memory. */
export interface StagedValue extends Common {
  readonly kind: "staged";
  readonly type: ScalarType;
  readonly array: string;
  readonly index: KernelValue;
  /** Its lanes belong to neighbouring points; absent: all of them to this one. */
  readonly lane?: VariableValue;
}
/** One number of a wide element. */
export interface LaneValue extends Common {
  readonly kind: "lane";
  readonly type: ScalarType;
  readonly of: StagedValue;
  readonly lane: number;
}
export interface DrawValue extends Common {
  readonly kind: "draw";
  readonly type: "f32" | "u32";
  readonly source: "uniform" | "bits";
  readonly stream: KernelValue;
  readonly index: KernelValue;
}

export type KernelValue =
  | LiteralValue
  | VariableValue
  | UniformValue
  | LoadValue
  | OpValue
  | PolynomialValue
  | GuardValue
  | ReductionValue
  | LanesValue
  | StagedValue
  | LaneValue
  | DrawValue;

type Distribute<T> = T extends unknown ? Omit<T, keyof Common> : never;
export type ValueParts = Distribute<Exclude<KernelValue, VariableValue>>;

/** Makes values of one kernel; equal parts give the same object. */
export interface ValueTable {
  /** Which of several neighbours a value belongs to: what depends on it is wide. */
  readonly lane: VariableValue;
  readonly intern: (parts: ValueParts) => KernelValue;
  readonly variable: (name: string, extent: KernelValue | undefined) => VariableValue;
}

export function createValues(): ValueTable {
  const interned = new Map<string, KernelValue>();
  let count = 0;
  const intern = (parts: ValueParts): KernelValue => {
    const key = keyOf(parts);
    const known = interned.get(key);
    if (known) return known;
    const children = childrenOf(parts);
    const value: KernelValue = {
      ...parts,
      id: count++,
      free: freeVariables(parts, children),
      loads: parts.kind === "load" || children.some((child) => child.loads),
    };
    interned.set(key, value);
    return value;
  };
  const freeVariables = (
    parts: ValueParts,
    children: readonly KernelValue[],
  ): ReadonlySet<VariableValue> => {
    if (parts.kind === "reduction") return freeOf(operandsOf(parts), boundBy(parts));
    return freeOf(parts.kind === "lanes" ? [...children, lane] : children, []);
  };
  const variable = (name: string, extent: KernelValue | undefined): VariableValue => {
    const free = new Set<VariableValue>();
    const made: VariableValue = {
      kind: "variable",
      type: "index",
      name,
      extent,
      id: count++,
      free,
      loads: false,
    };
    free.add(made);
    return made;
  };
  const lane = variable("lane", intern({ kind: "literal", type: "index", value: laneCount }));
  return { intern, variable, lane };
}

function boundBy({
  loops,
  lanes,
}: Pick<ReductionValue, "loops" | "lanes">): readonly VariableValue[] {
  const variables = loops.map((loop) => loop.variable);
  return lanes ? [...variables, lanes] : variables;
}

/** Whether it depends on one of these. */
export function dependsOn({ free }: KernelValue, variables: ReadonlySet<VariableValue>): boolean {
  for (const variable of variables) if (free.has(variable)) return true;
  return false;
}

/** The operands of a value; a reduction's loops bound by values of their own count too. */
export function childrenOf(value: ValueParts | VariableValue): readonly KernelValue[] {
  switch (value.kind) {
    case "literal":
    case "variable":
    case "uniform":
      return [];
    case "load":
      return [value.index];
    case "draw":
      return [value.stream, value.index];
    case "op":
    case "lanes":
      return value.arguments;
    case "staged":
      return value.lane ? [value.index, value.lane] : [value.index];
    case "lane":
      return [value.of];
    case "polynomial":
      return factorsOf(value.terms);
    case "guard":
      return [value.condition, value.value, value.otherwise];
    case "reduction":
      return [
        ...operandsOf(value),
        ...value.loops.flatMap(({ staging }) => stagedValues(staging)),
        ...(value.alone ? operandsOf(value.alone) : []),
      ];
  }
}

/** Those of a reduction in each iteration; what its loops put into the workgroup's memory depends on no point. */
function operandsOf({
  value,
  index,
  where,
  loops,
}: Pick<ReductionValue, "value" | "index" | "where" | "loops">): readonly KernelValue[] {
  const own = [value, index, where].flatMap((operand) => operand ?? []);
  return [...own, ...loops.flatMap((loop) => [loop.from, loop.below])];
}

function stagedValues(staging: readonly StagedArray[] = []): readonly KernelValue[] {
  return staging.flatMap(({ index, value }) => [index, value]);
}

/** All invocations of a workgroup have to come to its loops. */
export function meetsOthers({
  cooperative,
  loops,
}: Pick<ReductionValue, "cooperative" | "loops">): boolean {
  return cooperative || loops.some(({ staging }) => staging !== undefined);
}

function factorsOf(terms: readonly Term[]): readonly KernelValue[] {
  const factors: KernelValue[] = [];
  for (const term of terms) factors.push(...term.factors);
  return factors;
}

const nothing: ReadonlySet<VariableValue> = new Set();

/** Most values depend on what one of their operands depends on, and share its set. */
function freeOf(
  children: readonly KernelValue[],
  bound: readonly VariableValue[],
): ReadonlySet<VariableValue> {
  let largest = nothing;
  for (const child of children) if (child.free.size > largest.size) largest = child.free;
  const covered = children.every((child) => isSubset(child.free, largest));
  if (covered && bound.length === 0) return largest;
  const free = new Set<VariableValue>();
  for (const child of children) for (const variable of child.free) free.add(variable);
  for (const variable of bound) free.delete(variable);
  return free;
}

function isSubset(part: ReadonlySet<VariableValue>, whole: ReadonlySet<VariableValue>): boolean {
  if (part === whole) return true;
  for (const variable of part) if (!whole.has(variable)) return false;
  return true;
}

function keyOf(parts: ValueParts): string {
  switch (parts.kind) {
    case "literal":
      return `literal ${parts.type} ${Object.is(parts.value, -0) ? "-0" : parts.value}`;
    case "uniform":
      return `uniform ${uniformKey(parts.uniform)}`;
    case "load":
      return `load ${parts.type} ${parts.buffer} ${parts.index.id}`;
    case "op":
      return `${parts.op} ${parts.type} ${ids(parts.arguments)}`;
    case "lanes":
      return `lanes ${ids(parts.arguments)}`;
    case "staged":
      return `staged ${parts.array} ${parts.index.id} ${parts.lane?.id ?? ""}`;
    case "lane":
      return `lane ${parts.lane} ${parts.of.id}`;
    case "polynomial":
      return parts.terms.reduce(
        (text, term) => `${text} ${term.coefficient}:${ids(term.factors)}`,
        `polynomial ${parts.constant}`,
      );
    case "guard":
      return `guard ${ids([parts.condition, parts.value, parts.otherwise])}`;
    case "reduction":
      return `reduction ${parts.combine} ${parts.cooperative} ${parts.lanes?.id ?? ""} ${ids(parts.loops.map((loop) => loop.variable))} ${parts.value.id} ${parts.index?.id ?? ""}`;
    case "draw":
      return `draw ${parts.source} ${parts.stream.id} ${parts.index.id}`;
  }
}

function ids(values: readonly KernelValue[]): string {
  let text = "";
  for (const value of values) text += `${value.id},`;
  return text;
}
