// The number of a refusal and what its words name in; an error that gets its words before the app sees it, out. Minified bundles have this in place of `fail`.

import { NnError, type ErrorCode } from "../errors.js";
import type { Wordless } from "./explain.js";

/** As `new NnError`: the sentence is that of the number in `*.words.js`. */
export function refusal(
  code: ErrorCode,
  details: Readonly<Record<string, unknown>>,
  number: number,
  ...values: unknown[]
): NnError {
  const error = new NnError(code, `refused (${code} ${number}): ./$words.js says why`, details);
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

/** As `said`: what fetches the words fills them in; without them the code is what there is. */
export async function explained(error: unknown): Promise<string> {
  const wordless = error as NnError & Partial<Wordless>;
  if (error instanceof NnError && wordless.words) {
    try {
      await (await import("./words.js")).explain(error as NnError & Wordless);
    } catch {
      // The file is not there: its number says what was refused.
    }
    delete wordless.words;
  }
  return wordless.message;
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
