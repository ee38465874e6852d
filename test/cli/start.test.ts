// In: files that `start` lines name, one of them larger than memory is for; out: that the parameters named are taken of them, and no more is read.
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openSource } from "../../cli/data/bytes.js";
import type { ByteSource } from "../../cli/data/bytes.js";
import { readSomeTensors } from "../../cli/data/tensors.js";
import { runProgram } from "../../cli/program.js";
import { readSafetensors, tensorFloats } from "../../runtime/safetensors.js";
import { temporaryFolder } from "./data/files.js";
import { recorder } from "./terminals.js";

const folder = temporaryFolder();

/** `w` = 7 behind four billion zeros that take no room on a disk. */
function largeFile(): string {
  const file = join(folder.path, "large.safetensors");
  const zeros = 4_000_000_000;
  const header = JSON.stringify({
    other: { dtype: "F32", shape: [zeros / 4], data_offsets: [0, zeros] },
    w: { dtype: "F32", shape: [1], data_offsets: [zeros, zeros + 4] },
  });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const handle = openSync(file, "w");
  writeSync(handle, Buffer.concat([length, Buffer.from(header)]));
  const value = Buffer.from(Float32Array.of(7).buffer);
  ftruncateSync(handle, 8 + header.length + zeros + 4);
  writeSync(handle, value, 0, 4, 8 + header.length + zeros);
  closeSync(handle);
  return file;
}

async function train(file: string): Promise<{ readonly code: number; readonly notes: string }> {
  const source = folder.put(
    "m.nn",
    `model M { input x: [batch]  weight w: [1] = 0  weight v: [] = 1  loss (x * w[0] * v) ^ 2 }
train M { optimizer sgd(lr: 1e-9)  epochs 1  start w from "${file}" }
`,
  );
  const data = folder.put("x.csv", "x\n1\n2\n");
  const terminal = recorder();
  const out = join(folder.path, "out.safetensors");
  const args = ["train", source, "--data", data, "-o", out, "--backend", "cpu", "--quiet"];
  const code = await runProgram(args, { terminal, version: "0" });
  return { code, notes: terminal.notes.join("\n") };
}

const trained = (): number => {
  const { tensors } = readSafetensors(readFileSync(join(folder.path, "out.safetensors")));
  const w = tensors.get("w");
  return w ? (tensorFloats(w)[0] ?? NaN) : NaN;
};

test("of a file of 4 GB the tensors named are read", async () => {
  const file = largeFile();
  const read: number[] = [];
  const whole = await openSource(file);
  const counted: ByteSource = {
    ...whole,
    read: async (offset, length) => {
      read.push(length);
      return whole.read(offset, length);
    },
  };
  const some = readSafetensors(await readSomeTensors(counted, ["w", "absent"]));
  await whole.close();
  expect([...some.tensors.keys()]).toEqual(["w"]);
  expect(read.reduce((sum, length) => sum + length, 0)).toBeLessThan(1000);
  expect(await train("large.safetensors")).toMatchObject({ code: 0 });
  expect(trained()).toBeCloseTo(7, 4);
});

test("a packed file serves too; one that is not there, damaged or without the tensor is named", async () => {
  const zeros = join(folder.path, "out.safetensors");
  folder.put("packed.safetensors.gz", gzipSync(readFileSync(zeros)));
  expect(await train("packed.safetensors.gz")).toMatchObject({ code: 0 });
  folder.put("damaged.safetensors", readFileSync(zeros).subarray(0, 40));
  folder.put("empty.safetensors", Buffer.from("\x02\0\0\0\0\0\0\0{}", "latin1"));
  for (const [file, text] of [
    ["nowhere.safetensors", "there is no such file"],
    ["damaged.safetensors", "not a sound safetensors file"],
    ["empty.safetensors", "w"],
  ] as const) {
    const { code, notes } = await train(file);
    expect(code).toBe(1);
    expect(notes).toContain(file);
    expect(notes).toContain(text);
  }
});

test("a bundle's weights take the place of no file that its stages start from", async () => {
  const other = join(folder.path, "out.safetensors");
  const before = readFileSync(other);
  before.writeFloatLE(5, before.length - 4);
  const start = folder.put("m.safetensors", before);
  expect(await train("m.safetensors")).toMatchObject({ code: 0 });
  const terminal = recorder();
  const source = join(folder.path, "m.nn");
  const args = ["compile", source, "--weights", other, "-o", folder.path];
  expect(await runProgram(args, { terminal, version: "0" })).toBe(0);
  expect(readFileSync(start)).toEqual(before);
  const text = readFileSync(join(folder.path, "m.train.js"), "utf8");
  expect(text).toContain('new URL("./m.weights.safetensors"');
  expect(readFileSync(join(folder.path, "m.weights.safetensors"))).toEqual(readFileSync(other));
});
