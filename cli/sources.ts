// In: the path of a `.nn` file; out: its text, and a reader of what it imports that stays under its folder.
import { closeSync, openSync, readSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { Failure } from "./failure.js";
import { systemReason } from "./data/system.js";

/** The compiler refuses sources over 1 MiB; beyond this nothing is even read. */
const readLimit = 16 * 1024 * 1024;

function readBytes(file: string): Buffer {
  const handle = openSync(file, "r");
  try {
    const parts: Buffer[] = [];
    for (let length = 0; length < readLimit;) {
      const part = Buffer.alloc(64 * 1024);
      const count = readSync(handle, part);
      if (count === 0) break;
      parts.push(part.subarray(0, count));
      length += count;
    }
    return Buffer.concat(parts);
  } finally {
    closeSync(handle);
  }
}

/** Nothing may be lost in reading: what is not UTF-8 is refused, by the line of its first such byte. */
function decode(bytes: Buffer, file: string): string {
  const text = bytes.toString("utf8");
  const again = Buffer.from(text, "utf8");
  if (bytes.equals(again)) return text;
  const bad = bytes.findIndex((byte, offset) => byte !== again[offset]);
  const line = bytes.subarray(0, bad).filter((byte) => byte === 0x0a).length + 1;
  const value = (bytes[bad] ?? 0).toString(16).padStart(2, "0");
  throw new Failure(
    1,
    "not-utf8",
    `the file is not UTF-8 text: line ${line} has the byte 0x${value}`,
    {
      file,
      hint: "save it as UTF-8 (an editor's “save with encoding”); it was left as it is",
    },
  );
}

/** Throws Failure where the file cannot be read. */
export function readNnFile(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readBytes(file);
  } catch (error) {
    throw new Failure(1, "file-unreadable", systemReason(error, "read"), { file });
  }
  return decode(bytes, file);
}

function isUnder(path: string, root: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && resolve(root, way) === path;
}

/**
 * Reads imports by the path that the compiler resolved, named as the compiled file is; undefined where there
 * is no such file or it lies outside `root` (by default the folder of the compiled file), links resolved. Tells each file read.
 */
export function importReader(
  file: string,
  root?: string,
  onImport?: (path: string) => void,
): (path: string) => string | undefined {
  const top = resolve(root ?? dirname(file));
  return (path) => {
    try {
      const real = realpathSync(path);
      if (!isUnder(real, realpathSync(top))) return undefined;
      onImport?.(real);
      return readBytes(real).toString("utf8");
    } catch {
      return undefined;
    }
  };
}

/** `--root` named as the compiled file is: relative where its path is relative. */
export function rootName(file: string, root: string): string {
  const top = resolve(root);
  return isAbsolute(file) ? top : relative("", top);
}
