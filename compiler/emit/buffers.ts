// Takes buffers of a schedule and what kernels bind of them, gives what a plan says of both.
import type { PlanBuffer } from "../../runtime/plan.js";
import type { Kernel, KernelBinding } from "../kernel/ir.js";
import { floorDivideDims } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { Schedule } from "../types/nest.js";
import { planDim } from "./dimensions.js";
import type { BindingElements } from "./kernelTable.js";

/** `storages` in the order of `Plan.storages`. */
export function planBuffer(
  schedule: Schedule,
  buffer: number,
  storages: readonly string[],
): PlanBuffer {
  const declared = schedule.buffers[buffer];
  if (!declared) throw new Error(`there is no buffer ${buffer}`);
  switch (declared.kind) {
    case "storage": {
      const storage = storages.indexOf(declared.storage);
      if (storage < 0) throw new Error(`there is no storage ${declared.storage}`);
      return { kind: "storage", storage };
    }
    case "input":
      return { kind: "input", input: declared.input, elements: planDim(declared.elements) };
    case "temporary":
      return {
        ...{ kind: "slot", slot: declared.slot, elements: planDim(declared.elements) },
        ...(declared.start === undefined ? {} : { start: planDim(declared.start) }),
      };
  }
}

/** All of the slot that a temporary lies in. */
export function planSlot(schedule: Schedule, buffer: number): PlanBuffer {
  const elements = planDim(slotElements(schedule, buffer));
  return { kind: "slot", slot: slotOf(schedule, buffer), elements };
}

function slotOf({ buffers }: Schedule, buffer: number): number {
  const declared = buffers[buffer];
  if (declared?.kind !== "temporary") throw new Error(`b${buffer} lies in no slot`);
  return declared.slot;
}

function slotElements(schedule: Schedule, buffer: number): Dim {
  return floorDivideDims(schedule.slots[slotOf(schedule, buffer)]?.bytes ?? 0, 4);
}

/**
 * Temporaries share a buffer, which a dispatch binds either for reading alone or for writing: where it writes one of them, all
 * are bound for writing.
 */
export function boundForWriting(kernel: Kernel, { buffers }: Schedule): Kernel {
  const shared = ({ buffer }: KernelBinding): boolean => buffers[buffer]?.kind === "temporary";
  if (!kernel.bindings.some((binding) => binding.written && shared(binding))) return kernel;
  const bindings = kernel.bindings.map((binding) =>
    shared(binding) ? { ...binding, written: true } : binding,
  );
  return { ...kernel, bindings };
}

/** What is known while compiling of how many elements each binding has. */
export function elementsOf({ bindings }: Kernel, schedule: Schedule): BindingElements {
  return bindings.map(({ buffer, whole }) => {
    const elements = whole ? slotElements(schedule, buffer) : schedule.buffers[buffer]?.elements;
    return typeof elements === "number" && elements > 0 ? elements : undefined;
  });
}
