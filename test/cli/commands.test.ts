// In: small programs and data; out: that the commands check, inspect, train, evaluate and predict them end to end.
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runProgram } from "../../cli/program.js";
import { readSafetensors, tensorFloats } from "../../runtime/safetensors.js";
import { bytesOf, generator, npy, temporaryFolder } from "./data/files.js";
import { recorder } from "./terminals.js";

const folder = temporaryFolder();
const programs = join(import.meta.dirname, "../../examples/programs");

async function run(...args: string[]): Promise<{ code: number; out: string; notes: string }> {
  const terminal = recorder();
  const code = await runProgram(args, { terminal, version: "0" });
  return { code, out: terminal.written.join(""), notes: terminal.notes.join("\n") };
}

async function succeed(...args: string[]): Promise<string> {
  const { code, out, notes } = await run(...args);
  expect(notes).not.toContain("error");
  expect(code).toBe(0);
  return out;
}

/** Two numbers, and whether their difference is above 0.2: linearly separable. */
const table = ((): string => {
  const next = generator(5);
  const lines = Array.from({ length: 60 }, () => {
    const [a, b] = [next(50) / 10, next(50) / 10];
    return `${a},${b},${a - b > 0.2 ? 1 : 0}`;
  });
  return folder.put("ratings.csv", `mary,john,liked\n${lines.join("\n")}\n`);
})();
const data = ["--data", `ratings=${table}:mary,john`, "--data", `liked=${table}:liked`];

const twoClasses = folder.put(
  "classes.nn",
  `model Classes(hidden = 8) {
  input  ratings: [batch, 2]
  target liked: category(2)[batch]
  logits = ratings |> dense(hidden, activation: tanh) |> dropout(0.1) |> dense(2)
  output probability = softmax(logits)
  output best = argmax(logits)
  loss cross_entropy(logits, liked)
  regularize l2(1e-4) on weights
  metric accuracy(logits, liked)
}
train Classes { optimizer adam(lr: 0.02)  batch 16  epochs 30  seed 4  validation 0.2 }
`,
);

describe("check and inspect", () => {
  test("every program of the examples is accepted", async () => {
    const files = readdirSync(programs).filter((name) => name.endsWith(".nn"));
    await succeed("check", ...files.map((name) => join(programs, name)));
  });
  test("mistakes are listed with places, as text and as JSON", async () => {
    const file = folder.put(
      "wrong.nn",
      "model A {\n  input x: [batch, 2]\n  output y = rleu(x)\n}\n",
    );
    const { code, notes } = await run("check", file);
    expect(code).toBe(1);
    expect(notes).toMatch(/error\[NN\d{4}\]/);
    expect(notes).toContain("relu");
    const json = await run("check", file, "--json");
    expect(JSON.parse(json.out)).toMatchObject([
      { severity: "error", file, range: { start: { line: 3, column: 14 } } },
    ]);
  });
  test("LeNet's and AlexNet's parameters are counted", async () => {
    expect(await succeed("inspect", join(programs, "lenet.nn"))).toContain("trained numbers");
    const [alexnet] = JSON.parse(
      await succeed("inspect", join(programs, "alexnet.nn"), "--json"),
    ) as [{ trained: number }];
    expect(alexnet.trained).toBe(60_965_224);
  });
  test.each(["ast", "graph", "gradient", "schedule", "kernels", "wgsl", "js"])(
    "stage %s",
    async (stage) => {
      const text = await succeed("inspect", join(programs, "movies.nn"), "--stage", stage);
      expect(text.length).toBeGreaterThan(100);
    },
  );
  test("the graph as a picture", async () => {
    const file = join(folder.path, "movies.svg");
    await succeed("inspect", join(programs, "movies.nn"), "--svg", file);
    expect(readFileSync(file, "utf8")).toContain("decision.W");
  });
  test("of several models one must be named; an unknown one is wrong usage, with the names", async () => {
    const block = (name: string): string =>
      `model ${name} { input x: [batch]  output y = x |> scale()  loss y ^ 2 }\n` +
      `train ${name} { optimizer sgd(lr: 0.1)  epochs 1 }\n`;
    const layer = "layer scale(x: [...s]): [...s] { param a: [] = 1  return a * x }\n";
    const file = folder.put("two.nn", layer + block("One") + block("Two"));
    const unnamed = await run("train", file);
    expect(unnamed.code).toBe(2);
    expect(unnamed.notes).toContain("One | Two");
    const unknown = await run("inspect", file, "--model", "Three");
    expect(unknown.code).toBe(2);
    expect(unknown.notes).toMatch(/One.*Two/);
    expect(await succeed("inspect", file)).toMatch(/One[^]*Two/);
    expect(await succeed("inspect", file, "--model", "Two")).not.toContain("One");
  });
  test("an import reaches the file's folder, and --root further up", async () => {
    const { mkdirSync } = await import("node:fs");
    mkdirSync(join(folder.path, "models"));
    folder.put("shared.nn", "fn twice(x: [...s]) = 2 * x\n");
    const file = join(folder.path, "models/importing.nn");
    const text =
      'import { twice } from "../shared.nn"\nmodel A { input x: [batch]  output y = twice(x) }\n';
    writeFileSync(file, text);
    expect((await run("check", file)).code).toBe(1);
    expect((await run("check", file, "--root", folder.path)).code).toBe(0);
  });
});

