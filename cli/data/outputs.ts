// In: the files that a command is going to write, and those that it reads; out: nothing, or why one cannot be written, before any work is done.
import {
  accessSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readlinkSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import {
  makeFolder,
  refuseUnwritable,
  statOf,
  temporaryBeside,
  WriteError,
  writeErrorOf,
} from "./atomic.js";
import { errorCode } from "./system.js";

/** A file to be written, or a folder to be made, and the option that names it. */
export type Output = { readonly option: string } & (
  { readonly file: string | undefined } | { readonly folder: string | undefined }
);

/** The longest name that common file systems take. */
const longestName = 255;

/** Which file it is, whatever its names; undefined where there is none, or no plain one. */
function identityOf(file: string): string | undefined {
  try {
    const stats = statSync(file, { bigint: true });
    return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined;
  } catch {
    return undefined;
  }
}

/** Whether two names are of one file that is there. */
export function isSameFile(one: string, other: string): boolean {
  const identity = identityOf(one);
  return identity !== undefined && identity === identityOf(other);
}

/** The nearest folder above that is there, or the path itself. Throws WriteError where no name can lead there. */
function standing(path: string): string {
  if (isThere(path) || dirname(path) === path) return path;
  if (isLink(path)) throw new WriteError(path, "its link leads to nothing", "name another folder");
  refuseLongName(path);
  return standing(dirname(path));
}

/** Below a file nothing is. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (errorCode(error) === "ENOTDIR") return false;
    throw writeErrorOf(path, error);
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

function refuseLongName(path: string): void {
  if (Buffer.byteLength(basename(path)) > longestName)
    throw new WriteError(path, "the name is too long");
}

/** `made` are the folders that this command makes: what lies in them is as free as they are. */
function checkFile(file: string, made: ReadonlySet<string>): void {
  const stats = statOf(file);
  refuseUnwritable(file, stats);
  if (stats !== undefined) accessSync(file, constants.W_OK);
  else if (isLink(file)) checkFile(resolve(dirname(file), readlinkSync(file)), made);
  else {
    refuseLongName(file);
    if (!made.has(resolve(dirname(file)))) tryFolder(dirname(file), file);
  }
}

/** File systems that hold what the system tells of itself take no files, whatever their modes say: a file is made, and taken away. */
function tryFolder(folder: string, output: string): void {
  accessSync(folder, constants.W_OK | constants.X_OK);
  const trial = temporaryBeside(join(folder, "trial"));
  try {
    closeSync(openSync(trial, "wx"));
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    throw new WriteError(output, `nothing can be made in ${folder}`, "name another folder");
  }
  rmSync(trial, { force: true });
}

function checkFolder(folder: string): void {
  const found = standing(resolve(folder));
  if (statOf(found)?.isDirectory() !== true)
    throw new WriteError(found, "this is a file, not a folder", "name another folder");
  tryFolder(found, folder);
}

function checkOutput(output: Output, path: string, made: ReadonlySet<string>): void {
  const { option } = output;
  if (path === "")
    throw new WriteError(
      "(no name)",
      `${option} names no ${"folder" in output ? "folder" : "file"}`,
    );
  if (path === "-") throw noStdout(output);
  try {
    if ("folder" in output) checkFolder(path);
    else if (/\.nn$/i.test(path))
      throw new WriteError(
        path,
        "a .nn file is a source, and is not written over",
        `${option} wants another file`,
      );
    else checkFile(path, made);
  } catch (error) {
    throw writeErrorOf(path, error);
  }
}

/** What writes to stdout by `-` claims no file; elsewhere nobody means a file of that name. */
function noStdout(output: Output): WriteError {
  const { option } = output;
  if ("folder" in output)
    return new WriteError(
      "-",
      `${option} writes files into a folder, and - is none`,
      `${option} ./- names a folder called -`,
    );
  return new WriteError(
    "-",
    `${option} writes a file, and - is not one: only nnc predict prints by it`,
    `${option} ./- names a file called -, and ${option} /dev/stdout goes into a pipe`,
  );
}

const pathOf = (output: Output): string | undefined =>
  "folder" in output ? output.folder : output.file;

/**
 * A run of hours shall not end with a path that cannot be written, and no output takes the place of a file that the
 * command reads, or of another output; a folder is made only when all is found to be well. Throws WriteError.
 */
export function claimOutputs(outputs: readonly Output[], reads: readonly string[]): void {
  const taken = new Map<string, string>();
  for (const file of reads) {
    const identity = identityOf(file);
    if (identity !== undefined) taken.set(identity, `${file} is read by this command`);
  }
  const folders = outputs.flatMap((one) =>
    "folder" in one && one.folder !== undefined ? [one.folder] : [],
  );
  const made = new Set(folders.map((folder) => resolve(folder)));
  for (const output of outputs) {
    const { option } = output;
    const path = pathOf(output);
    if (path === undefined) continue;
    checkOutput(output, path, made);
    const identity = identityOf(path) ?? resolve(path);
    const other = taken.get(identity);
    if (other !== undefined)
      throw new WriteError(
        path,
        `it would be written over: ${other}`,
        `${option} wants another name`,
      );
    // A device or a pipe may take several.
    if (identityOf(path) !== undefined || statOf(path) === undefined)
      taken.set(identity, `${option} writes it too`);
  }
  folders.forEach(makeFolder);
}
