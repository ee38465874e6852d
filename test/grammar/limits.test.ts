// Sources beyond every limit in; that each is answered by a diagnostic, in time and without a stack trace, out.

import { describe, expect, test } from "vitest";
import { parse } from "../../grammar/parse.js";
import { printAst } from "../../grammar/printAst.js";
import { renderAll } from "../../grammar/render.js";
import { processorTime } from "../support/processorTime.js";

/** The codes of a text's mistakes; whatever has a tree can be printed. */
function codesOf(text: string, milliseconds = 1000): string[] {
  parse({ name: "warm.nn", text: "const a = 1" });
  const start = processorTime();
  const { file, diagnostics } = parse({ name: "a.nn", text });
  expect(processorTime() - start).toBeLessThan(milliseconds);
  expect(renderAll(diagnostics)).not.toMatch(/\n\s+at /);
  printAst(file);
  return [...new Set(diagnostics.map((one) => one.code))];
}

const long = 10_000;

describe("size", () => {
  test("10 MB are refused", () => {
    expect(codesOf("x".repeat(10_000_000), 200)).toEqual(["NN0001"]);
  });

  test("1 MiB of UTF-8 is the limit, however it is made up", () => {
    const head = "// ";
    expect(codesOf(head + "é".repeat((1 << 19) - 2))).toEqual([]);
    expect(codesOf(head + "é".repeat((1 << 19) - 1))).toEqual(["NN0001"]);
  });

  test("a program of nearly 1 MiB is read within seconds", () => {
    const line = "  x = x |> dense(64, activation: relu) * 2 + y[:, 0]\n".replace(
      " * 2 + y[:, 0]",
      "",
    );
    const text = `layer f(x) {\n${line.repeat(20_000)}  return x\n}\n`;
    expect(text.length).toBeGreaterThan(750_000);
    expect(codesOf(text, 8000)).toEqual([]);
  });

  test("mistakes in every line are listed up to a hundred", () => {
    const broken = parse({ name: "a.nn", text: "const a = § \n".repeat(5000) }).diagnostics;
    expect(broken).toHaveLength(100);
    expect(broken.at(-1)?.notes.at(-1)).toMatch(/^and at least \d+ more mistakes, not/);
  });

  /** One mistake of syntax a line, between lines that are right. */
  const slips: Readonly<Record<string, string>> = {
    "a constant without a name": "const = 3\n",
    "a layer without a body": "fn f(x) = x\nlayer (x) = 3\nfn g(x) = x\n",
    "a word too many": "fn f(x) = x\nconst a = 3 4 5\n",
  };
  const lastNote = (text: string, count: number): string | undefined => {
    const { diagnostics } = parse({ name: "a.nn", text: text.repeat(count) });
    expect(diagnostics).toHaveLength(Math.min(count, 100));
    return diagnostics.at(-1)?.notes.at(-1);
  };
  test.each(Object.entries(slips))("%s: those that are not listed are counted", (_, text) => {
    expect(lastNote(text, 150)).toBe("and 50 more mistakes, not listed: mend these first");
  });
  test("one that is not listed is counted, and of very many as many as there is time for", () => {
    const [text = ""] = Object.values(slips);
    expect(lastNote(text, 100) ?? "").not.toContain("not listed");
    expect(lastNote(text, 101)).toBe("and 1 more mistake, not listed: mend these first");
    const before = processorTime();
    expect(lastNote(text, 20_000)).toMatch(/^and at least \d+ more mistakes, not listed/);
    expect(processorTime() - before).toBeLessThan(10_000);
  });
});

describe("depth", () => {
  const deep: Readonly<Record<string, string>> = {
    parentheses: `fn f(x) = ${"(".repeat(300)}x${")".repeat(300)}`,
    brackets: `fn f(x) = ${"[".repeat(long)}x${"]".repeat(long)}`,
    braces: `layer f(x) { ${"if a { ".repeat(long)}`,
    "minus signs": `fn f(x) = ${"- ".repeat(long)}x`,
    negations: `fn f(x) = ${"not ".repeat(long)}x`,
    powers: `fn f(x) = x${" ^ x".repeat(long)}`,
    sums: `fn f(x) = x${" + x".repeat(long)}`,
    calls: `fn f(x) = x${"()".repeat(long)}`,
    members: `fn f(x) = x${".a".repeat(long)}`,
    "else if": `fn f(x) = ${"if a then b else ".repeat(long)}c`,
    "then if": `fn f(x) = ${"if a then ".repeat(long)}c`,
    "if if": `fn f(x) = ${"if ".repeat(long)}c`,
    "scan in scan": `fn f(x) = ${"scan a in ".repeat(long)}c`,
  };

  test.each(Object.keys(deep))("%s", (name) => {
    const codes = codesOf(deep[name] ?? "", 2000);
    expect(codes.some((code) => code === "NN0002" || code === "NN0003")).toBe(true);
  });

  test("64 brackets, long pipelines and long chains of blocks are fine", () => {
    expect(codesOf(`fn f(x) = ${"(".repeat(64)}x${")".repeat(64)}`)).toEqual([]);
    expect(codesOf(`fn f(x) = x${" |> g".repeat(long)}`, 3000)).toEqual([]);
    const chain = " else if b { x = 2 }".repeat(2000);
    expect(codesOf(`layer f(x) {\n  if a { x = 1 }${chain}\n  return x\n}`, 3000)).toEqual([]);
    expect(codesOf(`const a = [${"1, ".repeat(100_000)}]`, 5000)).toEqual([]);
  });
});

describe("characters", () => {
  test("a byte order mark at the start is passed over", () => {
    expect(codesOf("\ufeffconst a = 1\r\nconst b = 2\r")).toEqual([]);
    expect(codesOf("const a = 1 \ufeff")).toEqual(["NN0004"]);
  });

  test("NUL and other control characters are named", () => {
    const { diagnostics } = parse({ name: "a.nn", text: "const a = \0 1" });
    expect(diagnostics.map((one) => one.message)).toEqual([
      "U+0000 is not a character of the language",
    ]);
  });

  test("a very long string, name, number or comment", () => {
    const many = "a".repeat(900_000);
    expect(codesOf(`const a = "${many}"`)).toEqual([]);
    expect(codesOf(`const a = "${many}`)).toContain("NN0006");
    expect(codesOf(`const ${many} = 1`)).toEqual([]);
    expect(codesOf(`const a = ${"1".repeat(900_000)}`)).toEqual(["NN0009"]);
    expect(codesOf(`const a = 1 // ${many}`)).toEqual([]);
    expect(codesOf(`/* ${many}`)).toContain("NN0010");
  });
});
