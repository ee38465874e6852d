// In: a base, and a net that trains a part upon it; out: a weights file of that part, which every command takes with the base's.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "../../cli/program.js";
import { readSafetensors } from "../../runtime/safetensors.js";
import { temporaryFolder } from "./data/files.js";
import { recorder } from "./terminals.js";

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);

const base = folder.put(
  "base.nn",
  `model M { input x: [batch, 2]  target y: [batch, 3]  z = x |> dense(3)  output z  loss mse(z, y) }
train M { optimizer sgd(lr: 0.1)  epochs 1  seed 3 }
`,
);
const tuned = folder.put(
  "tuned.nn",
  `layer changed(x: [batch, n]): [batch, n] { weight gain: [n] = 1  return x * gain }
model M { input x: [batch, 2]  target y: [batch, 3]  z = x |> dense(3) |> changed()  output z  loss mse(z, y) }
train M { freeze dense_1.*  optimizer sgd(lr: 0.1)  epochs 1  seed 3 }
`,
);
folder.put("x.csv", "x0,x1,y0,y1,y2\n1,2,3,4,5\n2,1,0,1,0\n");

interface Ended {
  readonly code: number;
  readonly notes: string;
  readonly text: string;
}

async function nnc(...args: string[]): Promise<Ended> {
  const terminal = recorder();
  const code = await runProgram(args, { terminal, version: "0" });
  return { code, notes: terminal.notes.join("\n"), text: terminal.written.join("") };
}

const columns = ["--data", `x=${at("x.csv")}:x0,x1`, "--data", `y=${at("x.csv")}:y0,y1,y2`];
const cpu = ["--backend", "cpu"];
const namesIn = (file: string): string[] => [
  ...readSafetensors(readFileSync(at(file))).tensors.keys(),
];

test("an adapter is trained upon a base, saved alone, and taken with it", async () => {
  const trained = ["-o", at("base.safetensors"), "--quiet", ...cpu];
  expect(await nnc("train", base, ...columns, ...trained)).toMatchObject({ code: 0 });
  const upon = ["--weights", at("base.safetensors")];
  const whole = ["-o", at("whole.safetensors"), "--quiet", ...cpu];
  expect(await nnc("train", tuned, ...columns, ...upon, ...whole)).toMatchObject({ code: 0 });
  const part = ["--save", "trained", "-o", at("adapter.safetensors"), "--quiet", ...cpu];
  const ended = await nnc("train", tuned, ...columns, ...upon, ...part);
  expect(ended.notes).toMatch(/wrote \S+adapter\.safetensors, what no stage freezes$/);
  expect(namesIn("adapter.safetensors")).toEqual(["changed_1.gain"]);

  const evaluated = async (...files: string[]): Promise<Ended> =>
    nnc("evaluate", tuned, ...columns, ...cpu, ...files.flatMap((one) => ["--weights", at(one)]));
  const expected = await evaluated("whole.safetensors");
  expect(expected.code).toBe(0);
  const joined = await evaluated("base.safetensors", "adapter.safetensors");
  expect(joined.text).toBe(expected.text);
  const lacking = await evaluated("adapter.safetensors");
  expect(lacking.code).toBe(1);
  expect(lacking.notes).toContain("missing from the file: dense_1.W [2, 3]");

  const both = [...upon, "--weights", at("adapter.safetensors")];
  expect(await nnc("compile", tuned, "-o", at("out"), ...both)).toMatchObject({ code: 0 });
  const file = (name: string): unknown => readSafetensors(readFileSync(at(name))).tensors;
  expect(file("out/tuned.safetensors")).toEqual(file("whole.safetensors"));
});

test("no output takes the place of any of the files", async () => {
  const files = ["--weights", at("base.safetensors"), "--weights", at("adapter.safetensors")];
  const ended = await nnc("train", tuned, ...columns, ...files, "-o", at("adapter.safetensors"));
  expect(ended.notes).toContain("adapter.safetensors");
  expect(ended.code).toBe(1);
  expect(await nnc("train", tuned, ...columns, "--save", "trained", "--folds", "2")).toMatchObject({
    code: 2,
    notes: expect.stringContaining(
      "--folds writes no files but --report, so it takes no --save",
    ) as string,
  });
});
