// A model, and one that adapts it, in; that the adapters' file makes of the base model one that does something else, out.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runProgram } from "../../cli/program.js";
import { readSafetensors } from "../../runtime/safetensors.js";
import { temporaryFolder } from "../cli/data/files.js";
import { recorder } from "../cli/terminals.js";
import { describeGpu } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";
import { checksDerivatives } from "./learning.js";

const file = join(import.meta.dirname, "../../examples/programs/lora.nn");
const folder = temporaryFolder();
const base = join(folder.path, "base.safetensors");
const down = join(folder.path, "down.safetensors");

async function succeed(command: string, model: string, ...options: string[]): Promise<string> {
  const terminal = recorder();
  const args = [command, file, "--model", model, "--backend", "cpu", ...options];
  const code = await runProgram(args, { terminal, version: "0" });
  expect(code, terminal.notes.join("\n")).toBe(0);
  return terminal.written.join("");
}

/** Of sequences that are drawn anew. Three strides are alike at first: a third of log 3 … is left of the loss, chance is log 16 = 2.77. */
async function lossOf(model: string, ...weights: string[]): Promise<number> {
  const files = weights.flatMap((path) => ["--weights", path]);
  const given = ["--json", "--examples", "512"];
  const { loss } = JSON.parse(await succeed("evaluate", model, ...files, ...given)) as {
    loss: number;
  };
  return loss;
}

const tensorsOf = (path: string) => readSafetensors(readFileSync(path)).tensors;

describe("lora.nn", () => {
  checksDerivatives("lora.nn", { width: 8 });

  it("is trained, tuned and put together by three commands", async () => {
    await succeed("train", "Base", "--steps", "300", "-o", base);
    expect(await lossOf("Base", base)).toBeLessThan(0.25);
    const before = readFileSync(base);
    await succeed(
      "train",
      "Tuned",
      "--weights",
      base,
      "--save",
      "trained",
      "--steps",
      "150",
      "-o",
      down,
    );
    expect(readFileSync(base)).toEqual(before);
    const names = [...tensorsOf(down).keys()];
    expect(names.length).toBe(14);
    expect(names.filter((name) => !/\.reparametrize\.[AB]$/.test(name))).toEqual([]);
    expect(await lossOf("Tuned", base, down)).toBeLessThan(0.8);
  });

  describeGpu("on WebGPU", () => {
    it("is tuned to what the CPU is tuned to", async () => {
      const tuned = compileOne(readFileSync(file, "utf8"), file, { model: "Tuned" });
      const net = await open(tuned, "any adapter", { weights: readFileSync(base), partial: true });
      const { loss: untuned } = await net.evaluate({}, { examples: 512 });
      expect(untuned).toBeGreaterThan(2);
      await net.fit({}, { steps: 150 });
      const { loss } = await net.evaluate({}, { examples: 512 });
      expect(loss).toBeLessThan(0.8);
      expect(Math.abs(loss - (await lossOf("Tuned", base, down)))).toBeLessThan(0.01);
      net.destroy();
    });
  });
});
