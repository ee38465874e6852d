// In: the characters of a text file; out: their numbers in a vocabulary, cut into windows of the trained length.
import { DataError } from "./array.js";
import type { DataArray } from "./array.js";

/** The characters that occur, sorted by code point. */
export function vocabularyOf(text: string): string[] {
  return [...new Set(text)].sort((a, b) => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0));
}

/** Refuses a character that the vocabulary lacks, naming its offset in characters, from 0. */
export function encodeText(
  text: string,
  vocabulary: readonly string[],
  file: string,
): Uint32Array<ArrayBuffer> {
  const places = new Map(vocabulary.map((character, place) => [character, place]));
  const codes = new Uint32Array(text.length);
  let length = 0;
  for (const character of text) {
    const place = places.get(character);
    if (place === undefined)
      throw new DataError(
        "text-character",
        `the character ${JSON.stringify(character)} at offset ${length} was never seen in training`,
        { file, hint: `the model knows ${vocabulary.length} characters` },
      );
    codes[length++] = place;
  }
  return codes.slice(0, length);
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
      `found ${codes.length} characters, one window needs ${length + (withNext ? 1 : 0)}`,
      { file },
    );
  const shape = [windows, length];
  const common = { name, file, shape, dtype: "u32" } as const;
  return {
    input: { ...common, data: codes.subarray(0, windows * length) },
    next: withNext ? { ...common, data: codes.subarray(1, windows * length + 1) } : undefined,
  };
}