describe("compile", () => {
  test("writes the bundle, the same bytes each time", async () => {
    const first = join(folder.path, "first");
    const second = join(folder.path, "second");
    await succeed("compile", join(programs, "movies.nn"), "-o", first);
    await succeed("compile", join(programs, "movies.nn"), "-o", second);
    const names = readdirSync(first).sort();
    expect(names).toEqual(readdirSync(second).sort());
    expect(names).toEqual(expect.arrayContaining(["movies.js", "movies.train.js", "movies.d.ts"]));
    for (const name of names)
      expect(readFileSync(join(first, name), "utf8")).toBe(
        readFileSync(join(second, name), "utf8"),
      );
  });
});

describe("fmt", () => {
  test("lists and mends what differs, and then nothing does", async () => {
    const file = folder.put("ugly.nn", "model A{input x:[batch,2]   output y=x*2 // twice\n}");
    expect(await run("fmt", "--check", file)).toMatchObject({ code: 1, out: `${file}\n` });
    expect(await succeed("fmt", file)).toBe(`${file}\n`);
    expect(readFileSync(file, "utf8")).toContain("  output y = x * 2");
    expect(readFileSync(file, "utf8")).toContain("// twice");
    expect(await succeed("fmt", "--check", file)).toBe("");
  });
  test("a file with a mistake is left as it is", async () => {
    const file = folder.put("broken.nn", "model A { input x: [batch }\n");
    const { code, notes } = await run("fmt", file);
    expect(code).toBe(1);
    expect(notes).toContain("error[NN");
    expect(readFileSync(file, "utf8")).toBe("model A { input x: [batch }\n");
  });
});

