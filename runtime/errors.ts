// What a caller did wrong in; errors with a stable code and a message for beginners out.

export type ErrorCode =
  /** an input, output, parameter, stage or option that the model does not have, or one that is missing */
  | "name"
  | "shape"
  /** a label outside its category */
  | "label"
  /** a value that a tensor of its type cannot hold: NaN, an infinity, a fraction among integers */
  | "value"
  | "option"
  | "weights"
  | "data"
  | "no-adapter"
  | "limits"
  | "out-of-memory"
  | "device-lost"
  | "destroyed"
  /** a model with fitted values was asked to step before `prepare` */
  | "not-prepared"
  /** a loss became NaN or infinite */
  | "not-finite"
  /** a fault of ours */
  | "internal";

/** Every error the runtime throws; `details` holds the names and numbers of the message. */
export class NnError extends Error {
  override readonly name = "NnError";
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

export function fail(
  code: ErrorCode,
  message: string,
  details?: Readonly<Record<string, unknown>>,
): never {
  throw new NnError(code, message, details);
}

/** An element that is there, as the plan promises. */
export function at<T>(list: readonly T[], index: number): T {
  return list[index] as T;
}

/** Refuses a name; says the nearest of the names there are, then all of them. */
export function unknownName(what: string, name: string, names: readonly string[]): never {
  const near = nearest(name, names);
  const list = names.length === 0 ? `this model has no ${what}` : names.join(", ");
  const hint = near === undefined ? "" : `; did you mean "${near}"?`;
  fail("name", `there is no ${what} "${name}"${hint} (${list})`, { name, names });
}

/** The name fewest edits away, where that is no more than a third of the longer one (or 2). */
export function nearest(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Infinity;
  for (const other of names) {
    const limit = Math.max(2, Math.max(name.length, other.length) / 3);
    const edits = editDistance(name.toLowerCase(), other.toLowerCase());
    if (edits <= limit && edits < fewest) {
      fewest = edits;
      best = other;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
