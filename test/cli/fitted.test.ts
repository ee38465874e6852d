// In: tables with a number that is too large for what is fitted to it; out: the column is named before anything is trained.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "../../cli/program.js";
import { temporaryFolder } from "./data/files.js";
import { recorder } from "./terminals.js";

const folder = temporaryFolder();
const source = folder.put(
  "m.nn",
  `model M {
  input x: [batch, 3]
  target y: [batch]
  output out = (x |> standardize() |> dense(1))[:, 0]
  loss (out - y) ^ 2
}
train M { optimizer adam(lr: 0.01)  batch 2  epochs 1 }
`,
);
const table = folder.put("t.csv", "age,income,size,y\n1,2,3,0\n4,-1e25,6,1\n7,8,9,0\n2,3,4,1\n");

test.each([[[]], [["--folds", "2"]]])("train %j", async (more) => {
  const weights = join(folder.path, "m.safetensors");
  const terminal = recorder();
  const data = ["--data", `x=${table}:age,income,size`, "--data", `y=${table}:y`];
  const args = ["train", source, ...data, "--backend", "cpu", "--quiet", ...more];
  expect(await runProgram(args, { terminal, version: "0" })).toBe(1);
  const said = terminal.notes.join("\n");
  expect(said).toContain(`${table}: the fitted value standardize_1.variance is Infinity at [1]`);
  expect(said).toMatch(
    /the largest number that it may be made from is -1.0*e\+?25, in row 1 of column "income" of x/,
  );
  expect(existsSync(weights)).toBe(false);
});
