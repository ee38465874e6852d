// Takes what is known of nests and a target's limits, tells which of them make one dispatch: what it spares against what it costs.
import { GIVEN_WORDS } from "../../runtime/plan.js";
import type { Extents } from "../types/dimension.js";
import { expectedSize } from "../types/dimension.js";
import type { ElementType } from "../types/graph.js";
import type { Schedule } from "../types/nest.js";
import type { Kernel, Statement } from "./ir.js";
import { statementBody } from "./ir.js";
import { memoryKey, takesAnySize } from "./merge.js";
import type { MergingLimits } from "./target.js";

/** Of a nest: what counts where it runs beside others. */
export interface CompanyFacts {
  /** What it binds, and as what. */
  readonly memory: ReadonlyMap<string, ElementType>;
  readonly statements: number;
  readonly given: number;
  /** Bytes of workgroup memory. */
  readonly shared: number;
  readonly barriers: boolean;
  /** Workgroups of what has no barrier. */
  readonly calm: number;
  /** Undefined: any. */
  readonly workgroupSize: number | undefined;
  readonly flops: number;
  /** As in the schedule. */
  readonly serves: readonly number[] | undefined;
  /** It reads no input but what each run of the program reads. */
  readonly plainInputs: boolean;
}

/** Of kernels, and by kernel the nests that it does: of a schedule's, or of chains of them. */
export function createCompanyFacts(
  { nests, serves, buffers }: Schedule,
  kernels: readonly Kernel[],
  extents: Extents,
): (kernel: Kernel, own: readonly number[]) => CompanyFacts {
  const inputsOf = ({ bindings }: Kernel): number[] =>
    bindings.map(({ buffer }) => buffer).filter((buffer) => buffers[buffer]?.kind === "input");
  const always = new Set(
    kernels.flatMap((kernel, at) => (serves[at] === undefined ? inputsOf(kernel) : [])),
  );
  const known = new Map<Kernel["body"], BodyFacts>();
  return (kernel, own) => {
    const body = known.get(kernel.body) ?? bodyFacts(kernel);
    known.set(kernel.body, body);
    const { statements, barriers, anySize } = body;
    const arrays = kernel.shared.map(({ length, width = 1 }) => 4 * length * width);
    return {
      memory: new Map(kernel.bindings.map((one) => [memoryKey(one, buffers), one.type])),
      statements,
      given: own.reduce((sum, nest) => sum + (nests[nest]?.arguments.length ?? 0), 0),
      shared: arrays.reduce((sum, bytes) => sum + bytes, 0),
      barriers,
      calm: barriers ? 0 : expectedSize(kernel.workgroups, extents),
      workgroupSize: anySize ? undefined : kernel.workgroupSize,
      flops: expectedSize(kernel.flops, extents),
      serves: serves[own[0] ?? -1],
      plainInputs: inputsOf(kernel).every((input) => always.has(input)),
    };
  };
}

/** What kernels of nests alike have in common: see alike.ts. */
interface BodyFacts {
  readonly statements: number;
  readonly barriers: boolean;
  readonly anySize: boolean;
}

function bodyFacts(kernel: Kernel): BodyFacts {
  const statements = allStatements(kernel.body);
  return {
    statements: statements.length,
    barriers: statements.some(({ kind }) => kind === "barrier"),
    anySize: takesAnySize(kernel),
  };
}

export function allStatements(body: readonly Statement[]): readonly Statement[] {
  return body.flatMap((statement) => [statement, ...allStatements(statementBody(statement))]);
}

export interface Company {
  /** With one more kernel, by what counts of it on each kind of adapter; undefined where it does not belong to it. */
  readonly with: (own: readonly CompanyFacts[]) => Company | undefined;
}

/** `limits` of each kind of adapter: all have to take a kernel. To none the first one always belongs. */
export function noCompany(limits: readonly MergingLimits[]): Company {
  const withAll = (all: readonly CompanyFacts[] | undefined): Company => ({
    with: (own) => {
      if (!all) return withAll(own);
      const together: CompanyFacts[] = [];
      for (const [side, limit] of limits.entries()) {
        const [one, others] = [own[side], all[side]];
        const made = one && others && joined(others, one, limit);
        if (!made) return undefined;
        together.push(made);
      }
      return withAll(together);
    },
  });
  return withAll(undefined);
}

/** What counts of two together, where they go together. */
function joined(
  one: CompanyFacts,
  other: CompanyFacts,
  limits: MergingLimits,
): CompanyFacts | undefined {
  const serves = servesTogether(one, other, limits);
  if (serves === undefined || !areAlike(one, other)) return undefined;
  const sum = (of: (each: CompanyFacts) => number): number => of(one) + of(other);
  const made: CompanyFacts = {
    memory: new Map([...one.memory, ...other.memory]),
    statements: sum(({ statements }) => statements),
    given: sum(({ given }) => given),
    shared: sum(({ shared }) => shared),
    barriers: one.barriers || other.barriers,
    calm: sum(({ calm }) => calm),
    workgroupSize: one.workgroupSize ?? other.workgroupSize,
    flops: sum(({ flops }) => flops),
    serves: serves.results,
    plainInputs: one.plainInputs && other.plainInputs,
  };
  const idle = made.barriers ? made.calm * limits.idleBarriers : 0;
  return isWithin(made, limits) && idle <= limits.dispatch ? made : undefined;
}

/** Whether what both bind has one type, and their workgroups one size. */
function areAlike(one: CompanyFacts, other: CompanyFacts): boolean {
  const [size = other.workgroupSize, others = size] = [one.workgroupSize, other.workgroupSize];
  if (size !== others) return false;
  for (const [key, type] of other.memory) if ((one.memory.get(key) ?? type) !== type) return false;
  return true;
}

/** Whether one kernel may have so much. */
export function isWithin(facts: CompanyFacts, limits: MergingLimits): boolean {
  const { memory, statements, given, shared } = facts;
  const small = memory.size <= limits.bindings && statements <= limits.statements;
  return small && given <= GIVEN_WORDS && shared <= limits.shared;
}

/**
 * What serves some results alone may ride with what always runs, where to compute it for nobody costs less than the dispatch that
 * it spares, and needs no data that nobody has to give.
 */
function servesTogether(
  one: CompanyFacts,
  other: CompanyFacts,
  { dispatch }: MergingLimits,
): { readonly results: readonly number[] | undefined } | undefined {
  if (one.serves === undefined && other.serves === undefined) return { results: undefined };
  if (one.serves === undefined || other.serves === undefined) {
    const rider = one.serves === undefined ? other : one;
    return rider.flops <= dispatch && rider.plainInputs ? { results: undefined } : undefined;
  }
  return String(one.serves) === String(other.serves) ? { results: one.serves } : undefined;
}
