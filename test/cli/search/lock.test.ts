// Journals with and without a lock beside them in; who may add to them, and what is left, out.
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockJournal } from "../../../cli/search/lock.js";
import { temporaryFolder } from "../data/files.js";

const folder = temporaryFolder();
const journal = (name: string): string => join(folder.path, name);

/** As a process that began at another time would have left it, or one of a number that none has. */
function left(name: string, pid: number, host: string = hostname(), began = "0"): string {
  const file = journal(name);
  writeFileSync(`${file}.lock`, `${pid}\n${host}\n${began}\n`);
  return file;
}

const impossible = 2 ** 31 - 1;

test("a journal has one process at a time, by whatever name", () => {
  const file = journal("one.jsonl");
  writeFileSync(file, "");
  symlinkSync(file, journal("link.jsonl"));
  const unlock = lockJournal(file);
  const words = `another search writes this journal: process ${process.pid}`;
  expect(() => lockJournal(file)).toThrow(words);
  expect(() => lockJournal(journal("link.jsonl"))).toThrow(words);
  unlock();
  expect(existsSync(`${file}.lock`)).toBe(false);
  lockJournal(journal("link.jsonl"))();
});

test("the lock of a process that has ended is taken over", () => {
  for (const file of [
    left("dead.jsonl", impossible),
    // Its number is another's by now, which the system tells by when that began.
    ...(existsSync("/proc/self/stat") ? [left("again.jsonl", process.pid)] : []),
    left("torn.jsonl", NaN),
  ]) {
    const unlock = lockJournal(file);
    expect(readFileSync(`${file}.lock`, "utf8")).toMatch(new RegExp(`^${process.pid}\n`));
    unlock();
    expect(existsSync(`${file}.lock`)).toBe(false);
  }
});

test("that of another machine stays, since nobody knows here", () => {
  const file = left("far.jsonl", impossible, "elsewhere");
  expect(() => lockJournal(file)).toThrow(`process ${impossible} on elsewhere`);
  expect(existsSync(`${file}.lock`)).toBe(true);
});

test("a search ends its own lock alone", () => {
  const file = journal("own.jsonl");
  const unlock = lockJournal(file);
  left("own.jsonl", impossible);
  unlock();
  expect(existsSync(`${file}.lock`)).toBe(true);
});
