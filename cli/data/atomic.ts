// In: a path and its whole new content; out: the file, replaced at once or not at all, or what is no plain file, written into.
import {
  chmodSync,
  chownSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import type { Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { errorCode, systemReason } from "./system.js";

const machineCodes = new Set(["ENOSPC", "EDQUOT", "EIO"]);

/** The machine is at fault (exit code 3) where the disk is full, else the path is (exit code 1). */
export class WriteError extends Error {
  override readonly name = "WriteError";
  constructor(
    readonly file: string,
    message: string,
    readonly hint?: string,
    readonly machine = false,
  ) {
    super(message);
  }
}

/** What the system says about a file that cannot be written. */
export function writeErrorOf(file: string, error: unknown): WriteError {
  if (error instanceof WriteError) return error;
  const message = systemReason(error, "written");
  return new WriteError(file, message, undefined, machineCodes.has(errorCode(error)));
}

/** What stands at a path, links followed; undefined where nothing does. Throws WriteError where that cannot be told. */
export function statOf(file: string): Stats | undefined {
  try {
    return statSync(file);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw writeErrorOf(file, error);
  }
}

const isSame = (a: Stats, b: Stats | undefined): boolean => a.dev === b?.dev && a.ino === b.ino;

/**
 * Links followed, also one whose target is not there yet. What is no plain file stays as it is named: the links
 * of open files (/dev/stdout, /dev/fd/63) lead to names such as `pipe:[7]`, under which nothing lies.
 */
function targetOf(file: string): string {
  const stats = statOf(file);
  if (stats !== undefined) {
    if (!stats.isFile()) return file;
    const real = realPath(file);
    return real !== undefined && isSame(stats, statOf(real)) ? real : file;
  }
  try {
    if (!lstatSync(file).isSymbolicLink()) return file;
  } catch {
    return file;
  }
  return targetOf(resolve(dirname(file), readlinkSync(file)));
}

/** Undefined for the link of an open file that was removed. */
function realPath(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}

/** Several names of one file, and what is no plain file (a pipe, a device), are written into. */
function isReplaceable(stats: Stats | undefined): boolean {
  return stats === undefined || (stats.isFile() && stats.nlink === 1);
}

/** What a file is to hold: at once, or piece by piece where it may be longer than a string can be. */
export type Content = string | Uint8Array | Iterable<string | Uint8Array>;

function writeContent(file: string, content: Content, flag: "w" | "wx"): void {
  const isWhole = typeof content === "string" || content instanceof Uint8Array;
  const handle = openSync(file, flag);
  try {
    for (const piece of isWhole ? [content] : content) writeFileSync(handle, piece);
  } finally {
    closeSync(handle);
  }
}

function keepOwner(file: string, { mode, uid, gid }: Stats): void {
  chmodSync(file, mode & 0o7777);
  try {
    chownSync(file, uid, gid);
  } catch {
    // Only root may give files away; the mode is what matters.
  }
}

/** A name that nobody has; it does not grow with the target's, which may be as long as names can be. */
export function temporaryBeside(target: string): string {
  return join(dirname(target), `.nnc-${process.pid}-${Date.now().toString(36)}.tmp`);
}

/** Writes beside the file and renames, so that a failure leaves what was there before. */
function replace(target: string, content: Content, before: Stats | undefined): void {
  const temporary = temporaryBeside(target);
  try {
    writeContent(temporary, content, "wx");
    if (before !== undefined) keepOwner(temporary, before);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Nobody may write it: for root, too, that says that it shall stay as it is. Throws WriteError. */
export function refuseUnwritable(file: string, stats: Stats | undefined): void {
  if (stats?.isDirectory() === true)
    throw new WriteError(file, "this is a folder, not a file", "name a file in it");
  if (stats?.isFile() === true && (stats.mode & 0o222) === 0)
    throw new WriteError(file, "it is read-only", "write to another file, or make it writable");
  if (stats?.isSocket() === true)
    throw new WriteError(
      file,
      "it is a socket, which cannot be opened",
      "write to a file or a pipe",
    );
}

/** Makes a folder, and those above it, where there is none. Throws WriteError. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw writeErrorOf(folder, error);
  }
}

/** Keeps what is there what it is: follows links, keeps modes, writes into pipes and devices. Throws WriteError. */
export function writeWhole(file: string, content: Content): void {
  try {
    const target = targetOf(file);
    const stats = statOf(target);
    refuseUnwritable(file, stats);
    if (isReplaceable(stats)) replace(target, content, stats);
    else writeContent(target, content, "w");
  } catch (error) {
    throw writeErrorOf(file, error);
  }
}

/** A plain file emptied, for what grows line by line; pipes and devices stay as they are. Throws WriteError. */
export function startAnew(file: string): void {
  try {
    refuseUnwritable(file, statOf(file));
    closeSync(openSync(file, "w"));
  } catch (error) {
    throw writeErrorOf(file, error);
  }
}
