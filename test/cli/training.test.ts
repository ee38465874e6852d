// In: reports of steps and epochs; out: what the progress line, the report page and the folds make of them.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { confusionPairs, confusionTable, confusionText } from "../../cli/confusion.js";
import type { BoundArray } from "../../cli/data/bind.js";
import { durationText, valueText } from "../../cli/numbers.js";
import { foldOf, foldRows, foldTable, permutation } from "../../cli/training/folds.js";
import { foldsPage } from "../../cli/training/foldsPage.js";
import { openLog } from "../../cli/training/log.js";
import { makeProgress } from "../../cli/training/progress.js";
import { epochNumbers, reportPage } from "../../cli/training/report.js";
import { makeAttempts } from "../../cli/training/attempt.js";
import { resumeCommand } from "../../cli/training/run.js";
import type { EpochReport, StepReport } from "../../runtime/api.js";
import type { Plan } from "../../runtime/plan.js";
import { temporaryFolder } from "./data/files.js";
import { recorder } from "./terminals.js";

const folder = temporaryFolder();

function stepReport(step: number, epoch: number, steps: number | undefined): StepReport {
  const loss = 1 / step;
  const common = { losses: { loss }, penalty: 0, metrics: {}, monitors: {} };
  return { ...common, stage: "train", step, epoch, loss, examples: 10, steps };
}

function epochReport(epoch: number, loss: number, validation?: number): EpochReport {
  const metrics = { accuracy: 0.5 + epoch / 10 };
  const evaluation = (value: number): EpochReport["validation"] => ({
    loss: value,
    losses: { loss: value },
    penalty: 0,
    metrics: { accuracy: 0.25 },
    examples: 5,
  });
  return {
    stage: "train",
    epoch,
    epochs: 2,
    step: 4 * (epoch + 1),
    loss,
    losses: { loss },
    penalty: 0.125,
    metrics,
    monitors: {},
    examples: 40,
    seconds: 1,
    ...(validation === undefined ? {} : { validation: evaluation(validation) as never }),
  };
}

describe("numbers", () => {
  test("durations and values", () => {
    expect([0, 42, 725, 10807].map(durationText)).toEqual(["0:00", "0:42", "12:05", "3:00:07"]);
    expect([0, 0.123456, 12.5, 1e-5, NaN].map(valueText)).toEqual([
      "0",
      "0.1235",
      "12.5",
      "1.000e-5",
      "NaN",
    ]);
  });
});

describe("progress", () => {
  test("without a terminal, a line an epoch with pace and time left", () => {
    let now = 0;
    const terminal = recorder();
    const progress = makeProgress(terminal, false, () => now);
    progress.begin({ stage: "train", stages: 1, epochs: 2 });
    for (let step = 1; step <= 4; step++) {
      now += 500;
      progress.step(stepReport(step, 0, 8));
    }
    progress.epoch(epochReport(0, 0.5, 0.75));
    expect(terminal.notes).toEqual([
      "epoch 1/2  step 4/8  loss 0.5  validation: loss 0.75, accuracy 0.25  20 examples/s  0:02 left",
    ]);
    expect(terminal.updates).toEqual([]);
  });
  test("on a terminal the line updates, at most ten times a second", () => {
    let now = 0;
    const terminal = recorder(true);
    const progress = makeProgress(terminal, false, () => now);
    progress.begin({ stage: "train", stages: 2, epochs: 2 });
    for (let step = 1; step <= 40; step++) {
      now += 10;
      progress.step(stepReport(step, 0, undefined));
    }
    expect(terminal.updates.length).toBeLessThanOrEqual(5);
    expect(terminal.updates.at(-1)).toMatch(/^train {2}epoch 1\/2 {2}step \d+ {2}loss /);
  });
  test("on a terminal, lines of short epochs are written over but the last", () => {
    let now = 0;
    const terminal = recorder(true);
    const progress = makeProgress(terminal, false, () => now);
    progress.begin({ stage: "train", stages: 1, epochs: 300 });
    for (let epoch = 0; epoch < 300; epoch++) {
      now += 10;
      progress.step(stepReport(epoch + 1, epoch, 300));
      progress.epoch(epochReport(epoch, 0.5));
    }
    progress.end();
    expect(terminal.notes).toHaveLength(4);
    expect(terminal.notes.at(-1)).toMatch(/^epoch 300\/300 /);
    progress.end();
    expect(terminal.notes).toHaveLength(4);
  });
  test("steps without epochs are told in twenty lines, and quiet tells nothing", () => {
    for (const quiet of [false, true]) {
      const terminal = recorder();
      const progress = makeProgress(terminal, quiet);
      progress.begin({ stage: "train", stages: 1, epochs: undefined });
      for (let step = 1; step <= 2000; step++) progress.step(stepReport(step, 0, 2000));
      progress.end();
      expect(terminal.notes).toHaveLength(quiet ? 0 : 20);
    }
  });
  test("metrics of an earlier moment are told as such beside a later loss", () => {
    const terminal = recorder();
    const progress = makeProgress(terminal, false, () => 0);
    progress.begin({ stage: "train", stages: 1, epochs: undefined });
    for (let step = 1; step <= 5; step++) {
      progress.step(stepReport(step, 0, 20));
      if (step === 4) progress.epoch(epochReport(0, 0.5));
    }
    progress.end();
    expect(terminal.notes.slice(-2)).toEqual([
      "step 4/20  loss 0.25  accuracy 0.5",
      "step 5/20  loss 0.2  (after step 4: accuracy 0.5)",
    ]);
  });
});

