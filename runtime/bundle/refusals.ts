// The number of a refusal and what its words name in; an error that gets its words before the app sees it, out. Minified bundles have this in place of `fail`.

import { NnError, type ErrorCode } from "../errors.js";

/** What stands in place of an error's words, until they are fetched; then who fetches them. */
interface Wordless {
  words?: readonly [number: number, values: readonly unknown[]] | Promise<void>;
}

/** As `new NnError`: the sentence is that of the number in `*.words.js`. */
export function refusal(
  code: ErrorCode,
  details: Readonly<Record<string, unknown>>,
  number: number,
  ...values: unknown[]
): NnError {
  const error = new NnError(code, `refused (${code} ${number}), words.js says why`, details);
  return Object.assign(error, { words: [number, values] });
}

/** As `fail`. */
export function refuse(code: ErrorCode, number: number, ...values: unknown[]): never {
  throw refusal(code, {}, number, ...values);
}

/** As `failFile`. */
export function refuseFile(problem: string, number: number, ...values: unknown[]): never {
  throw refusal("weights", { problem }, number, ...values);
}

/** As `said`: fetches the words, once; without them the code is what there is. */
export async function explained(error: unknown): Promise<string> {
  if (error instanceof NnError) {
    const wordless = error as NnError & Wordless;
    const { words } = wordless;
    if (Array.isArray(words)) wordless.words = explain(error, ...(words as [number, unknown[]]));
    await wordless.words;
    delete wordless.words;
  }
  return (error as Error).message;
}

async function explain(error: NnError, number: number, values: readonly unknown[]): Promise<void> {
  try {
    // The words of one may be in those of another.
    for (const value of values) if (value instanceof Error) await explained(value);
    const { words } = await import("./words.js");
    const short = error.message;
    error.message = words[number]?.(...values) ?? short;
    error.stack = error.stack?.replace(short, () => error.message) ?? "";
  } catch {
    // The file is not there: its number says what was refused.
  }
}

/** As `speaking`: the same function, whose errors have words. */
export function outspoken<F extends (...given: never[]) => unknown>(call: F): F {
  return ((...given: Parameters<F>) => {
    const result = call(...given);
    if (!(result instanceof Promise)) return result;
    return result.catch(async (error: unknown) => {
      await explained(error);
      throw error;
    });
  }) as F;
}
