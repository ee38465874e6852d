// In: ways of calling `nnc`, right and wrong; out: exit codes, and what goes to stdout and to stderr.
import { describe, expect, test } from "vitest";
import { runProgram } from "../../cli/program.js";
import { temporaryFolder } from "./data/files.js";
import { recorder } from "./terminals.js";

const folder = temporaryFolder();
const commands = [
  "check",
  "compile",
  "inspect",
  "train",
  "evaluate",
  "predict",
  "gradcheck",
  "doctor",
  "fmt",
];

async function run(...args: string[]): Promise<{ code: number; out: string; notes: string }> {
  const terminal = recorder();
  const code = await runProgram(args, { terminal, version: "1.2.3" });
  return { code, out: terminal.written.join(""), notes: terminal.notes.join("\n") };
}

describe("help", () => {
  test.each([[], ...commands.map((command) => [command])])(
    "%s --help has an example",
    async (...command) => {
      const { code, out } = await run(...command, "--help");
      expect(code).toBe(0);
      expect(out).toMatch(/Examples?:\n {2}nnc /);
    },
  );
  test("the program lists its commands and its version", async () => {
    const { out } = await run("--help");
    for (const command of commands) expect(out).toContain(`  ${command} `);
    expect(await run("--version")).toEqual({ code: 0, out: "1.2.3\n", notes: "" });
  });
});

describe("an option that a command does not have", () => {
  test.each([
    ["compile", "--out", "--output"],
    ["compile", "--outptu", "--output"],
    ["predict", "--input=x.npy", "--data"],
    ["inspect", "--batch-size", "--batch"],
    ["train", "--eopchs", "--epochs"],
  ])("%s %s may be meant as %s", async (command, given, meant) => {
    const { code, notes } = await run(command, "a.nn", given);
    expect(code).toBe(2);
    expect(notes).toContain(`unknown option '${given.replace(/=.*/, "")}`);
    expect(notes).toContain(`(did you mean ${meant}?)`);
  });

  test.each([
    ["--batch-size", "batch 32"],
    ["--lr", "optimizer adam(lr: 1e-3)"],
  ])("train %s stands in the file", async (given, text) => {
    const { code, notes } = await run("train", "a.nn", given, "1");
    expect(code).toBe(2);
    expect(notes).toContain(`(the file says that, in its train block: ${text})`);
  });

  test.each([
    ["check", "--out"],
    ["fmt", "--input"],
    ["gradcheck", "--colours"],
  ])("%s %s may be anything", async (command, given) => {
    const { notes } = await run(command, "a.nn", given);
    expect(notes).toContain(`unknown option '${given}'`);
    expect(notes).not.toMatch(/did you mean/i);
  });
});

describe("wrong usage is exit code 2", () => {
  test.each([
    [[]],
    [["chekc", "a.nn"]],
    [["check"]],
    [["check", "a.nn", "--nonsense"]],
    [["train", "a.nn", "--rows", "5"]],
    [["train", "a.nn", "--rows", "7:3"]],
    [["train", "a.nn", "--epochs", "0"]],
    [["train", "a.nn", "--epochs", "1.5"]],
    [["train", "a.nn", "--set", "hidden"]],
    [["train", "a.nn", "--set", "hidden=4", "--set", "hidden=8"]],
    [["train", "a.nn", "--epochs", "3", "--steps", "8"]],
    [["train", "a.nn", "--resume", "--weights", "w"]],
    [["train", "a.nn", "--folds", "2", "--log", "log.jsonl"]],
    [["train", "a.nn", "--folds", "2", "--checkpoint", "kept"]],
    [["train", "a.nn", "--folds", "2", "-o", "w.safetensors"]],
    [["train", "a.nn", "--backend", "gpu"]],
    [["train", "a.nn", "--folds", "1"]],
    [["inspect", "a.nn", "--stage", "soup"]],
    [["compile", "a.nn", "--entry", "all"]],
    [["evaluate"]],
    [["predict", "a.nn", "--weights"]],
    [["predict", "a.nn", "--weights", "w", "-o", "out.png"]],
  ] as [string[]][])("nnc %j", async (args) => {
    const { code, out, notes } = await run(...args);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(notes).not.toBe("");
  });
});

describe("files that cannot be read are exit code 1, in plain words", () => {
  const missing = `${folder.path}/none.nn`;
  test.each(commands)("nnc %s", async (command) => {
    const weights = ["evaluate", "predict"].includes(command) ? ["--weights", "none"] : [];
    const { code, out, notes } = await run(command, missing, ...weights);
    expect(code).toBe(1);
    expect(out).toBe("");
    expect(notes).toContain("none.nn: there is no such file");
    expect(notes).not.toMatch(/\bat .*:\d+|Error:/);
  });
  test("a folder in place of a file", async () => {
    expect(await run("inspect", folder.path)).toMatchObject({ code: 1 });
  });
  test("--json says it on stdout too", async () => {
    const inspected = await run("inspect", missing, "--json");
    expect(JSON.parse(inspected.out)).toEqual({
      error: {
        code: "file-unreadable",
        message: "there is no such file",
        file: missing,
      },
    });
    const checked = await run("check", missing, "--json");
    expect(JSON.parse(checked.out)).toMatchObject([
      { code: "file-unreadable", severity: "error", file: missing },
    ]);
  });
});