describe("log and report", () => {
  test("a JSON value a line, which a resumed run goes on with", () => {
    const file = folder.put("run.jsonl", "old\n");
    const { attempt } = makeAttempts(recorder());
    openLog(file, false, attempt).epoch(epochReport(0, 0.5));
    openLog(file, true, attempt).write({ kind: "end" });
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { kind: string }).kind)).toEqual([
      "epoch",
      "end",
    ]);
  });
  test("epochs are numbered on from where a resumed run was, and through the stages", () => {
    const at = (stage: string, epoch: number): { stage: string; epoch: number } => ({
      stage,
      epoch,
    });
    expect(epochNumbers([at("a", 0), at("a", 1)])).toEqual([1, 2]);
    expect(epochNumbers([at("a", 5), at("a", 6), at("b", 0), at("b", 1)])).toEqual([6, 7, 8, 9]);
    const epochs = [
      { ...epochReport(0, 0.5), epoch: 6 },
      { ...epochReport(0, 0.4), epoch: 8 },
    ];
    const page = reportPage({
      model: "A",
      file: "a.nn",
      facts: [],
      epochs,
      parameters: [],
      samples: undefined,
      steps: { name: "loss", points: [] },
      network: "",
      boundary: undefined,
    });
    expect(page).toContain(">7</text>");
    expect(page).toContain(">9</text>");
  });
  test("the page holds curves, parameters and no markup of the user's", () => {
    const page = reportPage({
      model: "A<b>",
      file: "a&b.nn",
      facts: [["seed", "7"]],
      epochs: [epochReport(0, 0.5, 0.6), epochReport(1, 0.25, NaN)],
      parameters: [
        { name: "dense_1.W", role: "weight", shape: [20, 50] },
        { name: "mean", role: "state", shape: [3] },
      ],
      samples: { head: ["row", "x<y"], rows: [["0", "<b>1</b>"]] },
      steps: { name: "loss", points: [] },
      network: "<svg></svg>",
      boundary: undefined,
    });
    expect(page).toContain("A&lt;b&gt;");
    expect(page).toContain("a&amp;b.nn");
    expect(page).toContain("1,000 trained numbers");
    expect(page.match(/<polyline/g)?.length).toBe(5);
    expect(page).not.toContain("NaN");
    expect(page).toContain("<th>x&lt;y</th>");
    expect(page).toContain("<td><b>1</b></td>");
    expect(page).not.toMatch(/src=|href=/);
  });
  test("how to resume", () => {
    expect(resumeCommand(["train", "a b.nn", "--weights", "w", "--data", "x=y.npy"])).toBe(
      "nnc train 'a b.nn' --data x=y.npy --resume",
    );
  });
});

