// Small parts of the front end in; what they answer out: nearest words, lines and columns, strings, doc comments, recovery.

import { describe, expect, test } from "vitest";
import { editDistance, nearest } from "../../grammar/nearest.js";
import { parse } from "../../grammar/parse.js";
import { printAst } from "../../grammar/printAst.js";
import { lineTable, lineText, positionAt } from "../../grammar/span.js";
import { readString } from "../../grammar/strings.js";

describe("nearest", () => {
  test.each([
    ["sotfmax", "softmax"],
    ["Softmax", "softmax"],
    ["conv2D", "conv2d"],
    ["relu6", "relu"],
    ["dens", "dense"],
    ["xyz", undefined],
    ["q", undefined],
    ["batch_normalisation", undefined],
  ])("%s → %s", (word, meant) => {
    expect(nearest(word, ["relu", "dense", "softmax", "conv2d", "batch_norm"])).toBe(meant);
  });

  test("counts a swap of neighbours as one edit, and stops at the limit", () => {
    expect(editDistance("abcd", "abdc")).toBe(1);
    expect(editDistance("", "abc")).toBe(3);
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(editDistance("kitten", "sitting", 2)).toBe(3);
  });
});

describe("lines and columns", () => {
  test("count from 1 and know all line endings", () => {
    const table = lineTable({ name: "a.nn", text: "a\nbc\r\nd\re" });
    expect([0, 1, 2, 4, 6, 8, 99].map((offset) => positionAt(table, offset))).toEqual([
      { line: 1, column: 1 },
      { line: 1, column: 2 },
      { line: 2, column: 1 },
      { line: 2, column: 3 },
      { line: 3, column: 1 },
      { line: 4, column: 1 },
      { line: 4, column: 2 },
    ]);
    expect([1, 2, 3, 4, 5].map((line) => lineText(table, line))).toEqual(["a", "bc", "d", "e", ""]);
  });
});

test("escapes of strings", () => {
  expect(readString(String.raw`"a\n\t\r\"\\\u{1F600}"`)).toEqual({
    value: 'a\n\t\r"\\😀',
    badEscapes: [],
  });
  expect(readString(String.raw`"\q\u{d800}"`).badEscapes).toEqual([
    { start: 1, end: 3 },
    { start: 3, end: 11 },
  ]);
});

describe("doc comments", () => {
  const text = [
    "/// the file's own",
    "",
    "/// of the constant,",
    "///   indented",
    "const a = 1",
    "",
    "/// left alone",
    "",
    "const b = 2 /// beside",
    "model M {",
    "  /// of the input",
    "  // plain, in between",
    "  input x: [batch]",
    "}",
  ].join("\n");

  test("belong to what stands directly below", () => {
    const { file } = parse({ name: "a.nn", text });
    const docs = file.declarations.map((one) => ("doc" in one ? one.doc : undefined));
    expect(file.doc).toBe("the file's own");
    expect(docs).toEqual(["of the constant,\n  indented", undefined, undefined]);
    expect(printAst(file)).toContain('(input x (f32 (shape batch)) (doc "of the input"))');
    expect(file.comments).toHaveLength(7);
  });
});

describe("after a mistake", () => {
  test("all others are reported, and the rest of the tree is there", () => {
    const text = [
      "model A {",
      "  input x: [batch, 4",
      "  y = dense(x,, 3)",
      "  wieght W: [3] = 0",
      "  z = y + ",
      "  u = 3",
      "  output z = y @ @ z",
      "}",
      "train B { optimizer adam(lr 1e-3)  epochs 3 }",
    ].join("\n");
    const { file, diagnostics } = parse({ name: "a.nn", text });
    expect(diagnostics.map((one) => one.code)).toEqual([
      "NN0101",
      "NN0104",
      "NN0106",
      "NN0107",
      "NN0107",
      "NN0104",
    ]);
    expect(file.declarations.map((one) => one.kind)).toEqual(["Model", "Train"]);
    expect(printAst(file)).toContain("(set epochs 3)");
  });

  test("a skipped statement remembers what it would have bound", () => {
    const text = "fn f(x) {\n  a, b = (x + ) * 2\n  return a + b\n}\nlayer g(x {\n  return x\n}\n";
    const printed = printAst(parse({ name: "a.nn", text }).file);
    expect(printed).toContain("(skipped a b)");
    expect(printed).toContain("(return (+ a b))");
  });
});
