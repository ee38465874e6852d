// In: the files that a command is going to write, and those that it reads; out: nothing, or why one cannot be written, before any work is done.
import { accessSync, constants, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { refuseUnwritable, statOf, WriteError, writeErrorOf } from "./atomic.js";
import { parseDataArgument } from "./source.js";

/** A file to be written, and the option that names it. */
export interface Output {
  readonly option: string;
  readonly file: string | undefined;
}

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

/** The files of `--data` arguments. */
export function dataFiles(args: readonly string[]): string[] {
  return args.map((argument) => parseDataArgument(argument).file);
}

function checkPath(file: string): void {
  const stats = statOf(file);
  refuseUnwritable(file, stats);
  if (stats !== undefined) accessSync(file, constants.W_OK);
  else if (Buffer.byteLength(basename(file)) > longestName)
    throw new WriteError(file, "the name is too long");
  else accessSync(dirname(file), constants.W_OK | constants.X_OK);
}

/**
 * A run of hours shall not end with a path that cannot be written, and no output takes the place of the source, of the
 * data, or of another output. Throws WriteError.
 */
export function claimOutputs(outputs: readonly Output[], reads: readonly string[]): void {
  const taken = new Map<string, string>();
  for (const file of reads) {
    const identity = identityOf(file);
    if (identity !== undefined) taken.set(identity, `${file} is read by this command`);
  }
  for (const { option, file } of outputs) {
    if (file === undefined) continue;
    const elsewhere = `${option} wants another file`;
    if (file === "") throw new WriteError("(no name)", `${option} names no file`);
    if (/\.nn$/i.test(file))
      throw new WriteError(file, "a .nn file is a source, and is not written over", elsewhere);
    try {
      checkPath(file);
    } catch (error) {
      throw writeErrorOf(file, error);
    }
    const identity = identityOf(file) ?? file;
    const other = taken.get(identity);
    if (other !== undefined)
      throw new WriteError(file, `it would be written over: ${other}`, elsewhere);
    // A device or a pipe may take several.
    if (identityOf(file) !== undefined || statOf(file) === undefined)
      taken.set(identity, `${option} writes it too`);
  }
}
