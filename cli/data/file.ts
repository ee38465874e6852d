// In: the path of a file of the user's; out: its bytes, unpacked where it is gzipped, or a plain error.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { DataError } from "./array.js";

/** A gzipped file may not unpack to more than this. */
const unpackedLimit = 2 ** 31 - 1;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "this is a folder, not a file",
  EACCES: "it may not be read",
  EPERM: "it may not be read",
  ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GiB",
};

export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

export function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    const reason = reasons[errorCode(error)] ?? `it cannot be read (${errorCode(error)})`;
    throw new DataError("file-unreadable", reason, { file });
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

export interface DataFile {
  readonly bytes: Uint8Array;
  /** The path without `.gz`, by whose end the reader is chosen. */
  readonly kindPath: string;
}

export function readDataFile(file: string): DataFile {
  const bytes = readBytes(file);
  return file.toLowerCase().endsWith(".gz")
    ? { bytes: unpack(bytes, file), kindPath: file.slice(0, -3) }
    : { bytes, kindPath: file };
}
