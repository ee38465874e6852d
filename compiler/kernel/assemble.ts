// Takes a nest and what its axes stand for on a machine, gives the kernel: the frame that all mappings share.
import type { Dim } from "../types/dimension.js";
import type { LoopNest, ScheduledBuffer } from "../types/nest.js";
import type { AxisValues, ReductionShape } from "./evaluate.js";
import { createEvaluation } from "./evaluate.js";
import { bindingsOf } from "./bindings.js";
import { survey } from "./group.js";
import type { Expression, Kernel, KernelUniform, Statement } from "./ir.js";
import type { Region } from "./points.js";
import type { ReduceScalar } from "./measure.js";
import { flopsOf } from "./measure.js";
import { splat, uniformKey, widthOf } from "./ir.js";
import { hoist, withoutConstant } from "./hoist.js";
import { lanesOf } from "./loads.js";
import type { Addresses } from "./lanes.js";
import { addressesOf, addressValues, isWide } from "./lanes.js";
import { internPolynomial } from "./polynomial.js";
import { sharedLoads } from "./quads.js";
import { writeReduction } from "./reduce.js";
import { conjunctsOf } from "./simplify.js";
import type { Emission, BlockScope } from "./scope.js";
import { differInQuad, loopStatement, openScope } from "./scope.js";
import type {
  PolynomialValue,
  ReductionLoop,
  KernelValue,
  ValueTable,
  VariableValue,
} from "./value.js";

export interface Mapping {
  readonly target: "gpu" | "cpu";
  /** The precision of sums. */
  readonly accumulates: "f32" | "f64";
  readonly workgroupSize: number;
  /** How many accumulators may meet by subgroups; absent: none. */
  readonly subgroups?: number;
  readonly workgroups: Dim;
  readonly values: ValueTable;
  /** Variables that the machine gives. */
  readonly given: readonly VariableValue[];
  /** Where the invocations of a quad load together: the quad, and which invocation of it this is. */
  readonly quads?: { readonly number: NamedVariable; readonly member: NamedVariable } | undefined;
  /** The body runs only where this holds; it must be uniform where reductions are cooperative. */
  readonly within: KernelValue | undefined;
  /** Loops around all others, where something is stored once a row: what the rows' axes stand for, and who stores it. */
  readonly rows:
    | {
        readonly loops: readonly ReductionLoop[];
        readonly axes: AxisValues;
        readonly once: KernelValue | undefined;
      }
    | undefined;
  /** Loops around the regions. */
  readonly loops: readonly ReductionLoop[];
  /** Only where this holds does anything get stored (one invocation of a workgroup). */
  readonly once: KernelValue | undefined;
  readonly regions: readonly Region[];
  readonly shapeOf: (reduce: ReduceScalar, wide: boolean) => ReductionShape;
}

export interface NamedVariable {
  readonly variable: VariableValue;
  readonly value: KernelValue;
}

interface PointStore {
  readonly buffer: number;
  readonly index: KernelValue;
  /** Of a wide store: where its lanes go. */
  readonly addresses: Addresses | undefined;
  readonly value: KernelValue;
  /** It is stored only where this holds. */
  readonly where?: KernelValue | undefined;
}

interface NestStores {
  readonly regions: readonly RegionStores[];
  readonly rows: readonly PointStore[];
}

interface RegionStores {
  readonly region: Region;
  readonly stores: readonly PointStore[];
}

