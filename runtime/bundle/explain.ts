// An error of a minified bundle that has the number of its words in, with what they name, and all words; the error with its words, out. Part of `*.words.js`.

/** What stands in place of an error's words until they are there; while they are filled in, a promise of that. */
export interface Wordless {
  words: readonly [number: number, values: readonly unknown[]] | Promise<void>;
}

export type Sentences = Readonly<Record<number, (...values: readonly unknown[]) => string>>;

export async function explainBy(all: Sentences, error: Error & Wordless): Promise<void> {
  const { words } = error;
  if (words instanceof Promise) return words;
  await (error.words = fill(all, error, ...words));
  Reflect.deleteProperty(error, "words");
}

async function fill(
  all: Sentences,
  error: Error,
  number: number,
  values: readonly unknown[],
): Promise<void> {
  // The words of one may be in those of another.
  for (const value of values)
    if (value instanceof Error && "words" in value) await explainBy(all, value as Error & Wordless);
  const short = error.message;
  error.message = all[number]?.(...values) ?? short;
  error.stack = error.stack?.replace(short, () => error.message) ?? "";
}
