// A journal's file in; the right to add to it, which one process has at a time and which ends with it however that ends, out.
import { linkSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { writeErrorOf } from "../data/atomic.js";
import { errorCode } from "../data/system.js";
import { Failure } from "../failure.js";

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When it began, where the system tells: another process may have its number later. */
  readonly began: string;
}

/** Gives the way to end it. Throws Failure where a process that runs has it, and WriteError. */
export function lockJournal(file: string): () => void {
  const lock = `${realOf(file)}.lock`;
  const own = textOf({ pid: process.pid, host: hostname(), began: beginOf(process.pid) });
  const mine = `${lock}.${process.pid}`;
  try {
    // A link comes with all that the file holds, and fails where there is one.
    writeFileSync(mine, own);
    while (!linked(mine, lock)) takeFromDead(lock, mine, file);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw writeErrorOf(lock, error);
  } finally {
    rmSync(mine, { force: true });
  }
  return () => {
    if (readHolder(lock).text === own) rmSync(lock, { force: true });
  };
}

/** The file that a link leads to: a journal has one lock, by whatever name. */
function realOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Puts a lock out of the way whose process has ended; throws where it runs. */
function takeFromDead(lock: string, mine: string, file: string): void {
  const { text, holder } = readHolder(lock);
  if (text === undefined) return;
  if (holder !== undefined && mayRun(holder))
    throw new Failure(
      1,
      "journal",
      `another search writes this journal: process ${holder.pid}${holder.host === hostname() ? "" : ` on ${holder.host}`}`,
      {
        file,
        hint: `wait until it has ended, or give this search a journal of its own (--log with another name); if that process is no \`nnc search\`, delete ${lock}`,
      },
    );
  const aside = `${mine}.old`;
  try {
    renameSync(lock, aside);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  // Another one may have taken it over in between: then it is theirs, and goes back.
  if (readHolder(aside).text !== text) linked(aside, lock);
  rmSync(aside, { force: true });
}

function readHolder(lock: string): { text: string | undefined; holder: Holder | undefined } {
  let text: string;
  try {
    text = readFileSync(lock, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { text: undefined, holder: undefined };
    throw error;
  }
  const [pid = "", host = "", began = ""] = text.split("\n");
  const isOne = /^[1-9]\d*$/.test(pid) && host !== "";
  return { text, holder: isOne ? { pid: Number(pid), host, began } : undefined };
}

const textOf = ({ pid, host, began }: Holder): string => `${pid}\n${host}\n${began}\n`;

/** Of another machine nobody knows here. */
function mayRun({ pid, host, began }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
  }
  return began === beginOf(pid);
}

/** Where there is /proc, when its entry was made; else nothing, for all alike. */
function beginOf(pid: number): string {
  try {
    // Behind the command's name in brackets, which may hold anything: the 22nd field of all.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
