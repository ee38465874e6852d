// Models that nothing trains in; what `nnc train` says is missing, and what to write, out.
import { expect, test } from "vitest";
import { runProgram } from "../../cli/program.js";
import { temporaryFolder } from "./data/files.js";
import { recorder } from "./terminals.js";

const folder = temporaryFolder();

test.each([
  ["output y = x |> dense(1)", "it has no loss"],
  ["target t: [batch, 1]\n  loss mse(x |> dense(1), t)", "the file has no `train` block for it"],
])("a model with %s", async (lines, lacking) => {
  const file = folder.put("plain.nn", `model Plain {\n  input x: [batch, 4]\n  ${lines}\n}\n`);
  const terminal = recorder();
  expect(await runProgram(["train", file], { terminal, version: "0" })).toBe(1);
  const notes = terminal.notes.join("\n");
  expect(notes).toContain(`Plain cannot be trained: ${lacking}`);
  expect(notes).toContain("`loss mse(y, t)`");
  expect(notes).toContain("`train Plain { optimizer adam(lr: 1e-3)  epochs 10 }`");
});
