// A file and the identity of a search in; what it holds of this search, and a way to add to it that survives the end of the process at any moment, out.
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { refuseUnwritable, statOf, writeErrorOf } from "../data/atomic.js";
import { Failure } from "../failure.js";
import type { Settings } from "../options.js";
import type { Attempt } from "../training/attempt.js";
import { differences } from "./identity.js";
import type { Identity } from "./identity.js";
import { lockJournal } from "./lock.js";
import type { EpochValue, Outcome, Trial } from "./trials.js";

/** Of the lines of a journal; another version would be read wrongly. */
const version = 1;

export type JournalRecord =
  | { readonly kind: "started"; readonly trial: number; readonly set: Settings }
  | ({ readonly kind: "reported"; readonly trial: number } & EpochValue)
  | (Outcome & { readonly trial: number });

export interface Journal {
  /** What was begun before, by number. */
  readonly trials: readonly Trial[];
  readonly write: (record: JournalRecord) => void;
  readonly close: () => void;
}

interface Found {
  readonly trials: readonly Trial[];
  /** Bytes up to the end of the last whole line. */
  readonly length: number;
  readonly isTorn: boolean;
}

const nothing: Found = { trials: [], length: 0, isTorn: false };

/** Throws Failure where the file is of another search, or no journal, or another process writes it; and WriteError. */
export function openJournal(
  file: string | undefined,
  identity: Identity,
  { note, attempt }: { readonly note: (line: string) => void; readonly attempt: Attempt },
): Journal {
  if (file === undefined) return { trials: [], write: () => undefined, close: () => undefined };
  const isPlain = statOf(file)?.isFile() ?? true;
  const unlock = isPlain ? lockJournal(file) : () => undefined;
  try {
    return openLocked(file, { identity, isPlain, unlock, note, attempt });
  } catch (error) {
    unlock();
    throw error;
  }
}

interface LockedJournal {
  readonly identity: Identity;
  /** A file that stays: what is a pipe or a device is written to alone. */
  readonly isPlain: boolean;
  readonly unlock: () => void;
  readonly note: (line: string) => void;
  readonly attempt: Attempt;
}

function openLocked(
  file: string,
  { identity, isPlain, unlock, note, attempt }: LockedJournal,
): Journal {
  const found = isPlain ? readJournal(file, identity) : nothing;
  const handle = openAt(file, found, isPlain);
  if (found.isTorn)
    note(
      `${file}: its last line was not written to its end, and is dropped; what it told of is done again`,
    );
  const append = (record: object, isEnd: boolean): void => {
    attempt(file, () => {
      writeSync(handle, `${JSON.stringify(record)}\n`);
      if (isEnd && isPlain) fsyncSync(handle);
    });
  };
  if (found.length === 0) append({ kind: "search", version, ...identity }, true);
  return {
    trials: found.trials,
    write: ({ kind, trial, ...rest }) => {
      append({ kind, trial, ...rest }, kind !== "reported" && kind !== "started");
    },
    close: () => {
      closeSync(handle);
      unlock();
    },
  };
}

/** At the end of what is whole. */
function openAt(file: string, { length, isTorn }: Found, isPlain: boolean): number {
  try {
    refuseUnwritable(file, statOf(file));
    const handle = openSync(file, "a");
    if (isPlain && isTorn) ftruncateSync(handle, length);
    return handle;
  } catch (error) {
    throw writeErrorOf(file, error);
  }
}

function readJournal(file: string, identity: Identity): Found {
  if (statOf(file) === undefined) return nothing;
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw writeErrorOf(file, error);
  }
  const length = bytes.lastIndexOf(0x0a) + 1;
  const isTorn = length < bytes.length;
  const lines = bytes.subarray(0, length).toString("utf8").split("\n").slice(0, -1);
  const [head, ...rest] = lines;
  if (head === undefined) {
    // Of a line that was not finished, its beginning says what it was going to be.
    const start = '{"kind":"search"';
    const text = bytes.toString("utf8");
    if (!start.startsWith(text.slice(0, start.length))) throw noJournal(file, 1);
    return { trials: [], length: 0, isTorn };
  }
  checkHead(file, head, identity);
  const trials = new Map<number, Trial>();
  rest.forEach((line, at) => {
    if (!take(trials, objectOf(line))) throw noJournal(file, at + 2);
  });
  const ordered = [...trials.values()].sort((a, b) => a.number - b.number);
  return { trials: ordered, length, isTorn };
}

function objectOf(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function noJournal(file: string, line: number): Failure {
  return new Failure(1, "journal", `line ${line} is none of a journal of \`nnc search\``, {
    file,
    hint: "--log wants a name that is free, or the journal of this search; the file was left as it is",
  });
}

function checkHead(file: string, line: string, identity: Identity): void {
  const head = objectOf(line);
  if (head["kind"] !== "search") throw noJournal(file, 1);
  if (head["version"] !== version)
    throw new Failure(1, "journal", "this journal was written by another version of nnc", {
      file,
      hint: "begin a new one: --log with another name",
    });
  const found = differences(head, identity);
  if (found.length === 0) return;
  throw new Failure(1, "journal", `this is the journal of another search: ${found.join("; ")}`, {
    file,
    hint: "its values would say nothing of this one: begin a new journal (--log with another name), or go on with what it was made of",
  });
}

/** Takes a record up; false where it is none. */
function take(trials: Map<number, Trial>, record: Readonly<Record<string, unknown>>): boolean {
  const { kind, trial: number, set } = record;
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 1) return false;
  if (!numbers.every((name) => isNumber(record[name]))) return false;
  if (kind === "started") {
    if (typeof set !== "object" || set === null) return false;
    trials.set(number, { number, set: set as Settings, values: [], outcome: undefined });
    return true;
  }
  const trial = trials.get(number);
  if (trial === undefined) return false;
  if (kind === "reported") {
    const { epoch } = record;
    if (typeof epoch !== "number") return false;
    const values = [...trial.values, { epoch, value: numberOf(record["value"]) }];
    trials.set(number, { ...trial, values });
    return true;
  }
  const outcome = outcomeOf(record);
  if (outcome === undefined) return false;
  trials.set(number, { ...trial, outcome });
  return true;
}

/** What is a number in any record that has it. */
const numbers = ["epoch", "epochs", "value", "median", "seconds", "preparing"];

/** JSON has no word for what is no number but null. */
const isNumber = (value: unknown): boolean => typeof (value ?? NaN) === "number";
const numberOf = (value: unknown): number => (typeof value === "number" ? value : NaN);

function outcomeOf(record: Readonly<Record<string, unknown>>): Outcome | undefined {
  const seconds = numberOf(record["seconds"]);
  const value = numberOf(record["value"]);
  const { kind, reason, weights } = record;
  if (kind === "finished") {
    const epochs = numberOf(record["epochs"]);
    const preparing = numberOf(record["preparing"]);
    const kept = typeof weights === "string" ? { weights } : {};
    return { kind, value, epochs, seconds, preparing, ...kept };
  }
  if (kind === "stopped") {
    const epoch = numberOf(record["epoch"]);
    return { kind, epoch, value, median: numberOf(record["median"]), seconds };
  }
  if (kind === "failed" && typeof reason === "string") return { kind, reason, seconds };
  return undefined;
}
