// In: paths of every kind that a file may be written to; out: what stood there stays what it was, or the write is refused before the work.
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeWhole } from "../../cli/data/atomic.js";
import { claimOutputs } from "../../cli/data/outputs.js";
import { runProgram } from "../../cli/program.js";
import { temporaryFolder } from "./data/files.js";
import { recorder } from "./terminals.js";

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);

describe("writing a whole file", () => {
  test("a link is followed, also where its target is not there yet", () => {
    const target = folder.put("target.txt", "old");
    symlinkSync(target, at("link.txt"));
    writeWhole(at("link.txt"), "new");
    expect(lstatSync(at("link.txt")).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, "utf8")).toBe("new");
    symlinkSync("later.txt", at("dangling.txt"));
    writeWhole(at("dangling.txt"), "made");
    expect(readFileSync(at("later.txt"), "utf8")).toBe("made");
    expect(lstatSync(at("dangling.txt")).isSymbolicLink()).toBe(true);
  });
  test("the mode stays, and so do other names of the same file", () => {
    const file = folder.put("mode.sh", "old");
    chmodSync(file, 0o750);
    writeWhole(file, "new");
    expect(statSync(file).mode & 0o777).toBe(0o750);
    linkSync(file, at("other.sh"));
    writeWhole(file, "newer");
    expect(readFileSync(at("other.sh"), "utf8")).toBe("newer");
  });
  test("a read-only file and a folder are refused, and stay as they are", () => {
    const file = folder.put("kept.txt", "kept");
    chmodSync(file, 0o444);
    expect(() => {
      writeWhole(file, "new");
    }).toThrow("it is read-only");
    expect(readFileSync(file, "utf8")).toBe("kept");
    expect(() => {
      writeWhole(folder.path, "new");
    }).toThrow("this is a folder");
  });
  test("a device and a pipe are written into", async () => {
    writeWhole("/dev/null", "gone");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
    const pipe = at("pipe");
    execFileSync("mkfifo", [pipe]);
    const reader = spawn("cat", [pipe], { stdio: ["ignore", "pipe", "ignore"] });
    let got = "";
    reader.stdout.on("data", (chunk: Buffer) => (got += chunk.toString()));
    const ended = new Promise((resolve) => reader.on("close", resolve));
    writeWhole(pipe, "through");
    await ended;
    expect(got).toBe("through");
    expect(statSync(pipe).isFIFO()).toBe(true);
  });
  test("a name as long as names can be is written, and nothing is left beside it", () => {
    mkdirSync(at("long"));
    const name = "n".repeat(255);
    writeWhole(join(at("long"), name), "x");
    expect(readdirSync(at("long"))).toEqual([name]);
    expect(() => {
      writeWhole(join(at("long"), `${name}n`), "x");
    }).toThrow("the name is too long");
    expect(readdirSync(at("long"))).toEqual([name]);
  });
});

