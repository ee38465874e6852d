// In: the blocks of a text file; out: its characters piece by piece, or an error that names the byte that
// is not UTF-8.
import { DataError } from "./array.js";
import { blocksOf } from "./bytes.js";
import type { ByteSource } from "./bytes.js";

const mark = [0xef, 0xbb, 0xbf];

function decoder(): TextDecoder {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    decoder().decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** The first byte that belongs to no character. */
function firstFault(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isUtf8(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  // The byte at which it fails may only show that the character before it is not whole.
  while (good > 0 && decodeWhole(bytes.subarray(0, good)) === undefined) good--;
  return good;
}

/** Where the last character, which may be cut, begins. */
function lastCharacter(bytes: Uint8Array): number {
  let at = bytes.length - 1;
  const first = Math.max(0, bytes.length - 4);
  while (at > first && ((bytes[at] ?? 0) & 0xc0) === 0x80) at--;
  return (bytes[at] ?? 0) < 0x80 ? bytes.length : Math.max(0, at);
}

function hintFor(bytes: Uint8Array, at: number, offset: number): string {
  const pair = `${bytes[at] ?? 0},${bytes[at + 1] ?? 0}`;
  if (offset === 0 && (pair === "255,254" || pair === "254,255"))
    return "it looks like UTF-16: save it as UTF-8 (iconv -f utf-16 -t utf-8)";
  return "save it as UTF-8; from Latin-1: iconv -f latin1 -t utf-8";
}

/** What is wrong with bytes that are no UTF-8, which begin at `base` in their file. */
export function encodingFault(
  bytes: Uint8Array,
  base = 0,
): { readonly message: string; readonly hint: string } {
  const at = firstFault(bytes);
  const offset = base + at;
  const found = `0x${(bytes[at] ?? 0).toString(16).padStart(2, "0")}`;
  return {
    message: `the file is not UTF-8 text: the byte ${found} at offset ${offset} begins no character`,
    hint: hintFor(bytes, at, offset),
  };
}

/** Decodes a whole text, its mark of byte order included; undefined where it is not UTF-8. */
export function decodeWhole(bytes: Uint8Array): string | undefined {
  try {
    return decoder().decode(bytes);
  } catch {
    return undefined;
  }
}

/** Pieces of whole characters; a mark of byte order at the start is left out. */
export async function* decodeText(source: ByteSource): AsyncGenerator<string> {
  let kept = new Uint8Array(0);
  let offset = 0;
  const decode = (bytes: Uint8Array): string => {
    const text = decodeWhole(bytes);
    if (text !== undefined) {
      offset += bytes.length;
      return text;
    }
    const { message, hint } = encodingFault(bytes, offset);
    throw new DataError("text-encoding", message, { file: source.file, hint });
  };
  for await (const block of blocksOf(source)) {
    let bytes = Buffer.concat([kept, block]);
    if (offset === 0 && mark.every((byte, at) => bytes[at] === byte)) {
      bytes = bytes.subarray(mark.length);
      offset = mark.length;
    }
    const cut = lastCharacter(bytes);
    kept = Uint8Array.from(bytes.subarray(cut));
    if (cut > 0) yield decode(bytes.subarray(0, cut));
  }
  if (kept.length > 0) yield decode(kept);
}
