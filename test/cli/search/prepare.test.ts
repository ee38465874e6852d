// Commands that no search can follow from in; which words refuse them, before anything is trained, out.
import { describe, expect, test } from "vitest";
import { runProgram } from "../../../cli/program.js";
import { temporaryFolder } from "../data/files.js";
import { recorder } from "../terminals.js";

const folder = temporaryFolder();

function model(
  name: string,
  search: string,
  train = "optimizer sgd(lr: 1)  validation 0.5",
): string {
  return `model ${name}(a = 1) {
  input x: [batch]
  target y: [batch]
  weight W: [] = a
  output z = W * x
  loss mse(z, y)
}
train ${name} { ${train} }
${search}
`;
}

async function refused(
  text: string,
  ...more: readonly string[]
): Promise<{ code: number; notes: string; out: string }> {
  const terminal = recorder();
  const args = ["search", folder.put("m.nn", text), ...more];
  const code = await runProgram(args, { terminal, version: "0" });
  return { code, notes: terminal.notes.join("\n"), out: terminal.written.join("") };
}

describe("a search is refused", () => {
  test.each<readonly [string, string, readonly string[], number, string]>([
    ["without a block", model("M", ""), [], 1, "M has no `search` block"],
    [
      "of several models",
      model("M", "search M { a ~ uniform(0, 1) }") + model("N", "search N { a ~ uniform(0, 1) }"),
      [],
      2,
      "say which: --model M | N",
    ],
    [
      "with trials of a grid",
      model("M", "search M { a ~ choice(1, 2)  strategy grid }"),
      ["--trials", "1"],
      2,
      "a grid tries each of its points, 2 here",
    ],
    [
      "with two lengths",
      model("M", "search M { a ~ choice(1, 2) }"),
      ["--epochs", "1", "--steps", "1"],
      2,
      "two different lengths",
    ],
    [
      "of what --set sets",
      model("M", "search M { a ~ choice(1, 2) }"),
      ["--set", "a=3"],
      2,
      "a is set by --set and searched too",
    ],
    ["without data", model("M", "search M { a ~ choice(1, 2) }"), [], 1, "no data for input x"],
    [
      "of a model that does not compile",
      model("M", "search M { a ~ choice(1, 2) }").replace(
        "  output",
        "  input d: [batch, batch]\n  fitted far: [] = max(d)\n  metric gap = mean(d) / far\n  output",
      ),
      [],
      1,
      "error[NN0702]",
    ],
    ["of a mistake", model("M", "search M { b ~ choice(1, 2) }"), [], 1, "error[NN0513]"],
  ])("%s", async (_, text, more, code, words) => {
    const ended = await refused(text, ...more);
    expect(ended.code).toBe(code);
    expect(ended.notes).toContain(words);
  });

  test("with each mistake told once, and one JSON value", async () => {
    const { out, notes } = await refused(model("M", "search M { b ~ choice(1, 2) }"), "--json");
    expect(notes.match(/error\[/g)).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({ diagnostics: [{ code: "NN0513" }] });
  });
});
