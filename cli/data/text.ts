// In: the characters of a text file, piece by piece; out: their numbers in a vocabulary, cut into windows of the trained length.
import { counted } from "../numbers.js";
import { DataError } from "./array.js";
import type { DataArray } from "./array.js";

/** A text as numbers of its characters in a vocabulary, sorted by code point. */
export interface EncodedText {
  readonly codes: Uint32Array<ArrayBuffer>;
  readonly vocabulary: readonly string[];
}

function unseen(character: string, offset: number, known: number, file: string): DataError {
  return new DataError(
    "text-character",
    `the character ${JSON.stringify(character)} at offset ${offset} was never seen in training`,
    { file, hint: `the model knows ${counted(known, "character")}` },
  );
}

/** Characters are numbered as they come; where the vocabulary is not given, they are sorted at the end. */
function sortVocabulary(codes: Uint32Array<ArrayBuffer>, found: readonly string[]): EncodedText {
  const vocabulary = found.toSorted((a, b) => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0));
  const sorted = new Map(vocabulary.map((character, index) => [character, index]));
  const indices = found.map((character) => sorted.get(character) ?? 0);
  return { codes: codes.map((code) => indices[code] ?? 0), vocabulary };
}

/**
 * Encodes a text piece by piece. Refuses a character that a given vocabulary lacks, naming its offset in
 * characters, from 0.
 */
export async function encodeText(
  pieces: AsyncIterable<string> | Iterable<string>,
  given: readonly string[] | undefined,
  file: string,
): Promise<EncodedText> {
  const found = [...(given ?? [])];
  const indices = new Map(found.map((character, index) => [character, index]));
  let codes = new Uint32Array(1024);
  let length = 0;
  for await (const piece of pieces) {
    if (length + piece.length > codes.length) {
      const larger = new Uint32Array(Math.max(length + piece.length, codes.length * 2));
      larger.set(codes.subarray(0, length));
      codes = larger;
    }
    for (const character of piece) {
      let index = indices.get(character);
      if (index === undefined) {
        if (given !== undefined) throw unseen(character, length, given.length, file);
        index = found.length;
        indices.set(character, index);
        found.push(character);
      }
      codes[length++] = index;
    }
  }
  const used = codes.slice(0, length);
  return given === undefined ? sortVocabulary(used, found) : { codes: used, vocabulary: given };
}

export interface TextWindows {
  readonly input: DataArray;
  /** The same windows one character later; only where a target wants them. */
  readonly next: DataArray | undefined;
}

/** `[windows, length]`; windows do not overlap, and a rest that fills none is left out. */
export function cutWindows(
  codes: Uint32Array,
  length: number,
  withNext: boolean,
  name: string,
  file: string,
): TextWindows {
  const windows = Math.floor((codes.length - (withNext ? 1 : 0)) / length);
  if (windows < 1)
    throw new DataError(
      "text-short",
      `found ${counted(codes.length, "character")}, one window needs ${length + (withNext ? 1 : 0)}`,
      { file },
    );
  const shape = [windows, length];
  const common = { name, file, shape, dtype: "u32" } as const;
  return {
    input: { ...common, data: codes.subarray(0, windows * length) },
    next: withNext ? { ...common, data: codes.subarray(1, windows * length + 1) } : undefined,
  };
}
