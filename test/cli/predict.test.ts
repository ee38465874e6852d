// In: models of every kind and data; out: what `nnc predict` writes of them, and what it refuses before computing.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { GivenTensor } from "../../cli/batches.js";
import type { BoundData } from "../../cli/data/bind.js";
import { predictAll } from "../../cli/predicting.js";
import { runProgram } from "../../cli/program.js";
import type { TrainingNet } from "../../runtime/api.js";
import { compileOne } from "../support/compiled.js";
import { temporaryFolder } from "./data/files.js";
import { recorder } from "./terminals.js";

const folder = temporaryFolder();

async function run(...args: string[]): Promise<{ code: number; out: string; notes: string }> {
  const terminal = recorder();
  const code = await runProgram([...args, "--backend", "cpu"], { terminal, version: "0" });
  return { code, out: terminal.written.join(""), notes: terminal.notes.join("\n") };
}

const pairs = folder.put("pairs.csv", "a,b\n1,2\n3,4\n");

describe("models without parts that others have", () => {
  test("without batch", async () => {
    const model = "model A { input x: [4]  output y = sum(x * x)  output z = x + 1 }\n";
    const file = folder.put("no_batch.nn", model);
    const x = folder.put("x.csv", "x\n1\n2\n3\n4\n");
    const { code, out } = await run("predict", file, "--data", `x=${x}`);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ y: 30, z: [2, 3, 4, 5] });
  });
  test("what a table leaves empty has what stands for it, and is told by a mask", async () => {
    const model = `model A {
      input age: [batch] missing -1
      input kind: category(3)[batch] missing 1
      output y = age
      output young = is_missing(age)
      output no_kind = is_missing(kind)
      output k = kind
    }\n`;
    const file = folder.put("missing.nn", model);
    const table = folder.put("gaps.csv", "age,kind\n3,2\n,0\nnan,\n-1,1\n");
    const { code, out } = await run("predict", file, "--data", table);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      y: [3, -1, -1, -1],
      young: [false, true, true, false],
      no_kind: [false, false, true, false],
      k: [2, 0, 1, 1],
    });
    const wrong = folder.put("beyond.csv", "age,kind\n3,3\n");
    expect(await run("predict", file, "--data", wrong)).toMatchObject({ code: 1 });
  });
  test("without parameters, no weights are wanted; with one, they are", async () => {
    const without = folder.put("none.nn", "model A { input x: [batch, 2]  output y = 2 * x }\n");
    const { code, out } = await run("predict", without, "--data", `x=${pairs}`);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      y: [
        [2, 4],
        [6, 8],
      ],
    });
    const model = "model A { input x: [batch, 2]  output y = x |> dense(1)  loss mean(y ^ 2) }\n";
    const learning = folder.put("dense.nn", model);
    for (const command of ["predict", "evaluate"]) {
      const refused = await run(command, learning, "--data", `x=${pairs}`);
      expect(refused.code).toBe(2);
      expect(refused.notes).toContain("--weights FILE.safetensors");
    }
  });
  test("what is drawn over another length has it as trained, and wants to be told it else", async () => {
    const body = "{ input z: [batch, time] ~ normal(0, 1)  weight w: [] = 2  output y = w * z";
    const untold = "model A { input z: [batch, time] ~ normal(0, 1)  output y = 2 * z }\n";
    const file = folder.put("drawn.nn", untold);
    const refused = await run("predict", file, "--examples", "2");
    expect(refused.code).toBe(1);
    expect(refused.notes).toContain("A draws time entries, and nothing says how many");
    expect(refused.notes).toContain("`time 8` in a train block of A");
    const trained = `model A ${body}  loss mean(y ^ 2) }\ntrain A { optimizer sgd(lr: 0)  steps 1  batch 2  time 3 }\n`;
    const other = folder.put("drawn_trained.nn", trained);
    const weights = join(folder.path, "drawn.safetensors");
    expect((await run("train", other, "-o", weights)).code).toBe(0);
    const predict = ["predict", other, "--weights", weights, "--examples", "2", "--seed", "4"];
    const { code, out, notes } = await run(...predict);
    expect(code).toBe(0);
    const { y } = JSON.parse(out) as { y: number[][] };
    expect(y.map((row) => row.length)).toEqual([3, 3]);
    expect(notes).not.toContain("--seed");
  });
  test("evaluate, without parameters", async () => {
    const model = "model A { input x: [batch, 2]  output y = 2 * x  loss mean(y ^ 2) }\n";
    const file = folder.put("loss.nn", model);
    const { code, out } = await run("evaluate", file, "--data", `x=${pairs}`, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ loss: 30, examples: 2 });
    const without = folder.put("no_loss.nn", "model A { input x: [batch, 2]  output y = 2 * x }\n");
    const refused = await run("evaluate", without, "--data", `x=${pairs}`);
    expect(refused.code).toBe(1);
    expect(refused.notes).toContain("there is nothing to evaluate");
  });
});

