// An example program and how it is to be trained in; tests out that its derivatives are right and that it learns, on the CPU and on WebGPU.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runProgram } from "../../cli/program.js";
import type { CompiledModel } from "../../compiler/compile.js";
import type { TrainingNet } from "../../runtime/index.js";
import { recorder } from "../cli/terminals.js";
import { describeGpu } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

type Settings = Readonly<Record<string, number | boolean>>;

const pathOf = (file: string): string => join(import.meta.dirname, "../../examples/programs", file);

/** The one model of a program, with parameters set to other values than the file's. */
export function program(file: string, set: Settings = {}): CompiledModel {
  return compileOne(readFileSync(pathOf(file), "utf8"), file, { set });
}

/** That `nnc gradcheck` finds every derivative right, and leaves no parameter unchecked. */
export function checksDerivatives(file: string, set: Settings = {}): void {
  it("has the right derivatives", async () => {
    const settings = Object.entries(set).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
    const terminal = recorder();
    const args = ["gradcheck", pathOf(file), ...settings, "--json"];
    expect(await runProgram(args, { terminal, version: "0" })).toBe(0);
    const { ok, parameters } = JSON.parse(terminal.written.join("")) as {
      ok: boolean;
      parameters: { name: string; comparisons: number }[];
    };
    expect(ok).toBe(true);
    expect(parameters.length).toBeGreaterThan(0);
    for (const { name, comparisons } of parameters) expect(comparisons, name).toBeGreaterThan(0);
  });
}

/** Hands an untrained net of each backend to `judge`, which trains it and says what it expects. */
export function learns(model: CompiledModel, judge: (net: TrainingNet) => Promise<void>): void {
  it("learns on the CPU", async () => {
    const net = await open(model, "f32");
    await judge(net);
    net.destroy();
  });
  describeGpu("and on WebGPU", () => {
    it("learns", async () => {
      // Pipelines take their time: those that draw the first weights run once.
      const first = await open(model, "f32");
      const net = await open(model, "any adapter", { weights: await first.save() });
      first.destroy();
      await judge(net);
      net.destroy();
    }, 120_000);
  });
}
