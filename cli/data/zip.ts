// In: the bytes of a zip archive; out: its members by name, each a source of its unpacked bytes that checks their CRC
// (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3 and 4.5.3).
import { crc32, createInflateRaw } from "node:zlib";
import { DataError } from "./array.js";
import { blockBytes, blocksOf, sizeOf, sliceSource, streamSource, unpacked } from "./bytes.js";
import type { ByteSource } from "./bytes.js";

const endSignature = 0x06054b50;
const end64Signature = 0x06064b50;
const locator64Signature = 0x07064b50;
const memberSignature = 0x02014b50;
const localSignature = 0x04034b50;
/** Stands in a 32-bit field whose value is in the extra field for 64 bits. */
const inExtra = 0xffffffff;
const extra64 = 1;
/** The end record and the longest comment behind it. */
const longestEnd = 22 + 0xffff;
/** Deflate makes a byte at most 1,032 times as long; what claims more lies about its size. */
const mostDeflated = 1032;

export interface ZipMember {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Where its local header begins. */
  readonly offset: number;
}

function refusal(file: string, message: string): DataError {
  return new DataError("npz-zip", message, { file });
}

function damaged(file: string): DataError {
  return refusal(file, "this is not a readable .npz file: the zip archive is damaged or cut short");
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function wide(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

async function exactly(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  const bytes = offset >= 0 ? await source.read(offset, length) : new Uint8Array(0);
  if (bytes.length !== length) throw damaged(source.file);
  return bytes;
}

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

/** The end record is looked for from the end, since a comment may follow it. */
async function findDirectory(source: ByteSource): Promise<Directory> {
  const total = await sizeOf(source);
  const start = Math.max(0, total - longestEnd);
  const tail = await source.read(start, total - start);
  const view = viewOf(tail);
  for (let at = tail.length - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== endSignature) continue;
    const count = view.getUint16(at + 10, true);
    const size = view.getUint32(at + 12, true);
    const offset = view.getUint32(at + 16, true);
    if (count !== 0xffff && size !== inExtra && offset !== inExtra) return { offset, size, count };
    return findDirectory64(source, start + at);
  }
  throw damaged(source.file);
}

async function findDirectory64(source: ByteSource, end: number): Promise<Directory> {
  const locator = viewOf(await exactly(source, end - 20, 20));
  if (locator.getUint32(0, true) !== locator64Signature) throw damaged(source.file);
  const record = viewOf(await exactly(source, wide(locator, 8), 56));
  if (record.getUint32(0, true) !== end64Signature) throw damaged(source.file);
  return { count: wide(record, 32), size: wide(record, 40), offset: wide(record, 48) };
}

/** The 64-bit values of a member, in the order in which their 32-bit fields say that they are there. */
function wideFields(extra: Uint8Array, fields: readonly number[], file: string): number[] {
  const view = viewOf(extra);
  const found = [...fields];
  if (!fields.includes(inExtra)) return found;
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== extra64) continue;
    let from = at + 4;
    fields.forEach((field, position) => {
      if (field !== inExtra) return;
      if (from + 8 > extra.length) throw damaged(file);
      found[position] = wide(view, from);
      from += 8;
    });
    return found;
  }
  throw damaged(file);
}

/** The members that the directory lists; none of their bytes is read yet. */
export async function readDirectory(source: ByteSource): Promise<ZipMember[]> {
  const { file } = source;
  const { offset, size, count } = await findDirectory(source);
  const bytes = await exactly(source, offset, size);
  const view = viewOf(bytes);
  const members: ZipMember[] = [];
  for (let at = 0; members.length < count;) {
    if (at + 46 > size || view.getUint32(at, true) !== memberSignature) throw damaged(file);
    const lengths = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const [nameLength = 0, extraLength = 0, commentLength = 0] = lengths;
    const extraAt = at + 46 + nameLength;
    const next = extraAt + extraLength + commentLength;
    if (next > size) throw damaged(file);
    const extra = bytes.subarray(extraAt, extraAt + extraLength);
    const fields = [24, 20, 42].map((field) => view.getUint32(at + field, true));
    const [unpacked = 0, packed = 0, begin = 0] = wideFields(extra, fields, file);
    members.push({
      name: new TextDecoder().decode(bytes.subarray(at + 46, extraAt)),
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed,
      size: unpacked,
      offset: begin,
    });
    at = next;
  }
  return members;
}

/** Passes bytes on, and refuses them at their end where their number or their CRC is not as listed. */
async function* checked(
  pieces: AsyncIterable<Uint8Array>,
  { name, size, crc }: ZipMember,
  file: string,
): AsyncGenerator<Uint8Array> {
  let found = 0;
  let sum = 0;
  for await (const piece of pieces) {
    found += piece.length;
    if (found > size) break;
    sum = crc32(piece, sum);
    yield piece;
  }
  if (found !== size || sum !== crc)
    throw refusal(file, `"${name}" is damaged: its checksum (CRC-32) is not the one listed`);
}

function inflated(packed: ByteSource, name: string): AsyncIterable<Uint8Array> {
  const refuse = (): DataError =>
    refusal(packed.file, `"${name}" is damaged: it cannot be unpacked`);
  return unpacked(packed, createInflateRaw({ chunkSize: blockBytes }), refuse);
}

/** The unpacked bytes of a member. */
export async function openMember(source: ByteSource, member: ZipMember): Promise<ByteSource> {
  const { name, method, encrypted, packed, size, offset } = member;
  const { file } = source;
  if (encrypted) throw refusal(file, `"${name}" is encrypted`);
  if (method !== 0 && method !== 8)
    throw refusal(file, `"${name}" is packed by method ${method}; stored and deflated are read`);
  if (size > packed * (method === 0 ? 1 : mostDeflated) + 1024)
    throw refusal(file, `the size of "${name}" cannot be right`);
  const header = viewOf(await exactly(source, offset, 30));
  if (header.getUint32(0, true) !== localSignature) throw damaged(file);
  const begin = offset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  const body = sliceSource(source, begin, packed);
  const pieces = (): AsyncIterable<Uint8Array> =>
    method === 0 ? blocksOf(body) : inflated(body, name);
  const stream = streamSource(file, size, () => checked(pieces(), member, file));
  return method === 0 ? storedSource(body, stream) : stream;
}

/** A gap of more than this is not read for the sake of the checksum. */
const farBytes = 16 << 20;

/** Bytes that lie as they are: in order they are checked, far behind what was asked for before they are just read. */
function storedSource(body: ByteSource, stream: ByteSource): ByteSource {
  let end = 0;
  let isOrdered = true;
  const read = (offset: number, length: number): Promise<Uint8Array> => {
    isOrdered &&= offset <= end + farBytes;
    end = Math.max(end, offset + length);
    return (isOrdered ? stream : body).read(offset, length);
  };
  const finish = (): Promise<void> => (isOrdered ? stream.finish() : stream.close());
  return { ...stream, read, finish };
}
