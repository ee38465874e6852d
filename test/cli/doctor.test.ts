// Measured numbers, and small programs with one mistake each, in; the findings of `nnc doctor` out.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, test } from "vitest";
import { activationFindings, activationStates } from "../../cli/doctor/activations.js";
import { chanceFindings } from "../../cli/doctor/chance.js";
import { fittingFindings, shareLeft } from "../../cli/doctor/fitting.js";
import type { FewExamples } from "../../cli/doctor/fitting.js";
import type { DoctorResult } from "../../cli/doctor/run.js";
import { scaleFindings, scaleOf } from "../../cli/doctor/scale.js";
import {
  ratiosOfWeights,
  typicalRatios,
  unreachedWeights,
  updateFindings,
} from "../../cli/doctor/updates.js";
import { runProgram } from "../../cli/program.js";
import { temporaryFolder } from "./data/files.js";
import { recorder } from "./terminals.js";

describe("the scale of inputs", () => {
  it("is the root of their mean square, and the deviations of columns that vary", () => {
    // Columns 3, 3, 3 (which does not vary), 0, 3, 6 and -1, 0, 1.
    const scale = scaleOf("dense_1", [3, 0, -1, 3, 3, 0, 3, 6, 1], 3);
    expect(scale.size).toBeCloseTo(Math.sqrt((27 + 45 + 2) / 9), 12);
    expect(scale.leastDeviation).toBeCloseTo(Math.sqrt(2 / 3), 12);
    expect(scale.largestDeviation).toBeCloseTo(Math.sqrt(6), 12);
    expect(scaleFindings(scale)).toEqual([]);
  });
  it.each([
    ["grey levels", 80, 1, 1, "have a size of 80"],
    ["next to nothing", 1e-4, 1, 1, "have a size of 1.000e-4"],
    ["columns that are unlike", 3, 0.01, 5, "one column varies by 5, another by 0.01"],
  ])("is told of where it is that of %s", (_, size, leastDeviation, largestDeviation, words) => {
    const [finding, ...more] = scaleFindings({
      where: "conv2d_1",
      size,
      leastDeviation,
      largestDeviation,
    });
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ kind: "scale", where: "conv2d_1" });
    expect(finding?.what).toContain(words);
  });
});

describe("activations", () => {
  const monitors = {
    "saturation.dense_1.relu": 0.55,
    "dead_units.dense_1.relu": 0.1,
    "saturation.tanh": 0.9,
    "dead_units.tanh": 0,
    "gradient_norm.dense_1.W": 3,
  };
  it("are what a step tells of", () => {
    expect(activationStates(monitors)).toEqual([
      { name: "dense_1.relu", saturation: 0.55, deadUnits: 0.1 },
      { name: "tanh", saturation: 0.9, deadUnits: 0 },
    ]);
  });
  it("are told of where most of them is saturated, or many units are dead, once each", () => {
    expect(activationStates(monitors).flatMap(activationFindings)).toMatchObject([
      { kind: "saturation", where: "tanh" },
    ]);
    const dead = { name: "relu", saturation: 1, deadUnits: 0.41 };
    expect(activationFindings(dead)).toMatchObject([{ kind: "dead", where: "relu" }]);
  });
});

describe("updates", () => {
  const epochs = (...ratios: number[]): Record<string, number>[] =>
    ratios.map((ratio) => ({
      "update_ratio.W": ratio,
      "gradient_norm.W": 1,
      "update_ratio.V": 9,
      "gradient_norm.V": 0,
      "update_ratio.b": 50,
    }));
  it("are those of weights that a gradient reaches", () => {
    const monitors = epochs(0.01, 0.002);
    expect(typicalRatios(ratiosOfWeights(monitors, ["W", "V"]))).toEqual([0.01, 0.002]);
    expect(unreachedWeights(monitors, ["W", "V"])).toEqual(["V"]);
  });
  it.each([
    ["usual", [0.03, 0.01, 1e-3], undefined],
    ["too large", [0.7, 0.5, 0.2, 1e-3, 1e-3, 1e-3, 1e-3], "divide the rate by about 50"],
    ["too small", [2e-6, 4e-6, 1e-6], "multiply the rate by about 300"],
    ["nothing", [0, 0], "give the optimizer a rate"],
    ["small at first alone, as behind a warmup", [1e-6, 1e-5, 1e-3], undefined],
  ])("that are %s", (_, ratios, todo) => {
    const [finding] = updateFindings(ratiosOfWeights(epochs(...ratios), ["W"]));
    expect(finding?.todo.slice(0, todo?.length)).toBe(todo);
  });
});

describe("a few examples", () => {
  const few: FewExamples = {
    examples: 50,
    steps: 400,
    before: 2,
    after: 0.1,
    shuffled: 5,
    failure: undefined,
  };
  it("are learned where little is left of the loss of guessing", () => {
    expect(shareLeft(few)).toBe(0.05);
    // Of a bad start, guessing is what there is with other targets.
    expect(shareLeft({ ...few, before: 100, after: 0.6, shuffled: 0.7 })).toBeCloseTo(6 / 7, 12);
    expect(fittingFindings(few)).toEqual([]);
  });
  it.each([
    ["as much is left", { after: 1.9, shuffled: 2 }, "fit"],
    ["the loss grew", { after: 40 }, "diverges"],
    ["it became NaN", { after: NaN, failure: "not finite" }, "diverges"],
    ["a loss below 0 does not fall", { before: -3, after: -3 }, "fit"],
    ["any target would do", { after: 1e-3, shuffled: 1e-3 }, "alike"],
    ["any target would do, and hardly anything was learned", { after: 1.9, shuffled: 1.9 }, "fit"],
  ] as const)("are not where %s", (_, change, kind) => {
    expect(fittingFindings({ ...few, ...change })).toMatchObject([{ kind }]);
  });
  it("of a loss without a least value have only to fall", () => {
    expect(fittingFindings({ ...few, before: -3, after: -4 })).toEqual([]);
  });
});

test("rows held out are at chance where their own targets fit them no better than others'", () => {
  const unseen = { examples: 100, steps: 300, loss: 1, shuffled: 1.02 };
  expect(chanceFindings(unseen)).toMatchObject([{ kind: "chance" }]);
  expect(chanceFindings({ ...unseen, shuffled: 1.1 })).toEqual([]);
  expect(chanceFindings({ ...unseen, loss: -5, shuffled: -3 })).toEqual([]);
});

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
  const terminal = recorder();
  const file = path(data);
  const code = await runProgram(
    [
      ...["doctor", path(`${name}.nn`), "--json", "--backend", "cpu"],
      ...["--data", `x=${file}:left,right`, "--data", `c=${file}:ring`],
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
    expect(result.measured).toHaveLength(5);
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
