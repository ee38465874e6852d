// In: a file, bytes in memory, or a stream that can be begun anew; out: the one way in which readers read
// ranges of bytes.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { pipeline, Readable } from "node:stream";
import type { Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { DataError } from "./array.js";
import { gzipMark, isGzipped, readPipe, refuseDevice, unreadable } from "./file.js";
import { errorCode } from "./system.js";

/** How much is read at once where a whole range is walked through. */
export const blockBytes = 1 << 20;
/** What is left of a stream is read for the sake of its checksum, unless it is more than this. */
const drainedBytes = 16 << 20;

export interface ByteSource {
  /** As messages name it. */
  readonly file: string;
  /** Where it is known without reading. */
  readonly size: number | undefined;
  /** The bytes from `offset` on: `length` of them, or fewer where the source ends before. */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
  /** All is read that was wanted: checks what can be checked, and lets the source go. */
  readonly finish: () => Promise<void>;
  /** Lets the source go, as it is. */
  readonly close: () => Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

export function memorySource(bytes: Uint8Array, file: string): ByteSource {
  return {
    file,
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    finish: nothing,
    close: nothing,
  };
}

/** A part of another source. */
export function sliceSource(source: ByteSource, begin: number, size: number): ByteSource {
  const read = (offset: number, length: number): Promise<Uint8Array> =>
    source.read(begin + offset, Math.max(0, Math.min(length, size - offset)));
  return { file: source.file, size, read, finish: nothing, close: nothing };
}

/** The whole of a source, block by block. */
export async function* blocksOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (let at = 0; ;) {
    const block = await source.read(at, blockBytes);
    if (block.length === 0) return;
    yield block;
    at += block.length;
  }
}

/** Joins pieces to one array of at most `length` bytes. */
function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = pieces;
  if (pieces.length === 1 && first?.length === length) return first;
  return Buffer.concat(pieces, length);
}

/** How far a stream has been read, and what of its last piece is left. */
interface Cursor {
  readonly position: () => number;
  /** At most `most` bytes more; none at the end. */
  readonly next: (most: number) => Promise<Uint8Array>;
  readonly close: () => Promise<void>;
}

function openCursor(stream: AsyncIterator<Uint8Array>): Cursor {
  let position = 0;
  let rest: Uint8Array = new Uint8Array(0);
  const next = async (most: number): Promise<Uint8Array> => {
    while (rest.length === 0) {
      const piece = await stream.next();
      if (piece.done === true) return new Uint8Array(0);
      rest = piece.value;
    }
    const taken = rest.subarray(0, most);
    rest = rest.subarray(taken.length);
    position += taken.length;
    return taken;
  };
  const close = async (): Promise<void> => {
    await stream.return?.();
  };
  return { position: () => position, next, close };
}

/** Reads and drops what lies before `offset`; stops where the stream does. */
async function skipTo(offset: number, { position, next }: Cursor): Promise<void> {
  while (position() < offset)
    if ((await next(Math.min(blockBytes, offset - position()))).length === 0) return;
}

/**
 * A stream that can only be read forward: what lies before the offset wanted is read and dropped, and to go
 * back it is begun anew.
 */
export function streamSource(
  file: string,
  size: number | undefined,
  open: () => AsyncIterable<Uint8Array>,
): ByteSource {
  let cursor: Cursor | undefined;
  const close = async (): Promise<void> => {
    await cursor?.close();
    cursor = undefined;
  };
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    if (cursor !== undefined && offset < cursor.position()) await close();
    cursor ??= openCursor(open()[Symbol.asyncIterator]());
    await skipTo(offset, cursor);
    const pieces: Uint8Array[] = [];
    let found = 0;
    while (found < length) {
      const piece = await cursor.next(length - found);
      if (piece.length === 0) break;
      pieces.push(piece);
      found += piece.length;
    }
    return joined(pieces, found);
  };
  const finish = async (): Promise<void> => {
    if (cursor !== undefined) await skipTo(cursor.position() + drainedBytes, cursor);
    await close();
  };
  return { file, size, read, finish, close };
}

/** Ranges of a plain file, read where they lie. */
function plainSource(file: string, handle: number, size: number): ByteSource {
  let open = true;
  const close = (): Promise<void> => {
    if (open) closeSync(handle);
    open = false;
    return Promise.resolve();
  };
  const read = (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
    let found = 0;
    try {
      while (found < bytes.length) {
        const count = readSync(handle, bytes, found, bytes.length - found, offset + found);
        if (count === 0) break;
        found += count;
      }
    } catch (error) {
      return Promise.reject(unreadable(file, error));
    }
    return Promise.resolve(bytes.subarray(0, found));
  };
  return { file, size, read, finish: nothing, close };
}

/** A pipe can be read once: what it gives is kept. */
function pipeSource(file: string, handle: number): ByteSource {
  const pieces = readPipe(file, handle);
  closeSync(handle);
  return streamSource(
    file,
    pieces.reduce((sum, { length }) => sum + length, 0),
    async function* () {
      await Promise.resolve();
      yield* pieces;
    },
  );
}

function openPath(file: string): ByteSource {
  try {
    const handle = openSync(file, "r");
    try {
      const status = fstatSync(handle);
      refuseDevice(file, status);
      return status.isFile() || status.isDirectory()
        ? plainSource(file, handle, status.size)
        : pipeSource(file, handle);
    } catch (error) {
      closeSync(handle);
      throw error;
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** The bytes of a packed source, unpacked on the way; `refuse` says what is wrong where they cannot be. */
export async function* unpacked(
  packed: ByteSource,
  unpack: Transform,
  refuse: (code: string) => DataError,
): AsyncGenerator<Uint8Array> {
  const input = Readable.from(blocksOf(packed));
  // Errors of both ends arrive where the unpacked bytes are read.
  pipeline(input, unpack, () => undefined);
  try {
    for await (const piece of unpack) yield piece as Uint8Array;
  } catch (error) {
    throw error instanceof DataError ? error : refuse(errorCode(error));
  } finally {
    input.destroy();
  }
}

function gunzipped(packed: ByteSource): ByteSource {
  const { file } = packed;
  const refuse = (code: string): DataError => {
    const isShort = code === "Z_BUF_ERROR";
    const reason = isShort ? "the gzipped file is cut short" : "it is not a sound gzip file";
    return new DataError("gzip", reason, { file });
  };
  const open = (): AsyncIterable<Uint8Array> =>
    unpacked(packed, createGunzip({ chunkSize: blockBytes }), refuse);
  const stream = streamSource(file, undefined, open);
  const close = async (): Promise<void> => {
    await stream.close();
    await packed.close();
  };
  return { ...stream, close };
}

/** A file of the user's, unpacked on the way where it is gzipped. Throws DataError. */
export async function openSource(file: string): Promise<ByteSource> {
  const plain = openPath(file);
  try {
    return isGzipped(file, await plain.read(0, gzipMark)) ? gunzipped(plain) : plain;
  } catch (error) {
    await plain.close();
    throw error;
  }
}

/** How many bytes a source has, by reading through it where nothing tells. */
export async function sizeOf(source: ByteSource): Promise<number> {
  if (source.size !== undefined) return source.size;
  let size = 0;
  for await (const block of blocksOf(source)) size += block.length;
  return size;
}
