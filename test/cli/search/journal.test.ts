// Files in; what a journal of a search takes of them, and what it refuses in which words, out.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { contentsDigest, programDigest } from "../../../cli/search/identity.js";
import type { Identity } from "../../../cli/search/identity.js";
import { openJournal } from "../../../cli/search/journal.js";
import type { Journal } from "../../../cli/search/journal.js";
import { medianAgainst } from "../../../cli/search/median.js";
import type { Trial } from "../../../cli/search/trials.js";
import { parseSetting, settingText } from "../../../cli/settings.js";
import { makeAttempts } from "../../../cli/training/attempt.js";
import { temporaryFolder } from "../data/files.js";
import { recorder } from "../terminals.js";
import { prepared } from "./fakes.js";

const folder = temporaryFolder();

interface ArrayDigested {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: typeof Float32Array | typeof Int32Array;
}

const { identity } = prepared();

function open(file: string, more: Partial<Identity> = {}): Journal & { notes: string[] } {
  const terminal = recorder();
  const { attempt } = makeAttempts(terminal);
  const journal = openJournal(file, { ...identity, ...more }, { note: terminal.note, attempt });
  return { ...journal, notes: terminal.notes };
}

function written(name: string): string {
  const file = join(folder.path, name);
  rmSync(file, { force: true });
  const { write, close } = open(file);
  write({ kind: "started", trial: 1, set: { rate: 0.5, layers: [4, 8], kind: "ä" } });
  write({ kind: "reported", trial: 1, epoch: 1, value: NaN });
  write({ kind: "started", trial: 2, set: { rate: 0.25 } });
  write({ kind: "reported", trial: 2, epoch: 1, value: 3 });
  write({
    kind: "finished",
    trial: 1,
    value: 2,
    epochs: 1,
    seconds: 3,
    preparing: 1,
    weights: "w",
  });
  write({ kind: "stopped", trial: 2, epoch: 1, value: 3, median: 2.5, seconds: 1 });
  write({ kind: "started", trial: 3, set: {} });
  write({ kind: "failed", trial: 3, reason: "NN0301: no", seconds: 1 });
  close();
  return file;
}

const whole: readonly Trial[] = [
  {
    number: 1,
    set: { rate: 0.5, layers: [4, 8], kind: "ä" },
    values: [{ epoch: 1, value: NaN }],
    outcome: { kind: "finished", value: 2, epochs: 1, seconds: 3, preparing: 1, weights: "w" },
  },
  {
    number: 2,
    set: { rate: 0.25 },
    values: [{ epoch: 1, value: 3 }],
    outcome: { kind: "stopped", epoch: 1, value: 3, median: 2.5, seconds: 1 },
  },
  { number: 3, set: {}, values: [], outcome: { kind: "failed", reason: "NN0301: no", seconds: 1 } },
];

describe("the contents of data", () => {
  const digest = (
    values: readonly number[],
    { name = "x", shape = [2], type = Float32Array }: Partial<ArrayDigested> = {},
    vocabulary: readonly string[] = [],
  ): string => {
    const array = { name, file: "x.csv", shape, data: new type(values), perExample: true };
    const vocabularies = new Map([["t", vocabulary]]);
    return contentsDigest({
      arrays: new Map([[name, array]]),
      vocabularies,
      examples: 2,
      free: new Map(),
    });
  };
  test("are told apart by values, names, shapes, types and characters", () => {
    const of = digest([1, 2]);
    expect(digest([1, 2])).toBe(of);
    const others = [
      digest([1, 3]),
      digest([1, 2], { name: "y" }),
      digest([1, 2], { shape: [1, 2] }),
      digest([1, 2], { type: Int32Array }),
      digest([1, 2], {}, ["a"]),
    ];
    expect(new Set([of, ...others]).size).toBe(6);
  });

  test("are those of a part of a buffer, where a part was taken", () => {
    const data = new Float32Array([9, 1, 2]).subarray(1);
    const array = { name: "x", file: "x.csv", shape: [2], data, perExample: true };
    const bound = { examples: 2, free: new Map(), vocabularies: new Map([["t", []]]) };
    expect(contentsDigest({ ...bound, arrays: new Map([["x", array]]) })).toBe(digest([1, 2]));
  });
});

