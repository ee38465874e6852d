// Diagnostics in; their layout out: carets, labels, long lines, tabs, several files.

import { describe, expect, test } from "vitest";
import { type Diagnostic, diagnostic, type Label } from "../../grammar/diagnostics.js";
import { render, renderAll, toJson } from "../../grammar/render.js";
import type { SourceFile, Span } from "../../grammar/span.js";

function find(file: SourceFile, text: string): Span {
  const start = file.text.indexOf(text);
  return { start, end: start + text.length };
}

function label(file: SourceFile, text: string, words: string): Label {
  return { file, span: find(file, text), text: words };
}

function shapes(file: SourceFile): Diagnostic {
  return diagnostic("NN0104", {
    file,
    span: find(file, "@"),
    message: "these shapes do not agree",
    labels: [label(file, "hidden", "[batch, 64]"), label(file, "W", "[128, 10]")],
    notes: ["the last axis of the left side is 64; the last but one of the right is 128"],
  });
}

describe("a rendered diagnostic", () => {
  test("is laid out as the language's own example", () => {
    const file = { name: "lenet.nn", text: `${"\n".repeat(8)}output y = hidden @ W\n` };
    expect(render(shapes(file))).toBe(`error[NN0104]: these shapes do not agree
  --> lenet.nn:9:19
   |
 9 |   output y = hidden @ W
   |              ------ ^ - [128, 10]
   |              |
   |              [batch, 64]
   = the last axis of the left side is 64; the last but one of the right is 128`);
  });

  test("drops the common indentation of the lines shown, but counts columns as they are", () => {
    const file = { name: "a.nn", text: "model A {\n      output y = hidden @ W\n}\n" };
    const lines = render(shapes(file)).split("\n");
    expect(lines[1]).toBe("  --> a.nn:2:25");
    expect(lines[3]).toBe(" 2 |   output y = hidden @ W");
  });

  test("hangs every label but the last below its underline", () => {
    const file = { name: "a.nn", text: "x = first + second + third\n" };
    const mistake = diagnostic("NN0104", {
      file,
      span: find(file, "second"),
      message: "three",
      labels: [
        label(file, "first", "one"),
        label(file, "second", "two"),
        label(file, "third", "three"),
      ],
      hint: "count again",
    });
    expect(render(mistake)).toBe(`error[NN0104]: three
  --> a.nn:1:13
   |
 1 |   x = first + second + third
   |       -----   ^^^^^^   ----- three
   |       |       |
   |       |       two
   |       one
   = hint: count again`);
  });

  test("shows labels on other lines, in other files, and the calls that led there", () => {
    const file = { name: "a.nn", text: "a = 1\n\nb = 2\n\n\n\nc = a + b\n" };
    const other = { name: "b.nn", text: "layer f(x) {\n  return x\n}\n" };
    const mistake = diagnostic("NN0104", {
      file,
      severity: "warning",
      span: find(file, "a + b"),
      message: "sums",
      labels: [label(file, "1", "first"), label(file, "2", "second"), label(other, "x)", "third")],
      calls: [label(other, "return x", "in the call of `f`")],
    });
    expect(render(mistake)).toBe(`warning[NN0104]: sums
  --> a.nn:7:5
   |
 1 |   a = 1
   |       - first
 2 |
 3 |   b = 2
   |       - second
...
 7 |   c = a + b
   |       ^^^^^
  ::: b.nn:1:9
   |
 1 |   layer f(x) {
   |           -- third
  ::: b.nn:2:3
   |
 2 |   return x
   |   -------- in the call of \`f\``);
  });

  test("marks the first and the last line of a long span", () => {
    const file = { name: "a.nn", text: "y = scan t in x {\n  yield t\n}\n" };
    const start = file.text.indexOf("scan");
    const span = { start, end: file.text.indexOf("}") + 1 };
    const mistake = diagnostic("NN0104", {
      file,
      span,
      message: "long",
      labels: [{ file, span, text: "all of this" }],
    });
    expect(render(mistake)).toBe(`error[NN0104]: long
  --> a.nn:1:5
   |
 1 |   y = scan t in x {
   |       ^^^^^^^^^^^^^
 2 |     yield t
 3 |   }
   |   ^ all of this`);
  });

  test("counts the cells of tabs and wide characters", () => {
    const file = { name: "a.nn", text: 'x =\t"漢字" + é\n' };
    const mistake = diagnostic("NN0104", { file, span: find(file, "é"), message: "wide" });
    const [, place, , source, carets] = render(mistake).split("\n");
    expect(place).toBe("  --> a.nn:1:12");
    expect(source).toBe(' 1 |   x = "漢字" + é');
    expect(carets).toBe("   |                ^");
  });

  test("cuts a long line around the mistake", () => {
    const text = `x = ${"a + ".repeat(2000)}! + ${"b + ".repeat(2000)}c`;
    const file = { name: "a.nn", text };
    const mistake = diagnostic("NN0104", {
      file,
      span: find(file, "!"),
      message: "long",
      labels: [label(file, "c", "far away")],
    });
    const lines = render(mistake).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(140);
    const caret = lines[4]?.indexOf("^") ?? -1;
    expect(lines[3]?.[caret]).toBe("!");
    expect(lines.at(-1)).toBe("   = line 1, further along: far away");
  });

  test("survives the end of the file, an empty file and spans beyond the text", () => {
    for (const text of ["", "x", "x\n", "\r\n\r\n"]) {
      const file = { name: "a.nn", text };
      for (const start of [0, text.length, text.length + 10]) {
        const span = { start, end: start };
        expect(() => render(diagnostic("NN0104", { file, span, message: "end" }))).not.toThrow();
      }
    }
  });

  test("has colours only where asked for", () => {
    const file = { name: "a.nn", text: "output y = hidden @ W\n" };
    const escape = "\u001b[";
    expect(render(shapes(file))).not.toContain(escape);
    const colored = render(shapes(file), { color: true });
    expect(colored).toContain(`${escape}1;31merror[NN0104]`);
    const codes = new RegExp(`${escape.replace("[", "\\[")}[0-9;]*m`, "g");
    expect(colored.replace(codes, "")).toBe(render(shapes(file)));
  });

  test("of several, a blank line stands between", () => {
    const file = { name: "a.nn", text: "output y = hidden @ W\n" };
    const one = render(shapes(file));
    expect(renderAll([])).toBe("");
    expect(renderAll([shapes(file), shapes(file)])).toBe(`${one}\n\n${one}\n`);
  });

  test("as JSON has ranges that count from 1", () => {
    const file = { name: "a.nn", text: "\noutput y = hidden @ W\n" };
    expect(toJson({ ...shapes(file), hint: "transpose it" })).toEqual({
      code: "NN0104",
      severity: "error",
      message: "these shapes do not agree",
      file: "a.nn",
      range: { start: { line: 2, column: 19 }, end: { line: 2, column: 20 } },
      labels: [
        {
          file: "a.nn",
          range: { start: { line: 2, column: 12 }, end: { line: 2, column: 18 } },
          text: "[batch, 64]",
        },
        {
          file: "a.nn",
          range: { start: { line: 2, column: 21 }, end: { line: 2, column: 22 } },
          text: "[128, 10]",
        },
      ],
      notes: ["the last axis of the left side is 64; the last but one of the right is 128"],
      hint: "transpose it",
    });
  });
});
