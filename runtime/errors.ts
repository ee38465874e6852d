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
  /** a call beside one under way that it would disturb: await that one first */
  | "busy"
  /** a model with fitted values was asked to step before `prepare` */
  | "not-prepared"
  /** a loss became NaN or infinite */
  | "not-finite"
  /** a fault of ours */
  | "internal";

/** Every error the runtime throws; `details` holds numbers and names of a few messages. */
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

export function fail(code: ErrorCode, message: string): never {
  throw new NnError(code, message);
}

/** An error whose words are there at once, in minified bundles too: a net may tell them though nothing failed. */
export function aloud(...parts: readonly [ErrorCode, string]): NnError {
  return new NnError(...parts);
}

export function failAloud(...parts: readonly [ErrorCode, string]): never {
  throw aloud(...parts);
}

/** The words of an error, which minified bundles fetch when they are asked for. */
export function said(error: Error): string | Promise<string> {
  return error.message;
}

/** A function of a net whose errors the app sees: minified bundles fetch their words. */
export function speaking<F extends (...given: never[]) => unknown>(call: F): F {
  return call;
}

/** What went wrong within something else, in words for that. */
export function causeOf(error: unknown): string {
  return String(error).replace(/^NnError: /, "");
}

export function noMemory(what: string): NnError {
  return new NnError(
    "out-of-memory",
    `there is not enough memory for ${what}; a smaller batch needs less`,
  );
}

/** Engines and drivers throw RangeErrors where they cannot allocate. */
export function asNnError(error: unknown, what: string, code: ErrorCode = "internal"): NnError {
  if (error instanceof NnError) return error;
  if (error instanceof RangeError) return noMemory(what);
  const text = error instanceof Error ? error.message : String(error);
  return new NnError(code, `WebGPU failed at ${what}: ${text}`);
}

/** An element that is there, as the plan promises. */
export function at<T>(list: ArrayLike<T>, index: number): T {
  return list[index] as T;
}

/** Refuses a name; says the nearest of the names there are, then all of them. */
export function unknownName(what: string, given: unknown, names: readonly string[]): never {
  fail("name", unknownText(what, given, names));
}

export function unknownText(what: string, given: unknown, names: readonly string[]): string {
  const near = typeof given === "string" ? nearest(given, names) : undefined;
  const hint = near === undefined ? "" : `; did you mean "${near}"?`;
  return `there is no ${what} ${inWords(given)}${hint} (${names.join(", ") || "there is none"})`;
}

/** What was given, as its writer would know it; objects have no words, or throw where they are asked for them. */
export function inWords(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return "a list";
  if (Object(value) === value) {
    if (typeof Reflect.get(Object(value), "then") === "function") return "a promise: await it";
    return typeof value === "object" ? "an object" : `a ${typeof value}`;
  }
  return String(value) + (typeof value === "bigint" ? "n" : "");
}

export function checkObject(what: string, value: unknown): void {
  const isObject =
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    typeof Reflect.get(value, "then") !== "function";
  if (!isObject) fail("option", `${what} are an object, not ${inWords(value)}`);
}

/** Refuses a value that is none of an option's, for which undefined stands where it may be left out. */
export function checkChoice(name: string, value: unknown, ...choices: unknown[]): void {
  if (choices.includes(value)) return;
  fail("option", `${name} is ${choices.map(inWords).join(" or ")}, not ${inWords(value)}`);
}

/** Refuses options that are none: one that is misspelt would be left out without a word. */
export function checkNames<Options extends object>(
  options: Options,
  names: readonly (keyof Options & string)[],
): void {
  checkObject("options", options);
  for (const name of Object.keys(options)) {
    if (!(names as readonly string[]).includes(name)) unknownName("option", name, names);
  }
}

/** The name fewest edits away, where that is no more than a third of its letters (or 2). */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const limit = Math.max(2, name.length / 3);
  for (let edits = 0; edits <= Math.min(4, limit); edits++) {
    const near = names.find((other) => isWithin(name, other, edits));
    if (near !== undefined) return near;
  }
  return undefined;
}

/** Whether so few insertions, deletions and replacements turn one word into the other. */
function isWithin(a: string, b: string, edits: number): boolean {
  if (edits < 0) return false;
  if (a === b) return true;
  if (a[0] === b[0]) return isWithin(a.slice(1), b.slice(1), edits);
  return (
    isWithin(a.slice(1), b, edits - 1) ||
    isWithin(a, b.slice(1), edits - 1) ||
    isWithin(a.slice(1), b.slice(1), edits - 1)
  );
}