describe("a journal", () => {
  test("of a version that noted no contents is refused with that reason", () => {
    const file = written("old.jsonl");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace('"contents":"contents",', ""));
    expect(() => open(file)).toThrow("did not note what the data's files held");
    expect(() => open(file, { data: ["x=x.npy"] })).toThrow(/another search: other data[^;]*$/);
  });

  test("gives back what was written", () => {
    const { trials, notes, close } = open(written("whole.jsonl"));
    close();
    expect(trials).toEqual(whole);
    expect(notes).toEqual([]);
  });

  test("cut off at any byte gives what its whole lines say, and goes on behind them", () => {
    const bytes = readFileSync(written("cut.jsonl"));
    const file = join(folder.path, "cut.jsonl");
    const ends = [...bytes.entries()].flatMap(([at, byte]) => (byte === 0x0a ? [at + 1] : []));
    const near = ends.flatMap((end) => [end - 1, end, end + 1, end + 20]);
    for (const length of [0, 1, 5, 16, 60, ...near.filter((at) => at <= bytes.length)]) {
      writeFileSync(file, bytes.subarray(0, length));
      const { trials, notes, write, close } = open(file);
      const kept = Math.max(0, ...ends.filter((end) => end <= length));
      expect(notes).toHaveLength(kept === length ? 0 : 1);
      const begun = new Set(
        bytes
          .subarray(0, kept)
          .toString()
          .match(/"started","trial":\d/g),
      );
      expect(trials).toHaveLength(begun.size);
      write({ kind: "started", trial: 9, set: {} });
      close();
      const again = open(file);
      again.close();
      expect(again.notes).toEqual([]);
      expect(again.trials.at(-1)).toMatchObject({ number: 9 });
      expect(again.trials).toHaveLength(trials.length + 1);
    }
  });

  test.each<readonly [string, Partial<Identity>]>([
    ["another model", { model: "N" }],
    ["another program", { program: "other" }],
    ["another space", { parameters: [] }],
    ["another strategy", { strategy: "grid" }],
    ["another seed", { seed: 2 }],
    ["another goal", { goal: { sense: "maximize", name: "loss" } }],
    ["another median_stopping", { median_stopping: 2 }],
    ["other settings (--set)", { set: { a: 1 } }],
    ["other data (--data)", { data: ["x=x.npy"] }],
    ["other data (--data)", { data: ["x=x.npy"], contents: "other" }],
    ["other contents of the data: what its files hold was changed", { contents: "other" }],
    ["other --rows, --header, --epochs or --steps", { options: { epochs: 3 } }],
  ])("of %s is refused, and left as it is", (words, more) => {
    const file = written("other.jsonl");
    const before = readFileSync(file);
    expect(() => open(file, more)).toThrow(`the journal of another search: ${words}`);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test.each([
    ["some text\n", 1],
    ["some text", 1],
    ["{}\n", 1],
    ['{"kind":"start","model":"M"}\n', 1],
  ] as const)("is not what another file is: %j", (text, line) => {
    const file = folder.put("text.jsonl", text);
    expect(() => open(file)).toThrow(`line ${line} is none of a journal`);
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  test.each([
    "nonsense",
    '{"kind":"started","trial":0,"set":{}}',
    '{"kind":"reported","trial":7,"epoch":1,"value":2}',
    '{"kind":"ended","trial":1}',
    '{"kind":"reported","trial":1,"epoch":1,"value":"2"}',
    '{"kind":"finished","trial":1,"value":[2],"epochs":1,"seconds":1}',
  ])("with a line that is none is refused by its number: %s", (line) => {
    const text = readFileSync(written("line.jsonl"), "utf8");
    const lines = text.split("\n");
    const file = folder.put(
      "wrong.jsonl",
      [...lines.slice(0, 4), line, ...lines.slice(4)].join("\n"),
    );
    expect(() => open(file)).toThrow("line 5 is none of a journal");
  });

  test("of another version is told as such", () => {
    const text = readFileSync(written("version.jsonl"), "utf8");
    const file = folder.put("version.jsonl", text.replace('"version":1', '"version":2'));
    expect(() => open(file)).toThrow("another version of nnc");
  });
});

describe("the digest of a program", () => {
  const model = "model M(a = 1) {\n  input x: [batch, 4]\n  output y = x * a\n}\n";
  const digest = (text: string): string => programDigest(folder.put("m.nn", text), []);
  test("leaves out comments, formatting and searches, and nothing else", () => {
    const known = digest(model);
    expect(digest(`// a comment\n${model.replaceAll("\n", "\n\n")}`)).toBe(known);
    expect(digest(`${model}search M { a ~ uniform(0, 1)  trials 9 }`)).toBe(known);
    expect(digest(model.replace("x * a", "x + a"))).not.toBe(known);
    const other = folder.put("other.nn", "const b = 2\n");
    expect(programDigest(folder.put("m.nn", model), [other])).not.toBe(known);
  });
});

describe("a setting", () => {
  test("is read as it is written", () => {
    const values = [0.1, 1e-7, -3, 1e21, true, "wide", "true", "a b", 'say "so"', ""];
    for (const value of [...values, [256, [1, "x"], []]])
      expect(parseSetting(`k=${settingText(value)}`)).toEqual({ name: "k", value });
  });
});

describe("the median", () => {
  const trials = [5, 1, 4, 2, 3].map((value, at): Trial => ({
    number: at + 1,
    set: {},
    values: [
      { epoch: 1, value: 0 },
      { epoch: 2, value },
    ],
    outcome: undefined,
  }));
  const at = (value: number, more: { from?: number; sense?: "maximize"; epoch?: number } = {}) =>
    medianAgainst(
      { sense: more.sense ?? "minimize" },
      more.from ?? 1,
      { number: 9 },
      { epoch: more.epoch ?? 2, value },
      trials,
    );
  test("stops what is worse than it, at the same epoch alone", () => {
    expect(at(3.5)).toBe(3);
    expect(at(3)).toBeUndefined();
    expect(at(NaN)).toBe(3);
    expect(at(0.5, { epoch: 1 })).toBe(0);
    expect(at(9, { epoch: 3 })).toBeUndefined();
    expect(at(2.5, { sense: "maximize" })).toBe(3);
    expect(at(3.5, { sense: "maximize" })).toBeUndefined();
  });
  test("is looked at from an epoch on, and not where few others are or it is not asked for", () => {
    expect(at(9, { from: 3 })).toBeUndefined();
    const goal = { sense: "minimize" } as const;
    const value = { epoch: 2, value: 9 };
    expect(medianAgainst(goal, undefined, { number: 9 }, value, trials)).toBeUndefined();
    // Its own value is none of the others'.
    expect(medianAgainst(goal, 1, { number: 1 }, value, trials)).toBeUndefined();
  });
});