describe("folds", () => {
  test("the table of those that were finished", () => {
    const lines = foldTable([{ loss: 1 }, { loss: 3 }]).split("\n");
    expect(lines[0]).toMatch(/^validation +fold 1 +fold 2 +mean *$/);
    expect(lines[1]).toMatch(/^loss +1\S* +3\S* +2\S* ± 1\.41\S*/);
    expect(foldTable([{ loss: 2, r2: 1 }])).not.toContain("±");
    expect(foldTable([{ loss: 2, r2: 1 }]).split("\n")[1]).toMatch(/^loss +2\S* +2\S* *$/);
  });
  test("a page of them has a curve for each, and the table", () => {
    const page = foldsPage({
      model: "M<",
      file: "m.nn",
      facts: [["folds", "2"]],
      folds: [
        [epochReport(0, 2, 3), epochReport(1, 1, 2)],
        [epochReport(0, 3, 4), epochReport(1, 2, 3)],
      ],
      rows: foldRows([
        { loss: 2, accuracy: 0.25 },
        { loss: 3, accuracy: 0.25 },
      ]),
    });
    expect(page).toContain("<h1>M&lt;</h1>");
    for (const title of ["validation loss", "training loss", "validation accuracy"]) {
      expect(page).toMatch(new RegExp(`${title} by epoch: .*fold 1.*fold 2`));
    }
    expect(page.match(/<polyline/g)).toHaveLength(6);
    expect(page).toContain("<td>loss</td><td>2</td><td>3</td><td>2.5 ± 0.7071</td>");
    const none = foldsPage({ model: "M", file: "m.nn", facts: [], folds: [], rows: foldRows([]) });
    expect(none).toContain("No fold was finished.");
  });
  test("every row is held out once, and inputs stay with their targets", () => {
    const order = permutation(10, 7);
    expect([...order].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...permutation(10, 7)]).toEqual([...order]);
    expect([...permutation(10, 8)]).not.toEqual([...order]);
    const x: BoundArray = {
      name: "x",
      file: "x",
      shape: [10, 2],
      data: Float32Array.from({ length: 20 }, (_, at) => Math.floor(at / 2)),
      perExample: true,
    };
    const y: BoundArray = {
      ...x,
      name: "y",
      shape: [10],
      data: Uint32Array.from({ length: 10 }, (_, at) => at),
    };
    const held: number[] = [];
    for (let fold = 0; fold < 3; fold++) {
      const { training, validation } = foldOf(
        new Map([
          ["x", x],
          ["y", y],
        ]),
        order,
        fold,
        3,
      );
      const both = [...(training["y"]?.data ?? []), ...(validation["y"]?.data ?? [])];
      expect(both.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      for (const part of [training, validation])
        part["y"]?.data.forEach((row, index) => {
          expect(part["x"]?.data[2 * index]).toBe(row);
        });
      held.push(...(validation["y"]?.data ?? []));
    }
    expect(held.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe("confusion", () => {
  const target = {
    name: "digit",
    role: "target",
    type: "u32",
    categories: 3,
    shape: ["batch"],
    source: "given",
  } as const;
  const output = { name: "p", type: "f32", shape: ["batch", 3], needs: [] } as const;
  const plan = (inputs: Plan["inputs"], outputs: Plan["outputs"]): Plan =>
    ({ inputs, outputs }) as unknown as Plan;
  test("counts labels by what they are taken for; the first wins a tie", () => {
    const table = confusionTable(
      { target, output },
      [0, 1, 1, 2],
      [1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 2],
    );
    expect(table.counts).toEqual([
      [1, 0, 0],
      [1, 1, 0],
      [0, 0, 1],
    ]);
    expect(confusionText(table)).toContain("50.0 %");
  });
  test("pairs targets with outputs over their classes, by name where there are several", () => {
    expect(confusionPairs(plan([target], [output]))).toHaveLength(1);
    expect(confusionPairs(plan([target], [output, { ...output, name: "q" }]))).toHaveLength(0);
    const named = { ...output, name: "digit_probability" };
    expect(confusionPairs(plan([target], [output, named]))[0]?.output.name).toBe(named.name);
  });
});
