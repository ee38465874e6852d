// A plan and a machine of the CPU in; the arrays of its storages, inputs and temporaries there out.

import type { ProgramRun, Values } from "./backend.js";
import type { CpuArray, CpuMachine } from "./cpuMachine.js";
import { countOf, evaluateDim, evaluateShape, type Dimensions } from "./dimensions.js";
import { at, fail } from "./errors.js";
import { bytesOf, layOut, type Layout } from "./layout.js";
import type { Plan, PlanBuffer, PlanProgram, PlanType } from "./plan.js";

/** An array of one type, unless another is asked for. */
interface TypedArray extends Omit<CpuArray, "view"> {
  view(type?: PlanType): Values;
}

export interface Memory {
  readonly machine: CpuMachine;
  readonly storages: TypedArray[];
  readonly inputs: Map<string, TypedArray>;
  /** Changes whenever an array was replaced. */
  generation(): number;
  allocate(type: PlanType, elements: number): TypedArray;
  reserve(program: PlanProgram, run: ProgramRun): void;
  arrayOf(program: PlanProgram, buffer: PlanBuffer): CpuArray;
}

/** Storages, inputs and temporaries, whose memory is shared by all programs; all only grow. */
export function createMemory(plan: Plan, machine: CpuMachine): Memory {
  const allocate = (type: PlanType, elements: number): TypedArray => {
    const array = machine.allocate(type, elements);
    return { ...array, view: (as = type) => array.view(as) };
  };
  const storages = plan.storages.map(({ type, elements }) => allocate(type, elements));
  const inputs = new Map<string, TypedArray>();
  const layouts = new Map<
    PlanProgram,
    { readonly layout: Layout; readonly dimensions: Dimensions }
  >();
  let arena: CpuArray | undefined;
  let arenaBytes = 0;
  let generation = 0;
  const layOutTemporaries = (program: PlanProgram, dimensions: Dimensions): void => {
    const known = layouts.get(program);
    const layout = layOut(program.slots, dimensions, Infinity, known?.layout);
    const needed = bytesOf(layout);
    if (needed > arenaBytes) {
      arena?.free();
      arenaBytes = 0;
      arena = machine.allocate("f32", needed / 4);
      arenaBytes = needed;
      generation++;
    } else if (layout !== known?.layout) generation++;
    layouts.set(program, { layout, dimensions });
  };
  const fitInput = (name: string, type: PlanType, elements: number): void => {
    const known = inputs.get(name);
    if (known && elements <= known.view().length) return;
    known?.free();
    inputs.delete(name);
    generation++;
    inputs.set(name, allocate(type, elements));
  };
  const inSlot = (
    program: PlanProgram,
    { slot, start }: Extract<PlanBuffer, { kind: "slot" }>,
  ): CpuArray | undefined => {
    const known = layouts.get(program);
    if (!known) return undefined;
    const { layout, dimensions } = known;
    const first = start === undefined ? 0 : 4 * evaluateDim(start, dimensions);
    return arena?.part(at(layout.offsets, slot) + first, at(layout.sizes, slot) - first);
  };
  return {
    machine,
    storages,
    inputs,
    allocate,
    generation: () => generation,
    arrayOf: (program, buffer) => {
      if (buffer.kind === "storage") return at(storages, buffer.storage);
      const array = buffer.kind === "input" ? inputs.get(buffer.input) : inSlot(program, buffer);
      return array ?? fail("internal", `no array was reserved for a ${buffer.kind}`);
    },
    reserve: (program, { dimensions }) => {
      layOutTemporaries(program, dimensions);
      for (const { name, type, shape } of [...plan.inputs, ...(plan.held ?? [])]) {
        if (!program.inputs.includes(name)) continue;
        fitInput(name, type, countOf(evaluateShape(shape, dimensions)));
      }
    },
  };
}