describe("a line an example", () => {
  const model =
    "model A { input x: [batch, 2]  output y = sum(x, axis: 1)  output middle = mean(x, axis: 0) }\n";
  const file = folder.put("middle.nn", model);
  test("goes by the shape declared, and is refused before anything is computed", async () => {
    const out = join(folder.path, "middle.csv");
    const args = ["predict", file, "--data", `x=${pairs}`, "-o", out];
    const { code, notes } = await run(...args);
    expect(code).toBe(1);
    expect(notes).toContain("middle has the shape [2]: it has no line an example");
    expect(notes).toContain("--outputs y");
    expect(notes).not.toContain("backend");
    expect(existsSync(out)).toBe(false);
    expect((await run(...args, "--outputs", "y")).code).toBe(0);
    expect(readFileSync(out, "utf8")).toBe("y\n3\n7\n");
  });
  test("more examples than are computed at once are joined in order", async () => {
    const rows = Array.from({ length: 1300 }, (_, row) => `${row},1\n`);
    const many = folder.put("many.csv", `a,b\n${rows.join("")}`);
    const out = join(folder.path, "many_out.csv");
    const { code } = await run(
      ...["predict", file, "--data", `x=${many}`, "--outputs", "y", "-o", out],
      ...["--rows", "100:1300"],
    );
    expect(code).toBe(0);
    const lines = readFileSync(out, "utf8").trim().split("\n");
    expect(lines).toEqual(["y", ...Array.from({ length: 1200 }, (_, row) => String(row + 101))]);
  });
});

describe("options", () => {
  const file = folder.put("seed.nn", "model A { input x: [batch] ~ normal(0, 1)  output y = x }\n");
  test("a seed of more than 32 bits is refused, not cut", async () => {
    expect((await run("predict", file, "--seed", "4294967295")).code).toBe(0);
    for (const command of ["predict", "train"]) {
      const { code, notes } = await run(command, file, "--seed", "4294967296");
      expect(code).toBe(2);
      expect(notes).toContain("from 0 to 4294967295");
    }
  });
  test("more threads than a net takes are refused, by number", async () => {
    const { code, notes } = await run("predict", file, "--threads", "65");
    expect(code).toBe(2);
    expect(notes).toContain("from 1 to 64");
  });
  test("--no-header reads a table whose first line is data", async () => {
    const bare = folder.put("bare.csv", "1,2\n3,4\n");
    const model = folder.put("twice.nn", "model A { input x: [batch, 2]  output y = 2 * x }\n");
    const args = ["predict", model, "--data", `x=${bare}`];
    const refused = await run(...args);
    expect(refused.code).toBe(1);
    expect(refused.notes).toContain("--no-header");
    const { out } = await run(...args, "--no-header");
    expect(JSON.parse(out)).toEqual({
      y: [
        [2, 4],
        [6, 8],
      ],
    });
  });
});

