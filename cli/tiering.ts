// Work of the compiler in; what it gives, out: the engine optimizes functions late meanwhile, and as usual behind it.
import { setFlagsFromString } from "node:v8";

interface Tiering {
  readonly flag: string;
  readonly usual: number;
  readonly late: number;
}

/**
 * By version of V8. What other engines call it is not known, and they would complain of a flag that they do not know: they stay
 * as they are.
 */
const tierings: Readonly<Record<string, Tiering | undefined>> = {
  // Bytes of bytecode run between two looks at whether to optimize a function.
  "11.3": { flag: "--interrupt-budget", usual: 132 * 1024, late: 800_000 },
  // Calls of a function before it is optimized.
  "12.4": { flag: "--invocation-count-for-turbofan", usual: 3000, late: 20_000 },
  "13.6": { flag: "--invocation-count-for-turbofan", usual: 3000, late: 20_000 },
};

function tell(when: "usual" | "late"): void {
  const version = /^\d+\.\d+/.exec(process.versions.v8)?.[0] ?? "";
  const tiering = tierings[version];
  if (tiering) setFlagsFromString(`${tiering.flag}=${tiering[when]}`);
}

/**
 * The compiler works for seconds, in which the engine would optimize a thousand of its functions, most of them when they have little
 * left to do. That costs more processor time than the compiler itself takes, which waits for it where there are two processors. Readers
 * of data and kernels in JavaScript loop over numbers: they are worth it soon.
 */
export async function optimizedLate<T>(work: () => T | Promise<T>): Promise<T> {
  tell("late");
  try {
    return await work();
  } finally {
    tell("usual");
  }
}
