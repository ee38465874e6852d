// A plan and a GPUDevice in; the WebGPU backend with what training needs beside, copies and journals, out.

import { placeInto, type ProgramRun, type TrainingBackend } from "../backend.js";
import { countOf, evaluateShape } from "../dimensions.js";
import { at } from "../errors.js";
import type { Plan } from "../plan.js";
import { backendOn, openContext, readRanges, submitRun, type GpuContext } from "../webgpu.js";
import type { Room } from "../webgpuMemory.js";

export function createTrainingGpuBackend(
  plan: Plan,
  device: GPUDevice,
  owned: boolean,
): TrainingBackend {
  const context = openContext(plan, device, owned);
  const { faults, memory, types, pending } = context;
  const free = new Set<number>();
  return {
    ...backendOn(context),
    submit: (run) => {
      const { checked } = submitRun(context, run, (encoder, room) => {
        copyToJournal(context, run, encoder, room);
      });
      pending.push(checked);
    },
    addStorage: (type, elements) => {
      const { value, checked } = faults.scoped("a copy", () =>
        memory.create(elements * 4, "a copy"),
      );
      pending.push(checked);
      const place = placeInto(memory.storages, free, value);
      types[place] = type;
      return place;
    },
    freeStorage: (index) => {
      memory.free(memory.storages[index]);
      free.add(index);
    },
    copyStorage: (from, to) => {
      faults.check();
      const source = at(memory.storages, from);
      const copy = (): void => {
        const encoder = device.createCommandEncoder();
        encoder.copyBufferToBuffer(source, 0, at(memory.storages, to), 0, source.size);
        device.queue.submit([encoder.finish()]);
      };
      pending.push(faults.scoped("a copy", copy).checked);
    },
    download: async (buffer, type) => {
      const bytes = Math.floor(buffer.size / 4) * 4;
      return at(await readRanges(context, [{ buffer, offset: 0, bytes, type }], "option"), 0);
    },
  };
}

function copyToJournal(
  { plan, memory }: GpuContext,
  { program, journal, dimensions }: ProgramRun,
  encoder: GPUCommandEncoder,
  room: Room,
): void {
  if (!journal) return;
  const strip = at(memory.storages, journal.storage);
  const { results } = at(plan.programs, program);
  let place = journal.at;
  for (const result of journal.results) {
    const { buffer, shape } = at(results, result);
    const words = countOf(evaluateShape(shape, dimensions));
    encoder.copyBufferToBuffer(memory.bufferOf(buffer, room), 0, strip, place * 4, words * 4);
    place += words;
  }
}