describe("--members", () => {
  test("gives what each member of an ensemble says, over all parts of the data", async () => {
    const source = `model A { input x: [batch]  param w: [] ~ normal(0, 1)  output y = w * x  loss mean(y ^ 2) }
      train A { optimizer sgd(lr: 0)  ensemble 2  epochs 1 }\n`;
    const file = folder.put("ensemble.nn", source);
    const weights = join(folder.path, "ensemble.safetensors");
    // More rows than are computed at once.
    const rows = Array.from({ length: 1500 }, (_, row) => row % 7);
    const x = folder.put("many.csv", `x\n${rows.join("\n")}\n`);
    expect((await run("train", file, "--data", x, "-o", weights)).code).toBe(0);
    const args = ["predict", file, "--weights", weights, "--data", x];
    const each = await run(...args, "--members");
    const { y } = JSON.parse(each.out) as { y: number[][] };
    expect(y.map((one) => one.length)).toEqual([1500, 1500]);
    const factors = y.map((one) => one[1] ?? NaN);
    expect(factors[0]).not.toBeCloseTo(factors[1] ?? NaN, 2);
    for (const [member, one] of y.entries())
      for (const [row, value] of one.entries())
        if (Math.abs(value - (factors[member] ?? NaN) * (rows[row] ?? NaN)) > 1e-5)
          expect.fail(`member ${member}, row ${row}: ${value}`);
    const csv = await run(...args, "--members", "-o", join(folder.path, "y.csv"));
    expect([csv.code, csv.notes]).toEqual([
      1,
      expect.stringContaining("y has the shape [members, batch]") as string,
    ]);
  });
  test("is refused of what is no ensemble", async () => {
    const file = folder.put("alone.nn", "model A { input x: [batch, 2]  output y = 2 * x }\n");
    const { code, notes } = await run("predict", file, "--data", `x=${pairs}`, "--members");
    expect([code, notes]).toEqual([2, expect.stringContaining("A is no ensemble") as string]);
  });
});

describe("many examples", () => {
  const count = 1100;
  const x = folder.put(
    "counted.csv",
    ["x", ...Array.from({ length: count }, (_, at) => at)].join("\n"),
  );

  async function predicted(name: string, output: string): Promise<number[]> {
    const file = folder.put(`${name}.nn`, `model A { input x: [batch]  output y = ${output} }\n`);
    const { code, out } = await run("predict", file, "--data", `x=${x}`);
    expect(code).toBe(0);
    return (JSON.parse(out) as { y: number[] }).y;
  }

  test("of which each knows itself alone are given in parts, and joined", async () => {
    const found = await predicted("apart", "2 * x");
    expect(found).toEqual(Array.from({ length: count }, (_, at) => 2 * at));
  });
  test("that depend on one another are given together", async () => {
    const found = await predicted("together", "x - mean(x)");
    expect(found).toEqual(Array.from({ length: count }, (_, at) => at - (count - 1) / 2));
  });
  test.each([
    ["2 * x", [512, 512, 76]],
    ["x - mean(x)", [1100]],
  ])("are cut where they may be: %s", async (output, sizes) => {
    const { plan } = compileOne(`model A { input x: [batch]  output y = ${output} }\n`);
    const given: number[] = [];
    const net = {
      predict: ({ x }: { readonly x: GivenTensor }) => {
        given.push(x.data.length);
        return Promise.resolve({ y: Float32Array.from(x.data) });
      },
    } as unknown as TrainingNet;
    const numbers = Float32Array.from({ length: count }, (_, at) => at);
    const array = { name: "x", file: "x.csv", shape: [count], data: numbers, perExample: true };
    const data: BoundData = {
      arrays: new Map([["x", array]]),
      examples: count,
      free: new Map(),
      vocabularies: new Map(),
    };
    const [whole] = await predictAll(net, plan, plan.outputs, data, { examples: 1 });
    expect(given).toEqual(sizes);
    expect(whole?.data).toEqual(numbers);
  });
});