describe("what a command is going to write", () => {
  const source = folder.put("m.nn", "model A { input x: [batch]  output y = x }\n");
  const data = folder.put("x.csv", "x\n1\n2\n");
  const trained = folder.put(
    "trained.nn",
    "model A { input x: [batch]  weight W: [] = 1  output y = x * W  loss y ^ 2 }\ntrain A { optimizer sgd(lr: 0.1) }\n",
  );
  const claim = (file: string, other?: string) => () => {
    const outputs = [
      { option: "-o", file },
      { option: "--log", file: other },
    ];
    claimOutputs(outputs, [source, data]);
  };
  test("is refused where it is the source, the data, or another output, by any name", () => {
    expect(claim(source)).toThrow("a .nn file is a source");
    expect(claim(at("new.nn"))).toThrow("a .nn file is a source");
    expect(claim(data)).toThrow(`it would be written over: ${data} is read by this command`);
    symlinkSync(data, at("alias.csv"));
    linkSync(source, at("alias.txt"));
    expect(claim(at("alias.csv"))).toThrow("is read by this command");
    expect(claim(at("alias.txt"))).toThrow("is read by this command");
    expect(claim(at("new.txt"), at("new.txt"))).toThrow("-o writes it too");
    expect(claim("/dev/null", "/dev/null")).not.toThrow();
    expect(claim(at("new.txt"), at("newer.txt"))).not.toThrow();
  });
  test("is refused where it cannot be written", () => {
    expect(claim("")).toThrow("-o names no file");
    expect(claim(folder.path)).toThrow("this is a folder");
    expect(claim(join(folder.path, "nowhere", "w.txt"))).toThrow("there is no such folder");
    expect(claim(join(data, "w.txt"))).toThrow("there is no such folder");
    expect(claim(at("n".repeat(256)))).toThrow("the name is too long");
    const kept = folder.put("read-only.txt", "");
    chmodSync(kept, 0o400);
    expect(claim(kept)).toThrow("it is read-only");
  });
  const long = "a".repeat(300);
  symlinkSync("circle", at("circle"));
  mkdirSync(at("folder.csv"));
  mkdirSync(at("folder.npz.gz"));
  symlinkSync("nowhere/w.txt", at("astray"));
  const train = ["train", trained, "--data", data, "--epochs", "1", "--backend", "cpu", "--quiet"];
  const tooLong = "the name is too long";
  const circle = "its links lead in a circle";
  test.each([
    [tooLong, ["compile", source, "-o", at(long)]],
    [tooLong, ["compile", source, "-o", join(folder.path, "made", long, "inner")]],
    [tooLong, ["compile", source, "-o", join(folder.path, "a/".repeat(4000))]],
    [circle, ["compile", source, "-o", at("circle")]],
    [circle, ["compile", source, "-o", join(at("circle"), "inner")]],
    ["its link leads to nothing", ["compile", source, "-o", at("astray")]],
    [tooLong, [...train, "--checkpoint", at(long)]],
    [tooLong, [...train, "--checkpoint", at(long), "--resume"]],
    [circle, [...train, "--checkpoint", at("circle")]],
    [circle, [...train, "--checkpoint", at("circle"), "--resume"]],
    ["there is no such folder", [...train, "-o", at("astray")]],
    [tooLong, [...train, "-o", at(long)]],
    [circle, [...train, "--log", at("circle")]],
    [tooLong, [...train, "--weights", at(long)]],
    [tooLong, ["train", trained, "--data", at(`${long}.csv`)]],
    [circle, ["train", trained, "--data", at("circle")]],
    [tooLong, ["check", at(`${long}.nn`)]],
    [tooLong, ["fmt", at(`${long}.nn`)]],
    [circle, ["inspect", at("circle")]],
    ["there is no such file", ["train", trained, "--data", at("misspelt")]],
    ["there is no such file", ["train", trained, "--data", join(data, "inner.csv")]],
    ["this is a folder", ["train", trained, "--data", folder.path]],
    ["this is a folder", ["train", trained, "--data", `x=${at("folder.csv")}:a`]],
    ["this is a folder", ["train", trained, "--data", at("folder.npz.gz")]],
    ["this is a folder", ["train", trained, "--data", data, "--weights", folder.path]],
    ["this is a folder", ["check", folder.path]],
    // No mode says that these file systems take no files; some systems do not have them.
    ...(existsSync("/proc/self")
      ? ([
          ["nothing can be made in /proc", [...train, "--checkpoint", "/proc/ck"]],
          ["nothing can be made in /proc", [...train, "-o", "/proc/x.safetensors"]],
          ["nothing can be made in /proc", [...train, "--report", "/proc/x.html"]],
          ["nothing can be made in /proc", ["compile", source, "-o", "/proc/bundle"]],
        ] as const)
      : []),
  ] as const)("the path is at fault: %s (%#)", async (said, args) => {
    const terminal = recorder();
    expect(await runProgram(args, { terminal, version: "0" })).toBe(1);
    expect(terminal.notes.join("\n")).toContain(`: ${said}`);
    expect(existsSync(at("made"))).toBe(false);
  });
  test("an earlier run among the checkpoints is written over with a word, and gone on with by --resume", async () => {
    const given = [...train, "-o", at("w.safetensors"), "--checkpoint", at("checkpoints")];
    const said = async (...more: string[]): Promise<string> => {
      const terminal = recorder();
      expect(await runProgram([...given, ...more], { terminal, version: "0" })).toBe(0);
      return terminal.notes.join("\n");
    };
    expect(await said()).not.toContain("holds an earlier run");
    expect(await said()).toContain("checkpoint.safetensors holds an earlier run");
    expect(await said("--epochs", "2", "--resume")).not.toContain("holds an earlier run");
  });
  test.each([
    [...train, "-o", "-"],
    [...train, "--log", "-"],
    [...train, "--report", "-"],
    [...train, "--checkpoint", "-"],
    ["compile", source, "-o", "-"],
    ["inspect", source, "--svg", "-"],
  ])("no file called - is written for stdout: %#", async (...args) => {
    const terminal = recorder();
    expect(await runProgram(args, { terminal, version: "0" })).toBe(1);
    expect(terminal.notes.join("\n")).toMatch(
      /writes (?:a file, and - is not one|files into a folder, and - is none)/,
    );
    expect(existsSync("-")).toBe(false);
  });
  test.each([
    ["predict", source, "--weights", "w", "--data", `x=${data}`, "-o", data],
    ["inspect", source, "--svg", source],
    ["train", source, "--data", `x=${data}`, "-o", data],
    ["train", source, "--data", `x=${data}`, "--log", source],
    ["train", source, "--data", `x=${data}`, "--report", data],
    ["train", source, "--data", `x=${data}`, "-o", folder.path],
    ["train", source, "--data", `x=${data}`, "-o", ""],
    ["compile", source, "-o", ""],
  ])("nnc %s … leaves them as they are", async (...args) => {
    const before = [source, data].map((file) => readFileSync(file, "utf8"));
    const terminal = recorder();
    expect(await runProgram(args, { terminal, version: "0" })).toBe(1);
    expect([source, data].map((file) => readFileSync(file, "utf8"))).toEqual(before);
    expect(existsSync(`${source}.tmp`)).toBe(false);
  });
  test("nor is any other file that a command reads written over, by any name and any option", async () => {
    const part = folder.put("part.nn", "fn twice(x: [...s]) = 2 * x\n");
    const early = folder.put("early.safetensors", "earlier weights");
    const weights = folder.put("w.safetensors", "weights");
    const whole = folder.put(
      "whole.nn",
      `import { twice } from "./part.nn"
model A { input x: [batch]  weight W: [] = 1  output y = twice(x) * W  loss y ^ 2 }
train A { optimizer sgd(lr: 0.1)  start W from "early.safetensors" }
`,
    );
    const table = folder.put("table.csv", "x\n1\n2\n");
    const links = [part, early, weights, whole, table].map((file, index) => {
      linkSync(file, at(`link${index}.csv`));
      return [file, at(`link${index}.csv`)] as const;
    });
    mkdirSync(at("held"));
    linkSync(early, join(at("held"), "checkpoint.safetensors"));
    const given = ["--data", `x=${table}`, "--weights", weights];
    const outputs = (link: string): string[][] => [
      ["train", whole, ...given, "-o", link],
      ["train", whole, ...given, "--log", link],
      ["train", whole, ...given, "--report", link],
    ];
    const commands = [
      ...links.flatMap(([file, link]) => outputs(link).map((args) => [file, args] as const)),
      [early, ["train", whole, ...given, "--checkpoint", at("held")]] as const,
      [
        weights,
        ["train", whole, "--data", `x=${table}`, "--weights", weights, "-o", weights],
      ] as const,
      // What predicting and inspecting read is less.
      ...links
        .filter(([file]) => file !== early)
        .map(([file, link]) => [file, ["predict", whole, ...given, "-o", link]] as const),
      [part, ["inspect", whole, "--svg", at("link0.csv")]] as const,
    ];
    for (const [file, args] of commands) {
      const before = readFileSync(file);
      const terminal = recorder();
      expect(await runProgram(args, { terminal, version: "0" }), args.join(" ")).toBe(1);
      expect(terminal.notes.join("\n"), args.join(" ")).toContain(" is read by this command");
      expect(readFileSync(file).equals(before)).toBe(true);
    }
  });
  test("a bundle beside its weights leaves them as they are", async () => {
    mkdirSync(at("beside"));
    const output = join(at("beside"), "trained.safetensors");
    const terminal = recorder();
    const command = async (...args: string[]): Promise<number> =>
      runProgram(args, { terminal, version: "0" });
    const given = ["--data", data, "--epochs", "1", "--backend", "cpu", "--quiet"];
    expect(await command("train", trained, ...given, "-o", output)).toBe(0);
    const { ino } = statSync(output);
    const compile = ["compile", trained, "--weights", output, "--entry", "inference"];
    expect(await command(...compile, "-o", at("beside"))).toBe(0);
    expect(statSync(output).ino).toBe(ino);
    expect(existsSync(join(at("beside"), "trained.js"))).toBe(true);
  });
  test("folds do not go on from weights that have seen every row", async () => {
    const terminal = recorder();
    const args = ["train", trained, "--data", data, "--folds", "2", "--resume"];
    expect(await runProgram(args, { terminal, version: "0" })).toBe(2);
    expect(terminal.notes.join("\n")).toContain("--folds cannot go on with --resume");
    const weights = [
      "train",
      trained,
      "--data",
      data,
      "--folds",
      "2",
      "--weights",
      "w.safetensors",
    ];
    expect(await runProgram(weights, { terminal, version: "0" })).toBe(2);
    expect(terminal.notes.join("\n")).toContain("--folds cannot start from --weights");
  });
  test("fmt refuses a source that is not UTF-8, and leaves it untouched", async () => {
    const text = "// gr\u00f6\u00dfe\nmodel A { input x: [batch]   output y = x }\n";
    const latin = folder.put("latin.nn", Buffer.from(text, "latin1"));
    const before = readFileSync(latin);
    const terminal = recorder();
    expect(await runProgram(["fmt", latin], { terminal, version: "0" })).toBe(1);
    expect(readFileSync(latin).equals(before)).toBe(true);
    expect(terminal.notes.join("\n")).toContain(
      "the file is not UTF-8 text: line 1 has the byte 0xf6",
    );
  });
});
