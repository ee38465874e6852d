// Small programs with one mistake each in; what `nnc doctor` finds of them out.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { DoctorResult } from "../../cli/doctor/run.js";
import { runProgram } from "../../cli/program.js";
import { temporaryFolder } from "./data/files.js";
import { recorder } from "./terminals.js";

/** Three rings around a point, told by how far out they are; or, mixed, by nothing. */
function rings(mixed: boolean): string {
  const rows = Array.from({ length: 240 }, (_, row) => {
    const ring = row % 3;
    const angle = row * 2.4;
    const radius = 0.5 + ring + 0.2 * Math.sin(row * 7.1);
    const told = mixed ? Math.floor(1.5 * (1 + Math.sin(row * row * 12.9898))) % 3 : ring;
    return [radius * Math.cos(angle), radius * Math.sin(angle), told].join(",");
  });
  return ["left,right,ring", ...rows].join("\n");
}

const folder = temporaryFolder();
const path = (name: string): string => join(folder.path, name);

interface Change {
  readonly given?: string;
  readonly layer?: string;
  readonly optimizer?: string;
  readonly data?: string;
}

const layerOf = "dense(32, activation: tanh) |> ";

async function examined(name: string, change: Change): Promise<DoctorResult> {
  const { given = "x", layer = layerOf, optimizer = "adam(lr: 1e-2)", data = "rings.csv" } = change;
  writeFileSync(
    path(`${name}.nn`),
    `fn below(x) = x - 10
model M {
  input x: [batch, 2]
  target c: category(3)[batch]
  logits = (${given}) |> ${layer}dense(3)
  output p = softmax(logits)
  loss cross_entropy(logits, c)
}
train M { optimizer ${optimizer}  epochs 30 }
`,
  );
  const file = path(data);
  return told(name, [`x=${file}:left,right`, `c=${file}:ring`]);
}

async function told(name: string, data: readonly string[]): Promise<DoctorResult> {
  const terminal = recorder();
  const code = await runProgram(
    [
      ...["doctor", path(`${name}.nn`), "--json", "--backend", "cpu"],
      ...data.flatMap((one) => ["--data", one]),
    ],
    { terminal, version: "0" },
  );
  expect(terminal.notes.join("\n")).not.toContain("error");
  expect(code).toBe(0);
  return JSON.parse(terminal.written.join("")) as DoctorResult;
}

const kinds = ({ findings }: DoctorResult): string[] => findings.map(({ kind }) => kind);

describe("a program", () => {
  beforeAll(() => {
    writeFileSync(path("rings.csv"), rings(false));
    writeFileSync(path("mixed.csv"), rings(true));
  });

  it("that is healthy has no findings", async () => {
    const result = await examined("healthy", {});
    expect(result.findings).toEqual([]);
    expect(result.measured).toHaveLength(6);
  });
  it("whose inputs are not scaled saturates", async () => {
    const result = await examined("unscaled", { given: "x * 40 + 128" });
    expect(kinds(result).slice(0, 2)).toEqual(["scale", "saturation"]);
    expect(result.findings[1]?.where).toBe("dense_1.tanh");
  });
  it("that scales them itself, or fits their scale, does not", async () => {
    const given = "x * 40 + 128 |> standardize()";
    expect(kinds(await examined("scaled", { given }))).toEqual([]);
  });
  it("whose rate is 100 times too large, or too small", async () => {
    const large = await examined("large", { optimizer: "adam(lr: 1)" });
    expect(kinds(large)).toContain("updates");
    expect(large.findings[0]?.todo).toMatch(/^divide the rate/);
    const small = await examined("small", { optimizer: "adam(lr: 1e-5)" });
    expect(kinds(small)).toEqual(["updates", "fit"]);
    expect(small.findings[0]?.todo).toMatch(/^multiply the rate/);
  });
  it("whose first weights are far too small is told so, and nothing of its rate", async () => {
    const layer = "dense(32, activation: tanh, init: normal(deviation: 1e-4)) |> ".repeat(6);
    const result = await examined("tiny", { layer });
    expect(kinds(result).slice(0, 1)).toEqual(["weights"]);
    expect(kinds(result)).not.toContain("updates");
    expect(kinds(result)).not.toContain("chance");
    expect(result.findings[0]?.todo).toContain("glorot_uniform");
  });
  it("of many sigmoids is told that next to nothing passes, and nothing of its rate", async () => {
    const layer = "dense(16, activation: sigmoid) |> ".repeat(8);
    const result = await examined("sigmoids", { layer, optimizer: "sgd(lr: 0.1)" });
    expect(kinds(result)).toEqual(["vanishing", "fit"]);
    expect(result.findings[0]?.where).toBe("dense_1.sigmoid to dense_8.sigmoid");
  });
  it("whose targets are of a size of 1e5 is told to scale them", async () => {
    const source = (loss: string): string => `model M {
  input x: [batch, 2]
  target price: [batch]
  y = x |> dense(32, activation: tanh) |> dense(1) |> reshape([batch])
  output y
  loss mse(y, ${loss})
}
train M { optimizer adam(lr: 1e-2)  epochs 30 }
`;
    const rows = Array.from({ length: 120 }, (_, row) => {
      const [left, right] = [Math.sin(row * 2.3), Math.sin(row * 7.1)];
      return [left, right, 250_000 + 60_000 * left - 40_000 * right].join(",");
    });
    writeFileSync(path("prices.csv"), ["left,right,price", ...rows].join("\n"));
    const ask = async (name: string, loss: string): Promise<DoctorResult> => {
      writeFileSync(path(`${name}.nn`), source(loss));
      const file = path("prices.csv");
      return told(name, [`x=${file}:left,right`, `price=${file}:price`]);
    };
    const result = await ask("prices", "price");
    expect(kinds(result)).toEqual(["targets", "fit"]);
    const [, scaled = ""] =
      /^let the model predict them scaled: `(.*?)`/.exec(result.findings[0]?.todo ?? "") ?? [];
    expect(kinds(await ask("scaled_prices", scaled))).toEqual([]);
  });
  it("whose units are dead, of which nothing else is told than that little is learned", async () => {
    const result = await examined("dead", { layer: "dense(32) |> below() |> relu() |> " });
    expect(kinds(result)).toEqual(["dead", "fit"]);
  });
  it("whose targets belong to other rows is at chance", async () => {
    expect(kinds(await examined("mixed", { data: "mixed.csv" }))).toContain("chance");
  });
  it("that cannot tell what it is to tell learns not even a few", async () => {
    expect(kinds(await examined("linear", { layer: "" }))).toContain("fit");
    const rate = await examined("still", { optimizer: "sgd(lr: 0)" });
    expect(kinds(rate)).toEqual(["updates", "fit"]);
    expect(rate.findings[0]?.what).toBe("updates change no weight at all");
  });
});
