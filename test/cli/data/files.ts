// In: numbers; out: files of every format as bytes, made here so that no test needs a file from elsewhere.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { InputSpec } from "../../../cli/data/spec.js";

/** A folder of the test file's own, removed at its end; `put` writes a file and gives its path. */
export function temporaryFolder(): {
  path: string;
  put: (name: string, content: string | Uint8Array) => string;
} {
  const path = mkdtempSync(join(tmpdir(), "nnc-test-"));
  afterAll(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return {
    path,
    put: (name, content) => {
      const file = join(path, name);
      writeFileSync(file, content);
      return file;
    },
  };
}

export function idx(type: number, shape: readonly number[], body: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + body.length);
  bytes.set([0, 0, type, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((size, axis) => {
    view.setUint32(4 + 4 * axis, size);
  });
  bytes.set(body, 4 + 4 * shape.length);
  return bytes;
}

export function npy(
  descr: string,
  shape: readonly number[],
  body: Uint8Array,
  options: { fortran?: boolean; major?: number } = {},
): Uint8Array {
  const { fortran = false, major = 1 } = options;
  const sizes = shape.length === 1 ? `(${shape.join()},)` : `(${shape.join(", ")})`;
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': ${sizes}, }`;
  const start = major === 1 ? 10 : 12;
  const length = Math.ceil((start + header.length + 1) / 64) * 64 - start;
  const bytes = new Uint8Array(start + length + body.length).fill(32);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, major, 0]);
  const view = new DataView(bytes.buffer);
  if (major === 1) view.setUint16(8, length, true);
  else view.setUint32(8, length, true);
  bytes.set(new TextEncoder().encode(header), start);
  bytes[start + length - 1] = 10;
  bytes.set(body, start + length);
  return bytes;
}

export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
}

/** Numerical Recipes' linear congruential generator: the same test every time. */
export function generator(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** An input of two numbers for each example. */
export const pairs: InputSpec = {
  name: "x",
  role: "input",
  type: "f32",
  shape: ["batch", 2],
  optional: false,
};