export function assemble(
  nest: LoopNest,
  buffers: readonly ScheduledBuffer[],
  mapping: Mapping,
): Kernel {
  const { regions, rows } = storesOf(nest, mapping);
  // What is reduced for a row is reduced with the same others wherever it is read.
  const roots = regions.map(({ stores }) =>
    [...rows, ...stores].flatMap(({ addresses, index, value }) => [
      ...(addresses ? addressValues(addresses, index) : [index]),
      value,
    ]),
  );
  const { uses, groups, packs } = survey(roots, mapping.values, (value) =>
    sharedParts(mapping.values, value),
  );
  const quads = mapping.quads ? [mapping.quads.number, mapping.quads.member] : [];
  const { bindings, bindingOf } = bindingsOf(nest, buffers);
  const uniforms: KernelUniform[] = [];
  const emission: Emission = {
    values: mapping.values,
    target: mapping.target,
    accumulates: mapping.accumulates,
    workgroupSize: mapping.workgroupSize,
    subgroups: mapping.subgroups ?? 0,
    depths: new Map([...mapping.given, mapping.values.lane].map((variable) => [variable, 0])),
    uses,
    groups,
    packs,
    bindingOf,
    uniformOf: (uniform) => uniformOf(uniforms, uniform),
    fresh: createNamer(),
    shared: [],
    reduce: writeReduction,
    quads: mapping.quads && quadsOf(mapping, roots.flat(), mapping.quads.member),
  };
  const root = openScope();
  for (const { variable, value } of quads) {
    const named = hoist(emission, value, root, 0);
    root.statements.push({ kind: "let", name: variable.name, value: named });
    emission.depths.set(variable, 0);
  }
  writeWithin(emission, mapping, { regions, rows }, root);
  return {
    name: nest.name,
    target: mapping.target,
    workgroupSize: mapping.workgroupSize,
    workgroups: mapping.workgroups,
    bindings,
    uniforms,
    shared: emission.shared,
    body: root.statements,
    origins: nest.origins,
    flops: flopsOf(nest),
  };
}

/** Which loads quads do together. */
function quadsOf(
  { values, regions }: Mapping,
  roots: readonly KernelValue[],
  { variable: member }: NamedVariable,
): Emission["quads"] {
  const named = regions.flatMap((region) => region.named);
  const apart = named.filter(({ value }) => value.free.has(member));
  const members = new Set([member, ...apart.map(({ variable }) => variable)]);
  return { members, loads: sharedLoads(values, roots, members) };
}

/** Products, and the sum without its constant. */
function sharedParts(values: ValueTable, value: PolynomialValue): readonly KernelValue[] {
  const products = value.terms.filter((term) => term.coefficient !== 1 || term.factors.length > 1);
  const parts = value.terms.length > 1 ? products : [];
  const terms = parts.map((term) => internPolynomial(values, { constant: 0, terms: [term] }));
  return value.constant === 0 ? terms : [...terms, withoutConstant(values, value)];
}

function storesOf(nest: LoopNest, mapping: Mapping): NestStores {
  const { evaluate } = createEvaluation(mapping.values, mapping.shapeOf);
  const at = (axes: AxisValues, ofRows: boolean): readonly PointStore[] =>
    nest.stores
      .filter(({ rows }) => (rows !== undefined) === ofRows)
      .map((store) => {
        const index = evaluate(store.index, axes);
        const wide = isWide(mapping.values, index);
        return {
          buffer: store.buffer,
          index,
          addresses: wide ? addressesOf(mapping.values, index) : undefined,
          value: evaluate(store.value, axes),
        };
      });
  return {
    rows: mapping.rows ? at(mapping.rows.axes, true) : [],
    regions: mapping.regions.map((region) => ({
      region,
      stores: region.points.flatMap((axes, point) =>
        at(axes, false).map((store) => ({ ...store, where: region.stored?.[point] })),
      ),
    })),
  };
}

function uniformOf(uniforms: KernelUniform[], uniform: KernelUniform): number {
  const key = uniformKey(uniform);
  const at = uniforms.findIndex((known) => uniformKey(known) === key);
  if (at >= 0) return at;
  uniforms.push(uniform);
  return uniforms.length - 1;
}

function createNamer(): (prefix: string) => string {
  const counts = new Map<string, number>();
  return (prefix) => {
    const count = (counts.get(prefix) ?? 0) + 1;
    counts.set(prefix, count);
    return `${prefix}${count}`;
  };
}

function writeWithin(
  emission: Emission,
  mapping: Mapping,
  { regions, rows }: NestStores,
  root: BlockScope,
): void {
  const write = (home: BlockScope, minimum: number): void => {
    writeLoops(emission, mapping.rows?.loops ?? [], home, minimum, (row) => {
      writeOnce(emission, mapping.rows?.once, rows, row, minimum);
      writeLoops(emission, mapping.loops, row, minimum, (scope) => {
        for (const region of regions) writeRegion(emission, mapping, region, scope, minimum);
      });
    });
  };
  if (mapping.within)
    writeIf(emission, mapping.within, root, 0, (scope) => {
      write(scope, scope.depth);
    });
  else write(root, 0);
}

