// In: files and sources whose names and cells hold control characters; out: that none of them reaches a terminal raw.
import { describe, expect, test } from "vitest";
import { runProgram } from "../../cli/program.js";
import { withoutControls } from "../../cli/terminal.js";
import { visibleText } from "../../grammar/displayLine.js";
import { render } from "../../grammar/render.js";
import { temporaryFolder } from "./data/files.js";
import { recorder } from "./terminals.js";

const folder = temporaryFolder();
/** Escape and the one-byte form of its sequences, a bell, a carriage return, delete, and text turned around. */
const controls = "\u001b[31m\u009b2J\u0007\r\u007f\u202e";
const steering = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;
const bare = (text: string): string => text.replaceAll("\n", "").replaceAll("\t", "");

describe("control characters", () => {
  test("are shown instead of sent; lines, tabs and letters stay", () => {
    expect(visibleText(`a${controls}b\n\té\u{1F600}`)).toBe(
      "a\u241b[31m\ufffd2J\u2407\u240d\u2421\ufffdb\n\té\u{1F600}",
    );
  });
  test("the terminal lets colours through, where it shows any, and nothing else", () => {
    const text = "\u001b[1;31merror\u001b[0m\u001b[2J\u001b]0;title\u0007";
    expect(withoutControls(text, true)).toBe(
      "\u001b[1;31merror\u001b[0m\u241b[2J\u241b]0;title\u2407",
    );
    expect(withoutControls(text, false)).not.toMatch(steering);
  });
  test.each([
    ["a column's name", `a${controls},b\n1,2\n`, ":c"],
    ["a cell", `a,b\n1,"${controls}"\n`, ":b"],
    ["a pick", "a,b\n1,2\n", `:${controls}`],
  ])("of %s of a data file", async (_what, content, pick) => {
    const model = folder.put("m.nn", "model M { input x: [batch]  output y = x }\n");
    const terminal = recorder();
    const data = folder.put("d.csv", content);
    const args = ["predict", model, "--data", `x=${data}${pick}`];
    expect(await runProgram(args, { terminal, version: "0" })).toBe(1);
    expect(terminal.notes.join("")).toMatch(/(?:\u241b|\\u001b)\[31m/);
    expect(bare(terminal.notes.join(""))).not.toMatch(steering);
  });
  test("of a source: in messages, labels, notes and names of files", () => {
    const file = { name: `${controls}.nn`, text: `a ${controls} b\n` };
    const span = { start: 2, end: 4 };
    const label = { file, span, text: controls };
    const shown = render({
      code: "NN0001",
      severity: "error",
      message: controls,
      file,
      span,
      labels: [label],
      notes: [controls],
      hint: controls,
      calls: [label],
    });
    expect(bare(shown)).not.toMatch(steering);
  });
});
