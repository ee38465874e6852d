// In: pipes, devices, removed files and unsound archives where files are wanted; out: written into or read where that has an end, refused in words where not.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { writeWhole } from "../../../cli/data/atomic.js";
import { readPipe, readUnpacked } from "../../../cli/data/file.js";
import { claimOutputs } from "../../../cli/data/outputs.js";
import { openData, parseDataArgument } from "../../../cli/data/source.js";
import { openLog } from "../../../cli/training/log.js";
import { runProgram } from "../../../cli/program.js";
import { tensorBytes, writeSafetensors } from "../../../runtime/safetensors.js";
import { recorder } from "../terminals.js";
import { temporaryFolder } from "./files.js";

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);

async function until<T>(read: () => T | undefined): Promise<T> {
  for (let turn = 0; turn < 200; turn++) {
    const found = read();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("it did not come");
}

const exists = (file: string): true | undefined =>
  statSync(file, { throwIfNoEntry: false }) === undefined ? undefined : true;

describe("what is no plain file", () => {
  test("the pipe of an open file, which has no path of its own, is written into", async () => {
    const script = 'exec 7> >(cat > "$0"; touch "$0.end"); touch "$0.ready"; read -r line';
    const shell = spawn("bash", ["-c", script, at("piped")], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    await until(() => exists(at("piped.ready")));
    const pipe = `/proc/${shell.pid ?? 0}/fd/7`;
    claimOutputs([{ option: "-o", file: pipe }], []);
    writeWhole(pipe, "through");
    const log = openLog(pipe, false, (_, write) => {
      write();
    });
    log.write({ kind: "start" });
    shell.stdin.end("\n");
    // The log keeps its end open for as long as the command lives.
    await until(() =>
      readFileSync(at("piped"), "utf8") === 'through{"kind":"start"}\n' ? true : undefined,
    );
    shell.kill();
  });
  test("a file that is open, and has been removed, is written into", () => {
    const file = folder.put("removed.txt", "old");
    const handle = openSync(file, "r+");
    rmSync(file);
    writeWhole(`/proc/self/fd/${handle}`, "new");
    expect(readFileSync(`/proc/self/fd/${handle}`, "utf8")).toBe("new");
    closeSync(handle);
  });
  test("a device is not read, whatever it is called", async () => {
    symlinkSync("/dev/zero", at("zero.csv"));
    symlinkSync("/dev/zero", at("zero.safetensors"));
    await expect(openData(at("zero.csv"))).rejects.toThrow("it is a device, not a file");
    await expect(openData("/dev/zero")).rejects.toThrow("no reader");
    expect(() => readUnpacked(at("zero.safetensors"))).toThrow("it is a device, not a file");
  });
  test("weights that are gzipped are unpacked, whatever they are called", () => {
    const packed = folder.put("packed.safetensors", gzipSync("weights"));
    expect(Buffer.from(readUnpacked(packed)).toString()).toBe("weights");
  });
  test("a pipe is read so far, and no further", () => {
    const handle = openSync("/dev/zero", "r");
    expect(() => readPipe("x", handle, 3 << 20)).toThrow("and it gives more");
    closeSync(handle);
  });
});

describe("a folder to be made", () => {
  const file = folder.put("plain.txt", "");
  const claim =
    (name: string, other = at("w.safetensors")) =>
    () => {
      claimOutputs(
        [
          { option: "--checkpoint", folder: name },
          { option: "-o", file: other },
        ],
        [],
      );
    };
  test("is not where a file is or will be, and then nothing is made", () => {
    expect(claim(file)).toThrow("this is a file, not a folder");
    expect(claim(join(file, "below"))).toThrow("this is a file, not a folder");
    expect(claim("")).toThrow("--checkpoint names no folder");
    expect(claim(at("same"), `${folder.path}/./same`)).toThrow("--checkpoint writes it too");
    expect(exists(at("same"))).toBeUndefined();
    expect(claim(at("new"), join(at("new"), "w.safetensors"))).not.toThrow();
    expect(statSync(at("new")).isDirectory()).toBe(true);
  });
  const source = folder.put("m.nn", "model A { input x: [batch]  output y = x }\n");
  test.each([
    [["compile", source, "-o", file], "this is a file, not a folder"],
    [["check", source, "--root", at("nowhere")], "there is no such folder"],
    [["predict", source, "--data", "", "-o", "-"], "write NAME=PATH or PATH"],
    [["predict", source, "--data", "x=a.npy", "--no-header"], "--no-header is about CSV files"],
    [["predict", source, "--data", "x=a.csv", "--header", "--no-header"], "say the opposite"],
    [["predict", source, "--outputs", "y,y"], "y stands there twice"],
  ])("%j is refused", async (args, said) => {
    const terminal = recorder();
    expect(await runProgram(args, { terminal, version: "0" })).not.toBe(0);
    expect(terminal.notes.join("\n") + terminal.written.join("\n")).toContain(said);
  });
  test("--examples is refused where nothing is drawn", async () => {
    const data = folder.put("x.csv", "x\n1\n");
    const terminal = recorder();
    const args = ["predict", source, "--data", data, "--examples", "3"];
    expect(await runProgram(args, { terminal, version: "0" })).toBe(2);
    expect(terminal.notes.join("\n")).toContain("A draws nothing");
  });
});

test("columns whose names hold commas and quotes are picked in quotes", () => {
  const parts = (text: string): unknown => parseDataArgument(`x=f.csv:${text}`).parts;
  expect(parts('"a,b",c')).toEqual(["a,b", "c"]);
  expect(parts('c, "say ""a,b""" ')).toEqual(["c", 'say "a,b"']);
  expect(parts("a,,b,")).toEqual(["a", "", "b", ""]);
  expect(parts('5",6')).toEqual(['5"', "6"]);
});

describe("a safetensors file whose bytes do not belong to exactly one tensor each", () => {
  const file = (offsets: readonly (readonly [number, number])[], bytes: number): string => {
    const entries = offsets.map((data_offsets, index) => [
      `t${index}`,
      { dtype: "F32", shape: [(data_offsets[1] - data_offsets[0]) / 4], data_offsets },
    ]);
    const text = JSON.stringify(Object.fromEntries(entries)).padEnd(256);
    const length = Buffer.alloc(8);
    length.writeUInt32LE(text.length);
    return folder.put(
      "unsound.safetensors",
      Buffer.concat([length, Buffer.from(text), Buffer.alloc(bytes)]),
    );
  };
  test.each([
    [
      "overlaps",
      [
        [0, 8],
        [4, 12],
      ],
      12,
      '"t1" starts at byte 4 of the data, not at 8',
    ],
    [
      "has a hole",
      [
        [0, 4],
        [8, 12],
      ],
      12,
      '"t1" starts at byte 8 of the data, not at 4',
    ],
    ["begins late", [[4, 8]], 8, '"t0" starts at byte 4 of the data, not at 0'],
    ["goes on", [[0, 4]], 8, "4 bytes at the end belong to no tensor"],
    ["is cut", [[0, 8]], 4, "its tensors want 8 bytes, it has 4"],
  ] as const)("that %s is refused as data", async (_, offsets, bytes, said) => {
    await expect(openData(file(offsets, bytes))).rejects.toThrow(said);
  });
  test("a sound one is read", async () => {
    const tensors = new Map([
      ["a", { dtype: "F32", shape: [2], data: tensorBytes(Float32Array.of(1, 2)) } as const],
      ["b", { dtype: "U8", shape: [1], data: Uint8Array.of(7) } as const],
    ]);
    const source = await openData(folder.put("sound.safetensors", writeSafetensors(tensors)));
    expect(source.kind).toBe("archive");
    await source.close();
  });
});