function writeLoops(
  emission: Emission,
  loops: readonly ReductionLoop[],
  home: BlockScope,
  minimum: number,
  body: (scope: BlockScope) => void,
): void {
  const [loop, ...inner] = loops;
  if (!loop) {
    body(home);
    return;
  }
  const scope = openScope(home, undefined, differInQuad(emission, loop.from, loop.below));
  emission.depths.set(loop.variable, scope.depth);
  const from = hoist(emission, loop.from, home, minimum);
  const below = hoist(emission, loop.below, home, minimum);
  writeLoops(emission, inner, scope, minimum, body);
  home.statements.push(loopStatement(loop, from, below, scope));
}

function writeIf(
  emission: Emission,
  condition: KernelValue,
  home: BlockScope,
  minimum: number,
  body: (scope: BlockScope) => void,
): void {
  const scope = openScope(home, undefined, differInQuad(emission, condition));
  for (const conjunct of conjunctsOf(condition)) scope.known.add(conjunct);
  const decided = hoist(emission, condition, home, minimum);
  body(scope);
  home.statements.push({ kind: "if", condition: decided, body: scope.statements });
}

function writeRegion(
  emission: Emission,
  mapping: Mapping,
  { region, stores }: RegionStores,
  home: BlockScope,
  minimum: number,
): void {
  const write = (scope: BlockScope): void => {
    for (const { variable, value } of region.named) {
      const named = hoist(emission, value, scope, minimum);
      emission.depths.set(variable, scope.depth);
      scope.statements.push({ kind: "let", name: variable.name, value: named });
    }
    writeLoops(emission, region.loops, scope, minimum, (inner) => {
      writeOnce(emission, mapping.once, stores, inner, minimum);
    });
  };
  if (region.where) writeIf(emission, region.where, home, minimum, write);
  else write(home);
}

function writeOnce(
  emission: Emission,
  once: KernelValue | undefined,
  stores: readonly PointStore[],
  home: BlockScope,
  minimum: number,
): void {
  if (stores.length === 0) return;
  if (once)
    writeIf(emission, once, home, minimum, (scope) => {
      writeStores(emission, stores, scope, minimum);
    });
  else writeStores(emission, stores, home, minimum);
}

/** All values are computed before anything is stored: a point may read what it overwrites. */
function writeStores(
  emission: Emission,
  stores: readonly PointStore[],
  home: BlockScope,
  minimum: number,
): void {
  const statements: Statement[] = [];
  for (const store of stores) {
    const value = named(emission, hoist(emission, store.value, home, minimum), stores, home);
    const own = storeStatements(emission, store, value, home, minimum);
    const condition = store.where && hoist(emission, store.where, home, minimum);
    if (condition) statements.push({ kind: "if", condition, body: own });
    else statements.push(...own);
  }
  for (const statement of statements) home.statements.push(statement);
}

function storeStatements(
  emission: Emission,
  { buffer, index, addresses }: PointStore,
  value: Expression,
  home: BlockScope,
  minimum: number,
): readonly Statement[] {
  const binding = emission.bindingOf(buffer);
  const at = (one: KernelValue): Expression => hoist(emission, one, home, minimum);
  if (!addresses) return [{ kind: "store", binding, index: at(index), value }];
  const wide = widthOf(value) === undefined ? splat(value) : value;
  if (addresses.kind === "contiguous")
    return [{ kind: "store", binding, index: at(addresses.first), value: wide }];
  const lanes = lanesOf(emission, home, value);
  const indices =
    addresses.kind === "apart" ? addresses.each.map(at) : lanesOf(emission, home, at(index));
  return lanes.map((each, lane): Statement => {
    const to = indices[lane];
    if (!to) throw new Error("a lane without a place");
    return { kind: "store", binding, index: to, value: each };
  });
}

function named(
  emission: Emission,
  value: Expression,
  stores: readonly PointStore[],
  home: BlockScope,
): Expression {
  if (stores.length === 1 || value.kind === "variable" || value.kind === "literal") return value;
  const name = emission.fresh("v");
  home.statements.push({ kind: "let", name, value });
  return { kind: "variable", type: value.type, name, width: widthOf(value) };
}
