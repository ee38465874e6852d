// A device and sets of data in; the sets on the device, where there is room, and their rows gathered there by index, out.

import type { DeviceSet, TrainingBackend } from "../backend.js";
import { foldWorkgroups, type GpuContext } from "../webgpu.js";

/** Bytes of all sets on a device at most: what a model takes besides is not known. */
const mostBytes = 2 ** 28;
/** Rows are converted in parts of about so many words, so that a set never lies in the host's memory twice. */
const wordsOfPart = 2 ** 20;
const workgroupSize = 128;

/** Words as they are: the first two tell how many a row has and how many rows there are, the rows' indices follow. */
const shader = `@group(0) @binding(0) var<storage, read> all: array<u32>;
@group(0) @binding(1) var<storage, read> rows: array<u32>;
@group(0) @binding(2) var<storage, read_write> batch: array<u32>;
@compute @workgroup_size(${workgroupSize})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = ((id.z * count.y + id.y) * count.x + id.x) * ${workgroupSize}u + local;
  if (i < rows[0] * rows[1]) {
    batch[i] = all[rows[2u + i / rows[0]] * rows[0] + i % rows[0]];
  }
}`;

type Sets = Pick<TrainingBackend, "placeSet"> & {
  /** Copies rows of a set to the beginning of a buffer, among the commands of a run. */
  readonly gather: NonNullable<GpuContext["gather"]>;
};

/** `flush` submits what still wants the sets. */
export function createSets({ device, faults, memory }: GpuContext, flush: () => void): Sets {
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
  let placed = 0;
  let compiling: Promise<GPUComputePipeline> | undefined;
  let pipeline: GPUComputePipeline | undefined;
  const compile = async (): Promise<void> => {
    compiling ??= faults.guard(
      "the gathering of rows",
      device.createComputePipelineAsync({
        layout: "auto",
        compute: { module: device.createShaderModule({ code: shader }) },
      }),
    );
    pipeline = await compiling;
  };
  const place = async (
    width: number,
    count: number,
    most: number,
    read: Parameters<NonNullable<TrainingBackend["placeSet"]>>[3],
  ): Promise<DeviceSet> => {
    const bytes = 4 * width * count;
    const { value, checked } = faults.scoped("a set", () => [
      memory.create(bytes, "a set"),
      memory.create(4 * (2 + most), "rows of a set"),
    ]);
    const [all, rows] = value as [GPUBuffer, GPUBuffer];
    placed += bytes;
    const free = (): void => {
      flush();
      placed -= bytes;
      memory.free(all);
      memory.free(rows);
    };
    try {
      await Promise.all([checked, compile()]);
      const part = Math.max(1, Math.floor(wordsOfPart / width));
      for (let first = 0; first < count; first += part) {
        const values = read(first, Math.min(count, first + part));
        const { buffer, byteOffset, byteLength } = values;
        device.queue.writeBuffer(all, 4 * width * first, buffer, byteOffset, byteLength);
      }
    } catch (error) {
      free();
      throw error;
    }
    return { all, rows, width, free };
  };
  return {
    placeSet: async (width, count, most, read) => {
      const bytes = 4 * width * count;
      if (!(bytes <= Math.min(limit, mostBytes - placed)) || 4 * (2 + most) > limit) return;
      return place(width, count, most, read);
    },
    gather: (encoder, to, { set, rows }, write) => {
      if (!pipeline) return;
      const words = new Uint32Array(2 + rows.length);
      words.set([set.width, rows.length]);
      words.set(rows, 2);
      write(set.rows, words);
      const group = device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [set.all, set.rows, to].map((buffer, binding) => ({
          binding,
          resource: { buffer },
        })),
      });
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      const count = Math.ceil((set.width * rows.length) / workgroupSize);
      pass.dispatchWorkgroups(...foldWorkgroups(Math.max(1, count)));
      pass.end();
    },
  };
}
