// A plan in; the words that its dispatches are given, laid out as a device binds them, out.

import { givenIn } from "./loops.js";
import { GIVEN_WORDS, type Plan } from "./plan.js";

/** Words at places where any device may bind them: behind the last are as many as a binding has. */
export interface GivenWords {
  readonly words: Uint32Array<ArrayBuffer>;
  /** In bytes. */
  readonly places: readonly number[];
}

/** What a binding begins at a multiple of, in words. */
const alignment = 64;

export function pack(lists: Iterable<readonly number[]>): GivenWords {
  const words: number[] = [];
  const places: number[] = [];
  for (const list of lists) {
    places.push(words.length * 4);
    words.push(...list);
    words.length = Math.ceil(words.length / alignment) * alignment;
  }
  words.length += GIVEN_WORDS;
  return { words: Uint32Array.from(words), places };
}

/** Of all dispatches of programs without loops: by program, and in it by dispatch. */
export function packGiven({ programs }: Plan): {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly places: readonly (readonly number[])[];
} {
  const lists = programs.map(({ dispatches, loops }) =>
    loops ? [] : dispatches.map(({ given = [] }) => givenIn(given, [])),
  );
  const { words, places } = pack(lists.flat());
  let first = 0;
  return { words, places: lists.map(({ length }) => places.slice(first, (first += length))) };
}