describe("train, evaluate, predict", () => {
  const weights = join(folder.path, "classes.safetensors");
  const log = join(folder.path, "run.jsonl");
  const report = join(folder.path, "report.html");

  test("a model learns, and what was asked for is written", async () => {
    const { code, notes } = await run(
      ...["train", twoClasses, ...data, "--backend", "cpu"],
      ...["--log", log, "--report", report],
    );
    expect(notes).toContain("backend: the CPU");
    expect(notes).toMatch(/epoch 30\/30 .*loss .*validation: loss .*accuracy .*examples\/s/);
    expect(notes).toContain(`wrote ${weights}`);
    expect(code).toBe(0);
    expect(readFileSync(log, "utf8").trim().split("\n")).toHaveLength(33);
    expect(readFileSync(report, "utf8")).toContain("<polyline");
    expect(existsSync(weights)).toBe(true);
  }, 60_000);
  test("evaluate tells losses, metrics and a confusion table", async () => {
    const args = ["evaluate", twoClasses, "--weights", weights, ...data, "--backend", "cpu"];
    const result = JSON.parse(await succeed(...args, "--json")) as {
      metrics: { accuracy: number };
      examples: number;
      confusion: { counts: number[][] }[];
    };
    expect(result.metrics.accuracy).toBeGreaterThan(0.85);
    expect(result.examples).toBe(60);
    const counts = result.confusion[0]?.counts.flat() ?? [];
    expect(counts.reduce((a, b) => a + b, 0)).toBe(60);
    const right = (counts[0] ?? 0) + (counts[3] ?? 0);
    expect(right / 60).toBeCloseTo(result.metrics.accuracy, 5);
    expect(await succeed(...args, "--rows", "0:10")).toMatch(/examples +10/);
  });
  test("predict writes each format", async () => {
    const args = ["predict", twoClasses, "--weights", weights, "--backend", "cpu"];
    const inputs = ["--data", `ratings=${table}:mary,john`, "--rows", "0:5"];
    const json = JSON.parse(await succeed(...args, ...inputs)) as {
      probability: number[][];
      best: number[];
    };
    expect(json.best).toHaveLength(5);
    for (const [a = 0, b = 0] of json.probability) expect(a + b).toBeCloseTo(1, 5);
    const csv = join(folder.path, "out.csv");
    await succeed(...args, ...inputs, "-o", csv);
    expect(readFileSync(csv, "utf8").split("\n")[0]).toBe("probability_0,probability_1,best");
    const npyFile = join(folder.path, "out.npy");
    await succeed(...args, ...inputs, "--outputs", "best", "-o", npyFile);
    expect(existsSync(npyFile)).toBe(true);
    expect((await run(...args, ...inputs, "-o", npyFile)).code).toBe(2);
  });
  test("the same seed gives the same weights; --weights goes on from them; --resume too", async () => {
    const again = join(folder.path, "again.safetensors");
    const next = join(folder.path, "next.safetensors");
    const common = ["train", twoClasses, ...data, "--backend", "cpu", "--quiet"];
    await succeed(...common, "-o", again);
    expect(readFileSync(again)).toEqual(readFileSync(weights));
    const { notes } = await run(...common, "--weights", again, "--epochs", "1", "-o", next);
    expect(notes).toContain("4 tensors matched");
    const checkpoint = join(folder.path, "checkpoints");
    const short = join(folder.path, "short.safetensors");
    await succeed(...common, "--epochs", "2", "--checkpoint", checkpoint, "-o", short);
    const resume = ["--checkpoint", checkpoint, "--resume", "-o", short];
    const finished = await run(...common, "--epochs", "2", ...resume);
    expect(finished.code).toBe(1);
    expect(finished.notes).toContain("asks for 2 epochs, and the run has made 2 epochs");
    expect(finished.notes).toContain("Give more --epochs or --steps to go on");
    expect(finished.notes).not.toContain("going on");
    expect((await run(...common, "--epochs", "1", ...resume)).notes).toContain(
      "asks for 1 epoch, and",
    );
    // Ended between the last checkpoint and what it was trained for: nothing there, or what another run left.
    const kept = readFileSync(short);
    const leave = [
      () => {
        rmSync(short);
      },
      () => {
        writeFileSync(short, readFileSync(next));
        utimesSync(short, 1, 1);
      },
    ];
    for (const before of leave) {
      before();
      const late = await run(...common, "--epochs", "2", ...resume);
      expect(late.notes).toContain("its weights were not written yet");
      expect(late.code).toBe(0);
      expect(readFileSync(short)).toEqual(kept);
    }
    const resumed = await run(...common, "--epochs", "3", ...resume);
    expect(resumed.code).toBe(0);
    expect(resumed.notes).toContain("resuming from");
    expect(resumed.notes).toMatch(/going on in the stage train after 2 epochs and \d+ steps/);
    const plain = await run(...common, "-o", short, "--resume");
    expect(plain.code).toBe(1);
    expect(plain.notes).toContain("there is no unfinished run to go on with");
    expect(plain.notes).toContain(`leave --resume out to begin with new weights`);
    expect(plain.notes).not.toContain("`resume`");
    const text = readFileSync(twoClasses, "utf8");
    const changed = folder.put("changed.nn", text.replace("epochs 30", "epochs 30  accumulate 2"));
    const other = ["train", changed, ...common.slice(2), "--epochs", "3", ...resume];
    const refused = await run(...other);
    expect(refused.code).toBe(1);
    expect(refused.notes).toContain("`accumulate`: it had 1, this call has 2");
    expect(refused.notes).toContain("give --weights");
    expect(refused.notes).toContain(`comes from ${changed}, --set`);
  }, 60_000);
  test("folds", async () => {
    const out = await succeed(
      ...[
        "train",
        twoClasses,
        ...data,
        "--backend",
        "cpu",
        "--folds",
        "3",
        "--epochs",
        "2",
        "--quiet",
        "--report",
        folder.put("folds.html", ""),
      ],
    );
    expect(readFileSync(join(folder.path, "folds.html"), "utf8")).toContain("validation accuracy");
    expect(out).toMatch(/validation +fold 1 +fold 2 +fold 3 +mean/);
    expect(out).toMatch(/accuracy .* ± /);
  }, 60_000);
  test("an early stop is told with whose weights are kept, in notes, log and folds", async () => {
    const impatient = folder.put(
      "impatient.nn",
      readFileSync(twoClasses, "utf8").replace("lr: 0.02)", "lr: 0.4)  stop_early(patience: 2)"),
    );
    const file = join(folder.path, "early.jsonl");
    const common = ["train", impatient, ...data, "--backend", "cpu"];
    const { notes } = await run(...common, "--log", file);
    const found =
      /stopped early after epoch (\d+): the weights of epoch (\d+), the best \(validation loss/.exec(
        notes,
      );
    expect(Number(found?.[1])).toBe(Number(found?.[2]) + 2);
    const records = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const ended = { stage: "train", stopped: "early", weights: "best", epoch: Number(found?.[1]) };
    expect(records.filter(({ kind }) => kind === "stage")).toMatchObject([ended]);
    expect(records.at(-1)).toMatchObject({ kind: "end", stopped: "early" });

    const accurate = folder.put(
      "accurate.nn",
      readFileSync(impatient, "utf8").replace(
        "patience: 2",
        "patience: 2, on: accuracy, rising: true",
      ),
    );
    const told = await run("train", accurate, ...common.slice(2));
    const best = /weights of epoch (\d+), the best by accuracy \(validation loss/.exec(told.notes);
    const accuracies = [...told.notes.matchAll(/ validation: loss \S+ accuracy ([\d.]+)/g)].map(
      ([, accuracy]) => Number(accuracy),
    );
    expect(accuracies.length).toBeGreaterThan(2);
    expect(Number(best?.[1])).toBe(accuracies.indexOf(Math.max(...accuracies)) + 1);

    const folds = await run(...common, "--folds", "2");
    const scores = /^loss +(\S+) +(\S+) /m.exec(folds.out)?.slice(1);
    const losses = (fold: number): number[] =>
      folds.notes
        .split("\n")
        .filter((line) => line.startsWith(`fold ${fold}/2`))
        .flatMap((line) => / validation: loss ([^\s,]+)/.exec(line)?.slice(1) ?? [])
        .map(Number);
    expect(losses(1).length).toBeGreaterThan(2);
    expect(scores?.map(Number)).toEqual([Math.min(...losses(1)), Math.min(...losses(2))]);
    expect(scores?.map(Number)).not.toEqual([losses(1).at(-1), losses(2).at(-1)]);
  }, 60_000);
  test("data are refused before anything is trained or overwritten", async () => {
    const before = readFileSync(weights);
    const nan = folder.put(
      "nan.npy",
      npy("<f4", [60, 2], bytesOf(new Float32Array(120).fill(NaN, 9))),
    );
    const bad = ["--data", `ratings=${nan}`, "--data", `liked=${table}:liked`];
    const { code, notes } = await run("train", twoClasses, ...bad, "--backend", "cpu");
    expect(code).toBe(1);
    expect(notes).toContain(`${nan}: row 4: a value is missing or NaN`);
    expect(readFileSync(weights)).toEqual(before);
  });
  test("weights of another model are refused with the difference", async () => {
    const { code, notes } = await run(
      ...[
        "evaluate",
        join(programs, "movies.nn"),
        "--weights",
        weights,
        ...data,
        "--backend",
        "cpu",
      ],
    );
    expect(code).toBe(1);
    expect(notes).toContain("decision.W");
  });
  test("a model whose data are drawn trains and is evaluated without files", async () => {
    const out = join(folder.path, "sort.safetensors");
    const sizes = ["--set", "count=2", "--set", "width=2", "--set", "hidden=16"];
    const file = join(programs, "sort_bits.nn");
    await succeed(
      "train",
      file,
      ...sizes,
      "--steps",
      "20",
      "-o",
      out,
      "--backend",
      "cpu",
      "--quiet",
    );
    const { tensors } = readSafetensors(readFileSync(out));
    const first = tensors.get("dense_1.W");
    expect(first && tensorFloats(first).every(Number.isFinite)).toBe(true);
    const text = await succeed(
      ...["evaluate", file, ...sizes, "--weights", out, "--backend", "cpu", "--examples", "100"],
    );
    expect(text).toMatch(/examples +100/);
  }, 60_000);
});

describe("gradcheck", () => {
  test.each(["movies.nn", "susan.nn", "multitask.nn", "own_parts.nn"])(
    "%s",
    async (name) => {
      const result = JSON.parse(await succeed("gradcheck", join(programs, name), "--json")) as {
        ok: boolean;
        parameters: { name: string; comparisons: number; error: number }[];
      };
      expect(result.ok).toBe(true);
      expect(result.parameters.length).toBeGreaterThan(1);
      for (const { comparisons } of result.parameters) expect(comparisons).toBeGreaterThan(0);
    },
    60_000,
  );
});
