// In: the path of a file of the user's; out: its bytes, unpacked where it is gzipped, or a plain error.
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import type { Stats } from "node:fs";
import { gunzipSync } from "node:zlib";
import { DataError } from "./array.js";
import { errorCode, systemReason } from "./system.js";

/** A gzipped file that is held whole may not unpack to more than this. */
const unpackedLimit = 2 ** 31 - 1;

export function unreadable(file: string, error: unknown): DataError {
  if (error instanceof DataError) return error;
  return new DataError("file-unreadable", systemReason(error, "read"), { file });
}

/** What stands at a path says more than its name does. Throws DataError where nothing does, or a folder. */
export function refuseNoFile(file: string): void {
  let stats: Stats;
  try {
    stats = statSync(file);
  } catch (error) {
    throw unreadable(file, error);
  }
  if (stats.isDirectory())
    throw new DataError("file-unreadable", "this is a folder, not a file", {
      file,
      hint: "name a file in it",
    });
}

/** A device may have no end. */
export function refuseDevice(file: string, stats: Stats): void {
  if (stats.isCharacterDevice() || stats.isBlockDevice())
    throw new DataError("file-unreadable", "it is a device, not a file", { file });
}

/** What a pipe gives, all of which is kept. Throws DataError where it gives more than `limit` bytes. */
export function readPipe(file: string, handle: number, limit = unpackedLimit): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let length = 0; ;) {
    const piece = new Uint8Array(1 << 20);
    const count = readSync(handle, piece);
    if (count === 0) return pieces;
    pieces.push(count < piece.length ? piece.slice(0, count) : piece);
    length += count;
    if (length <= limit) continue;
    const hint = "write it to a file, of which only what is wanted is read";
    throw new DataError("file-unreadable", "a pipe may give 2 GiB, and it gives more", {
      file,
      hint,
    });
  }
}

export function readBytes(file: string): Uint8Array {
  try {
    const handle = openSync(file, "r");
    try {
      const stats = fstatSync(handle);
      refuseDevice(file, stats);
      return stats.isFIFO() ? Buffer.concat(readPipe(file, handle)) : readFileSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unpack(bytes: Uint8Array, file: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: unpackedLimit });
  } catch (error) {
    const code = errorCode(error);
    const reason =
      code === "ERR_BUFFER_TOO_LARGE"
        ? "it unpacks to more than 2 GiB"
        : code === "Z_BUF_ERROR"
          ? "the gzipped file is cut short"
          : "it is not a sound gzip file";
    throw new DataError("gzip", reason, { file });
  }
}

/** How many of a file's first bytes tell that it is gzipped. */
export const gzipMark = 3;

/**
 * Whether a file is gzipped: its name or its first bytes say so, since downloads lose names. With these three no text, no array and
 * no archive that is read begins.
 */
export function isGzipped(file: string, [one, two, three]: Uint8Array): boolean {
  return /\.gz$/i.test(file) || (one === 0x1f && two === 0x8b && three === 0x08);
}

/** A whole file that is held in memory: weights. */
export function readUnpacked(file: string): Uint8Array {
  const bytes = readBytes(file);
  return isGzipped(file, bytes) ? unpack(bytes, file) : bytes;
}
