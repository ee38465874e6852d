// Takes a loop nest, gives its size in what kernels have limits of: storage bindings, operations.
import { reachable } from "../reachable.js";
import type { LoopNest, Scalar } from "../types/nest.js";
import { operandsOf, reachableScalars } from "./operands.js";

export interface KernelLimits {
  /** Storage bindings. */
  readonly buffers: number;
  /** Scalars, once for each branch that computes them. */
  readonly operations: number;
}

export const kernelLimits: KernelLimits = {
  // What WebGPU promises a shader stage.
  buffers: 8,
  // Creating a pipeline is superlinear in the length of its kernel.
  operations: 1500,
};

/** Nobody asks by how much more than this a nest is too long: branches in branches may make it 2ⁿ. */
const mostCounted = 4 * kernelLimits.operations;

/** Distinct buffers touched, and scalars as they are printed. */
export function measure(nest: LoopNest): KernelLimits {
  const roots = nest.stores.flatMap((store) => [store.index, store.value]);
  const scalars = reachableScalars(roots);
  const buffers = new Set(nest.stores.map((store) => store.buffer));
  for (const scalar of scalars) if (scalar.kind === "load") buffers.add(scalar.buffer);
  const repeated = repeatedInBranches(roots, scalars);
  return { buffers: buffers.size, operations: scalars.size + repeated };
}

/** What is computed in a branch and in those around it. */
interface Branch {
  readonly computed: Set<Scalar>;
  readonly around: Branch | undefined;
}

/**
 * A guard becomes a branch where machines must not load out of bounds, and what loads stays in it: each branch computes it by itself,
 * unless one around it has.
 */
function repeatedInBranches(roots: readonly Scalar[], scalars: ReadonlySet<Scalar>): number {
  if (![...scalars].some(({ kind }) => kind === "guard")) return 0;
  const loading = dependentOnLoads(scalars);
  const branches: { readonly roots: readonly Scalar[]; readonly around: Branch | undefined }[] = [
    { roots, around: undefined },
  ];
  let count = -loading.size;
  for (let next = branches.pop(); next !== undefined; next = branches.pop()) {
    const { around } = next;
    const known = (scalar: Scalar): boolean => !loading.has(scalar) || isComputed(scalar, around);
    const operandsHere = (scalar: Scalar): readonly Scalar[] => {
      const operands = scalar.kind === "guard" ? outside(scalar) : operandsOf(scalar);
      return operands.filter((operand) => !known(operand));
    };
    const fresh = next.roots.filter((root) => !known(root));
    const computed = reachable(fresh, operandsHere);
    count += computed.size;
    if (count > mostCounted) return mostCounted;
    for (const scalar of computed)
      if (scalar.kind === "guard")
        branches.push({ roots: [scalar.value], around: { computed, around } });
  }
  return Math.max(0, count);
}

function outside({ condition, otherwise }: Extract<Scalar, { kind: "guard" }>): readonly Scalar[] {
  return [condition, otherwise];
}

function isComputed(scalar: Scalar, branch: Branch | undefined): boolean {
  for (let at = branch; at !== undefined; at = at.around) if (at.computed.has(scalar)) return true;
  return false;
}

/** Scalars that are loads, or are computed from some. */
function dependentOnLoads(scalars: ReadonlySet<Scalar>): Set<Scalar> {
  const users = new Map<Scalar, Scalar[]>();
  for (const scalar of scalars) {
    for (const operand of operandsOf(scalar)) {
      const known = users.get(operand);
      if (known === undefined) users.set(operand, [scalar]);
      else known.push(scalar);
    }
  }
  const loads = [...scalars].filter(({ kind }) => kind === "load");
  return reachable(loads, (scalar) => users.get(scalar) ?? []);
}
