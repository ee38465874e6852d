// In: a path and its whole new content; out: the file, replaced at once or not at all.
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errorCode } from "./file.js";

/** The machine is at fault (exit code 3) where the disk is full, else the path is (exit code 1). */
export class WriteError extends Error {
  override readonly name = "WriteError";
  readonly machine: boolean;
  constructor(
    readonly file: string,
    readonly reason: string,
  ) {
    super(
      reason === "ENOSPC"
        ? "the disk is full"
        : reason === "ENOENT"
          ? "there is no such folder"
          : reason === "EISDIR"
            ? "this is a folder"
            : `it cannot be written (${reason})`,
    );
    this.machine = ["ENOSPC", "EDQUOT", "EIO"].includes(reason);
  }
}

/** Writes beside the file and renames, so that a failure leaves what was there before. */
export function writeWhole(file: string, content: string | Uint8Array): void {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new WriteError(file, errorCode(error));
  }
}
